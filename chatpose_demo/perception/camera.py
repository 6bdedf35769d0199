"""Weak-perspective camera: where the posed body stands in the picture, and how large."""

from __future__ import annotations

import numpy as np
import torch

from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics


def fit_camera(
    rotations: np.ndarray, landmarks_px: np.ndarray, visibility: np.ndarray
) -> tuple[float, float, float]:
    """Least squares of u = scale (x + tx), v = scale (ty - y) over the twelve limb joints.

    Args:
        rotations: (24, 3, 3) world frame; the body stands where SMPL puts it with no translation.
        landmarks_px: (33, 2) pixels. visibility: (33,) weights.

    Returns:
        (scale, tx, ty): pixels per metre, metres, metres.
    """
    joints = kinematics(torch.as_tensor(rotations[None]))[0][0].double().numpy()
    numbers = list(JOINT_OF_LANDMARK)
    body = joints[[JOINT_OF_LANDMARK[n] for n in numbers], :2] * [1, -1]
    picture = landmarks_px[numbers]
    weight = visibility[numbers][:, None] + 1e-3
    mean_body = (weight * body).sum(0) / weight.sum()
    mean_picture = (weight * picture).sum(0) / weight.sum()
    centred = body - mean_body
    # Foreshortening differs between the axes, but one scale must serve both, and be positive.
    scale = (weight * centred * (picture - mean_picture)).sum() / max(
        (weight * centred**2).sum(), 1e-9
    )
    scale = max(float(scale), 1e-3)
    tx, ty = mean_picture / scale - mean_body
    return scale, float(tx), float(ty)
