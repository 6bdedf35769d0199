"""Small rotation geometry of bones and joints (numpy, one body)."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def unit(vector: np.ndarray) -> np.ndarray:
    """A vector (..., 3) at length one; zero stays zero."""
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two vectors in degrees."""
    return float(np.degrees(np.arccos(np.clip(unit(a) @ unit(b), -1, 1))))


def swing(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3, 3) shortest rotation that takes direction a to direction b."""
    a, b = unit(a), unit(b)
    axis = np.cross(a, b)
    if np.linalg.norm(axis) < 1e-8:
        if a @ b > 0:
            return np.eye(3)
        helper = np.array([1.0, 0, 0]) if abs(a[0]) < 0.9 else np.array([0, 1.0, 0])
        return Rotation.from_rotvec(np.pi * unit(np.cross(a, helper))).as_matrix()
    turn = np.arctan2(np.linalg.norm(axis), a @ b)
    return Rotation.from_rotvec(turn * unit(axis)).as_matrix()


def frame(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(3, 3) right-handed frame: column 1 along `first`, column 2 as near `second` as it can.

    Where landmarks coincide and a direction is missing, some axis takes its place.
    """
    x = unit(first) if np.linalg.norm(first) > 1e-6 else np.array([1.0, 0, 0])
    y = second - (second @ x) * x
    if np.linalg.norm(y) < 1e-6:
        y = np.eye(3)[np.abs(x).argmin()]
        y = y - (y @ x) * x
    y = unit(y)
    return np.stack([x, y, np.cross(x, y)], 1)


def twist_about(rotation: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """The twist T about `axis` of R = S T, where S swings `axis` the shortest way."""
    axis = unit(axis)
    return swing(axis, rotation @ axis).T @ rotation


def smooth(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, smooth between."""
    t = float(np.clip((value - low) / (high - low), 0, 1))
    return t * t * (3 - 2 * t)
