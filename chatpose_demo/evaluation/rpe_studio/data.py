"""Read the shipped pictures, truths and questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chatpose_demo.evaluation.public.asking import Box
from chatpose_demo.pose import from_axis_angle

FOLDER = Path(__file__).parent
KINDS = ("behaviour", "outfit", "pose", "shape", "summary")
FEWEST, MOST = 2, 6  # people
LEAST_VISIBLE = 0.4  # share of the body that shows, of a person who is asked for
LEAST_PIXELS = 120  # longer side of the box of a person who is asked for


@dataclass(frozen=True, eq=False)
class TruePerson:
    """Somebody in a picture, exactly known.

    Attributes:
        box: pixels of the body that show: x0, y0, x1, y1.
        visible: share of the body that shows.
        rotations: (24, 3, 3) float32 SMPL, joint 0 in the frame of the view: y up, +z towards the
            camera, x to the picture's right.
        betas: (10,) of the embedded body.
        joints: (24, 3) metres in the frame of the view, from the camera.
        looks: everything else that truth.jsonl says ("top", "hair", "pose", ...).
    """

    box: Box
    visible: float
    rotations: np.ndarray
    betas: np.ndarray
    joints: np.ndarray
    looks: dict[str, Any]


@dataclass(frozen=True, eq=False)
class StudioScene:
    """A picture.

    Attributes:
        number: its seed, and the picture's name.
        picture: the JPEG. sha256: of the file.
        size: width and height in pixels.
        people: in no particular order. target: index of the one whom the questions mean.
    """

    number: int
    picture: Path
    sha256: str
    size: tuple[int, int]
    people: tuple[TruePerson, ...]
    target: int

    @property
    def wanted(self) -> TruePerson:
        """The one whom the questions mean."""
        return self.people[self.target]


@dataclass(frozen=True)
class StudioQuestion:
    """One question about person `target` of scene number `scene`, named by what `kind` says."""

    scene: int
    kind: str
    text: str
    target: int


def load_scenes(folder: Path = FOLDER) -> list[StudioScene]:
    """Every scene, in the order of the file."""
    return [_scene(record, folder) for record in _lines(folder / "truth.jsonl")]


def load_questions(folder: Path = FOLDER) -> list[StudioQuestion]:
    """Every question, in the order of the file."""
    return [StudioQuestion(**record) for record in _lines(folder / "questions.jsonl")]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _scene(record: dict[str, Any], folder: Path) -> StudioScene:
    width, height = record["size"]
    return StudioScene(
        number=record["scene"],
        picture=folder / "pictures" / f"{record['scene']:03d}.jpg",
        sha256=record["sha256"],
        size=(width, height),
        people=tuple(_person(dict(one)) for one in record["people"]),
        target=record["target"],
    )


def _person(record: dict[str, Any]) -> TruePerson:
    x0, y0, x1, y1 = record.pop("box") or (0, 0, 0, 0)  # nothing of somebody hidden shows
    return TruePerson(
        box=(x0, y0, x1, y1),
        visible=record.pop("visible"),
        rotations=from_axis_angle(np.array(record.pop("rotations"))),
        betas=np.array(record.pop("betas"), np.float32),
        joints=np.array(record.pop("joints_in_view"), np.float32),
        looks=record,
    )
