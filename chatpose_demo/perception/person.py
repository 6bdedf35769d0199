"""What the eyes report about one person: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# The colour names that both the eyes and the network's person tokens use, with their sRGB centres.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (25, 25, 28), "grey": (128, 128, 130), "white": (238, 238, 236),
    "red": (196, 32, 38), "orange": (236, 124, 36), "yellow": (238, 208, 62),
    "green": (52, 132, 66), "blue": (44, 84, 168), "light blue": (140, 182, 226),
    "purple": (112, 62, 146), "pink": (232, 146, 176), "brown": (112, 74, 46),
    "beige": (206, 182, 148),
}  # fmt: skip
COLOUR_NAMES = tuple(COLOURS)
HAIR_NAMES = ("black", "brown", "blond", "grey", "red", "bald")
POSTURES = (
    "standing", "walking", "sitting", "kneeling", "crouching", "lying", "bending",
    "arms up", "left arm up", "right arm up", "arms out", "hand on hip", "arms crossed",
)  # fmt: skip
# Things that a person may be near, and what they may wear (perception.things says how seen).
THINGS = (
    "sofa", "chair", "table", "bed", "stairs", "door", "window", "shelf", "plant", "tree", "car",
    "bicycle", "bench", "dog", "ball", "bag", "umbrella", "phone", "book", "computer", "cup",
)  # fmt: skip
WORN = ("hat", "glasses", "skirt")
CLASSES = 1000  # of ImageNet-1k


@dataclass(frozen=True)
class Looks:
    """What the picture around and on a person shows.

    Attributes:
        near: thing of THINGS -> degree in [0, 1]; what is not seen may be left out.
        worn: item of WORN -> degree in [0, 1].
        female: how feminine the face appears, None when no face is clear enough.
        age: apparent age in years, None likewise.
        embedding: (D,) features of the person's crop.
        classes: (C, 1000) float16 ImageNet probabilities of C crops of the person; the body, then
            the upper body. C is 0 when not looked for.
    """

    near: dict[str, float] = field(default_factory=dict)
    worn: dict[str, float] = field(default_factory=dict)
    female: float | None = None
    age: float | None = None
    embedding: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    classes: np.ndarray = field(default_factory=lambda: np.zeros((0, CLASSES), np.float16))


@dataclass
class Appearance:
    """How a person looks, as soft symbols.

    Attributes:
        top, bottom: (13,) probability of each colour in COLOUR_NAMES; all zeros = not seen.
        hair: (6,) probability of each of HAIR_NAMES; all zeros = not seen.
        postures: (13,) degree in [0, 1] to which each of POSTURES holds (several may).
    """

    top: np.ndarray = field(default_factory=lambda: np.zeros(len(COLOUR_NAMES), np.float32))
    bottom: np.ndarray = field(default_factory=lambda: np.zeros(len(COLOUR_NAMES), np.float32))
    hair: np.ndarray = field(default_factory=lambda: np.zeros(len(HAIR_NAMES), np.float32))
    postures: np.ndarray = field(default_factory=lambda: np.zeros(len(POSTURES), np.float32))


@dataclass
class Person:
    """One person of a photo.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the upright photo.
        score: detection confidence in [0, 1].
        landmarks_px: (33, 2) BlazePose landmarks in pixels.
        landmarks_m: (33, 3) the same in metres about the hips, camera frame (x right, y down), as
            BlazePose guesses them; the body is in `rotations`.
        visibility: (33,) probability that each landmark is in view and not hidden; zero outside
            the picture, and from the hips down where the picture ends above them.
        rotations: (24, 3, 3) SMPL rotations in the world frame (y up, +z towards the camera).
        camera: (scale, tx, ty) weak perspective: u = scale * (x + tx), v = scale * (ty - y),
            pixels from metres of the posed body.
        unseen_joints: names of the SMPL joints that the photo does not show.
        appearance: colours, hair and posture.
        looks: things nearby, accessories, apparent age and gender; None when not looked for.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks_px: np.ndarray
    landmarks_m: np.ndarray
    visibility: np.ndarray
    rotations: np.ndarray
    camera: tuple[float, float, float]
    unseen_joints: tuple[str, ...] = ()
    appearance: Appearance = field(default_factory=Appearance)
    looks: Looks | None = None
