"""Human3.6M, protocol 2, in the preprocessed file that SPIN and its followers share.

The file holds every fifth frame of S9 and S11 from the frontal camera. HMR counts trial 0 only,
SPIN both trials; this reads what the file has, as SPIN does. The differently keyed file of HMR 2.0
(`h36m_val_p2.npz`) is another format and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.archive import as_text, read_npz
from chatpose_demo.evaluation.public.sample import (
    PublicSetError,
    Sample,
    existing,
    finite_array,
    points_from_camera,
    rotations_from_camera,
    spread,
)
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS

FILE = "h36m_valid_protocol2.npz"
WHERE = (
    f"the labels are {FILE} of SPIN's dataset extras (or made by its preprocessing from your own "
    "copy), the photos images/S9_Directions_1.60457274_000001.jpg come from Human3.6M (site "
    "vision.imar.ro, free for registered researchers); name the folder that holds both."
)
FRONTAL_CAMERA = "60457274"
EVERY = 5  # SPIN: frames 1, 6, 11, … counted from 1
# Rows of SPIN's 24 ground-truth joints: 14 LSP joints, Human3.6M's head as the last one, pelvis.
LSP14_PELVIS_OF_24 = (*range(12), 12, 18, 14)
_NAME = re.compile(r"(S9|S11)_(.+)\.(\d{8})_(\d{6})\.jpg")
_PIXELS_PER_SCALE = 200  # SPIN: scale = box side / 200


def load(root: Path, split: str = "test", limit: int | None = None) -> Iterator[Sample]:
    """The frames of protocol 2.

    Args:
        root: the folder that holds the file and `images`.
        split: only "test" (S9 and S11).
        limit: at most so many, spread over all videos.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split != "test":
        raise PublicSetError(f"Human3.6M is read for its test subjects only, not for {split!r}.")
    path = existing(root / FILE, WHERE)
    raw = read_npz(path, ("imgname", "center", "scale", "S"), ("pose", "shape", "has_smpl"))
    count = len(raw["imgname"])
    what = f"of {path}"
    if raw["imgname"].dtype.kind not in "US":
        raise PublicSetError(f"imgname {what} does not hold file names.")
    joints = finite_array(raw["S"], (count, 24, 4), f"S {what}")
    centres = finite_array(raw["center"], (count, 2), f"center {what}")
    scales = finite_array(raw["scale"], (count,), f"scale {what}")
    has_smpl = np.zeros(count, bool)
    poses = betas = None
    if "pose" in raw:
        poses = finite_array(raw["pose"], (count, 3 * NUM_JOINTS), f"pose {what}")
        betas = finite_array(raw.get("shape"), (count, NUM_BETAS), f"shape {what}")
        given = finite_array(raw.get("has_smpl", np.ones(count)), (count,), f"has_smpl {what}")
        has_smpl = given.astype(bool)
    rows = list(LSP14_PELVIS_OF_24)
    for row in spread(range(count), limit):
        name = as_text(raw["imgname"][row])
        parts = _NAME.fullmatch(Path(name).name)
        if parts is None or parts[3] != FRONTAL_CAMERA or (int(parts[4]) - 1) % EVERY:
            raise PublicSetError(
                f"{path} names {name!r}, which is not one of every {EVERY} frames of S9 or S11 "
                f"before camera {FRONTAL_CAMERA}, so it is not protocol 2."
            )
        if not (joints[row, rows, 3] > 0).all():
            raise PublicSetError(f"{path} lacks an LSP joint or the pelvis of {name}.")
        subject, take = parts[1], parts[2]
        half = scales[row] * _PIXELS_PER_SCALE / 2
        x, y = centres[row]
        pose = poses[row].reshape(NUM_JOINTS, 3) if poses is not None and has_smpl[row] else None
        yield Sample(
            key=Path(name).stem,
            group=f"{subject}_{take}",
            part=re.sub(r"_\d+$", "", take),
            person=subject,
            image=existing(_inside(root, name), WHERE),
            box=(float(x - half), float(y - half), float(x + half), float(y + half)),
            rotations=None if pose is None else rotations_from_camera(pose),
            betas=None if pose is None or betas is None else betas[row].astype(np.float32),
            gender=None if pose is None else "neutral",
            joints=points_from_camera(joints[row, rows, :3], f"S {what}"),
            joint_set="lsp14+pelvis",
        )


def _inside(root: Path, name: str) -> Path:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise PublicSetError(f"{FILE} names {name!r}, which lies outside of {root}.")
    return path
