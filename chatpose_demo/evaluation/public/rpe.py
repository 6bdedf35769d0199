"""RPE, ChatPose's reasoning-based pose estimation, with the corrected truth of RPE-Refined.

Fifty people of 3DPW photos, each asked for in several ways. The first release's indices do not
match 3DPW, and by RPE-Refined's account its truth had to be matched by hand; its own files were
not at hand here and are not read. RPE-Refined (arXiv 2507.13314) names the true photo and carries
the truth. It has four kinds of question; a fifth, a summary, would be read from a file named alike.
Records are keyed by sequence and frame, because different sequences repeat file names such as
image_00042.

The questions and the truth are RPE-Refined's always; only the photos may be 3DPW's own or the
first release's. Numbers that papers give for the first release are of another truth.

The refined truth was looked up by photo alone. Four photos are asked about twice, once for each of
two people, and both questions got the second one's body: of those eight records of each kind half
have the wrong truth, and they are marked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from chatpose_demo.evaluation.public.sample import (
    PublicSetError,
    Sample,
    existing,
    field,
    finite_array,
    points_from_camera,
    read_json,
    rotations_from_camera,
    spread,
    unique,
)
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS

FOLDER = "RPE-refined"
Photos = Literal["3dpw", "numbered"]
# Our name of a kind -> the word in its file's name.
KINDS = {
    "behaviour": "behavior",
    "outfit": "outfits",
    "pose": "pose",
    "shape": "shape",
    "summary": "summary",
}
_RECORDS = (
    f"RPE-Refined (repository jjunsss/RPE-Refined on GitHub) has {FOLDER}/refine_vqa_*_withGT.json "
    "(behavior, outfits, pose, shape); "
)
WHERE: dict[Photos, str] = {
    "3dpw": _RECORDS + "its photos are 3DPW/imageFiles/SEQUENCE/image_00000.jpg (3D Poses in the "
    "Wild, site of the Real Virtual Humans group in Tübingen); name the folder that holds "
    f"{FOLDER} and 3DPW.",
    "numbered": "not RPE's first release, whose numbers do not match 3DPW and whose truth is not "
    "read, but RPE-Refined's questions and truth about the first release's photos: "
    + _RECORDS
    + f"those photos go to RPE/images/000000.png; name the folder that holds {FOLDER} and RPE.",
}
_GENDERS = ("male", "female", "neutral")
_NUMBERED = re.compile(r"\d{6}\.png")
_PHOTO = re.compile(r"3DPW/imageFiles/([A-Za-z0-9_]+)/image_(\d{5})\.jpg")


def load(
    root: Path, split: str = "test", limit: int | None = None, photos: Photos = "3dpw"
) -> Iterator[Sample]:
    """Every question of every kind that is there.

    The joints are the SMPL joints that belong to the given parameters (`fitted_joint_cam`, as in
    RPE-Refined's evaluation).

    Args:
        root: the folder that holds RPE-refined and the photos.
        split: only "test".
        limit: at most so many, spread over the kinds.
        photos: 3DPW's own by sequence and frame, or the first release's by number; the truth is
            RPE-Refined's in both cases.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split != "test":
        raise PublicSetError(f"RPE is a test set; it has no split {split!r}.")
    where = WHERE[photos]
    folder = existing(root / FOLDER, where)
    files = {kind: folder / f"refine_vqa_{word}_withGT.json" for kind, word in KINDS.items()}
    present = {kind: path for kind, path in files.items() if path.is_file()}
    if not present:
        raise PublicSetError(f"There is no {folder}/refine_vqa_*_withGT.json: {where}")
    samples = []
    for kind, path in present.items():
        records = read_json(path)
        if not isinstance(records, list):
            raise PublicSetError(f"{path} does not hold a list of records.")
        samples += _mark_shared([_sample(root, kind, path, one, photos) for one in records])
    yield from spread(unique(samples), limit)


def _mark_shared(samples: Sequence[Sample]) -> list[Sample]:
    """Mark those of one kind that have the same person of the same photo for their truth."""
    counts = Counter((one.group, one.person) for one in samples)
    return [
        replace(one, shared_truth=True) if counts[one.group, one.person] > 1 else one
        for one in samples
    ]


def _sample(root: Path, kind: str, path: Path, record: object, photos: Photos) -> Sample:
    name = str(field(record, "id", f"A record of {path}"))
    what = f"Record {name} of {path}"
    photo = str(PurePosixPath(str(field(record, "real_image", what))))
    place = _PHOTO.fullmatch(photo)
    if place is None:
        raise PublicSetError(
            f"{what} names {photo!r}, not 3DPW/imageFiles/SEQUENCE/image_00000.jpg."
        )
    sequence, frame = place.groups()
    image = root / photo
    if photos == "numbered":
        number = str(field(record, "image", what))
        if not _NUMBERED.fullmatch(number):
            raise PublicSetError(f"{what} names {number!r}, not 000000.png.")
        image = root / "RPE" / "images" / number
    truth = field(record, "ground_truth", what)
    smpl = field(truth, "smpl_param", what)
    pose = finite_array(field(smpl, "pose", what), (3 * NUM_JOINTS,), f"pose of {what}")
    betas = finite_array(field(smpl, "shape", what), (NUM_BETAS,), f"shape of {what}")
    joints = finite_array(
        field(truth, "fitted_joint_cam", what), (NUM_JOINTS, 3), f"fitted_joint_cam of {what}"
    )
    gender = field(smpl, "gender", what)
    if gender not in _GENDERS:
        raise PublicSetError(f"{what} has the gender {gender!r}.")
    x, y, width, height = finite_array(field(truth, "bbox", what), (4,), f"bbox of {what}").tolist()
    person = f"{sequence}/{field(truth, 'person_id', what)}"
    return Sample(
        key=f"{kind}/{sequence}/{frame}/{name}",
        group=f"{sequence}/{frame}",
        part=kind,
        person=person,
        text=_question(record, what),
        image=existing(image, WHERE[photos]),
        box=(x, y, x + width, y + height),
        rotations=rotations_from_camera(pose.reshape(NUM_JOINTS, 3)),
        betas=betas.astype(np.float32),
        gender=gender,
        joints=points_from_camera(joints, f"fitted_joint_cam of {what}"),
        joint_set="smpl24",
    )


def _question(record: object, what: str) -> str:
    """What the human side of the conversation asks, without its mark for the photo."""
    said = field(record, "conversations", what)
    match said:
        case [{"from": "human", "value": str(text)}, {"from": "gpt"}]:
            question = text.replace("<image>", "").strip()
        case _:
            raise PublicSetError(f"{what} is not one question with one answer.")
    if not question:
        raise PublicSetError(f"{what} asks nothing.")
    return question
