"""The CC0 body with its helper surfaces, shaped and posed in numpy.

`people.npz` holds MakeHuman's base mesh (19158 points: skin, eyes, and the "helper" surfaces that
clothes grow from) on the joints and betas of the demo's embedded body. Metres, y up, facing +z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from chatpose_demo.body.smpl import EMBEDDED_FILE
from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS

PEOPLE_FILE = Path(__file__).with_name("people.npz")


@dataclass(frozen=True)
class Anatomy:
    """What does not change between people.

    Attributes:
        mean: (N, 3) rest points of the mean shape, in a T pose.
        shapes: (N, 3, 10) how the betas move them.
        weights: (N, 24) skinning weights.
        joints: (24, 3) rest joints of the mean shape; joint_shapes: (24, 3, 10).
        bends: (N, 3, 207) pose correctives.
        skin, tights, skirt, left_eye, right_eye: (F, 3) triangles.
    """

    mean: np.ndarray
    shapes: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    joint_shapes: np.ndarray
    bends: np.ndarray
    skin: np.ndarray
    tights: np.ndarray
    skirt: np.ndarray
    left_eye: np.ndarray
    right_eye: np.ndarray

    def joint(self, name: str) -> np.ndarray:
        """(3,) rest position of a joint of the mean shape."""
        return self.joints[JOINT[name]]

    @property
    def eye_height(self) -> float:
        """Height of the eyes of the mean shape, metres."""
        return float(self.mean[np.unique(self.left_eye), 1].mean())


@cache
def anatomy() -> Anatomy:
    """Load both files; pose correctives come from the nearest points of the embedded body."""
    people, body = np.load(PEOPLE_FILE), np.load(EMBEDDED_FILE)
    regressor = body["J_regressor"].astype(float)
    distance, near = cKDTree(body["v_template"]).query(people["mean"], k=3)
    share = 1 / (distance + 1e-4)
    share /= share.sum(axis=1, keepdims=True)
    bends = np.einsum("nk,nkcp->ncp", share, body["posedirs"].astype(np.float32)[near])
    return Anatomy(
        mean=people["mean"].astype(float),
        shapes=people["SD"].astype(float),
        weights=people["WS"].astype(float),
        joints=regressor @ body["v_template"],
        joint_shapes=np.einsum("jv,vcb->jcb", regressor, body["shapedirs"]),
        bends=bends,
        skin=people["fb"],
        tights=people["ft"],
        skirt=people["fs"],
        left_eye=people["fle"],
        right_eye=people["fre"],
    )


@dataclass(frozen=True)
class Posed:
    """One person's shape and pose.

    Attributes:
        rest: (N, 3) shaped points in the T pose, pose correctives included.
        turn: (24, 3, 3) and shift: (24, 3): rest point p moves with joint j to turn @ p + shift.
        joints: (24, 3) posed joints.
    """

    rest: np.ndarray
    turn: np.ndarray
    shift: np.ndarray
    joints: np.ndarray

    @classmethod
    def of(cls, rotations: np.ndarray, betas: np.ndarray) -> Posed:
        """From (24, 3, 3) SMPL rotations and (10,) betas."""
        data = anatomy()
        rest_joints = data.joints + data.joint_shapes @ betas
        turn, joints = np.zeros((NUM_JOINTS, 3, 3)), np.zeros((NUM_JOINTS, 3))
        turn[0], joints[0] = rotations[0], rest_joints[0]
        for j, parent in enumerate(PARENTS[1:], start=1):
            turn[j] = turn[parent] @ rotations[j]
            joints[j] = joints[parent] + turn[parent] @ (rest_joints[j] - rest_joints[parent])
        shift = joints - np.einsum("jab,jb->ja", turn, rest_joints)
        rest = data.mean + data.shapes @ betas
        rest = rest + data.bends @ (rotations[1:] - np.eye(3)).ravel()
        return cls(rest, turn, shift, joints)

    def move(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Skin rest points (M, 3) with weights (M, 24)."""
        turns = np.einsum("mj,jab->mab", weights, self.turn)
        return np.einsum("mab,mb->ma", turns, points) + weights @ self.shift

    def with_head(self, points: np.ndarray) -> np.ndarray:
        """Move rest points (..., 3) rigidly with the head."""
        head = JOINT["head"]
        return points @ self.turn[head].T + self.shift[head]
