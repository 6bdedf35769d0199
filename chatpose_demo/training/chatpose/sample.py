"""One training example of the paper's model, whatever data it is from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.pose import NUM_JOINTS, R_WORLD_CAMERA

Task = Literal["text", "instruction", "image"]
TASKS: tuple[Task, ...] = ("text", "instruction", "image")
HMR2_ASPECT = 256 / 192  # HMR2 config: boxes grow to this height over width before they are cropped


class DataError(Exception):
    """Training data are missing or not in their public form; one sentence for the user."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A conversation that is learnt.

    Attributes:
        messages: (question, answer) pairs; the answers are learnt. `<POSE>` stands in one of the
            answers when there are rotations.
        image: the photo that comes with the first question, or None.
        rotations: (24, 3, 3) float32, relative to the parent, joint 0 = orientation in the camera
            frame (x right, y down, z forward); or None.
    """

    messages: tuple[tuple[str, str], ...]
    image: Image.Image | None = None
    rotations: np.ndarray | None = None

    def __post_init__(self) -> None:
        told = sum(answer.count(POSE_TOKEN) for _, answer in self.messages)
        if told != (self.rotations is not None):
            raise ValueError(f"{told} pose tokens in the answers of a sample with another truth")
        if self.rotations is not None and self.rotations.shape != (NUM_JOINTS, 3, 3):
            raise ValueError(f"rotations must be (24, 3, 3), not {self.rotations.shape}")


class DataSet(Protocol):
    """Samples by row; the random generator draws wordings, so that a row is not always the same."""

    def __len__(self) -> int:
        """How many rows there are."""
        ...

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """The sample of a row.

        Raises:
            DataError: a file of it is missing or damaged.
        """
        ...


def to_camera(rotations: np.ndarray) -> np.ndarray:
    """(24, 3, 3) in the world frame (y up) -> the same in the camera frame (y down), float32."""
    turned = np.array(rotations, np.float32)
    turned[0] = R_WORLD_CAMERA @ turned[0]
    return turned


def put_here(path: Path, what: str) -> Path:
    """The path, when it exists.

    Args:
        what: what belongs there and where to get it.

    Raises:
        DataError: "put ... here".
    """
    if not path.exists():
        raise DataError(f"Put {what} here: {path}")
    return path


def open_photo(path: Path, what: str) -> Image.Image:
    """A photo as stored: its labels count pixels before any rotation that its camera noted.

    Raises:
        DataError: it is missing or damaged.
    """
    try:
        with Image.open(put_here(path, what)) as file:
            return file.convert("RGB")
    except OSError as error:
        raise DataError(f"{path} cannot be read as a photo ({error}).") from error


def crop_square(image: Image.Image, centre: np.ndarray, side: float) -> Image.Image:
    """The square (side, side) pixels around `centre` (x, y), black beyond the photo's edge."""
    size = max(1, round(side))
    left, top = (round(float(middle) - size / 2) for middle in centre)
    return image.crop((left, top, left + size, top + size))


def hmr2_side(size: np.ndarray) -> float:
    """Side of HMR2's square crop for a box of `size` (width, height) pixels."""
    width, height = (float(length) for length in size)
    return max(height, width * HMR2_ASPECT)


def as_data_error(error: PublicSetError) -> DataError:
    """The same message as an error of training data."""
    return DataError(str(error))
