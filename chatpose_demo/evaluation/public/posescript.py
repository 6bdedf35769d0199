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
    "ids_2_dataset_sequence_and_frame_index_*.json, {train,test}_ids_*.json}; its poses are AMASS "
    "files in SMPL+H G form (site of AMASS, Max Planck Institute, free for registered researchers) "
    "under AMASS/smplh, in folders of the names that PoseScript writes (BioMotionLab_NTroje) or "
    "of today's downloads (BMLrub); name the folder that holds posescript_release and AMASS."
)
_IDS = "ids_2_dataset_sequence_and_frame_index_"
_SMPLH_NUMBERS = 156  # 52 joints: SMPL's first 22, then 2 x 15 fingers
_SHARED_JOINTS = 22
# PoseScript's name of a part of AMASS -> the name that it is downloaded under since.
RENAMED = {
    "BioMotionLab_NTroje": "BMLrub",
    "DFaust_67": "DFaust",
    "Eyes_Japan_Dataset": "EyesJapanDataset",
    "MPI_HDM05": "HDM05",
    "MPI_Limits": "PosePrior",
    "MPI_mosh": "MoSh",
    "SSM_synced": "SSM",
    "TCD_handMocap": "TCDHands",
    "Transitions_mocap": "Transitions",
}
# AMASS stands on z = 0; ours on y = 0.
R_WORLD_AMASS = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)


@dataclass(frozen=True)
class TruePose:
    """The body that captions are about.

    Attributes:
        rotations: (24, 3, 3) float32, world frame, without heading; hands rest, for SMPL-H has
            fingers where SMPL has hands.
        betas: (10,) float32 of SMPL-H.
        gender: as AMASS says.
        sequence: the AMASS file that it is from.
    """

    rotations: np.ndarray
    betas: np.ndarray
    gender: str
    sequence: str


@dataclass(frozen=True)
class Release:
    """A user's copy of the release.

    Attributes:
        folder: posescript_release.
        amass: AMASS/smplh.
        index_file: which frame of AMASS each pose is.
        places: its content.
        caption_file: the captions in use.
        texts: its content.
    """

    folder: Path
    amass: Path
    index_file: Path
    places: dict
    caption_file: Path
    texts: dict

    @classmethod
    def open(cls, root: Path, captions: Captions, where: str = WHERE) -> Release:
        """Read what all splits share.

        Args:
            root: the folder that holds posescript_release and AMASS/smplh.
            captions: written by people, or by the automatic pipeline (several per pose).
            where: the end of messages about what is missing.

        Raises:
            PublicSetError: with one sentence for the user.
        """
        folder = existing(root / "posescript_release", where)
        index_file = only_match(folder, f"{_IDS}*.json", where)
        caption_file = only_match(folder, f"posescript_{captions}_*.json", where)
        places, texts = read_json(index_file), read_json(caption_file)
        if not isinstance(places, dict) or not isinstance(texts, dict):
            raise PublicSetError(f"{folder} does not have the form of PoseScript's release 2.")
        return cls(folder, root / "AMASS" / "smplh", index_file, places, caption_file, texts)

    def ids(self, split: str) -> list[str]:
        """The poses of a split, in the file's order."""
        release = self.index_file.stem.removeprefix(_IDS)
        ids = read_json(existing(self.folder / f"{split}_ids_{release}.json", WHERE))
        if not isinstance(ids, list):
            raise PublicSetError(f"{self.folder} does not have the form of PoseScript's release 2.")
        return [str(name) for name in ids]

    def captions(self, name: str) -> list[str]:
        """What is written about a pose; often nothing."""
        return texts_of(self.texts.get(name, []), self.caption_file)

    def pose(self, name: str) -> TruePose:
        """The pose itself, from AMASS."""
        match self.places.get(name):
            case ["AMASS", str(sequence), int(index)] if index >= 0:
                file = self._amass_file(sequence)
            case other:
                raise PublicSetError(
                    f'{self.index_file} says {other!r} of pose {name}, not ["AMASS", file, frame].'
                )
        return _read_pose(file, index, sequence)

    def _amass_file(self, sequence: str) -> Path:
        """The file under whichever name its part of AMASS has on this disk."""
        spellings = amass_names(sequence)
        files = [self.amass / name for name in spellings]
        if not all(file.resolve().is_relative_to(self.amass.resolve()) for file in files):
            raise PublicSetError(
                f"{self.index_file} names {sequence!r}, which lies outside of {self.amass}."
            )
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            raise PublicSetError(f"There is no {self.amass}/{' or '.join(spellings)}: {WHERE}")
        return found


def load(
    root: Path, split: str = "test", limit: int | None = None, captions: Captions = "human"
) -> Iterator[Sample]:
    """One sample per caption.

    Args:
        root: see `Release.open`, as `captions`.
        limit: at most so many captions, spread over the split.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split not in SPLITS:
        raise PublicSetError(f"PoseScript has no split {split!r}; it has {', '.join(SPLITS)}.")
    release = Release.open(root, captions)
    cases = [
        (name, number, text)
        for name in release.ids(split)
        for number, text in enumerate(release.captions(name))
    ]
    for name, number, text in spread(cases, limit):
        pose = release.pose(name)
        yield Sample(
            key=f"{name}/{number}",
            group=name,
            person=pose.sequence,
            caption=text,
            rotations=pose.rotations,
            betas=pose.betas,
            gender=pose.gender,
        )


def amass_names(sequence: str) -> list[str]:
    """Where an AMASS file may lie: as PoseScript names it, renamed, or old name within new."""
    old, _, rest = sequence.partition("/")
    new = RENAMED.get(old)
    return [sequence] if new is None else [sequence, f"{new}/{rest}", f"{new}/{sequence}"]


def texts_of(entry: object, path: Path) -> list[str]:
    """A text or a list of texts, as a list."""
    texts: list = entry if isinstance(entry, list) else [entry]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise PublicSetError(f"{path} has a caption that is not text.")
    return [text.strip() for text in texts]


def _read_pose(file: Path, index: int, sequence: str) -> TruePose:
    raw = read_npz(file, ("poses", "betas", "gender"))
    poses = array(raw["poses"], (-1, _SMPLH_NUMBERS), f"poses of {file}")
    betas = array(raw["betas"], (-1,), f"betas of {file}")[:NUM_BETAS]
    if index >= len(poses):
        raise PublicSetError(f"{file} has {len(poses)} frames, so no frame {index}.")
    vectors = np.zeros((NUM_JOINTS, 3))
    vectors[:_SHARED_JOINTS] = poses[index].reshape(-1, 3)[:_SHARED_JOINTS]
    if not np.isfinite(vectors).all() or len(betas) < NUM_BETAS:
        raise PublicSetError(f"Frame {index} of {file} is not a whole pose.")
    rotations = from_axis_angle(vectors)
    rotations[0] = R_WORLD_AMASS @ without_heading(vectors[0])
    return TruePose(rotations, betas.astype(np.float32), as_text(raw["gender"].item()), sequence)


def without_heading(vector: np.ndarray) -> np.ndarray:
    """The rotation of an axis-angle (3,) with its last turn, about AMASS's z, undone: (3, 3).

    That is R_y R_x of the factors R = R_z R_y R_x, as in PoseScript's own code.
    """
    x, y, _ = Rotation.from_rotvec(vector).as_euler("xyz")
    return Rotation.from_euler("xyz", [x, y, 0.0]).as_matrix().astype(np.float32)
