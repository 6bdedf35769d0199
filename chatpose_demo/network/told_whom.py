"""Whether a change is for somebody of the photo, and which of their words are one."""

from __future__ import annotations

import re

from chatpose_demo.network.asked_who import SOMEBODY
from chatpose_demo.network.interface import Question
from chatpose_demo.network.understanding import Understanding

# Somebody who is not in the photo, and somebody who was spoken of.
NEWCOMER = re.compile(
    r"^an? |\bsome(?:body|one)\b|"
    r"\ban? (?:\w+ ){0,2}(?:man|woman|person|guy|girl|boy|kid|lady|child|body|figure|pose)\b",
    re.IGNORECASE,
)
IN_IT = re.compile(
    rf"\b(?:the|that|this) (?:\w+ ){{0,3}}?{SOMEBODY}\b|\b(?:from|in|on) (?:this|that|the) "
    r"(?:new )?(?:photo|pic|picture|image)\b",
    re.IGNORECASE,
)
# Several people, or somebody by their clothes: "her in the red dress".
SEVERAL = re.compile(
    r"\b(?:everyone|everybody|all|both (?:men|women|people|guys|girls|boys|of)|them|each|others)\b|"
    r"\b(?:in|with) (?:the|a|an|his|her|their)? ?(?:\w+ )?(?:dress|top|shirt|sweater|jacket|coat|"
    r"trousers|pants|shorts|skirt|jeans|hat|hair|glasses)\b",
    re.IGNORECASE,
)
THEIRS = re.compile(r"\b(?:his|her|him)\b", re.IGNORECASE)
BUT = re.compile(r"\b(?:but|only|except|instead|make|change)\b", re.IGNORECASE)
CHANGED = re.compile(r"\b(?:but|only|except|instead|then|now|make|turn|change)\b", re.IGNORECASE)


def asked_changes(text: str, seen: Understanding) -> dict[str, str]:
    """Part -> option that words about somebody in the photo change.

    What somebody does tells who is meant; only "but with ..." changes what the photo shows.
    """
    words = BUT if seen.held else CHANGED  # "now the one with hands on hips" tells who
    return seen.parts["person"] if words.search(text) else {}


def comes_with_photo(question: Question) -> bool:
    """Whether words that come with a new photo point at somebody in it: "the one with the hat"."""
    new = bool(question.photos) and question.photos[-1][0] == len(question.history)
    return new and bool(question.people) and bool(IN_IT.search(question.text))


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


def names_somebody(question: Question) -> bool:
    """Whether words, or a choice by hand, tell for whom of the photo a change is."""
    text = question.text
    return question.picked is not None or bool(IN_IT.search(text) or SEVERAL.search(text))
