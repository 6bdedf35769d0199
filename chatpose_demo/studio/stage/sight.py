"""Who touches what, and what hides whom: bodies as balls along their bones, things as boxes."""

from __future__ import annotations

import numpy as np

from chatpose_demo.pose import JOINT
from chatpose_demo.studio.stage.things import Thing

# (joint, joint, share of the way, radius in metres of a body 1.7 m tall); our choice, by eye.
_BALLS = [
    ("pelvis", "spine1", 0.0, 0.13), ("spine1", "spine2", 0.0, 0.125),
    ("spine3", "neck", 0.0, 0.13), ("spine3", "neck", 0.6, 0.11),
    ("neck", "head", 0.5, 0.06), ("head", "head", 0.0, 0.10),
]  # fmt: skip
for _side in ("left", "right"):
    for _a, _b, _radii in (
        ("hip", "knee", (0.10, 0.09, 0.085, 0.075)),
        ("knee", "ankle", (0.065, 0.06, 0.055, 0.05)),
        ("ankle", "foot", (0.05, 0.05)),
        ("shoulder", "elbow", (0.065, 0.055, 0.05)),
        ("elbow", "wrist", (0.047, 0.043, 0.04)),
        ("wrist", "hand", (0.04, 0.045, 0.05)),
    ):
        for _k, _r in enumerate(_radii):
            _share = _k / len(_radii) if _b != "hand" else _k / 1.3
            _BALLS.append((f"{_side}_{_a}", f"{_side}_{_b}", _share, _r))
_FIRST = np.array([JOINT[a] for a, _, _, _ in _BALLS])
_SECOND = np.array([JOINT[b] for _, b, _, _ in _BALLS])
_SHARE = np.array([share for _, _, share, _ in _BALLS])[:, None]
RADII = np.array([r for _, _, _, r in _BALLS])
# The head joint sits low in the skull.
_LIFT = np.array([0.09 if a == b == "head" else 0.0 for a, b, _, _ in _BALLS])
LOWER_BODY = np.array(
    [a == "pelvis" or any(n in a for n in ("hip", "knee", "ankle")) for a, _, _, _ in _BALLS]
)


HANDS = np.array(["wrist" in a or "elbow" in a for a, _, _, _ in _BALLS])


def balls(joints: np.ndarray) -> np.ndarray:
    """(S, 3) centres of the balls of a body, joints (24, 3); radii are RADII."""
    centres = joints[_FIRST] * (1 - _SHARE) + joints[_SECOND] * _SHARE
    up = joints[JOINT["head"]] - joints[JOINT["neck"]]
    return centres + _LIFT[:, None] * up / np.linalg.norm(up)


def thing_distance(centres: np.ndarray, thing: Thing) -> np.ndarray:
    """(S,) metres from points to the nearest box of a thing; 0 inside, infinite without boxes."""
    boxes = np.array(thing.boxes)
    if not len(boxes):
        return np.full(len(centres), np.inf)
    own = thing.to_own(centres)[:, None]
    outside = np.maximum(np.maximum(boxes[:, 0] - own, own - boxes[:, 1]), 0)
    return np.linalg.norm(outside, axis=-1).min(axis=1)


def hidden_by_things(eye: np.ndarray, points: np.ndarray, things: list[Thing]) -> np.ndarray:
    """(M,) whether a thing's box lies between the eye and each point."""
    hidden = np.zeros(len(points), bool)
    for thing in things:
        boxes = np.array(thing.boxes)
        if not len(boxes):
            continue
        start, end = thing.to_own(eye), thing.to_own(points)
        way = end - start
        way = np.where(np.abs(way) < 1e-9, 1e-9, way)[:, None]
        enter = (boxes[:, 0] - start) / way
        leave = (boxes[:, 1] - start) / way
        first = np.minimum(enter, leave).max(axis=-1)
        last = np.maximum(enter, leave).min(axis=-1)
        # A point on the surface (a sitter's thigh) is not hidden by what carries it.
        hidden |= ((first < last) & (last > 0) & (first < 0.985)).any(axis=1)
    return hidden


def hidden_by_balls(
    eye: np.ndarray, points: np.ndarray, centres: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """(M,) whether a ball lies between the eye and each point."""
    way = points - eye
    length = np.linalg.norm(way, axis=1, keepdims=True)
    way = way / length
    offset = centres - eye
    along = way @ offset.T
    squared = (offset**2).sum(axis=1) - along**2
    return ((squared < radii**2) & (along > 0) & (along < length - radii)).any(axis=1)
