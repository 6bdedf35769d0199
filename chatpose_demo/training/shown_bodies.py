"""The bodies that are on the screen when the training texts are typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.network.shown_body import NUM_STATES, STATES, part_states
from chatpose_demo.pose import NUM_JOINTS, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.examples import Example, pick
from chatpose_demo.studio.rig import build, spec_of


@dataclass(frozen=True)
class ShownConfig:
    """How shown bodies are drawn; all our choice."""

    mixed: int = 2000  # bodies of random states, beside the atlas and its mirror image
    changed: float = 0.35  # chance that a part of such a body is not at rest
    sway: float = 5.0  # degrees, standard deviation at every joint: nobody holds a state exactly
    turned: float = 0.4  # chance that a body does not face the viewer, where nothing says it does


class ShownBodies:
    """What the shown body does, for every training text; drawn by seed."""

    def __init__(self, examples: Sequence[Example], seed: int, config: ShownConfig) -> None:
        rng = np.random.default_rng(seed)
        written = [i for i, one in enumerate(examples) if one.before is not None]
        self.place = np.full(len(examples), -1)
        self.place[written] = np.arange(len(written))
        before = [examples[i].before or {} for i in written]
        turned = np.array([0.0 if "facing" in one else config.turned for one in before])
        specs = [build(spec_of(one)) for one in before]
        self.written = _states(rng, specs, config.sway, turned)
        atlas = [pose.rotations for pose in load_atlas()]
        mixed = [build(spec_of(_mixed(rng, config.changed))) for _ in range(config.mixed)]
        shown = [*atlas, *map(mirror, atlas), *mixed]
        self.any = _states(rng, shown, config.sway, np.full(len(shown), config.turned))

    def draw(self, rng: np.random.Generator, rows: np.ndarray, has_body: np.ndarray) -> np.ndarray:
        """(B, NUM_STATES) float32 for the examples `rows`: the body a text was written for, or any.

        Args:
            has_body: (B,) whether there is a body at all; zeros without.
        """
        shown = self.any[rng.integers(len(self.any), size=len(rows))]
        own = self.place[rows] >= 0
        shown[own] = self.written[self.place[rows[own]]]
        return shown * has_body[:, None].astype(np.float32)


def _states(
    rng: np.random.Generator, bodies: Sequence[np.ndarray], degrees: float, turned: np.ndarray
) -> np.ndarray:
    """(N, NUM_STATES) of bodies that sway by so many degrees and turn with (N,) chances."""
    if not bodies:
        return np.zeros((0, NUM_STATES), np.float32)
    poses = np.stack(bodies)
    sway = np.radians(rng.normal(0, degrees, (len(poses) * NUM_JOINTS, 3)))
    sway = Rotation.from_rotvec(sway).as_matrix().reshape(len(poses), NUM_JOINTS, 3, 3)
    sway[:, 0] = np.eye(3)
    yaw = rng.uniform(-180, 180, len(poses)) * (rng.random(len(poses)) < turned)
    sway[:, 0] = Rotation.from_euler("y", yaw[:, None], degrees=True).as_matrix()
    return part_states((sway @ poses).astype(np.float32))


def _mixed(rng: np.random.Generator, changed: float) -> dict[str, str]:
    """Random states of some parts; a body's legs are told together or one by one."""
    legs = ("legs",) if rng.random() < 0.7 else ("left_leg", "right_leg")
    parts = ("left_arm", "right_arm", *legs, "torso", "head", "whole")
    odds = {part: changed / 4 if part == "whole" else changed for part in parts}
    return {part: pick(rng, STATES[part]) for part in parts if rng.random() < odds[part]}
