"""One case of a public benchmark, in this project's conventions whatever the set's own are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from chatpose_demo.pose import R_WORLD_CAMERA, from_axis_angle

JointSet = Literal["smpl24", "lsp14+pelvis"]
T = TypeVar("T")
_LARGEST_BODY = 10.0  # metres, our choice: between any body and any body in millimetres


class PublicSetError(Exception):
    """The set is missing or not in its official form; the text is one sentence for the user."""


@dataclass(frozen=True)
class Sample:
    """One case.

    Attributes:
        key: unique within the set, and the same in every run.
        group: what the case shares with near copies of it, such as its video.
        part: the row of a set's table that it belongs to (a kind of question, an action), or "".
        person: who is meant, unique within the set.
        text: the question; "" where the set asks nothing.
        caption: what the true body looks like, in words; "" where the set does not say.
        image: the photo file, or None for text alone.
        box: (x0, y0, x1, y1) of the person in pixels of the photo file, or None.
        box_is_grown: the box is already the label's larger square, not tight around the person.
        rotations: (24, 3, 3) float32, relative, joint 0 = global orientation in the world frame
            (y up, +z towards the camera), or None where the set has joints only.
        betas: (10,) float32 for the SMPL body of `gender`, or None.
        gender: "male", "female", "neutral" or None.
        joints: (J, 3) float32 metres in the world frame up to a shift, or None.
        joint_set: which rows `joints` has.
        shared_truth: another question, about somebody else, has the very same truth.
    """

    key: str
    group: str
    person: str
    part: str = ""
    text: str = ""
    caption: str = ""
    image: Path | None = None
    box: tuple[float, float, float, float] | None = None
    box_is_grown: bool = False
    rotations: np.ndarray | None = None
    betas: np.ndarray | None = None
    gender: str | None = None
    joints: np.ndarray | None = None
    joint_set: JointSet | None = None
    shared_truth: bool = False


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` items, evenly from the whole sequence rather than its first video."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[place * len(items) // limit] for place in range(limit)]


def unique(samples: Sequence[Sample]) -> list[Sample]:
    """The samples, when no two have the same key; answers are kept by key.

    Raises:
        PublicSetError: names the first key that comes twice.
    """
    seen: set[str] = set()
    for sample in samples:
        if sample.key in seen:
            raise PublicSetError(f"The set has two records for {sample.key}.")
        seen.add(sample.key)
    return list(samples)


def existing(path: Path, where: str) -> Path:
    """The path, when there is such a file or folder.

    Args:
        where: words on how to get the set, the end of the message.
    """
    if not path.exists():
        raise PublicSetError(f"There is no {path}: {where}")
    return path


def only_match(folder: Path, pattern: str, where: str) -> Path:
    """The one file of the folder whose name fits the pattern."""
    found = sorted(existing(folder, where).glob(pattern))
    if not found:
        raise PublicSetError(f"There is no {folder / pattern}: {where}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise PublicSetError(f"{folder} holds several {pattern} ({names}); keep one release there.")
    return found[0]


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PublicSetError(f"{path} cannot be read as JSON ({error}).") from error


def array(value: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """A float64 array of exactly `shape` (-1 leaves a length open).

    Args:
        what: the file and the field, the beginning of the message.
    """
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise PublicSetError(f"{what} does not hold numbers of shape {shape}.") from error
    fits = numbers.ndim == len(shape) and all(
        wanted in (-1, got) for wanted, got in zip(shape, numbers.shape, strict=True)
    )
    if not fits:
        raise PublicSetError(f"{what} has shape {numbers.shape} instead of {shape}.")
    return numbers


def finite_array(value: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """`array`, with every number finite."""
    numbers = array(value, shape, what)
    if not np.isfinite(numbers).all():
        raise PublicSetError(f"{what} holds a number that is not finite.")
    return numbers


def field(record: Any, name: str, what: str) -> Any:
    """`record[name]` of a mapping that must have it."""
    if not isinstance(record, dict) or name not in record:
        raise PublicSetError(f"{what} has no {name!r}.")
    return record[name]


def rotations_from_camera(vectors: np.ndarray) -> np.ndarray:
    """(24, 3) axis-angle, joint 0 in a camera frame (y down) -> (24, 3, 3) in the world frame."""
    rotations = from_axis_angle(vectors)
    rotations[0] = R_WORLD_CAMERA @ rotations[0]
    return rotations


def points_from_camera(points: np.ndarray, what: str) -> np.ndarray:
    """(J, 3) metres in a camera frame (y down) -> the same in the world frame, float32.

    Args:
        what: the file and the field, the beginning of the message.

    Raises:
        PublicSetError: no body in metres is that large.
    """
    size = float(np.ptp(points, axis=0).max())
    if size > _LARGEST_BODY:
        raise PublicSetError(f"{what} is {size:.0f} metres large; are these millimetres?")
    return (points @ R_WORLD_CAMERA.T).astype(np.float32)
