"""Real photos for the tests and the benchmark of the eyes, with eye-checked truth.

The astronaut comes with scikit-image (public domain, NASA); the others come with Debian's
opencv-doc, if it is installed. None of them is part of the project.
"""

from __future__ import annotations

import gzip
import tempfile
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.data import astronaut

from chatpose_demo.perception.person import Person
from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics
from chatpose_demo.pose import JOINT_NAMES

SAMPLES = Path("/usr/share/doc")
# Boxes (x0, y0, x1, y1) in pixels of the people whom a person sees in each picture, left to right.
PEOPLE: dict[str, list[tuple[int, int, int, int]]] = {
    "astronaut": [(15, 5, 365, 511)],
    "basketball1": [(35, 78, 165, 475), (435, 20, 640, 479)],
    "messi5": [(65, 60, 460, 335)],
    "rubberwhale1": [],
    "vtest060": [(367, 168, 384, 238), (380, 180, 401, 260), (399, 182, 426, 264),
                 (467, 202, 500, 294), (504, 200, 531, 284), (615, 233, 651, 341)],
    "vtest300": [(186, 158, 219, 234), (242, 159, 267, 222), (296, 158, 323, 230),
                 (313, 210, 345, 296), (580, 159, 611, 238), (618, 161, 643, 234)],
    "vtest600": [(188, 144, 216, 215), (283, 432, 331, 575), (454, 302, 505, 419),
                 (567, 199, 596, 288), (640, 304, 671, 412), (668, 207, 714, 296)],
    "bus": [(0, 550, 68, 875), (46, 395, 240, 905), (222, 404, 346, 862), (670, 385, 810, 880)],
    "zidane": [(120, 195, 1130, 718), (741, 40, 1190, 720)],
}  # fmt: skip


@lru_cache(maxsize=8)
def _bytes_of(stem: str) -> bytes | None:
    """The sample file whose name starts with `stem`, unpacked if Debian compressed it."""
    for path in sorted(SAMPLES.glob(f"opencv*/**/{stem}*")):
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return None


@lru_cache(maxsize=16)
def photo(name: str) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB, or None where the sample is not installed.

    `vtestNNN` is frame NNN of opencv-doc's pedestrian video.
    """
    if name == "astronaut":
        return astronaut()
    video = name.startswith("vtest")
    data = _bytes_of("vtest.avi" if video else f"{name}.")
    if data is None:
        return None
    if not video:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return np.ascontiguousarray(bgr[..., ::-1])
    with tempfile.NamedTemporaryFile(suffix=".avi") as file:
        file.write(data)
        file.flush()
        reader = cv2.VideoCapture(file.name)
        for _ in range(int(name.removeprefix("vtest"))):
            reader.grab()
        good, bgr = reader.read()
        reader.release()
    return np.ascontiguousarray(bgr[..., ::-1]) if good else None


def crowd(columns: int = 4, rows: int = 2) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """One picture of several astronauts side by side, and their boxes, left to right by row."""
    one = cv2.resize(astronaut()[:, :372], (186, 256), interpolation=cv2.INTER_AREA)
    x0, y0, x1, y1 = (value // 2 for value in PEOPLE["astronaut"][0])
    boxes = [
        (x0 + 186 * c, y0 + 256 * r, x1 + 186 * c, y1 + 256 * r)
        for r in range(rows)
        for c in range(columns)
    ]
    return np.tile(one, (rows, columns, 1)), boxes


def matched(
    found: list[tuple[float, ...]], truth: list[tuple[int, int, int, int]], least_iou: float = 0.35
) -> int:
    """How many true boxes have a found box of their own (each found box serves one person)."""
    free, count = list(found), 0
    for a in truth:
        overlaps = [_iou(a, b) for b in free]
        if overlaps and max(overlaps) >= least_iou:
            free.pop(int(np.argmax(overlaps)))
            count += 1
    return count


def _iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared)


def misplaced(person: Person) -> float:
    """Mean distance of the seen limb joints from their landmarks in the picture, by the person's
    camera, in shares of the box's longer side; NaN where fewer than four were seen."""
    joints = kinematics(torch.as_tensor(person.rotations[None]))[0][0].numpy()
    scale, tx, ty = person.camera
    x0, y0, x1, y1 = person.box
    gaps = []
    for mark, joint in JOINT_OF_LANDMARK.items():
        if person.visibility[mark] > 0.5 and JOINT_NAMES[joint] not in person.unseen_joints:
            x, y, _ = joints[joint]
            place = scale * np.array([x + tx, ty - y])
            gaps.append(float(np.linalg.norm(place - person.landmarks_px[mark])))
    return float(np.mean(gaps)) / max(x1 - x0, y1 - y0) if len(gaps) >= 4 else float("nan")
