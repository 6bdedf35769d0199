"""Finds people: MoveNet at several sizes, merged, with duplicates and ghosts removed.

MoveNet sees a person well when 60 to 400 pixels of them reach its input, so a picture is looked at
in two sizes, and in a third when there is reason to expect small people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.perception.movenet import Candidates, run_movenet


@dataclass(frozen=True)
class FinderSettings:
    """Numbers of the merge. Where no source is named they are our choice, on our test pictures."""

    sizes: tuple[int, ...] = (256, 512)  # measured: 256 finds people of 1/2, 512 of 1/5 of the side
    fine_size: int = 1024  # measured: +1 of 28 people, +0.25 s; only for small people
    fine_below: float = 0.3  # smallest person / longer side that calls for the fine pass
    fine_min_side: int = 600  # pictures smaller than this hold no detail for the fine pass
    most: int = 24  # centre peaks decoded in each pass
    min_score: float = 0.2  # measured: 0 false people at 0.2 after verification by landmarks
    min_height: float = 24.0  # pixels; less holds no pose
    keypoint_seen: float = 0.15  # a keypoint counts from here on in the comparisons below
    same_iou: float = 0.6
    same_inside: float = 0.6  # of the smaller box, together with near keypoints
    same_distance: float = 0.12  # median keypoint distance / sqrt(larger box area)
    same_keypoints: float = 0.05  # as above, whatever the boxes say
    ghost_cover: float = 0.8  # of the box, by the boxes of better people
    ghost_near: float = 0.25  # keypoint distance / sqrt(box area) to SOME better person
    ghost_share: float = 0.9  # of the keypoints


def _area(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Area that two boxes (x0, y0, x1, y1) share, in square pixels."""
    return _area(np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])]))


def box_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    shared = overlap(a, b)
    return shared / max(_area(a) + _area(b) - shared, 1e-9)


def _same_person(found: Candidates, i: int, j: int, settings: FinderSettings) -> bool:
    """Whether candidate i is candidate j again, or a fragment of it seen at another size."""
    a, b = found.boxes[i], found.boxes[j]
    if box_iou(a, b) > settings.same_iou:
        return True
    seen = (found.keypoints[[i, j], :, 2] > settings.keypoint_seen).all(0)
    if not seen.any():
        return False
    gaps = np.linalg.norm(found.keypoints[i, seen, :2] - found.keypoints[j, seen, :2], axis=1)
    distance = float(np.median(gaps)) / max(_area(a), _area(b), 1.0) ** 0.5
    inside = overlap(a, b) / max(min(_area(a), _area(b)), 1.0)
    near = inside > settings.same_inside and distance < settings.same_distance
    return near or (seen.sum() >= 4 and distance < settings.same_keypoints)


def _is_ghost(found: Candidates, i: int, kept: list[int], settings: FinderSettings) -> bool:
    """Whether candidate i is a blend of better neighbours: all of it is explained by theirs."""
    seen = found.keypoints[i, :, 2] > settings.keypoint_seen
    if len(kept) < 2 or seen.sum() < 4:
        return False
    box = found.boxes[i]
    gaps = np.linalg.norm(found.keypoints[kept][:, seen, :2] - found.keypoints[i, seen, :2], axis=2)
    explained = gaps.min(0) < settings.ghost_near * max(_area(box), 1.0) ** 0.5
    if explained.mean() <= settings.ghost_share:
        return False
    # Share of the box covered by the others' boxes, sampled on a grid.
    grid = (np.arange(16) + 0.5) / 16
    xs, ys = box[0] + grid * (box[2] - box[0]), box[1] + grid * (box[3] - box[1])
    covered = np.zeros((16, 16), bool)
    for x0, y0, x1, y1 in found.boxes[kept]:
        covered |= ((ys >= y0) & (ys <= y1))[:, None] & ((xs >= x0) & (xs <= x1))
    return float(covered.mean()) > settings.ghost_cover


def merge(found: Candidates, settings: FinderSettings) -> Candidates:
    """One candidate per person out of several passes, best first."""
    kept: list[int] = []
    for i in np.argsort(-found.scores, kind="stable"):
        height = found.boxes[i, 3] - found.boxes[i, 1]
        if found.scores[i] < settings.min_score or height < settings.min_height:
            continue
        if any(_same_person(found, int(i), j, settings) for j in kept):
            continue
        if _is_ghost(found, int(i), kept, settings):
            continue
        kept.append(int(i))
    return found.take(kept)


def find_people(rgb: np.ndarray, settings: FinderSettings | None = None) -> Candidates:
    """People in a picture.

    Args:
        rgb: (H, W, 3) uint8, upright.

    Returns:
        Candidates in pixels of `rgb`, best first; empty if there is nobody.
    """
    settings = settings or FinderSettings()
    side = max(rgb.shape[:2])
    passes = [run_movenet(rgb, size, settings.most) for size in settings.sizes]
    found = merge(Candidates.join(passes), settings)
    heights = (found.boxes[:, 3] - found.boxes[:, 1]) / side
    small = not len(found) or heights.min() < settings.fine_below
    if side >= settings.fine_min_side and small:
        passes.append(run_movenet(rgb, settings.fine_size, settings.most))
        found = merge(Candidates.join(passes), settings)
    return found
