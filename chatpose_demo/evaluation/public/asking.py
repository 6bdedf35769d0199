"""Put a public set's questions to the demo's wrapper, and keep the poses that it answers with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import roma
import torch
from PIL import Image
from tqdm import tqdm

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample
from chatpose_demo.perception.person import Person
from chatpose_demo.photo import PhotoError, load_photo
from chatpose_demo.pose import from_axis_angle

QUESTION = "What pose is this person in?"  # for sets that ask nothing
MARGIN = 1.5  # our choice: side of the crop over the longer side of the person's box
LEAST_OVERLAP = 0.3  # our choice: intersection over union below which it is somebody else

Box = tuple[float, float, float, float]


def ask(chat: ChatPose, sample: Sample) -> np.ndarray | None:
    """The pose (24, 3, 3) that the wrapper gives for one sample, or None when it gives none.

    Where the set has words, they choose the person in the whole photo. Where it has only a box, the
    person in it is all that the wrapper is shown, as regressors are.
    """
    conversation = Conversation()
    if sample.image is None:
        turn = conversation.ask(sample.text)
    elif sample.text:
        turn = conversation.ask(sample.text, _photo(sample.image))
    else:
        crop, box = _crop(sample)
        turn = conversation.ask(QUESTION)
        turn.scene = Scene(crop, _the_one_in(box, chat.people(crop)))
    for _ in chat.reply(conversation, mode="always"):
        pass
    return turn.poses[0].rotations if turn.poses else None


def ask_all(
    chat: ChatPose, samples: Sequence[Sample], out: Path, header: dict[str, str]
) -> list[np.ndarray | None]:
    """Ask every sample that `out` does not answer yet.

    Args:
        out: JSON Lines; the first is `header`, each other {"key", "pose": 24 x 3 axis-angle or
            null}.
        header: what the answers depend on; a file with another one is refused.

    Returns:
        One pose (24, 3, 3) or None per sample, in their order.
    """
    answers = _read_answers(out, header)
    with out.open("a", encoding="utf-8") as file:
        for sample in tqdm(samples, desc="samples", unit="sample"):
            if sample.key in answers:
                continue
            rotations = ask(chat, sample)
            vectors = None
            if rotations is not None:
                vectors = roma.rotmat_to_rotvec(torch.from_numpy(rotations)).numpy()
                vectors = vectors.round(6).tolist()
            answers[sample.key] = vectors
            file.write(json.dumps({"key": sample.key, "pose": vectors}) + "\n")
            file.flush()
    poses = [answers[sample.key] for sample in samples]
    return [None if pose is None else from_axis_angle(np.array(pose)) for pose in poses]


def _read_answers(out: Path, header: dict[str, str]) -> dict[str, list | None]:
    """What an earlier run answered; a torn last line is dropped."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    kept, answers = [], {}
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            break
        if kept:
            answers[record["key"]] = record["pose"]
        elif record != header:
            raise PublicSetError(f"{out} holds answers of another run ({line}); name another file.")
        kept.append(line)
    kept = kept or [json.dumps(header)]
    out.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    return answers


def _photo(path: Path) -> Image.Image:
    try:
        return load_photo(path)
    except PhotoError as error:
        raise PublicSetError(f"{path} cannot be used as a photo: {error}") from error


def _crop(sample: Sample) -> tuple[Image.Image, Box]:
    """The square around the person, black beyond the photo's edge, and the box within it."""
    assert sample.image is not None
    try:
        with Image.open(sample.image) as file:
            image = file.convert("RGB")
    except OSError as error:
        raise PublicSetError(f"{sample.image} cannot be read as a photo ({error}).") from error
    x0, y0, x1, y1 = sample.box or (0.0, 0.0, float(image.width), float(image.height))
    half = MARGIN * max(x1 - x0, y1 - y0) / 2
    left, top = round((x0 + x1) / 2 - half), round((y0 + y1) / 2 - half)
    side = max(1, round(2 * half))
    crop = image.crop((left, top, left + side, top + side))
    return crop, (x0 - left, y0 - top, x1 - left, y1 - top)


def _the_one_in(box: Box, people: Sequence[Person]) -> list[Person]:
    """The person whose box overlaps best, alone; nobody when no one overlaps enough."""
    best = max(people, key=lambda person: overlap(person.box, box), default=None)
    if best is None or overlap(best.box, box) < LEAST_OVERLAP:
        return []
    return [best]


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union if union > 0 else 0.0
