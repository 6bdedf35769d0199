"""3DPW: people outdoors before a moving camera; von Marcard et al., ECCV 2018."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.pickles import read_arrays
from chatpose_demo.evaluation.public.sample import (
    PublicSetError,
    Sample,
    array,
    existing,
    field,
    points_from_camera,
    spread,
)
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS, R_WORLD_CAMERA, from_axis_angle

SPLITS = ("train", "validation", "test")
WHERE = (
    "3DPW (3D Poses in the Wild, site of the Real Virtual Humans group in Tübingen, free for "
    "research) unpacks to sequenceFiles/{train,validation,test}/*.pkl and "
    "imageFiles/SEQUENCE/image_00000.jpg; name the folder that holds both."
)
_GENDERS = {"m": "male", "f": "female"}


@dataclass(frozen=True)
class _Sequence:
    """One video; the lists have one entry per person, F = frames.

    Attributes:
        poses: (F, 72) axis-angle, joint 0 in the sequence's own world.
        joints: (F, 24, 3) SMPL joints of the gendered body in the same world, metres.
        poses2d: (F, 3, 18) COCO keypoints x, y, confidence in pixels.
        valid: (F,) whether the camera was registered to this person.
        cameras: (F, 4, 4) camera from world.
    """

    name: str
    poses: list[np.ndarray]
    betas: list[np.ndarray]
    genders: list[str]
    joints: list[np.ndarray]
    poses2d: list[np.ndarray]
    valid: list[np.ndarray]
    cameras: np.ndarray


def load(root: Path, split: str = "test", limit: int | None = None) -> Iterator[Sample]:
    """Every person of every frame with a valid camera.

    Args:
        root: the folder that holds sequenceFiles and imageFiles.
        split: "test" is the protocol of the papers.
        limit: at most so many, spread over all videos.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split not in SPLITS:
        raise PublicSetError(f"3DPW has no split {split!r}; it has {', '.join(SPLITS)}.")
    folder = existing(root / "sequenceFiles" / split, WHERE)
    files = sorted(folder.glob("*.pkl"))
    if not files:
        raise PublicSetError(f"There is no .pkl file in {folder}: {WHERE}")
    sequences = [_read(path) for path in files]
    cases = [
        (sequence, person, int(frame))
        for sequence in sequences
        for person, valid in enumerate(sequence.valid)
        for frame in np.flatnonzero(valid)
    ]
    for sequence, person, frame in spread(cases, limit):
        yield _sample(root, sequence, person, frame)


def _read(path: Path) -> _Sequence:
    raw = read_arrays(path)
    name = str(field(raw, "sequence", str(path)))
    if name != path.stem:
        raise PublicSetError(f"{path} says that it is the sequence {name!r}.")
    cameras = array(field(raw, "cam_poses", str(path)), (-1, 4, 4), f"cam_poses of {path}")
    frames = len(cameras)
    genders = [str(letter) for letter in field(raw, "genders", str(path))]
    if unknown := set(genders) - set(_GENDERS):
        raise PublicSetError(f"{path} has the gender {sorted(unknown)[0]!r} instead of m or f.")

    def per_person(key: str, shape: tuple[int, ...]) -> list[np.ndarray]:
        entries = field(raw, key, str(path))
        if len(entries) != len(genders):
            raise PublicSetError(f"{key} of {path} is not for {len(genders)} people.")
        return [array(entry, shape, f"{key} of {path}") for entry in entries]

    betas = per_person("betas", (-1,))
    if min(map(len, betas), default=NUM_BETAS) < NUM_BETAS:
        raise PublicSetError(f"betas of {path} has fewer than {NUM_BETAS} numbers.")
    return _Sequence(
        name=name,
        poses=per_person("poses", (frames, 3 * NUM_JOINTS)),
        betas=[one[:NUM_BETAS] for one in betas],
        genders=[_GENDERS[letter] for letter in genders],
        joints=[
            one.reshape(frames, NUM_JOINTS, 3)
            for one in per_person("jointPositions", (frames, 3 * NUM_JOINTS))
        ],
        poses2d=per_person("poses2d", (frames, 3, 18)),
        valid=[one.astype(bool) for one in per_person("campose_valid", (frames,))],
        cameras=cameras,
    )


def _sample(root: Path, sequence: _Sequence, person: int, frame: int) -> Sample:
    R_camera_world = sequence.cameras[frame, :3, :3]
    vectors = sequence.poses[person][frame].reshape(NUM_JOINTS, 3)
    joints_world = sequence.joints[person][frame]
    if not all(np.isfinite(part).all() for part in (R_camera_world, vectors, joints_world)):
        raise PublicSetError(f"Frame {frame} of {sequence.name} holds a number that is not finite.")
    rotations = from_axis_angle(vectors)
    rotations[0] = R_WORLD_CAMERA @ R_camera_world @ rotations[0]
    # The camera's shift is the same for all joints of a body, and root alignment removes it.
    what = f"Frame {frame} of {sequence.name}"
    joints = points_from_camera(joints_world @ R_camera_world.T, what)
    image = root / "imageFiles" / sequence.name / f"image_{frame:05d}.jpg"
    return Sample(
        key=f"{sequence.name}/{frame:05d}/{person}",
        group=sequence.name,
        person=f"{sequence.name}/{person}",
        image=existing(image, WHERE),
        box=_box(sequence.poses2d[person][frame]),
        rotations=rotations,
        betas=sequence.betas[person].astype(np.float32),
        gender=sequence.genders[person],
        joints=joints,
        joint_set="smpl24",
    )


def _box(keypoints: np.ndarray) -> tuple[float, float, float, float] | None:
    """The seen keypoints' bounds (SPIN's preprocessing); None when none is seen."""
    seen = keypoints[:2, keypoints[2] > 0]
    if not seen.size:
        return None
    x0, y0, x1, y1 = (*seen.min(axis=1), *seen.max(axis=1))
    return float(x0), float(y0), float(x1), float(y1)
