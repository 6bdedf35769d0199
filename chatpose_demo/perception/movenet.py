"""MoveNet MultiPose: picture -> candidate people with 17 COCO keypoints, at one input size.

The decoding follows the published graph (centre peaks, regressed keypoints, heatmap search around
them), without its cap of six people.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import maximum_filter

from chatpose_demo.perception.networks import run_network

STRIDE = 4  # input pixels per heatmap cell, fixed by the network
PEAK_WINDOW = 5  # cells; from the published graph
SPREAD = 0.300048828125  # of the smaller heatmap side, squared cells; from the published graph
MIN_KEYPOINT = 0.126953125  # keypoints below add nothing to the score; from the published graph


@dataclass
class Candidates:
    """People as MoveNet sees them, best first.

    Attributes:
        keypoints: (P, 17, 3) x, y in pixels and a score in [0, 1], COCO order.
        boxes: (P, 4) x0, y0, x1, y1 in pixels.
        scores: (P,) in [0, 1].
    """

    keypoints: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, index: np.ndarray | list[int]) -> Candidates:
        """A selection, by indices or by a boolean mask."""
        index = np.asarray(index, dtype=None if len(index) else int)
        return Candidates(self.keypoints[index], self.boxes[index], self.scores[index])

    def moved(self, scale: float, offset: tuple[float, float]) -> Candidates:
        """Coordinates times `scale`, plus `offset`."""
        keypoints = self.keypoints.copy()
        keypoints[..., :2] = keypoints[..., :2] * scale + offset
        return Candidates(keypoints, self.boxes * scale + np.tile(offset, 2), self.scores)

    @staticmethod
    def join(parts: list[Candidates]) -> Candidates:
        """All candidates of several passes, best first."""
        joined = Candidates(
            np.concatenate([p.keypoints for p in parts]),
            np.concatenate([p.boxes for p in parts]),
            np.concatenate([p.scores for p in parts]),
        )
        return joined.take(np.argsort(-joined.scores, kind="stable"))


def decode(heads: dict[str, np.ndarray], most: int) -> Candidates:
    """The six heads of one picture -> candidates in pixels of the network's input.

    Args:
        heads: name -> (channels, h, w), see `tools/perception_graphs/tfjs_to_onnx.py`.
        most: number of peaks to decode. With 6 the result equals the published graph's.
    """
    center = heads["center"][0]
    height, width = center.shape
    peaks = np.where(center >= maximum_filter(center, PEAK_WINDOW, mode="nearest"), center, 0.0)
    best = np.argsort(-peaks, axis=None, kind="stable")[:most]
    row, col = best // width, best % width
    center_score = peaks[row, col]

    # Boxes: offset of the centre inside its cell, then the size, both in cells.
    middle = np.stack([row, col], 1) + heads["box_offset"][:, row, col].T
    half = np.maximum(heads["box_size"][:, row, col].T, 0) / 2
    limit = np.array([height, width])
    low, high = np.clip(middle - half, 0, limit), np.clip(middle + half, 0, limit)

    # Keypoints: the heatmap's best cell, weighed by the distance to the regressed place and
    # searched inside the box only.
    regressed = heads["keypoint_regress"][:, row, col].T.reshape(-1, 17, 2)
    regressed = regressed + np.stack([row, col], 1)[:, None]
    heat = heads["keypoint_heatmap"]
    variance = SPREAD * min(height, width)
    cells = np.zeros((len(best), 17, 2), int)
    for person in range(len(best)):
        (y0, x0), (y1, x1) = np.ceil(low[person]).astype(int), np.ceil(high[person]).astype(int)
        if y0 >= y1 or x0 >= x1:
            continue
        dy = np.exp(-((np.arange(y0, y1) - regressed[person, :, :1]) ** 2) / variance)
        dx = np.exp(-((np.arange(x0, x1) - regressed[person, :, 1:]) ** 2) / variance)
        weighed = heat[:, y0:y1, x0:x1] * dy[:, :, None] * dx[:, None, :]
        flat = weighed.reshape(17, -1).argmax(1)
        cells[person, :, 0] = y0 + flat // (x1 - x0)
        cells[person, :, 1] = x0 + flat % (x1 - x0)

    joints = np.arange(17)
    y, x = cells[..., 0], cells[..., 1]
    # The published graph scores a cell by the best explanation among all its people.
    gap = ((cells[:, None] - regressed[None]) ** 2).sum(-1)
    inside = ((cells[:, None] >= low[None, :, None]) & (cells[:, None] < high[None, :, None])).all(
        -1
    )
    keypoint_score = heat[joints, y, x] * (np.exp(-gap / variance) * inside).max(1)
    offsets = heads["keypoint_offset"].reshape(17, 2, height, width)[joints, :, y, x]
    place = (cells + offsets) * STRIDE

    counted = np.where(keypoint_score > MIN_KEYPOINT, keypoint_score, 0.0)
    number = np.maximum((counted > 0).sum(1), 1)
    keypoints = np.concatenate([place[..., ::-1], keypoint_score[..., None]], -1)
    boxes = np.concatenate([low[:, ::-1], high[:, ::-1]], 1) * STRIDE
    return Candidates(keypoints, boxes, center_score * counted.sum(1) / number)


def run_movenet(rgb: np.ndarray, size: int, most: int) -> Candidates:
    """One pass over a picture.

    Args:
        rgb: (H, W, 3) uint8.
        size: the longer side in the network's input, pixels.
        most: number of centre peaks to decode.

    Returns:
        Candidates in pixels of `rgb`, best centre first.
    """
    height, width = rgb.shape[:2]
    scale = size / max(height, width)
    small_h, small_w = max(1, round(height * scale)), max(1, round(width * scale))
    padded = np.zeros((1, -(-small_h // 32) * 32, -(-small_w // 32) * 32, 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    padded[0, :small_h, :small_w] = cv2.resize(rgb, (small_w, small_h), interpolation=method)
    heads = run_network("movenet_multipose", padded)
    found = decode({name: head[0] for name, head in heads.items()}, most)
    return found.moved(1 / scale, (0.0, 0.0))
