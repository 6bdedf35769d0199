"""Read the frozen foreign test sets: text by writers who saw no training text."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from chatpose_demo.network.who_fits import People, people_as_tokens
from chatpose_demo.perception.person import Appearance, Looks, Person
from chatpose_demo.perception.postures import postures
from chatpose_demo.pose import from_axis_angle
from chatpose_demo.studio.scenes import WIDTH

FOLDER = Path(str(resources.files("chatpose_demo.evaluation") / "frozen"))
SECOND = FOLDER.with_name("frozen2")
DEVELOPMENT = FOLDER.with_name("development")  # thresholds are set on it
SETS = (FOLDER, SECOND, DEVELOPMENT)
OWN_WORDS = 4


def read_lines(name: str, folder: Path = FOLDER) -> list[dict]:
    """All objects of `<name>.jsonl`."""
    text = (folder / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def normalised(text: str) -> str:
    """A line as it is compared: lower case, words only."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


@cache
def frozen_texts() -> frozenset[str]:
    """Every frozen or development line of at least OWN_WORDS words, normalised.

    Training must not hold them. Shorter lines ("hi", "thank you") belong to nobody: every
    writer has them.
    """
    files = [file for folder in SETS for file in sorted(folder.glob("*.jsonl"))]
    lines = [one for file in files for one in read_lines(file.stem, file.parent)]
    texts = [one["text"] for one in lines if "text" in one]
    texts += [step["text"] for one in lines for step in one.get("steps", ())]
    return frozenset(text for one in texts if len((text := normalised(one)).split()) >= OWN_WORDS)


def person_of(record: dict) -> Person:
    """A synthetic Person from a record of a frozen scene."""
    pose = record.get("pose")
    rotations = np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))
    if pose is not None:
        rotations = from_axis_angle(np.array(pose, np.float32))
    told = record.get("postures")
    appearance = Appearance(
        top=np.array(record["top"], np.float32),
        bottom=np.array(record["bottom"], np.float32),
        hair=np.array(record["hair"], np.float32),
        postures=np.array(postures(rotations) if told is None else told, np.float32),
    )
    looks = None
    if "near" in record:
        looks = Looks(record["near"], record["worn"], record["female"], record["age"])
    return Person(
        box=tuple(record["box"]),
        score=0.9,
        landmarks_px=np.zeros((33, 2)),
        landmarks_m=np.zeros((33, 3)),
        visibility=np.ones(33),
        rotations=rotations,
        camera=(1.0, 0.0, 0.0),
        appearance=appearance,
        looks=looks,
    )


def people_of(scene: dict) -> People:
    """The people of a frozen scene as the network takes them."""
    people = [person_of(record) for record in scene["people"]]
    return people_as_tokens(people, WIDTH, scene.get("last"))
