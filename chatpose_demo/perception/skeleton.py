"""The body's skeleton: rest joints, places of BlazePose's landmarks, kinematics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from chatpose_demo.body.smpl import EMBEDDED_FILE
from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS

HIP_HALF_WIDTH = 0.11  # metres; measured: BlazePose's hips are 0.22 m apart, outside the joints

# BlazePose landmark -> the SMPL joint that is the same place.
JOINT_OF_LANDMARK = {
    11: JOINT["left_shoulder"], 12: JOINT["right_shoulder"], 13: JOINT["left_elbow"],
    14: JOINT["right_elbow"], 15: JOINT["left_wrist"], 16: JOINT["right_wrist"],
    23: JOINT["left_hip"], 24: JOINT["right_hip"], 25: JOINT["left_knee"],
    26: JOINT["right_knee"], 27: JOINT["left_ankle"], 28: JOINT["right_ankle"],
}  # fmt: skip
# BlazePose landmark -> (joint it moves with, vertex of SMPL's topology at that place).
VERTEX_OF_LANDMARK = {
    0: ("head", 332), 7: ("head", 583), 8: ("head", 4071),  # nose, ears (smplx.vertex_ids)
    29: ("left_ankle", 3387), 30: ("right_ankle", 6787),  # heels
    31: ("left_ankle", 3216), 32: ("right_ankle", 6617),  # big toes
}  # fmt: skip
# Knuckles lie between the wrist and the fingertips; vertices are the tips of index and little
# finger. 0.5 is our choice (a finger is about as long as the palm).
KNUCKLES = {17: ("left_wrist", 2673), 18: ("right_wrist", 6133),
            19: ("left_wrist", 2319), 20: ("right_wrist", 5782)}  # fmt: skip
KNUCKLE_PART = 0.5

# Joints grouped by depth, so that one matrix product serves each group.
LEVELS: list[list[int]] = [[0]]
while sum(map(len, LEVELS)) < NUM_JOINTS:
    LEVELS.append([j for j in range(NUM_JOINTS) if PARENTS[j] in LEVELS[-1]])


@dataclass(frozen=True)
class Skeleton:
    """Rest geometry in metres: y up, facing +z.

    Attributes:
        joints: (24, 3) rest joints of the embedded body.
        offsets: (24, 3) each joint from its parent; the root's own place for joint 0.
        landmarks: BlazePose landmark -> (joint it moves with, (3,) offset from that joint).
    """

    joints: np.ndarray
    offsets: np.ndarray
    landmarks: dict[int, tuple[int, np.ndarray]]


@lru_cache(maxsize=1)
def skeleton() -> Skeleton:
    """The embedded body's skeleton, read once. It serves any SMPL file: poses mean the same."""
    with np.load(EMBEDDED_FILE) as body:
        template = body["v_template"].astype(np.float64)
        joints = body["J_regressor"].astype(np.float64) @ template
    parents = np.array(PARENTS)
    offsets = joints - np.where(parents[:, None] >= 0, joints[parents], 0)
    landmarks = {mark: (joint, np.zeros(3)) for mark, joint in JOINT_OF_LANDMARK.items()}
    for mark, side in ((23, 1.0), (24, -1.0)):
        hip = joints[JOINT_OF_LANDMARK[mark]].copy()
        hip[0] = side * HIP_HALF_WIDTH
        landmarks[mark] = (0, hip - joints[0])
    for mark, (name, vertex) in VERTEX_OF_LANDMARK.items():
        landmarks[mark] = (JOINT[name], template[vertex] - joints[JOINT[name]])
    for mark, (name, vertex) in KNUCKLES.items():
        landmarks[mark] = (JOINT[name], KNUCKLE_PART * (template[vertex] - joints[JOINT[name]]))
    return Skeleton(joints, offsets, dict(sorted(landmarks.items())))


def kinematics(rotations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Posed joints of the embedded skeleton.

    Args:
        rotations: (B, 24, 3, 3) relative rotations.

    Returns:
        joints (B, 24, 3) in metres, exactly where the posed body has them, and global rotations
        (B, 24, 3, 3).
    """
    offsets = torch.as_tensor(skeleton().offsets, dtype=rotations.dtype)
    place = {0: offsets[0].expand(len(rotations), 3)}
    turn = {0: rotations[:, 0]}
    for level in LEVELS[1:]:
        parents = [PARENTS[j] for j in level]
        above = torch.stack([turn[p] for p in parents], 1)
        moved = torch.stack([place[p] for p in parents], 1)
        moved = moved + (above @ offsets[level][..., None])[..., 0]
        turned = above @ rotations[:, level]
        for k, j in enumerate(level):
            place[j], turn[j] = moved[:, k], turned[:, k]
    return (
        torch.stack([place[j] for j in range(NUM_JOINTS)], 1),
        torch.stack([turn[j] for j in range(NUM_JOINTS)], 1),
    )


def joints_of(rotations: np.ndarray) -> np.ndarray:
    """(24, 3) posed joints of the embedded skeleton for rotations (24, 3, 3)."""
    return kinematics(torch.from_numpy(rotations.copy())[None])[0][0].numpy()
