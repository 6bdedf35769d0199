"""Errors of 3-D bodies, in metres and degrees, with 95 % intervals.

A number means nothing without its protocol: which joints, and what they are aligned by. Both are in
`Protocol`, whose name belongs beside every number. Millimetres appear only at print.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import roma
import torch
from scipy.stats import binomtest

RESAMPLES = 2000  # our choice: the bounds then move by about 1 % of the interval between seeds

Array = np.ndarray | torch.Tensor


@dataclass(frozen=True)
class Protocol:
    """How joints are compared.

    Attributes:
        name: printed beside every number.
        joints: rows that count towards the error.
        root: rows whose mean is moved to the origin before MPJPE; may lie outside of `joints`.
    """

    name: str
    joints: tuple[int, ...]
    root: tuple[int, ...]


SMPL24 = Protocol("SMPL 24 joints, pelvis aligned", tuple(range(24)), (0,))
# RPE-Refined's evaluation; also what SMPL-H and SMPL share (no hands).
SMPL22 = Protocol("SMPL 22 body joints, pelvis aligned", tuple(range(22)), (0,))
# Rows: the 14 LSP joints in their order, then the pelvis.
LSP14_NAMES = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
    "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
    "neck", "head",
)  # fmt: skip
LSP14_PELVIS = Protocol("14 LSP joints, pelvis aligned", tuple(range(14)), (14,))  # SPIN
LSP14_HIPS = Protocol("14 LSP joints, mid-hip aligned", tuple(range(14)), (2, 3))  # HMR, METRO


@dataclass(frozen=True)
class Interval:
    """A mean or a rate with its 95 % bounds; None where one observation gives no bounds."""

    value: float
    low: float | None
    high: float | None

    def text(self, scale: float = 1.0, digits: int = 1) -> str:
        """For print: `123.4 [120.1, 126.9]` after multiplying by `scale`."""
        value = f"{self.value * scale:.{digits}f}"
        if self.low is None or self.high is None:
            return value
        return f"{value} [{self.low * scale:.{digits}f}, {self.high * scale:.{digits}f}]"


def _pair(predicted: Array, true: Array, tail: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    a = torch.as_tensor(predicted, dtype=torch.float64)
    b = torch.as_tensor(true, dtype=torch.float64)
    if a.shape != b.shape or a.ndim != 2 + len(tail) or a.shape[2:] != tail:
        wanted = ", ".join(map(str, ("B", "N", *tail)))
        raise ValueError(f"both must be ({wanted}), not {tuple(a.shape)} and {tuple(b.shape)}")
    return a, b


def align_root(points: Array, root: Sequence[int]) -> torch.Tensor:
    """(..., J, 3) points with the mean of the rows `root` at the origin, float64."""
    points = torch.as_tensor(points, dtype=torch.float64)
    return points - points[..., list(root), :].mean(dim=-2, keepdim=True)


def mpjpe(predicted: Array, true: Array, protocol: Protocol = SMPL24) -> np.ndarray:
    """Mean per-joint position error after root alignment.

    Args:
        predicted, true: (B, J, 3) metres, the same frame and joint order.

    Returns:
        (B,) metres, one per body.
    """
    a, b = _pair(predicted, true, (3,))
    gap = align_root(a, protocol.root) - align_root(b, protocol.root)
    return gap[:, list(protocol.joints)].norm(dim=-1).mean(dim=-1).numpy()


def procrustes(predicted: Array, true: Array) -> torch.Tensor:
    """Each predicted body moved onto the true one by its best similarity.

    Rotation (never a reflection), scale and translation by least squares, per body (Umeyama 1991).

    Args:
        predicted, true: (B, N, 3) metres.

    Returns:
        (B, N, 3) float64, the predicted points after the move. Points without any extent go to the
        centre of the true ones.
    """
    a, b = _pair(predicted, true, (3,))
    centre = b.mean(1, keepdim=True)
    a, b = a - a.mean(1, keepdim=True), b - centre
    covariance = b.mT @ a
    rotation = torch.as_tensor(roma.special_procrustes(covariance))
    # tr(R^T K) / |a|^2; a single point has no extent, and then any scale gives the centre.
    extent = a.square().sum((1, 2)).clamp_min(torch.finfo(a.dtype).tiny)
    scale = (rotation * covariance).sum((1, 2)) / extent
    return scale[:, None, None] * (a @ rotation.mT) + centre


def pa_mpjpe(predicted: Array, true: Array, protocol: Protocol = SMPL24) -> np.ndarray:
    """Mean per-joint position error after `procrustes` on the counted joints; (B,) metres."""
    a, b = _pair(predicted, true, (3,))
    rows = list(protocol.joints)
    a, b = a[:, rows], b[:, rows]
    return (procrustes(a, b) - b).norm(dim=-1).mean(dim=-1).numpy()


def mpve(predicted: Array, true: Array, predicted_root: Array, true_root: Array) -> np.ndarray:
    """Mean per-vertex error after subtracting each body's root.

    Args:
        predicted, true: (B, V, 3) vertices of the same topology, metres.
        predicted_root, true_root: (B, 3), usually the pelvis joint.

    Returns:
        (B,) metres.
    """
    a, b = _pair(predicted, true, (3,))
    a = a - torch.as_tensor(predicted_root, dtype=torch.float64)[:, None]
    b = b - torch.as_tensor(true_root, dtype=torch.float64)[:, None]
    return (a - b).norm(dim=-1).mean(dim=-1).numpy()


def mpjre(predicted: Array, true: Array, joints: Sequence[int] | None = None) -> np.ndarray:
    """Mean per-joint rotation error: the geodesic angle between relative rotations.

    Args:
        predicted, true: (B, J, 3, 3) rotation matrices.
        joints: which count; None counts all. Joint 0 is the global orientation.

    Returns:
        (B,) degrees.
    """
    a, b = _pair(predicted, true, (3, 3))
    rows = list(range(a.shape[1])) if joints is None else list(joints)
    angles = roma.rotmat_geodesic_distance(a[:, rows], b[:, rows])
    return torch.rad2deg(angles).mean(dim=-1).numpy()


def interval(
    values: Sequence[float] | np.ndarray, seed: int, groups: Sequence[Hashable] | None = None
) -> Interval:
    """The mean with its 95 % percentile bootstrap bounds.

    Args:
        values: one number per sample, at least one.
        seed: of the resampling.
        groups: which samples belong together. Frames of one video are nearly copies of each other;
            whole groups are resampled then, so that a long video does not feign certainty.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"values must be (N,) with N at least 1, not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("values hold a number that is not finite")
    if groups is None:
        places = np.arange(len(values))
    else:
        if len(groups) != len(values):
            raise ValueError(f"{len(groups)} groups for {len(values)} values")
        numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
        places = np.array([numbers[name] for name in groups])
    sums, counts = np.bincount(places, values), np.bincount(places)
    mean = float(values.mean())
    if len(sums) < 2:
        return Interval(mean, None, None)
    rng = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    for number in range(RESAMPLES):  # one at a time: all picks at once cost gigabytes
        picked = rng.integers(len(sums), size=len(sums))
        means[number] = sums[picked].sum() / counts[picked].sum()
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(mean, float(low), float(high))


def wilson(hits: int, count: int) -> Interval:
    """A rate with its 95 % Wilson bounds.

    Raises:
        ValueError: `count` is not positive, or `hits` is not within it.
    """
    bounds = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    return Interval(hits / count, float(bounds.low), float(bounds.high))
