"""Changes of whole bodies that words can ask for: half the way, one body's region on another."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from chatpose_demo.network.parts import heading
from chatpose_demo.pose import JOINT, NUM_JOINTS
from chatpose_demo.studio.rig import PART_JOINTS

ARMS = PART_JOINTS["left_arm"] + PART_JOINTS["right_arm"]
LEGS = PART_JOINTS["left_leg"] + PART_JOINTS["right_leg"]
SPINE = ("spine1", "spine2", "spine3")
REGION_JOINTS: dict[str, tuple[str, ...]] = {
    "arms": ARMS,
    "legs": LEGS,
    "upper body": (*SPINE, *PART_JOINTS["head"], *ARMS),
    "lower body": ("pelvis", *LEGS),
    "head": PART_JOINTS["head"],
    "torso": SPINE,
}
HIPS = ("left_hip", "right_hip")


def halfway(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The body half-way between two: every joint turns half of its own way.

    Args:
        start, end: (24, 3, 3) rotations.
    """
    middle = np.empty_like(end)
    for joint in range(NUM_JOINTS):
        if np.array_equal(start[joint], end[joint]):
            middle[joint] = end[joint]  # what did not change stays bit for bit
            continue
        both = Rotation.from_matrix(np.stack([start[joint], end[joint]]))
        middle[joint] = Slerp([0.0, 1.0], both)(0.5).as_matrix()
    return middle


def combine(region: str, giver: np.ndarray, taker: np.ndarray) -> np.ndarray:
    """One body with a region of another.

    Args:
        region: a key of REGION_JOINTS.
        giver: (24, 3, 3) whose region is taken.
        taker: (24, 3, 3) who keeps all the rest.
    """
    body = np.array(taker, np.float32)
    for name in REGION_JOINTS[region]:
        body[JOINT[name]] = giver[JOINT[name]]
    if region == "lower body":
        # The giver's pelvis, but turned the way the taker faces.
        body[0] = heading(taker[0]) @ heading(giver[0]).T @ giver[0]
    elif region == "legs":
        # The thighs keep their direction in the world though the pelvis stays the taker's.
        turn = heading(taker[0]) @ heading(giver[0]).T
        for name in HIPS:
            body[JOINT[name]] = taker[0].T @ turn @ giver[0] @ giver[JOINT[name]]
    return body


def turned_like(rotations: np.ndarray, model: np.ndarray) -> np.ndarray:
    """A body turned to face where another one faces."""
    body = np.array(rotations, np.float32)
    body[0] = heading(model[0]) @ heading(body[0]).T @ body[0]
    return body
