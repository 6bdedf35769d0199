"""Find the corners of a picture by its depth (after Luft et al. 2006).

On a plane, a pixel's inverse depth is the mean of two opposite neighbours'; in a corner the
neighbours are nearer.
"""

from __future__ import annotations

import cv2
import numpy as np


def darkened_corners(depth: np.ndarray, focal: float, reach: float) -> np.ndarray:
    """How far each pixel lies in a corner, worked out at half size: the result is soft.

    Args:
        depth: (H, W) metres along the view; infinite where nothing is.
        focal: pixels.
        reach: metres, the size of the depth differences that count.

    Returns:
        (H, W) float32 in [0, 1].
    """
    small = 1.0 / np.minimum(depth[::2, ::2], 60.0)
    typical = float(np.median(small))
    height, width = small.shape
    dark = np.zeros_like(small)
    pairs = 0
    for metres in (0.4 * reach, reach, 2 * reach):
        radius = max(1.0, 0.5 * focal * metres * typical)
        for angle in (0.3, 1.1, 1.9, 2.7):
            x, y = round(radius * np.cos(angle)), round(radius * np.sin(angle))
            padded = np.pad(small, ((abs(y), abs(y)), (abs(x), abs(x))), mode="edge")
            first = padded[abs(y) + y :, abs(x) + x :][:height, :width]
            second = padded[abs(y) - y :, abs(x) - x :][:height, :width]
            nearer = ((first + second) / 2 - small) / small**2  # metres, about
            edge = np.maximum(np.abs(first - small), np.abs(second - small)) / small**2
            # Far behind its neighbour is not a corner but another thing.
            dark += np.clip(nearer / (0.5 * metres), 0, 1) * np.clip(
                2 - edge / (1.5 * metres), 0, 1
            )
            pairs += 1
    dark = cv2.GaussianBlur(dark / pairs * 2.2, (0, 0), 1.5)
    return cv2.resize(dark.clip(0, 1), depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
