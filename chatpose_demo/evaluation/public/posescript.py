"""PoseScript: captions of AMASS poses; Delmas et al., ECCV 2022, release 2.

A pose is a frame of an AMASS file (SMPL-H, z up). As in PoseScript and ChatPose its heading is
taken away; what is left is turned to y up, so that an upright body faces +z.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.evaluation.public.archive import as_text, read_npz
from chatpose_demo.evaluation.public.sample import (
    PublicSetError,
    Sample,
    array,
    existing,
    only_match,
    read_json,
    spread,
)
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS, from_axis_angle

SPLITS = ("train", "val", "test")
Captions = Literal["human", "auto"]
WHERE = (
    "PoseScript (release 2, site of Naver Labs Europe, CC BY-NC-SA 4.0) unpacks to "
    "posescript_release/{posescript_human_*.json, posescript_auto_*.json, "
    "ids_2_dataset_sequence_and_frame_index_*.json, test_ids_*.json}; its poses are AMASS files "
    "in SMPL+H G form (site of AMASS, Max Planck Institute, free for registered researchers) "
    "under AMASS/smplh; name the folder that holds posescript_release and AMASS."
)
_IDS = "ids_2_dataset_sequence_and_frame_index_"
_SMPLH_NUMBERS = 156  # 52 joints: SMPL's first 22, then 2 x 15 fingers
_SHARED_JOINTS = 22
# AMASS stands on z = 0; ours on y = 0.
R_WORLD_AMASS = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)


@dataclass(frozen=True)
class _Frame:
    """Where a pose is: an AMASS file and a frame of it."""

    file: Path
    sequence: str
    index: int


def load(
    root: Path, split: str = "test", limit: int | None = None, captions: Captions = "human"
) -> Iterator[Sample]:
    """One sample per caption; hands rest, for SMPL-H has fingers where SMPL has hands.

    Args:
        root: the folder that holds posescript_release and AMASS/smplh.
        captions: written by people, or by the automatic pipeline (several per pose).
        limit: at most so many captions, spread over the split.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split not in SPLITS:
        raise PublicSetError(f"PoseScript has no split {split!r}; it has {', '.join(SPLITS)}.")
    folder = existing(root / "posescript_release", WHERE)
    index_file = only_match(folder, f"{_IDS}*.json", WHERE)
    release = index_file.stem.removeprefix(_IDS)
    split_file = existing(folder / f"{split}_ids_{release}.json", WHERE)
    text_file = only_match(folder, f"posescript_{captions}_*.json", WHERE)
    places, texts = read_json(index_file), read_json(text_file)
    ids = read_json(split_file)
    if not isinstance(ids, list) or not isinstance(places, dict) or not isinstance(texts, dict):
        raise PublicSetError(f"{folder} does not have the form of PoseScript's release 2.")
    cases = [
        (str(name), number, text)
        for name in ids
        for number, text in enumerate(_captions(texts.get(str(name), []), text_file))
    ]
    for name, number, text in spread(cases, limit):
        frame = _frame(root, places, name, index_file)
        rotations, betas, gender = _pose(frame)
        yield Sample(
            key=f"{name}/{number}",
            group=name,
            person=frame.sequence,
            text=text,
            rotations=rotations,
            betas=betas,
            gender=gender,
        )


def _captions(entry: object, path: Path) -> list[str]:
    texts: list = entry if isinstance(entry, list) else [entry]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise PublicSetError(f"{path} has a caption that is not text.")
    return [text.strip() for text in texts]


def _frame(root: Path, places: dict, name: str, path: Path) -> _Frame:
    match places.get(name):
        case ["AMASS", str(sequence), int(index)] if index >= 0:
            folder = root / "AMASS" / "smplh"
        case other:
            raise PublicSetError(
                f'{path} says {other!r} of pose {name}, not ["AMASS", file, frame].'
            )
    file = folder / sequence
    if not file.resolve().is_relative_to(folder.resolve()):
        raise PublicSetError(f"{path} names {sequence!r}, which lies outside of {folder}.")
    return _Frame(existing(file, WHERE), sequence, index)


def _pose(frame: _Frame) -> tuple[np.ndarray, np.ndarray, str]:
    """Rotations (24, 3, 3) in the world frame without heading, betas (10,) and gender."""
    raw = read_npz(frame.file, ("poses", "betas", "gender"))
    poses = array(raw["poses"], (-1, _SMPLH_NUMBERS), f"poses of {frame.file}")
    betas = array(raw["betas"], (-1,), f"betas of {frame.file}")[:NUM_BETAS]
    if frame.index >= len(poses):
        raise PublicSetError(f"{frame.file} has {len(poses)} frames, so no frame {frame.index}.")
    vectors = np.zeros((NUM_JOINTS, 3))
    vectors[:_SHARED_JOINTS] = poses[frame.index].reshape(-1, 3)[:_SHARED_JOINTS]
    if not np.isfinite(vectors).all() or len(betas) < NUM_BETAS:
        raise PublicSetError(f"Frame {frame.index} of {frame.file} is not a whole pose.")
    rotations = from_axis_angle(vectors)
    rotations[0] = R_WORLD_AMASS @ without_heading(vectors[0])
    return rotations, betas.astype(np.float32), as_text(raw["gender"].item())


def without_heading(vector: np.ndarray) -> np.ndarray:
    """The rotation of an axis-angle (3,) with its last turn, about AMASS's z, undone: (3, 3).

    That is R_y R_x of the factors R = R_z R_y R_x, as in PoseScript's own code.
    """
    x, y, _ = Rotation.from_rotvec(vector).as_euler("xyz")
    return Rotation.from_euler("xyz", [x, y, 0.0]).as_matrix().astype(np.float32)
