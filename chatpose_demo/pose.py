"""The one value that travels through the whole project: a body pose, and whose it is.

Conventions: SMPL's 24 joints; rotations are relative to the parent joint, joint 0 is the global
orientation; the world is in metres, y up, and a body with identity orientation faces +z.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import roma
import torch

JOINT_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar",
    "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
JOINT = {name: index for index, name in enumerate(JOINT_NAMES)}
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
NUM_JOINTS = len(JOINT_NAMES)
NUM_BETAS = 10

# Joint j's partner under a left-right mirror.
MIRROR = tuple(
    JOINT[
        name.replace("left", "right") if name.startswith("left") else name.replace("right", "left")
    ]
    for name in JOINT_NAMES
)

# Image models look along +z with y down; our world looks back at the body with y up.
R_WORLD_CAMERA = np.diag([1.0, -1.0, -1.0]).astype(np.float32)


@dataclass(frozen=True)
class Pose:
    """One body.

    Attributes:
        rotations: (24, 3, 3) float32, relative rotation matrices, joint 0 = global orientation.
        betas: (10,) float32 shape coefficients of the body model in use.
        transl: (3,) float32 translation in metres.
        subject: whose pose this is, in words ("person 2, in the red top").
        source: where it came from: "photo", "text", "edit" or "network".
        person_box: (x0, y0, x1, y1) in pixels of the upright photo, or None.
        photo_size: (width, height) of that photo as it was looked at, which may be smaller than
            its file, or None.
        unseen_joints: joints that the photo did not show; they rest naturally.
        made_from: index of the conversation's body that this one was changed from, if any.
    """

    rotations: np.ndarray
    betas: np.ndarray = field(default_factory=lambda: np.zeros(NUM_BETAS, np.float32))
    transl: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    subject: str = "a person"
    source: str = "text"
    person_box: tuple[float, float, float, float] | None = None
    photo_size: tuple[int, int] | None = None
    unseen_joints: tuple[str, ...] = ()
    made_from: int | None = None

    def __post_init__(self) -> None:
        rotations = np.asarray(self.rotations, np.float32)
        if rotations.shape != (NUM_JOINTS, 3, 3):
            raise ValueError(f"rotations must be (24, 3, 3), not {rotations.shape}")
        if not np.isfinite(rotations).all():
            raise ValueError("rotations hold a number that is not finite")
        object.__setattr__(self, "rotations", rotations)
        object.__setattr__(self, "betas", np.asarray(self.betas, np.float32))
        object.__setattr__(self, "transl", np.asarray(self.transl, np.float32))

    def with_(self, **changes) -> Pose:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def axis_angle(self) -> np.ndarray:
        """(24, 3) axis-angle vectors in radians."""
        return roma.rotmat_to_rotvec(torch.from_numpy(self.rotations)).numpy()


def from_axis_angle(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle in radians -> (..., 3, 3) rotation matrices, float32."""
    return roma.rotvec_to_rotmat(torch.as_tensor(vectors, dtype=torch.float32)).numpy()


def matrix_to_6d(rotations: torch.Tensor) -> torch.Tensor:
    """(..., 3, 3) -> (..., 6): column 1, then column 2 (the order of HMR 2.0 and ChatPose)."""
    return rotations[..., :2].transpose(-1, -2).flatten(-2)


def matrix_from_6d(numbers: torch.Tensor) -> torch.Tensor:
    """(..., 6) -> (..., 3, 3) by Gram-Schmidt on the two columns."""
    columns = numbers.unflatten(-1, (2, 3)).transpose(-1, -2)
    return roma.special_gramschmidt(columns)


def mirror(rotations: np.ndarray) -> np.ndarray:
    """Left-right mirror image of poses (..., 24, 3, 3) across the body's sagittal plane."""
    flip = np.diag([-1.0, 1.0, 1.0]).astype(rotations.dtype)
    return flip @ rotations[..., list(MIRROR), :, :] @ flip


def geodesic_degrees(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Angle between rotations (..., 3, 3), in degrees."""
    return torch.rad2deg(roma.rotmat_geodesic_distance(a.float(), b.float()))
