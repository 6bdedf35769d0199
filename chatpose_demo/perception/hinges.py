"""Knees and elbows: which way they bend, and what bends the other way straightened."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.skeleton import skeleton
from chatpose_demo.perception.swing import swing, twist_about, unit
from chatpose_demo.pose import JOINT, PARENTS

# Hinge joint -> (axis index, sign) of a natural bend as a rotation vector.
BEND = {
    JOINT["left_knee"]: (0, 1), JOINT["right_knee"]: (0, 1),
    JOINT["left_elbow"]: (1, -1), JOINT["right_elbow"]: (1, 1),
}  # fmt: skip


def unbent(rotations: np.ndarray) -> np.ndarray:
    """Knees and elbows of one body (24, 3, 3) that bend the wrong way are straightened.

    The swing of the lower bone keeps its sideways part; the part that goes backwards is removed.
    """
    rotations = rotations.copy()
    for joint, (axis, sign) in BEND.items():
        child = PARENTS.index(joint)
        bone = unit(skeleton().offsets[child])
        twist = twist_about(rotations[joint], bone)
        vector = Rotation.from_matrix(swing(bone, rotations[joint] @ bone)).as_rotvec()
        if vector[axis] * sign < 0:
            vector[axis] = 0.0
            rotations[joint] = Rotation.from_rotvec(vector).as_matrix() @ twist
    return rotations


def backward_bend_degrees(rotations: np.ndarray) -> dict[int, float]:
    """Degrees by which each knee and elbow of (24, 3, 3) bends the wrong way (0 = natural)."""
    result = {}
    for joint, (axis, sign) in BEND.items():
        bone = unit(skeleton().offsets[PARENTS.index(joint)])
        vector = Rotation.from_matrix(swing(bone, rotations[joint] @ bone)).as_rotvec()
        result[joint] = float(max(0.0, -np.degrees(vector[axis]) * sign))
    return result
