"""Poses for the tests of the body model."""

from __future__ import annotations

import numpy as np
import torch

from chatpose_demo.pose import from_axis_angle


def random_rotations(count: int, seed: int = 0) -> torch.Tensor:
    vectors = np.random.default_rng(seed).normal(0, 0.4, (count, 24, 3))
    return torch.from_numpy(from_axis_angle(vectors))
