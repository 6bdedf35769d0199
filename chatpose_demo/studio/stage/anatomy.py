"""The embedded body with the surfaces that clothes grow from, shaped and posed in numpy.

`assets/studio/people.npz` holds MakeHuman's CC0 base mesh (skin, eyes, and the helper surfaces
"tights" and "skirt") on the joints and betas of the demo's embedded body. Metres, y up, facing +z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from chatpose_demo.body.smpl import EMBEDDED_FILE
from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS

PEOPLE_FILE = Path(__file__).parents[3] / "assets" / "studio" / "people.npz"


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What does not change between people; float32.

    Attributes:
        mean: (N, 3) rest points of the mean shape, in a T pose.
        shapes: (3 N, 10) how the betas move them.
        weights: (N, 24) skinning weights.
        joints: (24, 3) rest joints of the mean shape; joint_shapes: (72, 10).
        bends: (20670, 207) pose correctives of the embedded body's 6890 points.
        near: (N, 6890) sparse: the embedded body's points around each point.
        body_points: (6890, 3) the embedded body at rest; body_shapes: (20670, 10).
        body_weights: (6890, 24).
        skin, tights, skirt: (F, 3) triangles.
        eyes: (2,) arrays of the points of the left and the right eyeball.
    """

    mean: np.ndarray
    shapes: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    joint_shapes: np.ndarray
    bends: np.ndarray
    near: sparse.csr_matrix
    body_points: np.ndarray
    body_shapes: np.ndarray
    body_weights: np.ndarray
    skin: np.ndarray
    tights: np.ndarray
    skirt: np.ndarray
    eyes: tuple[np.ndarray, np.ndarray]

    def joint(self, name: str) -> np.ndarray:
        """(3,) rest position of a joint of the mean shape."""
        return self.joints[JOINT[name]]

    @property
    def eye_height(self) -> float:
        """Height of the eyes of the mean shape, metres."""
        return float(self.mean[self.eyes[0], 1].mean())


@cache
def anatomy() -> Anatomy:
    """Load both files; pose correctives come from the nearest points of the embedded body."""
    people, body = np.load(PEOPLE_FILE), np.load(EMBEDDED_FILE)
    count = len(people["mean"])
    weights = np.zeros((count, NUM_JOINTS), np.float32)
    np.put_along_axis(
        weights, people["weight_joints"].astype(int), people["weight_values"].astype("f4"), axis=1
    )
    weights /= weights.sum(axis=1, keepdims=True)
    template = body["v_template"].astype(np.float32)
    distance, index = KDTree(template).query(people["mean"], k=3)
    share = 1 / (distance + 1e-4)
    share /= share.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(count), 3)
    near = sparse.csr_matrix(
        (share.ravel().astype(np.float32), (rows, index.ravel())), shape=(count, len(template))
    )
    regressor = body["J_regressor"].astype(np.float64)
    shapes = body["shapedirs"][..., :10].astype(np.float32)
    joint_shapes = np.einsum("jv,vcb->jcb", regressor, shapes).reshape(-1, 10)
    return Anatomy(
        mean=people["mean"],
        shapes=people["shapes"].astype(np.float32).reshape(-1, 10),
        weights=weights,
        joints=(regressor @ template).astype(np.float32),
        joint_shapes=joint_shapes.astype(np.float32),
        bends=body["posedirs"].astype(np.float32).reshape(-1, 207),
        near=near,
        body_points=template,
        body_shapes=shapes.reshape(-1, 10),
        body_weights=body["weights"].astype(np.float32),
        skin=people["skin"].astype(np.int64),
        tights=people["tights"].astype(np.int64),
        skirt=people["skirt"].astype(np.int64),
        eyes=(np.unique(people["left_eye"]), np.unique(people["right_eye"])),
    )


@dataclass(frozen=True, eq=False)
class Bones:
    """One person's posed skeleton, in SMPL's own frame (no translation).

    Attributes:
        rest_joints, joints: (24, 3) before and after posing.
        turn: (24, 3, 3) and shift: (24, 3): rest point p moves with joint j to turn @ p + shift.
    """

    rest_joints: np.ndarray
    joints: np.ndarray
    turn: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, rotations: np.ndarray, betas: np.ndarray) -> Bones:
        """From (24, 3, 3) SMPL rotations and (10,) betas."""
        data = anatomy()
        rest = data.joints + (data.joint_shapes @ np.asarray(betas, np.float32)).reshape(-1, 3)
        turn, joints = np.zeros((NUM_JOINTS, 3, 3), np.float32), np.zeros((NUM_JOINTS, 3), "f4")
        turn[0], joints[0] = rotations[0], rest[0]
        for j in range(1, NUM_JOINTS):
            parent = PARENTS[j]
            turn[j] = turn[parent] @ rotations[j]
            joints[j] = joints[parent] + turn[parent] @ (rest[j] - rest[parent])
        shift = joints - np.einsum("jab,jb->ja", turn, rest)
        return cls(rest, joints, turn, shift)

    def move(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Skin rest points (M, 3) with weights (M, 24)."""
        frames = np.concatenate([self.turn, self.shift[..., None]], axis=2).reshape(NUM_JOINTS, 12)
        mixed = (weights @ frames).reshape(-1, 3, 4)
        return np.einsum("mab,mb->ma", mixed[..., :3], points) + mixed[..., 3]

    def with_head(self, points: np.ndarray) -> np.ndarray:
        """Move rest points (..., 3) rigidly with the head."""
        head = JOINT["head"]
        return points @ self.turn[head].T + self.shift[head]


def shaped(betas: np.ndarray) -> np.ndarray:
    """(N, 3) rest points of a shape."""
    data = anatomy()
    return data.mean + (data.shapes @ np.asarray(betas, np.float32)).reshape(-1, 3)


def bend(rotations: np.ndarray) -> np.ndarray:
    """(6890, 3) what the pose correctives add to the embedded body's points at rest."""
    feature = (rotations[1:] - np.eye(3, dtype=np.float32)).ravel().astype(np.float32)
    return (anatomy().bends @ feature).reshape(-1, 3)
