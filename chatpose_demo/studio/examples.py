"""Training examples for the pose decoder: texts with what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from chatpose_demo.studio.references import Reference

MEN, WOMEN = ("a man", "a guy", "a boy", "an old man"), ("a woman", "a girl", "a lady")
PEOPLE = (
    *MEN, *WOMEN, "a person", "someone", "somebody", "a child", "a figure", "a human", "a body",
)  # fmt: skip
HIS, HER = re.compile(r"\b(?:his|he|him)\b", re.I), re.compile(r"\b(?:hers?|she)\b", re.I)
BE = ("", "", "", " who is", " is", " that is", " who's")
# What a text may begin with that already names somebody, or cannot follow somebody.
TAKEN = re.compile(
    r"(?:an?|my|its|he|she|they|it|one|we|you|i|your|our|some|somebody|someone|who|whose|there|"
    r"like|as|show|draw|give|let|make|can|could|please|man|woman)\b|(?:he|she|they|it)'",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Example:
    """One text and what it means; None marks what it does not settle.

    Attributes:
        text: as a user would type it.
        intent: one of pose_decoder.INTENTS.
        photo, body: whether a photo / an earlier body is there (None: either way).
        topic: one of topics.TOPICS, for a question that wants words.
        atlas: atlas pose id, "" for the plain standing body.
        parts: part -> option that differs from "keep".
        before: part -> state of the body that the words were written for; {} is standing.
        person: whom the words point at in the photo.
        second: the second person that "combine" names.
        act, region: one of pose_decoder.ACTS and REGIONS.
        earlier, other: one of pose_decoder.EARLIER.
    """

    text: str
    intent: str
    photo: bool | None = None
    body: bool | None = None
    topic: str | None = None
    atlas: str | None = None
    parts: dict[str, str] | None = field(default=None)
    before: dict[str, str] | None = field(default=None)
    person: Reference | None = None
    second: Reference | None = None
    act: str | None = None
    region: str | None = None
    earlier: str | None = None
    other: str | None = None


def pick(rng: np.random.Generator, options) -> str:
    """A uniform choice from a sequence."""
    return options[int(rng.integers(len(options)))]


def of_somebody(rng: np.random.Generator, text: str) -> str:
    """A description with a person before it: "kneeling" -> "a man who is kneeling"."""
    if TAKEN.match(text):
        return text
    start = text.split(" ", 1)[0]
    text = text[:1].lower() + text[1:]
    who = pick(rng, MEN if HIS.search(text) else WOMEN if HER.search(text) else PEOPLE)
    if start.rstrip(",.;").lower().endswith("ing"):
        return f"{who}{pick(rng, BE)} {text}"
    if start.lower() in ("with", "on", "in", "at", "down"):
        return f"{who} {text}"
    return f"{who}{pick(rng, (' with ', ', ', ': ', ' - '))}{text}"


def roughen(rng: np.random.Generator, text: str) -> str:
    """Type it as people do: case, end marks, now and then a slip of the fingers."""
    if rng.random() < 0.35:
        text = text.lower()
    elif rng.random() < 0.4:
        text = text[:1].upper() + text[1:]
    if rng.random() < 0.3:
        text = text.rstrip(".?!") or text
    elif rng.random() < 0.15 and text[-1:].isalpha():
        text += pick(rng, (".", "?", "!", "..", " please", " pls", " thanks"))
    if rng.random() < 0.08 and len(text) > 8:
        spot = int(rng.integers(1, len(text) - 2))
        if text[spot].isalpha() and text[spot + 1].isalpha():
            text = text[:spot] + text[spot + 1] + text[spot] + text[spot + 2 :]
    return text
