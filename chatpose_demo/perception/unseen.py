"""Limbs that the photo does not show: named, and given a natural rest instead of a guess.

BlazePose invents what lies outside the picture, and the lifter goes by it. We keep what was seen
and let unseen limbs hang.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.skeleton import skeleton
from chatpose_demo.perception.swing import angle, frame, swing, unit
from chatpose_demo.pose import JOINT

UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class UnseenSettings:
    """Our choices; angles in degrees."""

    seen: float = 0.3  # visibility; measured: hidden far arms of walkers score 0.02 to 0.25
    hip_room: float = 0.5  # torso lengths of hips inside the picture that make their place sure
    torso_m: float = 0.48  # measured: BlazePose's own torso
    head_tilt: float = 50.0  # a head more upright than this sits on an upright torso
    lying: float = 60.0  # torso further from upright: limbs follow the torso, not gravity
    sitting: float = 60.0  # thighs raised more, both, inside the picture: the person sits
    arm_hang: float = 72.0  # shoulder from the T-pose; a relaxed arm, clear of the hips
    elbow_rest: float = 12.0
    seat: float = 85.0  # hips and knees of somebody sitting
    knee_rest: float = 4.0


# joint names of each limb from its root, with the landmark that shows each.
ARMS = {
    side: ((f"{side}_shoulder", first), (f"{side}_elbow", first + 2), (f"{side}_wrist", first + 4))
    for side, first in (("left", 11), ("right", 12))
}
LEGS = {
    side: ((f"{side}_hip", first), (f"{side}_knee", first + 2), (f"{side}_ankle", first + 4))
    for side, first in (("left", 23), ("right", 24))
}


def shows_hips(
    landmarks_m: np.ndarray,
    landmarks_px: np.ndarray,
    visibility: np.ndarray,
    picture_size: tuple[int, int],
    settings: UnseenSettings | None = None,
) -> bool:
    """Whether the picture shows somebody's hips; below its border their place is a guess.

    Args:
        landmarks_m: (33, 3) metres, camera frame. landmarks_px: (33, 2). visibility: (33,).
        picture_size: width, height in pixels.
    """
    settings = settings or UnseenSettings()
    if max(visibility[25], visibility[26]) >= settings.seen:
        return True
    hips, shoulders = landmarks_px[[23, 24]].mean(0), landmarks_px[[11, 12]].mean(0)
    torso_px = max(float(np.linalg.norm(hips - shoulders)), 1.0)
    room = min(*hips, *(np.array(picture_size) - hips)) / (settings.hip_room * torso_px)
    face_up = landmarks_px[[2, 5]].mean(0) - landmarks_px[[9, 10]].mean(0)
    head_upright = angle(np.array([*face_up, 0.0]), -UP) < settings.head_tilt  # pixels: y down
    rise = landmarks_m[[23, 24], 1].mean() - landmarks_m[[11, 12], 1].mean()
    if rise < 0.5 * settings.torso_m and head_upright and room <= 1:
        return False  # a bust: BlazePose folds the missing body into the picture
    return bool(room >= 0)


def _turn(axis: int, degrees: float) -> np.ndarray:
    vector = np.zeros(3)
    vector[axis] = np.radians(degrees)
    return Rotation.from_rotvec(vector).as_matrix()


def _hanging_thigh(pelvis: np.ndarray, settings: UnseenSettings) -> np.ndarray:
    """Hip rotation of a leg that stands: upright in the world with the pelvis' heading."""
    if angle(pelvis[:, 1], UP) > settings.lying:
        return np.eye(3)
    right = -pelvis[:, 0]
    upright = frame(UP, right * [1, 0, 1]) @ np.stack([UP, [-1.0, 0, 0], [0, 0, 1.0]], 1).T
    return pelvis.T @ upright


def _mirrored(rotation: np.ndarray) -> np.ndarray:
    flip = np.diag([-1.0, 1.0, 1.0])
    return flip @ rotation @ flip


def _rest_leg(
    local: np.ndarray,
    side: str,
    visibility: np.ndarray,
    guess_sits: bool,
    settings: UnseenSettings,
) -> None:
    """Set hip, knee and ankle of one leg as far as it is unseen."""
    (hip, _), (knee, knee_mark), (ankle, ankle_mark) = LEGS[side]
    hip, knee, ankle = JOINT[hip], JOINT[knee], JOINT[ankle]
    if visibility[knee_mark] < settings.seen:
        other = "right" if side == "left" else "left"
        other_knee, other_mark = LEGS[other][1]
        other_hip = JOINT[LEGS[other][0][0]]
        down = -UP
        raised = angle(local[0] @ local[other_hip] @ down, local[0] @ down)
        if visibility[other_mark] >= settings.seen and raised > settings.sitting:
            local[hip] = _mirrored(local[other_hip])
            local[knee] = _mirrored(local[JOINT[other_knee]])
        elif guess_sits:
            local[hip], local[knee] = _turn(0, -settings.seat), _turn(0, settings.seat)
        else:
            local[hip] = _hanging_thigh(local[0], settings)
            local[knee] = _turn(0, settings.knee_rest)
        local[ankle] = np.eye(3)
    elif visibility[ankle_mark] < settings.seen:
        pelvis_lies = angle(local[0] @ UP, UP) > settings.lying
        thigh = (local[0] @ local[hip]).T @ -UP  # gravity as the thigh sees it
        hang = np.degrees(np.arctan2(-thigh[2], -thigh[1]))  # knee angle that lets the shin hang
        bend = settings.knee_rest if pelvis_lies else np.clip(hang, settings.knee_rest, 110)
        local[knee], local[ankle] = _turn(0, float(bend)), np.eye(3)


def _rest_arm(
    local: np.ndarray, side: str, visibility: np.ndarray, settings: UnseenSettings
) -> None:
    """Set shoulder, elbow and wrist of one arm as far as it is unseen."""
    (shoulder, _), (elbow, elbow_mark), (wrist, wrist_mark) = ARMS[side]
    shoulder, elbow, wrist = JOINT[shoulder], JOINT[elbow], JOINT[wrist]
    sign = 1 if side == "left" else -1
    if visibility[elbow_mark] < settings.seen:
        local[shoulder] = _turn(2, -sign * settings.arm_hang)
    if min(visibility[elbow_mark], visibility[wrist_mark]) < settings.seen:
        bone = unit(skeleton().offsets[wrist])
        bent = _turn(1, -sign * settings.elbow_rest)
        # A seen upper arm keeps its swing; its guessed twist goes with the guessed forearm.
        if visibility[elbow_mark] >= settings.seen:
            upper = unit(skeleton().offsets[elbow])
            local[shoulder] = swing(upper, local[shoulder] @ upper)
        local[elbow] = swing(bone, bent @ bone)
        local[wrist] = np.eye(3)


def rest_unseen(
    rotations: np.ndarray,
    visibility: np.ndarray,
    hips_seen: bool,
    settings: UnseenSettings | None = None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Puts unseen limbs at rest.

    Args:
        rotations: (24, 3, 3) world frame. visibility: (33,).
        hips_seen: from `shows_hips`.

    Returns:
        Rotations (24, 3, 3) float32 and the names of the joints that the photo does not show.
    """
    settings = settings or UnseenSettings()
    local = rotations.astype(np.float64)
    raised = [angle(local[JOINT[f"{side}_hip"]] @ UP, UP) for side in ("left", "right")]
    guess_sits = hips_seen and min(raised) > settings.sitting
    unseen: set[str] = set() if hips_seen else {"pelvis", "left_hip", "right_hip"}
    for side in ("left", "right"):
        _rest_leg(local, side, visibility, guess_sits, settings)
        _rest_arm(local, side, visibility, settings)
        for limb, tip in ((ARMS[side], "hand"), (LEGS[side], "foot")):
            hidden = [name for name, mark in limb[1:] if visibility[mark] < settings.seen]
            if hidden:
                start = [name for name, _ in limb].index(hidden[0])
                unseen.update(name for name, _ in limb[start:])
                unseen.add(f"{side}_{tip}")
    if max(visibility[[0, 7, 8]]) < settings.seen:
        local[JOINT["neck"]] = local[JOINT["head"]] = np.eye(3)
        unseen.update(("neck", "head"))
    order = sorted(unseen, key=JOINT.__getitem__)
    return local.astype(np.float32), tuple(order)
