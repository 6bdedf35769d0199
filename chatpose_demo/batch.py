"""Scripted conversations and people: JSON Lines in, JSON Lines out, through the same wrapper."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image
from tqdm import tqdm

from chatpose_demo.chat import ChatPose, PoseReady, Text
from chatpose_demo.conversation import Conversation
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.person import (
    COLOUR_NAMES,
    HAIR_NAMES,
    POSTURES,
    THINGS,
    WORN,
    Looks,
    Person,
)
from chatpose_demo.photo import PhotoError, load_photo
from chatpose_demo.pose import JOINT_NAMES, Pose

log = logging.getLogger(__name__)


class LineError(ValueError):
    """A line of the input that cannot be played; the text says why."""


def _finished_ids(out: Path) -> set[str]:
    """Ids that an earlier run answered completely.

    A torn last line is dropped, and so are faults of lines without an id, which come again.
    """
    if not out.exists():
        return set()
    kept, ids = [], set()
    for line in out.read_text(encoding="utf-8").splitlines():
        try:
            name = json.loads(line)["id"]
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
        if name is not None:
            ids.add(json.dumps(name))
            kept.append(line)
    out.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    return ids


def _check(record: Any) -> list[dict]:
    """The turns of one line.

    Raises:
        LineError: it does not follow {"id", "turns": [{"text", "photo"?}]}.
    """
    if not isinstance(record, dict) or record.get("id") is None:
        raise LineError('a line must be an object with "id" and "turns"')
    turns = record.get("turns")
    if not isinstance(turns, list) or not turns:
        raise LineError('"turns" must be a list of at least one turn')
    for turn in turns:
        if not isinstance(turn, dict) or not isinstance(turn.get("text"), str):
            raise LineError('every turn needs a "text" that is a string')
        if not isinstance(turn.get("photo"), str | None):
            raise LineError('"photo" must be the path of a picture')
    return turns


def _upright_size(path: Path) -> tuple[int, int]:
    """(width, height) of a photo file as it is shown, in its own pixels."""
    with Image.open(path) as file:
        sideways = file.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
        return (file.height, file.width) if sideways else (file.width, file.height)


def pose_record(pose: Pose, scale: float = 1.0) -> dict[str, Any]:
    """One body as plain JSON values; `scale` leads from its box to the photo file's pixels."""
    box = pose.person_box
    return {
        "rotations": pose.rotations.round(6).tolist(),
        "betas": pose.betas.tolist(),
        "subject": pose.subject,
        "person_box": None if box is None else [round(float(x) * scale, 1) for x in box],
        "unseen_joints": list(pose.unseen_joints),
    }


def play(chat: ChatPose, turns: list[dict], folder: Path) -> list[dict[str, Any]]:
    """Play one conversation turn after turn.

    Args:
        turns: {"text", "photo"?: path}; relative paths start at `folder`.
    """
    conversation, replies = Conversation(), []
    scale, scales = 1.0, {}  # an edited body keeps the box, and so the scale, of its own photo
    for turn in turns:
        image = None
        if turn.get("photo"):
            image = load_photo(folder / turn["photo"])
            scale = _upright_size(folder / turn["photo"])[0] / image.width
        asked = conversation.ask(turn["text"], image)
        words, poses = "", []
        for event in chat.reply(conversation):
            if isinstance(event, Text):
                words += event.text
            elif isinstance(event, PoseReady):
                words += "<POSE>"
                at = scales.setdefault(event.pose.person_box, scale)
                poses.append(pose_record(event.pose, at))
        replies.append({"text": words.strip(), "asked_back": asked.asked_back, "poses": poses})
    return replies


def _answer(chat: ChatPose, line: str, folder: Path) -> dict[str, Any]:
    """The answer to one input line; what is wrong with it becomes its "error"."""
    record: Any = None
    try:
        record = json.loads(line)
        turns = _check(record)
        return {"id": record["id"], "replies": play(chat, turns, folder), "error": None}
    except json.JSONDecodeError as error:
        fault = f"not JSON: {error}"
    except (LineError, PhotoError) as error:
        fault = str(error)
    except Exception as error:  # one bad conversation must not end a run of thousands
        log.exception("a conversation failed")
        fault = f"{type(error).__name__}: {error}"
    name = record.get("id") if isinstance(record, dict) else None
    return {"id": name, "replies": [], "error": fault}


def run_batch(chat: ChatPose, source: Path, out: Path) -> int:
    """Answer every line of `source` that `out` does not answer yet; its folder is made.

    Returns:
        How many of this run's lines have an error.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    done = _finished_ids(out)
    # Not splitlines(): a JSON string may hold other line ends, such as U+2028.
    lines = [line for line in source.read_text(encoding="utf-8").split("\n") if line.strip()]
    failed = 0
    with out.open("a", encoding="utf-8") as answers:
        for line in tqdm(lines, desc="conversations", unit="line"):
            if _known(line, done):
                continue
            answer = _answer(chat, line, source.parent)
            failed += answer["error"] is not None
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    return failed


def _known(line: str, done: set[str]) -> bool:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return False
    return isinstance(record, dict) and "id" in record and json.dumps(record["id"]) in done


def _named(names: tuple[str, ...], odds) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(names, odds, strict=True) if value}


def person_record(person: Person, scale: float = 1.0) -> dict[str, Any]:
    """One detected person as plain JSON values, in the photo file's pixels."""
    look, seen = person.appearance, person.looks or Looks()
    return {
        "box": [round(float(x) * scale, 1) for x in person.box],
        "score": round(float(person.score), 3),
        "landmarks_px": (person.landmarks_px * scale).round(1).tolist(),
        "landmarks_m": person.landmarks_m.round(4).tolist(),
        "visibility": person.visibility.round(3).tolist(),
        "rotations": person.rotations.round(6).tolist(),
        "joint_names": list(JOINT_NAMES),
        "camera": [float(person.camera[0]) * scale, *map(float, person.camera[1:])],
        "unseen_joints": list(person.unseen_joints),
        "attributes": {
            "top": _named(COLOUR_NAMES, look.top),
            "bottom": _named(COLOUR_NAMES, look.bottom),
            "hair": _named(HAIR_NAMES, look.hair),
            "postures": _named(POSTURES, look.postures),
            "near": _named(THINGS, [seen.near.get(name, 0.0) for name in THINGS]),
            "worn": _named(WORN, [seen.worn.get(name, 0.0) for name in WORN]),
        },
        # Guesses from the face; null where none is clear enough.
        "female": None if seen.female is None else round(float(seen.female), 3),
        "age": None if seen.age is None else round(float(seen.age), 1),
    }


def find_people(photos: list[Path]) -> Iterator[dict[str, Any]]:
    """The people of each photo; a picture that cannot be read has an "error" instead."""
    eyes = Eyes()
    for path in photos:
        try:
            image = load_photo(path)
        except PhotoError as error:
            yield {"photo": str(path), "people": [], "error": str(error)}
            continue
        size = _upright_size(path)
        scale = size[0] / image.width
        people = [person_record(person, scale) for person in eyes(image)]
        yield {"photo": str(path), "size": list(size), "people": people, "error": None}
