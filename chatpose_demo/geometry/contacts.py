"""What touches what: hands on the body, and the body on the floor, measured on the skin.

Every vertex belongs to one named region. The regions are cut on the resting body, by the bone that
a vertex follows most and by its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import KDTree
from smplx.vertex_ids import vertex_ids

from chatpose_demo.geometry.figure import SIDES, Figure, embedded_body
from chatpose_demo.pose import JOINT, JOINT_NAMES


@dataclass(frozen=True)
class ContactSettings:
    """Our choices, judged on pictures of the atlas."""

    touch: float = 0.03  # m between skins: a palm's vertices are 1 to 2 cm apart
    near: float = 0.08  # m: said as "close to"
    floor: float = 0.05  # m above the lowest point; measured: planted feet float by up to 5 cm
    hand_floor: float = 0.03  # the same for the hand of a bent arm
    prop: float = 25.0  # degrees: an arm bent more does not prop the body
    sole: float = 0.02  # m: skin this little above a region's lowest point touches too
    knee_reach: float = 0.085  # m around the knee's joint
    elbow_reach: float = 0.06
    ear_reach: float = 0.04


SETTINGS = ContactSettings()

# Regions in the order in which they are named; {side} is filled in.
ON_FLOOR = (
    "left_foot", "right_foot", "left_knee", "right_knee", "left_shin", "right_shin", "left_hand",
    "right_hand", "left_elbow", "right_elbow", "left_forearm", "right_forearm", "seat",
    "left_thigh", "right_thigh", "left_hip", "right_hip", "back", "belly", "chest",
    "left_shoulder", "right_shoulder", "left_upper_arm", "right_upper_arm", "head", "face",
    "left_ear", "right_ear", "neck",
)  # fmt: skip


@lru_cache(maxsize=1)
def regions() -> np.ndarray:
    """(6890,) str: the region of each vertex of SMPL's topology."""
    body = embedded_body()
    rest = body.rest()
    place, joints = rest.vertices[0].numpy(), rest.joints[0].numpy()
    bones = np.array(JOINT_NAMES)[body.weights.numpy().argmax(1)]
    region = np.full(len(place), "back", dtype="U16")
    x, y, z = place.T

    trunk = np.isin(bones, ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar"))
    front = z > joints[JOINT["spine2"], 2] + 0.03
    pelvis, chest = joints[JOINT["pelvis"]], joints[JOINT["spine2"], 1] - 0.02
    region[trunk & front & (y > chest)] = "chest"
    region[trunk & front & (y <= chest)] = "belly"
    region[trunk & (y < pelvis[1] - 0.02)] = "seat"
    hips = np.isin(bones, ("left_hip", "right_hip"))
    low = (trunk & (y < pelvis[1] + 0.03)) | (hips & (y > pelvis[1] - 0.14))
    region[hips & (x > 0)], region[hips & (x <= 0)] = "left_thigh", "right_thigh"
    region[low & (z < pelvis[2] - 0.02)] = "seat"
    flank = (trunk | hips) & (abs(x) > 0.1) & (abs(y - pelvis[1] - 0.02) < 0.11)
    region[flank & (x > 0)], region[flank & (x <= 0)] = "left_hip", "right_hip"
    region[bones == "neck"] = "neck"

    head = bones == "head"
    marks = vertex_ids["smplh"]
    region[head] = "head"
    brow = place[marks["leye"], 1] + 0.03
    region[head & (z > joints[JOINT["head"], 2] + 0.04) & (y < brow)] = "face"
    for side in SIDES:
        own = (x > 0) == (side == "left")
        parts = {"knee": "shin", "ankle": "foot", "foot": "foot", "shoulder": "upper_arm",
                 "elbow": "forearm", "wrist": "hand", "hand": "hand"}  # fmt: skip
        for bone, name in parts.items():
            region[bones == f"{side}_{bone}"] = f"{side}_{name}"
        round_shoulder = np.linalg.norm(place - joints[JOINT[f"{side}_shoulder"]], axis=1) < 0.1
        region[round_shoulder & own & (y > chest)] = f"{side}_shoulder"
        for joint, reach in (("knee", SETTINGS.knee_reach), ("elbow", SETTINGS.elbow_reach)):
            near = np.linalg.norm(place - joints[JOINT[f"{side}_{joint}"]], axis=1) < reach
            region[near & own] = f"{side}_{joint}"
        ear = place[marks[f"{side[0]}ear"]]
        region[head & (np.linalg.norm(place - ear, axis=1) < SETTINGS.ear_reach)] = f"{side}_ear"
    return region


@dataclass(frozen=True)
class Touch:
    """A hand at a region: gap in metres between the nearest vertices."""

    side: str
    region: str
    gap: float


LEG_PARTS = ("foot", "shin", "knee", "thigh")
ARM_PARTS = ("hand", "forearm", "elbow", "upper_arm")


def is_hidden(figure: Figure, region: str) -> bool:
    """Whether a region belongs to a limb that the photo did not show."""
    side, _, part = region.partition("_")
    if side not in SIDES:
        return region in ("head", "face") and figure.hidden_head
    limb = "leg" if part in LEG_PARTS else "arm" if part in ARM_PARTS else None
    return limb is not None and figure.hides(limb, side)


@lru_cache(maxsize=64)
def hand_touches(figure: Figure, reach: float = SETTINGS.touch) -> tuple[Touch, ...]:
    """What each hand lies at within `reach` metres, nearest first; not its own arm."""
    label, found = regions(), []
    for side in SIDES:
        if figure.hides("arm", side):
            continue
        own = [f"{side}_{part}" for part in ARM_PARTS]
        hand = figure.vertices[label == f"{side}_hand"]
        others = ~np.isin(label, own)
        gaps, _ = KDTree(hand).query(figure.vertices[others], distance_upper_bound=reach)
        near = label[others][np.isfinite(gaps)]
        for name in np.unique(near):
            if not is_hidden(figure, str(name)):
                gap = float(gaps[label[others] == name].min())
                found.append(Touch(side, str(name), gap))
    return tuple(sorted(found, key=lambda one: (one.gap, one.side, one.region)))


@lru_cache(maxsize=64)
def on_floor(figure: Figure) -> tuple[str, ...]:
    """Regions whose lowest skin is near the floor, in ON_FLOOR's order."""
    return tuple(name for name in ON_FLOOR if _rests(figure, name) and not is_hidden(figure, name))


def _rests(figure: Figure, region: str) -> bool:
    """Low enough to carry; a hand hovers lower than that over a crossed leg with a bent arm."""
    side, _, part = region.partition("_")
    if part == "hand" and figure.bend(side, "elbow") > SETTINGS.prop:
        return lowest(figure, region) < SETTINGS.hand_floor
    return lowest(figure, region) < SETTINGS.floor


@lru_cache(maxsize=1024)
def lowest(figure: Figure, region: str) -> float:
    """Metres from the floor to the lowest skin of a region."""
    return float(figure.vertices[regions() == region, 1].min())


def floor_points(figure: Figure, region: str) -> np.ndarray:
    """(P, 2) x and z of a region's skin that lies on the floor, wherever its lowest point is."""
    skin = figure.vertices[regions() == region]
    return skin[skin[:, 1] < skin[:, 1].min() + SETTINGS.sole][:, [0, 2]]
