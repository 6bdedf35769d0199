"""BlazePose: a person's place in the picture -> 33 landmarks in pixels and in metres, verified.

Follows MediaPipe's landmark graph (Apache-2.0): rotated square crop with replicated borders,
sub-cell refinement from the heatmaps, and a second pass on the crop that the first pass suggests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit

from chatpose_demo.perception.movenet import Candidates
from chatpose_demo.perception.networks import run_network
from chatpose_demo.perception.people_finder import box_iou

CROP = 256  # pixels; the network's input
CELLS = 64  # cells on a side of its heatmaps
ROI_SCALE = 1.25  # from MediaPipe's graph
REFINE_RADIUS = 3  # cells; MediaPipe's kernel of 7
REFINE_MIN = 0.5  # peak confidence that refinement needs; MediaPipe
CORE = [0, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]  # nose and the twelve limb joints


@dataclass(frozen=True)
class LandmarkSettings:
    """Numbers of the verification; our choice, on our test pictures, where no source is named."""

    seen_coco: float = 0.2  # a MoveNet keypoint counts for the first crop from here on
    min_flag: float = 0.5  # BlazePose's own "a person is here"; MediaPipe's default
    second_pass_flag: float = 0.3  # below, the suggested crop means nothing
    min_iou: float = 0.3  # landmark box against MoveNet's box
    keep_iou: float = 0.8  # the second pass may lose no more of the IoU than this factor
    duplicate: float = 0.10  # mean core-landmark distance / size; same person below
    seen: float = 0.5  # a landmark counts as visible from here on


@dataclass(frozen=True)
class Roi:
    """A rotated square: centre x, y and side in pixels, angle in radians (clockwise)."""

    x: float
    y: float
    side: float
    angle: float

    def axes(self) -> np.ndarray:
        """(2, 2) rotation from crop axes to picture axes."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return np.array([[c, -s], [s, c]])


@dataclass
class Landmarks:
    """What BlazePose says about one crop.

    Attributes:
        px: (33, 2) pixels. world: (33, 3) metres about the hips, x right, y down, z away.
        visibility: (33,) in [0, 1]; zero for landmarks outside the picture.
        flag: probability that the crop holds a person.
        next_roi: the crop that these landmarks suggest.
        box: (4,) bounding box of the visible landmarks, pixels.
    """

    px: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    flag: float
    next_roi: Roi
    box: np.ndarray


def roi_from_keypoints(keypoints: np.ndarray, seen: float) -> Roi:
    """First crop from COCO keypoints (17, 3): centred on the hips, upright along the torso."""
    points, visible = keypoints[:, :2], keypoints[:, 2] > seen
    shoulders, hips = points[[5, 6]].mean(0), points[[11, 12]].mean(0)
    torso = float(np.linalg.norm(shoulders - hips))
    reach = float(np.linalg.norm(points[visible] - hips, axis=1).max()) if visible.any() else 0.0
    # BlazePose's circle reaches past the joints (1.12) and never hugs a bent body (1.75 torsos).
    radius = max(reach * 1.12, 1.75 * torso)
    angle = math.atan2(shoulders[0] - hips[0], hips[1] - shoulders[1]) if torso > 1 else 0.0
    return Roi(float(hips[0]), float(hips[1]), 2 * ROI_SCALE * radius * 0.95, angle)


def _roi_from_circle(centre: np.ndarray, rim: np.ndarray) -> Roi:
    """MediaPipe's rule: hip centre and a point of the body's circle straight above it."""
    dx, dy = rim - centre
    angle = math.atan2(dx, -dy)
    return Roi(float(centre[0]), float(centre[1]), 2 * ROI_SCALE * math.hypot(dx, dy), angle)


def _crop(rgb: np.ndarray, roi: Roi) -> np.ndarray:
    """(256, 256, 3) float32 in [0, 1]. Replicated borders matter: zeros cost up to 16 cm."""
    corners = np.array([[-1, -1], [1, -1], [-1, 1]]) * roi.side / 2 @ roi.axes().T
    source = (corners + [roi.x, roi.y]).astype(np.float32)
    target = np.array([[0, 0], [CROP, 0], [0, CROP]], np.float32)
    crop = cv2.warpAffine(
        rgb,
        cv2.getAffineTransform(source, target),
        (CROP, CROP),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return crop.astype(np.float32) / 255


def _refine(xy: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Landmarks (39, 2) in [0, 1] moved to the centroid of their heatmap's neighbourhood."""
    xy = xy.copy()
    for index, (x, y) in enumerate(xy):
        col, row = int(x * CELLS), int(y * CELLS)
        if not (0 <= col < CELLS and 0 <= row < CELLS):
            continue
        rows = slice(max(0, row - REFINE_RADIUS), min(CELLS, row + REFINE_RADIUS + 1))
        cols = slice(max(0, col - REFINE_RADIUS), min(CELLS, col + REFINE_RADIUS + 1))
        weight = expit(heatmaps[index, rows, cols])
        if weight.max() >= REFINE_MIN:
            ys, xs = np.mgrid[rows, cols]
            xy[index] = np.array([(weight * xs).sum(), (weight * ys).sum()]) / weight.sum() / CELLS
    return xy


def _bounding_box(px: np.ndarray, visibility: np.ndarray, seen: float) -> np.ndarray:
    chosen = px[visibility > seen] if (visibility > seen).sum() >= 4 else px
    return np.concatenate([chosen.min(0), chosen.max(0)])


def run_blazepose(rgb: np.ndarray, rois: list[Roi], settings: LandmarkSettings) -> list[Landmarks]:
    """One pass of the network over several crops of one picture (H, W, 3) uint8."""
    if not rois:
        return []
    crops = np.stack([_crop(rgb, roi) for roi in rois])
    outputs = run_network("blazepose_landmarks", crops)
    height, width = rgb.shape[:2]
    results = []
    for index, roi in enumerate(rois):
        raw = outputs["landmarks"][index].reshape(39, 5).astype(np.float64)
        xy = _refine(raw[:, :2] / CROP, outputs["heatmaps"][index])
        axes = roi.axes()
        px = (xy - 0.5) * roi.side @ axes.T + [roi.x, roi.y]
        world = outputs["world"][index].reshape(39, 3)[:33].astype(np.float64)
        world[:, :2] = world[:, :2] @ axes.T
        # Off the picture means unseen, with a little room for the landmarks' own error.
        slack = 0.02 * roi.side
        inside = ((px > -slack) & (px < np.array([width, height]) + slack)).all(1)
        visibility = expit(raw[:, 3]) * inside
        results.append(
            Landmarks(
                px=px[:33],
                world=world,
                visibility=visibility[:33],
                flag=float(outputs["flag"][index, 0]),
                next_roi=_roi_from_circle(px[33], px[34]),
                box=_bounding_box(px[:33], visibility[:33], settings.seen),
            )
        )
    return results


def _sensible(old: Roi, landmarks: Landmarks, settings: LandmarkSettings) -> bool:
    """Whether the suggested second crop is worth a look."""
    side = landmarks.next_roi.side
    return (
        landmarks.flag >= settings.second_pass_flag
        and side >= 8
        and old.side / 3 <= side <= 3 * old.side
    )


def _distance(a: Landmarks, b: Landmarks) -> float:
    """Mean distance of the core landmarks, in sizes of a, weighed by visibility."""
    size = max(*np.ptp(a.px[CORE], axis=0), 1.0)
    weight = np.maximum(a.visibility, b.visibility)[CORE] + 1e-6
    gaps = np.linalg.norm(a.px[CORE] - b.px[CORE], axis=1) / size
    return float((gaps * weight).sum() / weight.sum())


def find_landmarks(
    rgb: np.ndarray, people: Candidates, settings: LandmarkSettings | None = None
) -> list[tuple[int, Landmarks]]:
    """Landmarks of the candidates that BlazePose confirms.

    Returns:
        (index into `people`, landmarks) pairs, best candidate first.
    """
    settings = settings or LandmarkSettings()
    rois = [roi_from_keypoints(k, settings.seen_coco) for k in people.keypoints]
    first = run_blazepose(rgb, rois, settings)
    again = [i for i, result in enumerate(first) if _sensible(rois[i], result, settings)]
    second = run_blazepose(rgb, [first[i].next_roi for i in again], settings)
    best = list(first)
    for i, result in zip(again, second, strict=True):
        before = box_iou(first[i].box, people.boxes[i])
        after = box_iou(result.box, people.boxes[i])
        if result.flag >= settings.min_flag and after >= settings.keep_iou * before:
            best[i] = result
    confirmed: list[tuple[int, Landmarks]] = []
    for i, result in enumerate(best):
        good = result.flag >= settings.min_flag
        good = good and box_iou(result.box, people.boxes[i]) >= settings.min_iou
        if good and all(_distance(k, result) >= settings.duplicate for _, k in confirmed):
            confirmed.append((i, result))
    return confirmed
