"""Who is on a seat rests on it: who only stands before the sofa is not "the woman on the sofa"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.studio.references import THING_WORDS

SEATS = ("sofa", "chair", "bed", "bench")
RESTING = [FEATURES.index(name) for name in ("sitting", "kneeling", "crouching", "lying")]
# "In front of the sofa", "in red beside the sofa".
NOT_BESIDE = (
    r"(?!(?:left|right|front|back|side|top|of|near|by|beside|behind|against|past|next|between|"
    r"around)\b)"
)
SOMEBODY = 0.3  # our choice: if nobody rests on it to this degree, being near it is what is meant


def on_seats(text: str, features: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Features in which a seat that the words put somebody on is only near those who rest.

    Args:
        text: the question.
        features: (P, NUM_FEATURES) of people_tokens.person_features.
        names: of the features that are asked for.
    """
    found = features
    for seat in SEATS:
        if f"near {seat}" not in names or not _on(seat).search(text):
            continue
        column = FEATURES.index(f"near {seat}")
        rests = features[:, column] * features[:, RESTING].max(1)
        if rests.max(initial=0) >= SOMEBODY:
            found = found.copy()
            found[:, column] = rests
    return found


def _on(seat: str) -> re.Pattern[str]:
    words = "|".join(map(re.escape, THING_WORDS.get(seat, (seat,))))
    return re.compile(rf"\b(?:on|in)(?: {NOT_BESIDE}\w+){{0,3}}? (?:{words})\b", re.IGNORECASE)
