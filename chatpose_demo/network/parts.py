"""What words may change about a body: one choice per part, and how a choice bends a pose.

The pose decoder first points at a whole pose, then picks one option for every part. "keep" leaves
the part exactly as it is, so that an edit never moves what it did not mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT, mirror
from chatpose_demo.studio.rig import SPINE_SHARES, Spec, build, legs
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, FACING, HEAD, LEGS, TORSO, WHOLE

KEEP = "keep"
ARM_MOVES = ("higher", "lower", "elbow_more", "elbow_less", "like_other", "swap")
ARM_JOINTS = ("collar", "shoulder", "elbow", "wrist", "hand")
# Joints that take each other's mirror image when words say "swap".
SWAPPED: dict[str, tuple[str, ...]] = {
    "arms": tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ARM_JOINTS),
    "legs": tuple(
        f"{side}_{joint}"
        for side in ("left", "right")
        for joint in ("hip", "knee", "ankle", "foot")
    ),
    "head": ("neck", "head"),
}
OPTIONS: dict[str, tuple[str, ...]] = {
    "left_arm": (KEEP, *ARMS, *ARM_MOVES),
    "right_arm": (KEEP, *ARMS, *ARM_MOVES),
    "legs": (KEEP, *BOTH_LEGS, "knees_more", "knees_less", "wider", "swap"),
    "left_leg": (KEEP, *LEGS),
    "right_leg": (KEEP, *LEGS),
    "torso": (KEEP, *TORSO, "bend_more", "bend_less"),
    "head": (KEEP, *HEAD, "more_left", "more_right", "swap"),
    "whole": (KEEP, *WHOLE, "mirror"),
    "facing": (KEEP, *FACING),
}
PARTS = tuple(OPTIONS)
SIDES = ("left", "right")
UPRIGHT_COSINE = 0.5  # our choice: a trunk within 60 degrees of vertical is not lying

ARM_STEP = 35.0  # degrees, our choice: "a bit higher" must be seen
BEND_STEP = 25.0
TURN_STEP = 30.0
WIDEN_STEP = 12.0
ELBOW_LIMIT, KNEE_LIMIT = 145.0, 150.0  # our choice: as far as flesh allows


@cache
def _state(part: str, option: str) -> np.ndarray:
    """(24, 3, 3) rotations of a standing body whose one part is in the given state."""
    if part == "legs":
        return build(Spec().with_(**legs(option)))
    return build(Spec().with_(**{part: option}))


def _degrees(axis: str, angle: float) -> np.ndarray:
    return Rotation.from_euler(axis, angle, degrees=True).as_matrix().astype(np.float32)


def heading(root: np.ndarray) -> np.ndarray:
    """The yaw of a global orientation (3, 3) -> (3, 3), taken from where the hips' x axis points.

    The sideways axis stays horizontal when a body bends or lies on its back, so it tells the
    heading where the forward axis no longer can.
    """
    side = root[:, 0]
    if np.hypot(side[0], side[2]) < 0.3:  # lies on a side: take the direction of the face
        face = root[:, 2]
        return _degrees("y", float(np.degrees(np.arctan2(face[0], face[2]))))
    return _degrees("y", float(np.degrees(np.arctan2(-side[2], side[0]))))


def _set_root(pose: np.ndarray, root: np.ndarray, keep_legs: bool) -> None:
    """Turn the pelvis; with `keep_legs` the thighs keep their direction in the world."""
    if keep_legs:
        for hip in ("left_hip", "right_hip"):
            pose[JOINT[hip]] = root.T @ pose[0] @ pose[JOINT[hip]]
    pose[0] = root


def _set_whole(pose: np.ndarray, option: str) -> None:
    yaw = heading(pose[0])
    _set_root(pose, yaw @ _state("whole", option)[0], keep_legs=False)


def _set_legs(pose: np.ndarray, names: tuple[str, ...], part: str, option: str) -> None:
    """Give legs a state measured from the vertical, whatever the pelvis' tilt."""
    tilt = heading(pose[0]).T @ pose[0]
    if pose[0][1, 1] < UPRIGHT_COSINE:  # lying: the state is measured from the trunk instead
        tilt = np.eye(3, dtype=np.float32)
    state = _state(part, option)
    for side in names:
        for joint in ("hip", "knee", "ankle", "foot"):
            index = JOINT[f"{side}_{joint}"]
            pose[index] = state[index]
        pose[JOINT[f"{side}_hip"]] = tilt.T @ pose[JOINT[f"{side}_hip"]]


def _set_torso(pose: np.ndarray, option: str, fresh_root: bool) -> None:
    """Set the spine; the pelvis follows unless the body lies and was not just laid down."""
    state = _state("torso", option)
    for joint in SPINE_SHARES:
        pose[JOINT[joint]] = state[JOINT[joint]]
    if fresh_root:
        _set_root(pose, pose[0] @ state[0], keep_legs=True)
    elif pose[0][1, 1] > UPRIGHT_COSINE:
        _set_root(pose, heading(pose[0]) @ state[0], keep_legs=True)


def _set_arm(pose: np.ndarray, side: str, option: str) -> None:
    state = _state(f"{side}_arm", option)
    for joint in ARM_JOINTS:
        index = JOINT[f"{side}_{joint}"]
        pose[index] = state[index]


def _bend_joint(
    pose: np.ndarray,
    joint: int,
    bone: np.ndarray,
    natural: np.ndarray,
    step: float,
    limit: float,
) -> float:
    """Bend a knee or elbow in the plane it is bent in already; never past straight or `limit`.

    A body from a photo also twists these joints, so the angle between the bones counts, not the
    whole rotation.

    Args:
        bone: (3,) direction of the lower bone at rest.
        natural: (3,) axis that bends the joint the natural way, for one that is straight.
        step: degrees; negative straightens.

    Returns:
        Degrees really added.
    """
    turned = pose[joint] @ bone
    axis = np.cross(bone, turned)
    bend = float(np.degrees(np.arctan2(np.linalg.norm(axis), bone @ turned)))
    if step < 0:
        change = -min(-step, bend)
    elif axis @ natural > 0.01:
        change = max(0.0, min(step, limit - bend))
    else:
        axis, change = natural, step
    length = float(np.linalg.norm(axis))
    if length < 1e-6:
        return 0.0
    turn = Rotation.from_rotvec(axis / length * change, degrees=True).as_matrix()
    pose[joint] = turn.astype(np.float32) @ pose[joint]
    return change


def _move_arm(pose: np.ndarray, side: str, move: str) -> None:
    sign = 1.0 if side == "left" else -1.0
    shoulder, elbow = JOINT[f"{side}_shoulder"], JOINT[f"{side}_elbow"]
    if move in ("higher", "lower"):
        direction = pose[shoulder][:, 0] * sign  # the upper arm, in the collar's frame
        up = np.array([0.0, 1.0, 0.0]) if move == "higher" else np.array([0.0, -1.0, 0.0])
        axis = np.cross(direction, up)
        reach = np.arcsin(np.clip(np.linalg.norm(axis), 0, 1))
        if direction @ up < 0:
            reach = np.pi - reach
        if np.linalg.norm(axis) < 1e-3:  # hangs straight down or up: move sideways
            axis = np.array([0.0, 0.0, sign if move == "higher" else -sign])
        angle = min(np.radians(ARM_STEP), reach)
        turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
        pose[shoulder] = turn.astype(np.float32) @ pose[shoulder]
        return
    step = ARM_STEP if move == "elbow_more" else -ARM_STEP
    bone, natural = np.array([sign, 0.0, 0.0]), np.array([0.0, -sign, 0.0])
    _bend_joint(pose, elbow, bone, natural, step, ELBOW_LIMIT)


def _copy_mirrored(pose: np.ndarray, names: Iterable[str]) -> None:
    """Give joints what their partners of the other side do (neck and head: the other turn)."""
    mirrored = mirror(pose)
    for name in names:
        pose[JOINT[name]] = mirrored[JOINT[name]]


def _match_arms(pose: np.ndarray, options: Mapping[str, str]) -> None:
    """Let an arm do what the other one does (of two, the one that hangs lower), or swap them."""
    if set(options.values()) == {"swap"}:
        _copy_mirrored(pose, SWAPPED["arms"])
        return
    alike = [side for side in SIDES if options[side] == "like_other"]
    if len(alike) == 2:
        raised = {"left": pose[JOINT["left_shoulder"]][1, 0]}
        raised["right"] = -pose[JOINT["right_shoulder"]][1, 0]
        alike = [min(SIDES, key=lambda side: raised[side])]
    _copy_mirrored(pose, (f"{side}_{joint}" for side in alike for joint in ARM_JOINTS))


def _move_legs(pose: np.ndarray, move: str) -> None:
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        if move == "wider":
            # About the axis that takes the knee to its own side, wherever the thigh points.
            axis = np.cross(pose[hip] @ [0.0, -1.0, 0.0], [sign, 0.0, 0.0])
            turn = axis / max(np.linalg.norm(axis), 1e-6) * np.radians(WIDEN_STEP)
            pose[hip] = Rotation.from_rotvec(turn).as_matrix().astype(np.float32) @ pose[hip]
            continue
        step = ARM_STEP if move == "knees_more" else -ARM_STEP
        bone, natural = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
        change = _bend_joint(pose, knee, bone, natural, step, KNEE_LIMIT)
        pose[hip] = _degrees("x", -change / 2) @ pose[hip]
        pose[ankle] = _degrees("x", -change / 2) @ pose[ankle]


def apply_choices(base: np.ndarray, choices: Mapping[str, str]) -> np.ndarray:
    """Bend a pose by one option per part.

    Args:
        base: (24, 3, 3) rotations to start from; not changed.
        choices: part -> option of OPTIONS; missing parts keep.

    Returns:
        (24, 3, 3) float32. Joints of parts that keep are bit-for-bit those of `base`, except
        that the hips make up for a pelvis that a new torso or posture turned.
    """
    pose = np.array(base, np.float32)
    picked = {part: choices.get(part, KEEP) for part in PARTS}
    whole, posture = picked["whole"], picked["legs"]
    lying = pose[0][1, 1] < UPRIGHT_COSINE
    if whole in WHOLE:
        _set_whole(pose, whole)
    elif posture in BOTH_LEGS and lying:
        _set_whole(pose, "up")  # who is told to sit, kneel or stand gets up first
    if posture in BOTH_LEGS:
        _set_legs(pose, ("left", "right"), "legs", posture)
    elif posture == "swap":
        _copy_mirrored(pose, SWAPPED["legs"])
    elif posture != KEEP:
        _move_legs(pose, posture)
    for side in ("left", "right"):
        if picked[f"{side}_leg"] != KEEP:
            _set_legs(pose, (side,), f"{side}_leg", picked[f"{side}_leg"])
    torso = picked["torso"]
    if torso in TORSO:
        _set_torso(pose, torso, fresh_root=whole in WHOLE)
    elif torso != KEEP:
        step = BEND_STEP if torso == "bend_more" else -BEND_STEP
        for joint, share in SPINE_SHARES.items():
            pose[JOINT[joint]] = pose[JOINT[joint]] @ _degrees("x", step * share)
    for side in ("left", "right"):
        option = picked[f"{side}_arm"]
        if option in ARMS:
            _set_arm(pose, side, option)
        elif option not in (KEEP, "like_other", "swap"):
            _move_arm(pose, side, option)
    _match_arms(pose, {side: picked[f"{side}_arm"] for side in SIDES})
    head = picked["head"]
    if head in HEAD:
        for joint in ("neck", "head"):
            pose[JOINT[joint]] = _state("head", head)[JOINT[joint]]
    elif head == "swap":
        _copy_mirrored(pose, SWAPPED["head"])
    elif head != KEEP:
        step = TURN_STEP if head == "more_left" else -TURN_STEP
        for joint in ("neck", "head"):
            pose[JOINT[joint]] = _degrees("y", step / 2) @ pose[JOINT[joint]]
    if whole == "mirror":
        pose = mirror(pose)
    if picked["facing"] != KEEP:
        turn = _degrees("y", FACING[picked["facing"]]) @ heading(pose[0]).T
        pose[0] = turn @ pose[0]
    return pose.astype(np.float32)
