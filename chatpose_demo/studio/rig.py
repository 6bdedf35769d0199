"""Written poses -> SMPL rotations.

A `Spec` names a state for each body part ("left arm: up") or gives its numbers, so that a pose can
be written by hand, varied, mirrored, compared part by part, and put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT, NUM_JOINTS
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, FACING, HEAD, LEGS, TORSO, WHOLE

Numbers = tuple[float, ...]

SPINE_SHARES = {"spine1": 0.4, "spine2": 0.35, "spine3": 0.25}  # our choice: lower spine bends most
SPINE_ONLY_DEGREES = 35.0  # our choice: deeper bends come from the hips
COLLAR_SHARE = 0.28  # our choice: the collar follows an arm that rises above the shoulder
COLLAR_LIMIT = 24.0

# The joints that each part owns: what may change when only that part is edited.
PART_JOINTS: dict[str, tuple[str, ...]] = {
    "left_arm": ("left_collar", "left_shoulder", "left_elbow", "left_wrist", "left_hand"),
    "right_arm": ("right_collar", "right_shoulder", "right_elbow", "right_wrist", "right_hand"),
    "left_leg": ("left_hip", "left_knee", "left_ankle", "left_foot"),
    "right_leg": ("right_hip", "right_knee", "right_ankle", "right_foot"),
    "torso": ("spine1", "spine2", "spine3", "pelvis", "left_hip", "right_hip"),
    "head": ("neck", "head"),
    "whole": ("pelvis",),
}


@dataclass(frozen=True)
class Spec:
    """A pose in words: a state name or its numbers for every part.

    Attributes:
        left_arm, right_arm: name in ARMS or (elevation, azimuth, elbow, twist).
        left_leg, right_leg: name in LEGS or (flexion, abduction, knee, twist, ankle).
        torso: name in TORSO or (bend, lean, turn).
        head: name in HEAD or (turn, nod, tilt).
        whole: name in WHOLE or (pitch, roll).
        facing: yaw of the whole body, degrees to its own left.
        extra: joint name -> axis-angle in degrees, applied after the part's own rotation.
    """

    left_arm: str | Numbers = "down"
    right_arm: str | Numbers = "down"
    left_leg: str | Numbers = "straight"
    right_leg: str | Numbers = "straight"
    torso: str | Numbers = "upright"
    head: str | Numbers = "ahead"
    whole: str | Numbers = "up"
    facing: float = 0.0
    extra: tuple[tuple[str, Numbers], ...] = field(default=())

    def with_(self, **changes) -> Spec:
        """A copy with some parts replaced."""
        return replace(self, **changes)


def legs(name: str) -> dict[str, Numbers]:
    """The two leg entries of a Spec for a posture of BOTH_LEGS."""
    left, right = BOTH_LEGS[name]
    return {"left_leg": left, "right_leg": right}


def spec_of(parts: Mapping[str, str]) -> Spec:
    """The pose that part -> state describes; what it leaves out stands with arms hanging.

    Args:
        parts: keys of PART_JOINTS, "legs" and "facing"; others are not looked at.
    """
    values: dict[str, Any] = {key: parts[key] for key in PART_JOINTS if parts.get(key)}
    if parts.get("legs"):
        values |= legs(parts["legs"])
    if parts.get("facing"):
        values["facing"] = FACING[parts["facing"]]
    return Spec(**values)


def _numbers(value: str | Numbers, table: dict[str, Numbers]) -> np.ndarray:
    return np.asarray(table[value] if isinstance(value, str) else value, float)


def _euler(order: str, *degrees: float) -> Rotation:
    return Rotation.from_euler(order, degrees, degrees=True)


def _mirrored(rotation: Rotation) -> Rotation:
    flip = np.diag([-1.0, 1.0, 1.0])
    return Rotation.from_matrix(flip @ rotation.as_matrix() @ flip)


def _arm(elevation: float, azimuth: float, elbow: float, twist: float) -> dict[str, Rotation]:
    raised = _euler("YZX", -azimuth, elevation - 90, twist)
    lift = min(COLLAR_LIMIT, COLLAR_SHARE * max(0.0, elevation - 90))
    collar = _euler("Z", lift)
    return {"collar": collar, "shoulder": collar.inv() * raised, "elbow": _euler("Y", -elbow)}


def _leg(
    flexion: float, abduction: float, knee: float, twist: float, ankle: float
) -> dict[str, Rotation]:
    return {
        "hip": _euler("XZY", -flexion, abduction, twist),
        "knee": _euler("X", max(0.0, knee)),
        "ankle": _euler("X", ankle),
    }


def build(spec: Spec) -> np.ndarray:
    """Spec -> (24, 3, 3) float32 SMPL rotations (y up, facing +z when `facing` is 0)."""
    joints = {index: Rotation.identity() for index in range(NUM_JOINTS)}
    for side in ("left", "right"):
        parts = _arm(*_numbers(getattr(spec, f"{side}_arm"), ARMS))
        parts |= _leg(*_numbers(getattr(spec, f"{side}_leg"), LEGS))
        for name, rotation in parts.items():
            joints[JOINT[f"{side}_{name}"]] = rotation if side == "left" else _mirrored(rotation)

    bend, lean, turn = _numbers(spec.torso, TORSO)
    from_hips = max(0.0, bend - SPINE_ONLY_DEGREES)
    in_spine = bend - from_hips
    for name, share in SPINE_SHARES.items():
        joints[JOINT[name]] = _euler("YXZ", turn * share, in_spine * share, -lean * share)
    hinge = _euler("X", from_hips)
    for side in ("left_hip", "right_hip"):
        joints[JOINT[side]] = hinge.inv() * joints[JOINT[side]]

    turn, nod, tilt = _numbers(spec.head, HEAD)
    for name in ("neck", "head"):
        joints[JOINT[name]] = _euler("YXZ", turn / 2, nod / 2, -tilt / 2)

    pitch, roll = _numbers(spec.whole, WHOLE)
    joints[0] = _euler("Y", spec.facing) * _euler("XZ", pitch, -roll) * hinge
    for name, degrees in spec.extra:
        joints[JOINT[name]] = joints[JOINT[name]] * Rotation.from_rotvec(np.radians(degrees))
    return np.stack([joints[index].as_matrix() for index in range(NUM_JOINTS)]).astype(np.float32)


def parse(line: str) -> Spec:
    """Read a Spec from words such as `left_arm=up legs=sit torso=20,0,0 left_ankle=20,0,0`.

    `arms=` and `legs=` set both sides; a joint's own name adds a rotation to that joint.

    Raises:
        ValueError: an unknown part, state or joint.
    """
    values: dict[str, Any] = {}
    extra: list[tuple[str, Numbers]] = []
    known = {item.name for item in fields(Spec)} - {"extra"}
    tables = {"arm": ARMS, "leg": LEGS, "torso": TORSO, "head": HEAD, "whole": WHOLE}
    for word in line.split():
        key, _, text = word.partition("=")
        value: object = text
        if text and (text[0].isdigit() or text[0] in "-+."):
            value = tuple(float(part) for part in text.split(","))
        if key == "legs" and isinstance(value, str) and value in BOTH_LEGS:
            values |= legs(value)
        elif key in ("arms", "legs"):
            values |= {f"{side}_{key[:-1]}": value for side in ("left", "right")}
        elif key == "facing":
            values[key] = float(text)
        elif key in known:
            values[key] = value
        elif key in JOINT and isinstance(value, tuple) and len(value) == 3:
            extra.append((key, value))
        else:
            raise ValueError(f"unknown part or joint in {word!r}")
    for key, value in values.items():
        table = tables.get(key.split("_")[-1])
        if isinstance(value, str) and table is not None and value not in table:
            raise ValueError(f"unknown state {value!r} for {key}; one of {', '.join(table)}")
    return Spec(**values, extra=tuple(extra))


def swap_sides(spec: Spec) -> Spec:
    """The mirror image of a Spec: left becomes right."""

    def flipped(value: str | Numbers, signs: Numbers, table: dict[str, Numbers]) -> Numbers:
        return tuple(float(x) for x in _numbers(value, table) * np.asarray(signs))

    return replace(
        spec,
        left_arm=spec.right_arm,
        right_arm=spec.left_arm,
        left_leg=spec.right_leg,
        right_leg=spec.left_leg,
        torso=flipped(spec.torso, (1, -1, -1), TORSO),
        head=flipped(spec.head, (-1, 1, -1), HEAD),
        whole=flipped(spec.whole, (1, -1), WHOLE),
        facing=-spec.facing,
        extra=tuple(
            (
                name.replace("left", "right")
                if name.startswith("left")
                else name.replace("right", "left"),
                (value[0], -value[1], -value[2]),
            )
            for name, value in spec.extra
        ),
    )
