"""Image to pose: BEDLAM's rendered people, in the npz files that its authors trained with.

A scene is `training_labels/**/SCENE.npz` (`imgname`, `center`, `scale` = box side / 200, `cam_int`,
`pose_cam` with the orientation in the camera frame, y down) and `training_images/SCENE/png`.
`pose_cam` has SMPL's 72 numbers, or SMPL-X's 165, of whose joints the first 22 are SMPL's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from chatpose_demo.evaluation.public.archive import as_text, read_npz
from chatpose_demo.evaluation.public.sample import PublicSetError, finite_array
from chatpose_demo.pose import NUM_JOINTS, from_axis_angle
from chatpose_demo.training.chatpose.photos import PIXELS_PER_SCALE
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

SHARED_JOINTS = 22  # SMPL-X has fingers where SMPL has hands, which stay at rest
OTHERS = "agora"  # AGORA's labels lie beside BEDLAM's, its photos elsewhere
WHERE = (
    "BEDLAM (bedlam.is.tue.mpg.de, free for registered researchers; fetch_training_data.sh of its "
    "repository makes training_labels and training_images)"
)


class Bedlam:
    """All scenes; a person per row."""

    def __init__(self, root: Path) -> None:
        """Read the labels of every scene.

        Raises:
            DataError: something is missing or of another form.
        """
        labels = put_here(root / "training_labels", f"the labels of {WHERE}")
        files = [f for f in sorted(labels.rglob("*.npz")) if not f.stem.startswith(OTHERS)]
        if not files:
            raise DataError(f"Put the labels (SCENE.npz) of {WHERE} here: {labels}")
        self.folders, self.names = [], []
        scenes, centres, sides, widths, poses = [], [], [], [], []
        for file in files:
            folder = root / "training_images" / file.stem / "png"
            self.folders.append(put_here(folder, f"the photos of a scene of {WHERE}"))
            try:
                raw = read_npz(file, ("imgname", "center", "scale", "cam_int", "pose_cam"))
                count = len(raw["imgname"])
                what = f"of {file}"
                poses.append(_pose(raw["pose_cam"], count, file))
                centres.append(finite_array(raw["center"], (count, 2), f"center {what}"))
                scale = finite_array(raw["scale"], (count,), f"scale {what}")
                lens = finite_array(raw["cam_int"], (count, 3, 3), f"cam_int {what}")
            except PublicSetError as error:
                raise as_data_error(error) from error
            sides.append(scale * PIXELS_PER_SCALE)
            widths.append(2 * lens[:, 0, 2])
            scenes.append(np.full(count, len(self.folders) - 1))
            self.names += [as_text(name) for name in raw["imgname"]]
        self.scenes, self.centres = np.concatenate(scenes), np.concatenate(centres)
        self.sides, self.widths = np.concatenate(sides), np.concatenate(widths)
        self.poses = np.concatenate(poses)

    def __len__(self) -> int:
        return len(self.names)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """The person, cropped as HMR2 does."""
        photo = open_photo(self.folders[self.scenes[row]] / self.names[row], f"photos of {WHERE}")
        # Portrait scenes are stored lying on their side; the labels are for them upright.
        if photo.width != round(float(self.widths[row])):
            photo = photo.transpose(Image.Transpose.ROTATE_270)
        side = float(self.sides[row])
        crop = crop_square(photo, self.centres[row], hmr2_side(np.array([side, side])))
        messages = ((pick(rng, IMAGE_QUESTIONS), pick(rng, ANSWERS)),)
        return Sample(messages, crop, from_axis_angle(self.poses[row]))


def _pose(raw: np.ndarray, count: int, file: Path) -> np.ndarray:
    """(N, 24, 3) float32 axis-angle."""
    vectors = np.asarray(raw, np.float32).reshape(count, -1, 3)
    if vectors.shape[1] < NUM_JOINTS or not np.isfinite(vectors).all():
        raise DataError(f"pose_cam of {file} does not hold whole poses.")
    whole = np.zeros((count, NUM_JOINTS, 3), np.float32)
    joints = NUM_JOINTS if vectors.shape[1] == NUM_JOINTS else SHARED_JOINTS
    whole[:, :joints] = vectors[:, :joints]
    return whole
