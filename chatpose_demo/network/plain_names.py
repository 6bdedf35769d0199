"""Poses that the words call by their plain name.

The pointer generalises from situations, and may take a rare word for its neighbour ("proposing
marriage" for proposing a toast). Where a text holds all the words of a pose's plain name, that is
evidence that needs no generalising: it counts by how rare the words are among all names (as in
TF-IDF, Sparck Jones 1972), between poses only, never against the plain standing body.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import numpy as np

from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.words import LISTERS, load_words

GAIN = 0.5  # our choice: nats for one nat of rareness
MOST = 5.0  # our choice: nats; two words that name one pose alone
NAME_ONLY = 8.0  # our choice: nats; the text is the name and nothing else
ENDINGS = re.compile(r"(?:ing|ed|es|s|e)$")
DOUBLED = re.compile(r"([bdgmnprt])\1$")
FILLER = """
a an the to in on at of for and or with from into onto by as his her their its my your him them it
one someone somebody person man woman who is are was be being up down out off over while some
something
"""
# No pose is named, and any will do.
ANY_POSE = re.compile(
    r"^\W*(?:(?:please|show|give|make|do|draw|pick|choose|strike|get|me|us|up|a|any|some|just|ok|"
    r"can|could|would|you|now)\b\W*)*(?:(?:random|any|whatever)\b.{0,20}\b(?:pose|body|one|thing)s?"
    r"|surprise(?: me| us)|something random|anything(?: you (?:like|want))?)\W*(?:please|pls)?\W*$",
    re.IGNORECASE,
)
FILLERS = frozenset(FILLER.split())
# Words that a plain standing body is all that is meant by.
STANDING = """
stand standing stands stood upright straight still erect up tall neutral normal natural plain
simple relaxed rest resting idle attention anatomical position default just only pose posture
body figure human model people guy girl boy lady kid child dude old young big small show me
please pls draw make give create generate display render i want would like need see can could
you d new another first line hello hi hey ok now then let us of off there here
"""
STANDING_WORDS = frozenset(STANDING.split())


def _stems(text: str) -> frozenset[str]:
    """Content words without their endings: "run", "runs" and "running" are one."""
    words = re.findall(r"[a-z]+", text.lower())
    return frozenset(
        DOUBLED.sub(r"\1", ENDINGS.sub("", word)) if len(word) > 3 else word
        for word in words
        if word not in FILLERS
    )


@cache
def _names() -> tuple[tuple[tuple[int, frozenset[str]], ...], dict[str, float]]:
    """(place in the atlas, stems) of every plain name, and each stem's rareness in nats."""
    places = {pose.id: place for place, pose in enumerate(load_atlas())}
    names = {
        (places[pose], _stems(name))
        for writer in LISTERS
        for pose, lines in load_words(writer).atlas.items()
        for name in lines
    }
    poses = {(place, stem) for place, stems in names for stem in stems}
    counts = Counter(stem for _, stem in poses)
    rareness = {stem: float(np.log(len(places) / count)) for stem, count in counts.items()}
    ordered = sorted((one for one in names if one[1]), key=lambda one: (one[0], sorted(one[1])))
    return tuple(ordered), rareness


def named_poses(text: str) -> np.ndarray:
    """(A,) evidence in nats that the text calls each atlas pose by name; zero for most."""
    names, rareness = _names()
    said = _stems(text)
    evidence = np.zeros(len(load_atlas()))
    for place, stems in names:
        if stems <= said:
            told = GAIN * sum(rareness[stem] for stem in stems)
            evidence[place] = max(evidence[place], min(told, MOST))
    return evidence


def _nothing_else(text: str) -> np.ndarray:
    """(A,) true where a text says no more than a pose's name: "let her wave"."""
    words = set(re.findall(r"[a-z]+", text.lower())) - STANDING_WORDS
    said = _stems(" ".join(words))
    found = np.zeros(len(load_atlas()), bool)
    for place, stems in _names()[0]:
        found[place] |= bool(said) and stems == said
    return found


def with_names(odds: np.ndarray, text: str) -> np.ndarray:
    """Probabilities with that evidence; a name that is all a text says counts in full.

    Args:
        odds: (1 + A,) of the plain standing body and each atlas pose.

    Returns:
        (1 + A,); the standing body keeps its probability.
    """
    weighed = odds[1:] * np.exp(np.where(_nothing_else(text), NAME_ONLY, named_poses(text)))
    total = weighed.sum()
    if total <= 0:
        return odds
    return np.concatenate([odds[:1], weighed * (odds[1:].sum() / total)]).astype(odds.dtype)


def says_more(text: str) -> bool:
    """Whether a text holds any word beyond those for a person who just stands."""
    return bool(set(re.findall(r"[a-z]+", text.lower())) - FILLERS - STANDING_WORDS)
