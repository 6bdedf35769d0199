"""Random poses within ordinary joint ranges, to fit the correctives on. Radians; our choice."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT, NUM_JOINTS, from_axis_angle


def random_pose(rng: np.random.Generator) -> np.ndarray:
    """(24, 3, 3) float64 relative rotations; each joint rests with some probability."""
    vectors = np.zeros((NUM_JOINTS, 3))

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def turn(*parts: tuple[float, float, float]) -> np.ndarray:
        total = Rotation.identity()
        for part in parts:
            total = total * Rotation.from_rotvec(part)
        return total.as_rotvec()

    for side, s in (("left", 1), ("right", -1)):

        def put(name: str, vector, side: str = side) -> None:
            vectors[JOINT[f"{side}_{name}"]] = vector

        if rng.random() < 0.55:
            put("hip", (between(-2.1, 0.4), s * between(-0.6, 0.7), s * between(-0.3, 0.7)))
        if rng.random() < 0.5:
            put("knee", (between(0, 2.4), between(-0.15, 0.15), between(-0.1, 0.1)))
        if rng.random() < 0.35:
            put("ankle", (between(-0.6, 0.7), between(-0.4, 0.4), between(-0.3, 0.3)))
        if rng.random() < 0.15:
            put("foot", (between(-0.6, 0.2), 0, 0))
        if rng.random() < 0.5:
            put("collar", (between(-0.1, 0.1), between(-0.25, 0.25), s * between(-0.25, 0.4)))
        if rng.random() < 0.7:
            swing = (0, s * between(-1.9, 0.4), 0)
            put("shoulder", turn(swing, (0, 0, s * between(-1.4, 1.2)), (between(-0.9, 0.9), 0, 0)))
        if rng.random() < 0.6:
            put("elbow", turn((0, -s * between(0, 2.3), 0), (between(-0.8, 0.8), 0, 0)))
        if rng.random() < 0.55:
            bend = (0, between(-0.4, 0.4), between(-0.9, 0.9))
            put("wrist", turn(bend, (between(-0.9, 0.9), 0, 0)))
        if rng.random() < 0.3:
            put("hand", (0, 0, -s * between(-1.0, 0.2)))
    for name, limit in (("spine1", 0.35), ("spine2", 0.35), ("spine3", 0.3), ("neck", 0.4),
                        ("head", 0.4)):  # fmt: skip
        if rng.random() < 0.5:
            vectors[JOINT[name]] = rng.uniform(-limit, limit, 3)
    return from_axis_angle(vectors).astype(np.float64)
