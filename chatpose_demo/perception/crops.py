"""Square crops of a photo, and what a small ImageNet network says about them."""

from __future__ import annotations

import cv2
import numpy as np

from chatpose_demo.perception.networks import run_network

INPUT = 224  # pixels; EfficientNet-Lite0's input
FEATURES = 1280  # values of its last layer before the classes
MEAN, SCALE = 127.0, 128.0  # of a byte; EfficientNet-Lite's own preprocessing


def square_crop(rgb: np.ndarray, centre: np.ndarray, side: float, size: int) -> np.ndarray:
    """(size, size, 3) uint8 cut-out; where it leaves the picture, the border is repeated.

    Args:
        rgb: (H, W, 3) uint8. centre: (2,) pixels. side: pixels of the photo. size: pixels to make.
    """
    shrink = side / size
    if shrink > 1.5:  # averaged first, so that no pixel is skipped; only the part that shows
        low = np.maximum(np.floor(centre - side / 2).astype(int), 0)
        high = np.minimum(np.ceil(centre + side / 2).astype(int) + 1, rgb.shape[1::-1])
        low = np.minimum(low, np.array(rgb.shape[1::-1]) - 1)
        part = rgb[low[1] : max(high[1], low[1] + 1), low[0] : max(high[0], low[0] + 1)]
        small = [max(1, round(s / shrink)) for s in part.shape[1::-1]]
        ratio = np.array(small) / part.shape[1::-1]
        rgb, centre, side = (
            cv2.resize(part, small, interpolation=cv2.INTER_AREA), (centre - low) * ratio, size,
        )  # fmt: skip
    scale = size / side
    shift = size / 2 - scale * np.asarray(centre, float)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return cv2.warpAffine(
        rgb, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def classify(crops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """ImageNet probabilities (N, 1000) and pooled features (N, 1280) of (224, 224, 3) crops."""
    if not crops:
        return np.zeros((0, 1000), np.float32), np.zeros((0, FEATURES), np.float32)
    planes = (np.stack(crops).astype(np.float32) - MEAN) / SCALE
    outputs = run_network("efficientnet_lite0", np.ascontiguousarray(planes.transpose(0, 3, 1, 2)))
    return outputs["probabilities"], outputs["features"]
