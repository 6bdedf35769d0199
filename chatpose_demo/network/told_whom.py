"""Whether a change is for somebody of the photo, and which of their words are one."""

from __future__ import annotations

import re

from chatpose_demo.network.interface import Question
from chatpose_demo.network.understanding import Understanding

# Somebody who is not in the photo, and somebody who was spoken of.
NEWCOMER = re.compile(
    r"^an? |\bsome(?:body|one)\b|"
    r"\ban? (?:\w+ ){0,2}(?:man|woman|person|guy|girl|boy|kid|lady|child|body|figure|pose)\b",
    re.IGNORECASE,
)
THEIRS = re.compile(r"\b(?:his|her|him)\b", re.IGNORECASE)
CHANGED = re.compile(r"\b(?:but|only|except|instead|then|now|make|turn|change)\b", re.IGNORECASE)


def asked_changes(text: str, seen: Understanding) -> dict[str, str]:
    """Part -> option that words about somebody in the photo change.

    What somebody does tells who is meant; only "but with ..." changes what the photo shows.
    """
    return seen.parts["person"] if CHANGED.search(text) else {}


def of_whom_one_chose(question: Question, seen: Understanding) -> bool:
    """Whether a change is for somebody chosen in the photo whose body is not the last one."""
    picked = question.picked
    if picked is None or picked >= len(question.people) or seen.act != "change":
        return False
    new = question.bodies[-1].person_box != question.people[picked].box
    return new and seen.earlier == "last" and bool(seen.parts["edit"])


def told_to_somebody(question: Question, seen: Understanding) -> bool:
    """Whether words that describe a body tell somebody of the photo: "raise her left arm"."""
    if seen.atlas.argmax() or not seen.parts["edit"] or NEWCOMER.search(question.text):
        return False
    photo_only = not question.bodies or question.last is not None
    return question.picked is not None or (photo_only and bool(THEIRS.search(question.text)))
