"""Atlas poses sorted by what carries the body, and small changes to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.person import POSTURES
from chatpose_demo.perception.postures import postures
from chatpose_demo.pose import JOINT, NUM_BETAS, NUM_JOINTS
from chatpose_demo.studio.atlas import AtlasPose, load_atlas
from chatpose_demo.studio.stage import sight
from chatpose_demo.studio.stage.anatomy import Bones

SEAT_LEAST = 0.30  # m between the lowest joint and the pelvis of somebody on a chair
SHINS_AHEAD = 0.27  # m that the ankles of somebody on a chair are ahead of the pelvis, on average
JITTER_DEGREES = 3.0  # our choice: no two people hold quite the same pose
TIPPING = 0.09  # m beyond its contacts at which a crouching body would tip over
FEET_TOGETHER = 0.34  # m between the ankles of somebody who fits on a stair
EVERYDAY_SHARE = 0.65  # our choice: of the people on the ground, who just stand or walk


@dataclass(frozen=True)
class Library:
    """Poses by support: on a seat, lying, on a stair, upright or otherwise on the ground."""

    seat: tuple[AtlasPose, ...]
    lie: tuple[AtlasPose, ...]
    step: tuple[AtlasPose, ...]
    upright: tuple[AtlasPose, ...]
    other: tuple[AtlasPose, ...]

    def pick(self, rng: np.random.Generator, use: str) -> AtlasPose:
        """A pose for "sit", "lie", "stand" (on a stair) or "ground"."""
        if use == "ground":
            group = self.upright if rng.random() < EVERYDAY_SHARE else self.other
        else:
            group = {"sit": self.seat, "lie": self.lie, "stand": self.step}[use]
        return group[rng.integers(len(group))]


@cache
def library() -> Library:
    """Sort the atlas by geometry."""
    groups: dict[str, list[AtlasPose]] = {k: [] for k in Library.__dataclass_fields__}
    for pose in load_atlas():
        degree = dict(zip(POSTURES, postures(pose.rotations.copy()), strict=True))
        bones = Bones.of(pose.rotations, np.zeros(NUM_BETAS))
        joints = bones.joints
        high = joints[0, 1] - joints[:, 1].min()
        ankles = joints[JOINT["left_ankle"]] - joints[JOINT["right_ankle"]]
        front = bones.turn[0][:, 2] * [1, 0, 1]
        front = front / max(float(np.linalg.norm(front)), 1e-6)
        ahead = (joints[[JOINT["left_ankle"], JOINT["right_ankle"]]] - joints[0]) @ front
        if degree["sitting"] > 0.5 and high > SEAT_LEAST and ahead.mean() > SHINS_AHEAD:
            groups["seat"].append(pose)
        elif degree["lying"] > 0.6:
            groups["lie"].append(pose)
        elif max(degree["sitting"], degree["crouching"]) < 0.3 or _balanced(bones):
            calm = max(degree["standing"], degree["walking"]) > 0.5
            groups["upright" if calm else "other"].append(pose)
            if degree["standing"] > 0.6 and np.hypot(ankles[0], ankles[2]) < FEET_TOGETHER:
                groups["step"].append(pose)
    # Lying on the floor is a pose of the ground, too.
    groups["other"] += groups["lie"]
    return Library(**{name: tuple(poses) for name, poses in groups.items()})


def _balanced(bones: Bones) -> bool:
    """Whether the body's middle lies over what touches the ground."""
    centres = sight.balls(bones.joints)
    flat = centres[:, [0, 2]]
    bottom = centres[:, 1] - sight.RADII
    touching = flat[bottom < bottom.min() + 0.10]
    volume = sight.RADII**3
    middle = (volume[:, None] * flat).sum(axis=0) / volume.sum()
    low, high = touching.min(axis=0) - TIPPING, touching.max(axis=0) + TIPPING
    return bool((low < middle).all() and (middle < high).all())


def jittered(rng: np.random.Generator, rotations: np.ndarray, legs: bool) -> np.ndarray:
    """(24, 3, 3) with small turns of the joints; the legs only if asked, for contacts' sake."""
    turns = rng.normal(0, np.radians(JITTER_DEGREES), (NUM_JOINTS, 3))
    turns[0] = 0
    if not legs:
        for side in ("left", "right"):
            for name in ("hip", "knee", "ankle", "foot"):
                turns[JOINT[f"{side}_{name}"]] = 0
    return (rotations @ Rotation.from_rotvec(turns).as_matrix()).astype(np.float32)
