"""NanoDet: a photo in, boxes of everyday objects out (the 80 classes of COCO)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit, softmax

from chatpose_demo.perception.networks import run_network

# COCO's class number -> our word, for the classes that have a word in `things.THINGS`.
COCO_THINGS = {
    57: "sofa", 56: "chair", 60: "table", 59: "bed", 58: "plant", 2: "car", 1: "bicycle",
    13: "bench", 16: "dog", 32: "ball", 24: "bag", 26: "bag", 28: "bag", 25: "umbrella",
    67: "phone", 73: "book", 63: "computer", 66: "computer", 41: "cup",
}  # fmt: skip
# Classes that the network takes for one another: one box then keeps only its surest name.
SEATS = (56, 57, 59, 13)
MEAN = np.array([103.53, 116.28, 123.675], np.float32)  # BGR; nanodet-g's own configuration
STD = np.array([57.375, 57.12, 58.395], np.float32)
STRIDES = (8, 16, 32)
CLASSES, BINS = 80, 11  # class logits, then 11 distance bins for each side of the box


@dataclass(frozen=True)
class ObjectSettings:
    """Numbers of the detector."""

    # Pixels of the longer side. Trained at 416; measured: 512 finds more (cars, chairs, a bench)
    # than 416 and is not worse on large things, as 640 is, for 75 ms instead of 50.
    side: int = 512
    min_score: float = 0.25  # weaker boxes are mostly wrong; what a score is worth: `things`
    same: float = 0.5  # IoU; two boxes of one kind above it are one thing


@dataclass(frozen=True)
class Objects:
    """What the detector found: boxes (N, 4) x0 y0 x1 y1 in pixels, scores (N,), words (N)."""

    boxes: np.ndarray
    scores: np.ndarray
    words: tuple[str, ...]


def network_input(rgb: np.ndarray, side: int) -> np.ndarray:
    """(1, 3, h, w) float32 for the network: the longer side is `side`, both multiples of 32."""
    scale = side / max(rgb.shape[:2])
    width, height = (max(32, round(s * scale / 32) * 32) for s in rgb.shape[1::-1])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    normal = (small[..., ::-1].astype(np.float32) - MEAN) / STD
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


def decode(heads: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) in pixels of the network's input and class probabilities (N, 80).

    Each cell tells its distance to the four sides as a distribution over 0..10 strides
    (Generalized Focal Loss); the mean of the distribution counts.
    """
    boxes, scores = [], []
    for stride in STRIDES:
        head = heads[f"stride{stride}"][0]
        rows, columns = head.shape[1:]
        flat = head.reshape(len(head), -1).T
        bins = softmax(flat[:, CLASSES:].reshape(-1, 4, BINS), axis=2)
        left, top, right, bottom = (bins @ np.arange(BINS) * stride).T
        y, x = np.mgrid[:rows, :columns].reshape(2, -1) * stride + stride / 2
        boxes.append(np.stack([x - left, y - top, x + right, y + bottom], 1))
        scores.append(expit(flat[:, :CLASSES]))
    return np.concatenate(boxes), np.concatenate(scores)


def find_objects(rgb: np.ndarray, settings: ObjectSettings | None = None) -> Objects:
    """The things of COCO_THINGS in a photo (H, W, 3) uint8, surest first."""
    settings = settings or ObjectSettings()
    image = network_input(rgb, settings.side)
    boxes, scores = decode(run_network("nanodet", image))
    zoom = np.array([rgb.shape[1] / image.shape[3], rgb.shape[0] / image.shape[2]] * 2)
    limit = np.array([rgb.shape[1], rgb.shape[0]] * 2)
    boxes = np.clip(boxes * zoom, 0, limit)
    kept: list[tuple[float, int, int]] = []
    for group in (SEATS, *((number,) for number in COCO_THINGS if number not in SEATS)):
        best = scores[:, group].max(1)
        sure = np.flatnonzero(best >= settings.min_score)
        corner_size = np.concatenate([boxes[sure, :2], boxes[sure, 2:] - boxes[sure, :2]], 1)
        chosen = cv2.dnn.NMSBoxes(
            corner_size.tolist(), best[sure].tolist(), settings.min_score, settings.same
        )
        for cell in sure[np.asarray(chosen, int)]:
            kept.append((float(best[cell]), int(cell), group[int(scores[cell, group].argmax())]))
    kept.sort(reverse=True)
    return Objects(
        boxes=boxes[[cell for _, cell, _ in kept]].reshape(-1, 4),
        scores=np.array([score for score, _, _ in kept], np.float32),
        words=tuple(COCO_THINGS[number] for _, _, number in kept),
    )
