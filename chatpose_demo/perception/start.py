"""Closed-form start of the fit: landmark directions -> SMPL rotations, bone by bone.

Each bone takes the shortest swing onto its direction; its twist comes from the plane in which the
next hinge (elbow, knee) bends, or from the foot, or stays at rest where neither says anything.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.skeleton import skeleton
from chatpose_demo.perception.swing import angle, frame, shortened, smooth, swing, unit
from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS

# Angles in degrees, visibilities in [0, 1]; all are our choice.
HINGE_CLEAR_ARM = (12, 40)  # bend from which the elbow's plane is believed a little, and fully
HINGE_CLEAR_LEG = (15, 45)
MOST_HUMERUS_TWIST = 100
MOST_THIGH_TWIST = 60
MOST_BEND = 150
MOST_HEAD = 80
MOST_HAND = 50
MOST_FOOT = 45
# side sign, (collar, shoulder, elbow, wrist, hand), (shoulder, elbow, wrist, pinky, index) marks
ARMS = (
    (1, ("left_collar", "left_shoulder", "left_elbow", "left_wrist", "left_hand"),
     (11, 13, 15, 17, 19)),
    (-1, ("right_collar", "right_shoulder", "right_elbow", "right_wrist", "right_hand"),
     (12, 14, 16, 18, 20)),
)  # fmt: skip
# (hip, knee, ankle, foot), (hip, knee, ankle, heel, toe) marks
LEGS = (
    (("left_hip", "left_knee", "left_ankle", "left_foot"), (23, 25, 27, 29, 31)),
    (("right_hip", "right_knee", "right_ankle", "right_foot"), (24, 26, 28, 30, 32)),
)


class _Builder:
    """Relative rotations with their global products, filled from the root outwards."""

    def __init__(self) -> None:
        self.local = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))
        self.world = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))

    def set(self, joint: int, rotation: np.ndarray) -> None:
        self.local[joint] = rotation
        parent = PARENTS[joint]
        above = np.eye(3) if parent < 0 else self.world[parent]
        self.world[joint] = above @ rotation

    def above(self, joint: int) -> np.ndarray:
        """Global rotation of the joint's parent."""
        return self.world[PARENTS[joint]]


def closed_form(marks: np.ndarray, visibility: np.ndarray) -> np.ndarray:
    """One body.

    Args:
        marks: (33, 3) landmarks in metres, y up, +z towards the camera.
        visibility: (33,) in [0, 1].

    Returns:
        (24, 3, 3) relative rotations.
    """
    build = _Builder()
    hips, shoulders = (marks[23] + marks[24]) / 2, (marks[11] + marks[12]) / 2
    up = unit(shoulders - hips)
    across_hips, across_shoulders = unit(marks[23] - marks[24]), unit(marks[11] - marks[12])
    # The pelvis turns mostly with the hips, a little with the shoulders; the spine takes the rest.
    pelvis = frame(up, -unit(0.65 * across_hips + 0.35 * across_shoulders))
    chest = frame(up, -across_shoulders)
    rest = np.stack([[0, 1.0, 0], [-1.0, 0, 0], [0, 0, 1.0]], 1)  # columns: up, right, front
    build.set(0, pelvis @ rest.T)
    step = Rotation.from_matrix(build.world[0].T @ chest @ rest.T).as_rotvec() / 3
    for joint in ("spine1", "spine2", "spine3"):
        build.set(JOINT[joint], Rotation.from_rotvec(step).as_matrix())
    _head(build, marks, visibility)
    for side, names, numbers in ARMS:
        _arm(build, marks, visibility, side, [JOINT[n] for n in names], numbers)
    for names, numbers in LEGS:
        _leg(build, marks, visibility, [JOINT[n] for n in names], numbers)
    return build.local


def _head(build: _Builder, marks: np.ndarray, visibility: np.ndarray) -> None:
    """Ears and nose turn the head; neck and head share the turn."""
    place = skeleton().landmarks
    ears, nose = place[7][1] - place[8][1], place[0][1] - (place[7][1] + place[8][1]) / 2
    seen_ears = marks[7] - marks[8]
    seen_nose = marks[0] - (marks[7] + marks[8]) / 2
    turn = frame(seen_ears, seen_nose) @ frame(ears, nose).T
    trust = smooth(min(visibility[0], max(visibility[7], visibility[8])), 0.2, 0.6)
    turn = shortened(build.world[JOINT["spine3"]].T @ turn, MOST_HEAD, trust)
    half = shortened(turn, 180, 0.5)
    build.set(JOINT["neck"], half)
    build.set(JOINT["head"], half)


def _arm(
    build: _Builder,
    marks: np.ndarray,
    visibility: np.ndarray,
    side: int,
    joints: list[int],
    numbers: tuple[int, ...],
) -> None:
    collar, shoulder, elbow, wrist, hand = joints
    mark_shoulder, mark_elbow, mark_wrist, pinky, index = numbers
    offsets = skeleton().offsets
    build.set(collar, np.eye(3))
    above = build.above(shoulder)
    upper = above.T @ unit(marks[mark_elbow] - marks[mark_shoulder])
    lower = above.T @ unit(marks[mark_wrist] - marks[mark_elbow])
    rest_upper, rest_lower = unit(offsets[elbow]), unit(offsets[wrist])
    hinge = np.array([0, -side, 0.0])  # a bending elbow turns about -y on the left, +y on the right
    plain = swing(rest_upper, upper)
    clear = smooth(angle(upper, lower), *HINGE_CLEAR_ARM) * min(1, visibility[mark_wrist] / 0.5)
    axis = unit((1 - clear) * (plain @ hinge) + clear * unit(np.cross(upper, lower)))
    twisted = frame(upper, axis) @ frame(rest_upper, hinge).T
    build.set(shoulder, plain @ shortened(plain.T @ twisted, MOST_HUMERUS_TWIST))
    direction = build.world[shoulder].T @ (marks[mark_wrist] - marks[mark_elbow])
    build.set(elbow, shortened(swing(rest_lower, direction), MOST_BEND))

    # The knuckles turn the forearm (half at the elbow, half at the wrist), then bend the wrist.
    trust = smooth(min(visibility[[mark_wrist, pinky, index]]), 0.4, 0.8)
    knuckles = build.world[elbow].T @ (marks[index] - marks[pinky])
    knuckles = knuckles - (knuckles @ rest_lower) * rest_lower
    forward = np.array([0, 0, 1.0]) - rest_lower[2] * rest_lower
    turn = 0.0
    if np.linalg.norm(knuckles) > 0.008:
        turn = np.arctan2(np.cross(forward, knuckles) @ rest_lower, forward @ knuckles)
    turn = float(np.clip(turn, -1.4, 1.4)) * trust * 0.8
    half = Rotation.from_rotvec(rest_lower * turn / 2).as_matrix()
    build.set(elbow, build.local[elbow] @ half)
    palm = (marks[pinky] + marks[index]) / 2 - marks[mark_wrist]
    palm = half.T @ build.world[elbow].T @ palm
    bend = shortened(swing(offsets[hand], palm), MOST_HAND, 0.6 * trust)
    build.set(wrist, half @ bend)


def _leg(
    build: _Builder,
    marks: np.ndarray,
    visibility: np.ndarray,
    joints: list[int],
    numbers: tuple[int, ...],
) -> None:
    hip, knee, ankle, foot = joints
    mark_hip, mark_knee, mark_ankle, heel, toe = numbers
    offsets = skeleton().offsets
    above = build.above(hip)
    thigh = above.T @ unit(marks[mark_knee] - marks[mark_hip])
    shin = above.T @ unit(marks[mark_ankle] - marks[mark_knee])
    rest_thigh, rest_shin = unit(offsets[knee]), unit(offsets[ankle])
    hinge = np.array([1.0, 0, 0])  # a bending knee turns about +x
    plain = swing(rest_thigh, thigh)
    base = plain @ hinge
    # The foot's direction says where the knee points, if it is not along the thigh.
    trust_foot = smooth(min(visibility[heel], visibility[toe]), 0.3, 0.7)
    sideways = np.cross(-thigh, above.T @ unit(marks[toe] - marks[heel]))
    if np.linalg.norm(sideways) > 0.2 and unit(sideways) @ base > -0.3:
        base = unit((1 - 0.6 * trust_foot) * base + 0.6 * trust_foot * unit(sideways))
    bend = angle(thigh, shin)
    normal = np.cross(thigh, shin)
    clear = smooth(bend, *HINGE_CLEAR_LEG) * smooth(visibility[mark_ankle], 0.2, 0.6)
    if normal @ base < 0 and bend < 35:
        clear = 0.0  # a nearly straight leg that seems to bend forward: noise
    axis = unit((1 - clear) * base + clear * unit(normal))
    twisted = frame(thigh, axis) @ frame(rest_thigh, hinge).T
    build.set(hip, plain @ shortened(plain.T @ twisted, MOST_THIGH_TWIST))
    direction = build.world[hip].T @ (marks[mark_ankle] - marks[mark_knee])
    build.set(knee, shortened(swing(rest_shin, direction), MOST_BEND))
    place = skeleton().landmarks
    sole = build.world[knee].T @ (marks[toe] - marks[heel])
    bend_foot = swing(place[toe][1] - place[heel][1], sole)
    build.set(ankle, shortened(bend_foot, MOST_FOOT, trust_foot))
    build.set(foot, np.eye(3))
