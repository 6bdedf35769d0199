"""Image to pose: files of people in photos, in the npz forms of SPIN and of HMR2.

Both have `imgname`, `center` (N, 2) and `scale`. SPIN's has `pose` (N, 72) and a `scale` (N,) of
box side / 200; HMR2's has `body_pose` (N, 72), orientation first, and a `scale` (N,) or (N, 2) in
pixels. Orientations are in the camera frame, y down, and are taken as they are (reference).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.archive import as_text, read_npz
from chatpose_demo.evaluation.public.sample import PublicSetError, finite_array
from chatpose_demo.pose import NUM_JOINTS, from_axis_angle
from chatpose_demo.training.chatpose.sample import (
    DataError,
    Sample,
    as_data_error,
    crop_square,
    hmr2_side,
    open_photo,
    put_here,
)
from chatpose_demo.training.chatpose.templates import ANSWERS, IMAGE_QUESTIONS, pick

PIXELS_PER_SCALE = 200.0  # SPIN: scale = box side / 200
WHERE = (
    "a file of labels (SPIN's dataset extras, site of the SPIN repository, or HMR2's npz files, "
    "site of the 4D-Humans repository) with the photos that it names in the folder `images` "
    "beside it (COCO, MPII, Human3.6M and others, from their own sites)"
)


class PhotoSet:
    """One npz file; a person per row."""

    def __init__(self, file: Path) -> None:
        """Read the labels; photos are opened one by one later.

        Raises:
            DataError: something is missing or of another form.
        """
        put_here(file, WHERE)
        self.images = put_here(file.parent / "images", f"the photos that {file.name} names")
        optional = ("pose", "has_smpl", "body_pose", "has_body_pose")
        try:
            raw = read_npz(file, ("imgname", "center", "scale"), optional)
            self._read(raw, f"of {file}")
        except PublicSetError as error:
            raise as_data_error(error) from error

    def _read(self, raw: dict, what: str) -> None:
        count = len(raw["imgname"])
        of_hmr2 = "body_pose" in raw
        name, known = ("body_pose", "has_body_pose") if of_hmr2 else ("pose", "has_smpl")
        if name not in raw:
            raise DataError(f"There is neither pose nor body_pose among the fields {what}.")
        there = np.asarray(raw.get(known, np.ones(count)), float).reshape(-1) > 0
        if len(there) != count or not there.any():
            raise DataError(f"{known} {what} leaves nobody with a pose.")
        poses = np.asarray(raw[name], np.float32).reshape(count, -1)[there]
        self.poses = finite_array(poses, (-1, 3 * NUM_JOINTS), f"{name} {what}").astype(np.float32)
        self.centres = finite_array(raw["center"][there], (-1, 2), f"center {what}")
        sizes = np.asarray(raw["scale"], float).reshape(count, -1)[there]
        sizes = np.repeat(sizes, 2, axis=1) if sizes.shape[1] == 1 else sizes
        sizes = finite_array(sizes, (-1, 2), f"scale {what}")
        self.sizes = sizes if of_hmr2 else sizes * PIXELS_PER_SCALE
        self.names = raw["imgname"][there]

    def __len__(self) -> int:
        return len(self.names)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """The person, cropped as HMR2 does."""
        photo = open_photo(self.images / as_text(self.names[row]), "the photo that a label names")
        crop = crop_square(photo, self.centres[row], hmr2_side(self.sizes[row]))
        rotations = from_axis_angle(self.poses[row].reshape(NUM_JOINTS, 3))
        messages = ((pick(rng, IMAGE_QUESTIONS), pick(rng, ANSWERS)),)
        return Sample(messages, crop, rotations)
