"""Bring a body to where it is carried: soles on the floor, seat on a seat, head on a pillow."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT
from chatpose_demo.studio.stage.anatomy import Bones, anatomy
from chatpose_demo.studio.stage.looks import Look
from chatpose_demo.studio.stage.shapes import about_y

SOLE = 0.009  # thickness that shoes add below the bare foot
FLOOR_MISS = 0.035  # how far a sitter's feet may end from the floor


def body_points(bones: Bones, betas: np.ndarray) -> np.ndarray:
    """(6890, 3) posed points of the embedded body, in SMPL's own frame, without correctives."""
    data = anatomy()
    shaped = data.body_points + (data.body_shapes @ np.asarray(betas, np.float32)).reshape(-1, 3)
    return bones.move(shaped, data.body_weights)


def stature(betas: np.ndarray) -> float:
    """Body height of a shape, metres."""
    data = anatomy()
    shaped = data.body_points + (data.body_shapes @ np.asarray(betas, np.float32)).reshape(-1, 3)
    return float(np.ptp(shaped[:, 1]))


def straight(orientation: np.ndarray) -> np.ndarray:
    """An orientation without its turn about the y axis."""
    ahead = orientation[:, 2]
    yaw = np.degrees(np.arctan2(ahead[0], ahead[2]))
    return about_y(-yaw) @ orientation


def standing_point(bones: Bones, points: np.ndarray) -> np.ndarray:
    """(3,) below the pelvis at the height of the soles, or of whatever is lowest."""
    low = points[:, 1].min()
    feet = anatomy().body_weights[points[:, 1].argmin(), [7, 8, 10, 11]].sum()
    return np.array([bones.joints[0, 0], low - (SOLE if feet > 0.5 else 0.0), bones.joints[0, 2]])


def headed(rotations: np.ndarray, look: Look, yaw: float) -> np.ndarray:
    """Turn a lying body so that its head points to `yaw`."""
    joints = Bones.of(rotations, np.array(look.betas)).joints
    along = joints[JOINT["neck"]] - joints[JOINT["pelvis"]]
    now = np.degrees(np.arctan2(along[0], along[2]))
    turned = rotations.copy()
    turned[0] = about_y(yaw - now) @ rotations[0]
    return turned


def seated(
    rotations: np.ndarray, look: Look, place: np.ndarray, floor: float, sink: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Seat a body at `place` with its feet on the floor: the thighs tilt, the shins keep upright.

    Returns:
        rotations and translation, or None if the legs do not fit the seat.
    """
    data, betas = anatomy(), np.array(look.betas)
    for final in (False, True):
        bones = Bones.of(rotations, betas)
        points = body_points(bones, betas)
        hips = data.body_weights[:, 0] > 0.5
        low = np.percentile(points[hips, 1], 1) + sink
        transl = place - np.array([bones.joints[0, 0], low, bones.joints[0, 2]])
        feet = [data.body_weights[:, [j, j + 3]].sum(axis=1) > 0.5 for j in (7, 8)]
        lowest = np.array([points[foot, 1].min() for foot in feet]) + transl[1] - SOLE - floor
        if final:
            return (rotations, transl) if abs(lowest.min()) < FLOOR_MISS else None
        rotations = rotations.copy()
        for hip, knee, gap in ((1, 4, lowest[0]), (2, 5, lowest[1])):
            # A leg that is meant to be off the floor follows the other one.
            gap = gap if gap < lowest.min() + 0.08 else lowest.min()
            _tilt_thigh(rotations, bones, hip, knee, -gap)
    return None


def _tilt_thigh(rotations: np.ndarray, bones: Bones, hip: int, knee: int, rise: float) -> None:
    """Raise a knee by `rise` metres about the pelvis' own x axis; the shin keeps its direction."""
    thigh = bones.joints[knee] - bones.joints[hip]
    angles = np.radians(np.linspace(-28, 28, 113))
    turns = Rotation.from_rotvec(angles[:, None] * bones.turn[0][:, 0]).as_matrix()
    heights = (turns @ thigh)[:, 1] - thigh[1]
    best = np.abs(heights - rise).argmin()
    turn = Rotation.from_rotvec([angles[best], 0, 0]).as_matrix()
    before = rotations[hip].copy()
    rotations[hip] = turn @ before
    rotations[knee] = rotations[hip].T @ before @ rotations[knee]
