"""Terms of programs, animators and yoga that the language model hardly knows, in plain words."""

from __future__ import annotations

import re

TERMS = (
    (
        re.compile(r"\b(?:an? )?a-pose\b", re.IGNORECASE),
        "someone standing with both arms held out a little to the sides, away from the body",
    ),
    (
        re.compile(r"\bcontrapposto\b", re.IGNORECASE),
        "standing with the weight on the left leg and the right knee bent a little",
    ),
    (re.compile(r"\bwarrior (?:i|1)\b", re.IGNORECASE), "warrior one"),
    (re.compile(r"\bwarrior (?:ii|2)\b", re.IGNORECASE), "warrior two"),
    (re.compile(r"\bwarrior (?:iii|3)\b", re.IGNORECASE), "warrior three"),
)
# Joints as programs name them: "left_elbow = 90".
JOINED = re.compile(r"(?<=[a-z])_(?=[a-z])", re.IGNORECASE)
EQUALS = re.compile(r" ?= ?(?=-?\d)")


def spelt_out(text: str) -> str:
    """The text with such terms replaced."""
    text = EQUALS.sub(" ", JOINED.sub(" ", text))
    for term, words in TERMS:
        text = term.sub(words, text)
    return text
