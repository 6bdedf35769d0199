"""An SMPL-X body as SMPL's layer poses it: hands, jaw and eyes at rest.

A joint that does not turn moves with its parent, and the offsets that its turning would add are
zero. So with everything at rest that SMPL has no joint for, SMPL-X is exactly a linear-blend body
of the 22 joints that both share: the weights of fingers go to the wrist, those of jaw and eyes to
the head. SMPL's joints 22 and 23, the hands, stay as joints without any skin.
"""

from __future__ import annotations

import numpy as np
from smplx.joint_names import JOINT_NAMES as SMPLX_NAMES

from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS

NUM_SMPLX_VERTICES = 10475
NUM_SMPLX_JOINTS = 55
SHARED = 22  # pelvis to wrists, in the same order as SMPL's
# SMPL's hand joint lies where the fingers begin; the middle finger's does so in SMPL-X.
_HANDS = tuple(SMPLX_NAMES.index(f"{side}_middle1") for side in ("left", "right"))
# jaw and both eyes; then a hand's five fingers, each a chain of three from the wrist
_FINGERS = tuple(
    parent
    for wrist, first in ((20, 25), (21, 40))
    for finger in range(first, first + 15, 3)
    for parent in (wrist, finger, finger + 1)
)
SMPLX_PARENTS = (*PARENTS[:SHARED], *(JOINT["head"],) * 3, *_FINGERS)


def is_smplx(arrays: dict[str, np.ndarray]) -> bool:
    """Whether a file's joint tree has SMPL-X's size."""
    return arrays["kintree_table"].shape == (2, NUM_SMPLX_JOINTS)


def as_smpl(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of an SMPL-X file in the shapes of an SMPL one, with 10475 vertices.

    Args:
        arrays: v_template (V, 3), shapedirs (V, 3, S) of which the first ten are the body's,
            posedirs (V, 3, 486), J_regressor (55, V), weights (V, 55), kintree_table (2, 55), f.

    Raises:
        ValueError: an array is not SMPL-X's; says which and why.
    """
    vertices, joints = NUM_SMPLX_VERTICES, NUM_SMPLX_JOINTS
    shapes = {
        "v_template": (vertices, 3),
        "posedirs": (vertices, 3, (joints - 1) * 9),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape} instead of {shape}")
    if tuple(arrays["kintree_table"][0, 1:].tolist()) != SMPLX_PARENTS[1:]:
        raise ValueError("its joint tree is not SMPL-X's")
    weights = np.zeros((vertices, NUM_JOINTS), arrays["weights"].dtype)
    for joint in range(joints):
        weights[:, _carrier(joint)] += arrays["weights"][:, joint]
    posedirs = np.zeros((vertices, 3, (NUM_JOINTS - 1) * 9), arrays["posedirs"].dtype)
    turning = (SHARED - 1) * 9
    posedirs[..., :turning] = arrays["posedirs"][..., :turning]
    return {
        "v_template": arrays["v_template"],
        "shapedirs": arrays["shapedirs"],
        "posedirs": posedirs,
        "J_regressor": arrays["J_regressor"][[*range(SHARED), *_HANDS]],
        "weights": weights,
        "kintree_table": np.array([PARENTS, range(NUM_JOINTS)], np.int64),
        "f": arrays["f"],
    }


def _carrier(joint: int) -> int:
    """The joint of SMPL that a joint of SMPL-X moves with."""
    while joint >= SHARED:
        joint = SMPLX_PARENTS[joint]
    return joint
