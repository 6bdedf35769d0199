"""Human3.6M in the preprocessed files that SPIN and its followers share.

All hold every fifth frame of S9 and S11. There are three ways to choose among them, a set each:

- protocol 1: all four cameras, both trials of every action;
- protocol 2: the frontal camera alone, both trials, as SPIN counts;
- protocol 2, trial 0: of these only the first trial, as HMR counts.

The differently keyed file of HMR 2.0 (`h36m_val_p2.npz`) is another format and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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

Frames = Literal["p1", "p2", "p2-trial0"]
FRONTAL_CAMERA = "60457274"
CAMERAS = ("54138969", "55011271", "58860488", FRONTAL_CAMERA)
EVERY = 5  # SPIN: frames 1, 6, 11, … counted from 1
# HMR leaves it out and SPIN's preprocessing stops at it: its video file is broken.
BROKEN_VIDEO = ("S11", "Directions", CAMERAS[0])
# Rows of SPIN's 24 ground-truth joints: 14 LSP joints, Human3.6M's head as the last one, pelvis.
LSP14_PELVIS_OF_24 = (*range(12), 12, 18, 14)
_NAME = re.compile(r"(S9|S11)_(.+)\.(\d{8})_(\d{6})\.jpg")
_PIXELS_PER_SCALE = 200  # SPIN: scale = box side / 200

# The takes of trials 0 and 1, from sub-actions 1 and 2 of Human3.6M's metadata.xml: the number in
# a take's name does not tell. HMR's (11, Directions, 1, 0), which it leaves out, is that file's
# broken S11 Directions.54138969, so both count trials and cameras alike.
_BOTH = (
    ("Directions_1", "Directions"), ("Discussion_1", "Discussion_2"), ("Eating_1", "Eating"),
    ("Posing_1", "Posing"), ("Purchases_1", "Purchases"), ("Sitting_1", "Sitting"),
    ("SittingDown", "SittingDown_1"), ("Photo_1", "Photo"), ("Waiting_1", "Waiting"),
    ("Walking_1", "Walking"), ("WalkDog_1", "WalkDog"), ("WalkTogether_1", "WalkTogether"),
)  # fmt: skip
TRIALS = {
    "S9": (*_BOTH, ("Greeting_1", "Greeting"), ("Phoning_1", "Phoning"), ("Smoking_1", "Smoking")),
    "S11": (
        *_BOTH,
        ("Greeting_2", "Greeting"),
        ("Phoning_3", "Phoning_2"),
        ("Smoking_2", "Smoking"),
    ),
}


@dataclass(frozen=True)
class Choice:
    """Which frames count.

    Attributes:
        title: in words.
        file: SPIN's file that holds them.
        cameras: all of them must be there, and no other.
        first_trials: leave the second trials out.
    """

    title: str
    file: str
    cameras: Sequence[str]
    first_trials: bool = False

    @property
    def where(self) -> str:
        """Words on what this set is and what to put where."""
        return (
            f"Human3.6M, {self.title}; the labels are {self.file} of SPIN's dataset extras (or "
            "made by its preprocessing from your own copy), the photos "
            "images/S9_Directions_1.60457274_000001.jpg come from Human3.6M (site "
            "vision.imar.ro, free for registered researchers); name the folder that holds both."
        )


CHOICES: dict[Frames, Choice] = {
    "p1": Choice("protocol 1: all four cameras, both trials", "h36m_valid_protocol1.npz", CAMERAS),
    "p2": Choice(
        f"protocol 2 as SPIN counts: camera 3 ({FRONTAL_CAMERA}), both trials",
        "h36m_valid_protocol2.npz",
        (FRONTAL_CAMERA,),
    ),
    "p2-trial0": Choice(
        f"protocol 2 as HMR counts: camera 3 ({FRONTAL_CAMERA}), trial 0 only",
        "h36m_valid_protocol2.npz",
        (FRONTAL_CAMERA,),
        first_trials=True,
    ),
}


@dataclass(frozen=True)
class _Frame:
    """A row of the file.

    Attributes:
        name: of its photo, relative to the folder of the set.
        subject: S9 or S11.
        take: an action, perhaps with a number.
        camera: eight digits.
    """

    row: int
    name: str
    subject: str
    take: str
    camera: str


def load(
    root: Path, split: str = "test", limit: int | None = None, frames: Frames = "p2"
) -> Iterator[Sample]:
    """The frames of one choice.

    Args:
        root: the folder that holds SPIN's file and `images`.
        split: only "test" (S9 and S11).
        limit: at most so many, spread over all videos.
        frames: which frames count.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split != "test":
        raise PublicSetError(f"Human3.6M is read for its test subjects only, not for {split!r}.")
    choice = CHOICES[frames]
    path = existing(root / choice.file, choice.where)
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
    names = [as_text(name) for name in raw["imgname"]]
    for frame in spread(_chosen(names, choice, path), limit):
        row = frame.row
        if not (joints[row, rows, 3] > 0).all():
            raise PublicSetError(f"{path} lacks an LSP joint or the pelvis of {frame.name}.")
        half = scales[row] * _PIXELS_PER_SCALE / 2
        x, y = centres[row]
        pose = poses[row].reshape(NUM_JOINTS, 3) if poses is not None and has_smpl[row] else None
        yield Sample(
            key=Path(frame.name).stem,
            group=f"{frame.subject}_{frame.take}",  # one motion, however many cameras see it
            part=re.sub(r"_\d+$", "", frame.take),
            person=frame.subject,
            image=existing(_inside(root, frame.name, path), choice.where),
            box=(float(x - half), float(y - half), float(x + half), float(y + half)),
            box_is_grown=True,  # the square that SPIN's preprocessing wants cropped
            rotations=None if pose is None else rotations_from_camera(pose),
            betas=None if pose is None or betas is None else betas[row].astype(np.float32),
            gender=None if pose is None else "neutral",
            joints=points_from_camera(joints[row, rows, :3], f"S {what}"),
            joint_set="lsp14+pelvis",
        )


def trial_of(subject: str, take: str) -> int | None:
    """0 or 1 as HMR counts; None for a take that Human3.6M does not have."""
    trials = (pair.index(take) for pair in TRIALS[subject] if take in pair)
    return next(trials, None)


def _chosen(names: Sequence[str], choice: Choice, path: Path) -> list[_Frame]:
    """The frames that count, when the file holds what the choice needs."""
    frames = [_frame(row, name, choice, path) for row, name in enumerate(names)]
    absent = sorted(set(choice.cameras) - {frame.camera for frame in frames})
    if absent:
        raise PublicSetError(
            f"{path} has no frame of camera {', '.join(absent)}, so it is not {choice.title}."
        )
    sound = [one for one in frames if (one.subject, one.take, one.camera) != BROKEN_VIDEO]
    if not choice.first_trials:
        return sound
    return [one for one in sound if _trial(one, path) == 0]


def _frame(row: int, name: str, choice: Choice, path: Path) -> _Frame:
    parts = _NAME.fullmatch(Path(name).name)
    if parts is None or parts[3] not in choice.cameras or (int(parts[4]) - 1) % EVERY:
        raise PublicSetError(
            f"{path} names {name!r}, which is not one of every {EVERY} frames of S9 or S11 before "
            f"camera {', '.join(choice.cameras)}, so it is not {choice.title}."
        )
    return _Frame(row, name, parts[1], parts[2], parts[3])


def _trial(frame: _Frame, path: Path) -> int:
    trial = trial_of(frame.subject, frame.take)
    if trial is None:
        raise PublicSetError(
            f"{path} names {frame.name!r}; {frame.subject} has no take {frame.take!r} in "
            "Human3.6M, so which trial it is cannot be told."
        )
    return trial


def _inside(root: Path, name: str, path: Path) -> Path:
    photo = root / name
    if not photo.resolve().is_relative_to(root.resolve()):
        raise PublicSetError(f"{path} names {name!r}, which lies outside of {root}.")
    return photo
