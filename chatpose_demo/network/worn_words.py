"""Colours that stand before a garment or hair, and postures by name: "the one sitting in grey".

The decoder reads from context what is asked for, but it often gives a colour to the wrong garment
when two are named, and few writers can name all garments. Which colour belongs to which noun is
plain grammar; whether it is asked for or ruled out stays the decoder's, and all of it where the
words name two people. A posture whose name stands in the words is surely meant as soon as the
decoder leans that way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import torch
from torch import Tensor

from chatpose_demo.network.people_fit import Asked
from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.studio.references import COLOUR_WORDS, HAIR_WORDS

# Nouns for what is worn above and below, singular or plural alike; our choice.
GARMENTS: dict[str, tuple[str, ...]] = {
    "top": (
        "shirt", "t-shirt", "tshirt", "tee", "top", "blouse", "sweater", "jumper", "pullover",
        "hoodie", "sweatshirt", "cardigan", "jacket", "coat", "blazer", "vest", "waistcoat",
        "polo", "jersey", "tunic", "parka", "anorak", "fleece", "singlet", "camisole", "dress",
    ),
    "bottom": (
        "trousers", "pants", "jeans", "shorts", "skirt", "leggings", "joggers", "slacks",
        "chinos", "tights", "sweatpants", "bottoms", "breeches", "culottes", "corduroys",
    ),
    "hair": ("hair", "haired", "ponytail", "curls", "locks", "bun", "braid", "plaits"),
}  # fmt: skip
BETWEEN = 2  # our choice: words such as "long-sleeved" between a colour and its noun
SURE, SURELY_NOT = 5.0, -6.0  # logits, our choice
SAME_KIND = 0.3  # our choice: another colour of the same garment says a little of who is meant
POSTURE_NAMES = {
    "sitting": re.compile(r"\b(?:sits?|sitting|sat|seated)\b", re.IGNORECASE),
    "standing": re.compile(r"\b(?:stands?|standing|stood)\b", re.IGNORECASE),
    "walking": re.compile(r"\bwalk(?:s|ing)?\b", re.IGNORECASE),
    "kneeling": re.compile(r"\bkneel(?:s|ing)?\b", re.IGNORECASE),
    "crouching": re.compile(r"\b(?:crouch|squat)(?:e?s|t?ing)?\b", re.IGNORECASE),
    "lying": re.compile(r"\b(?:lies?|lying)\b", re.IGNORECASE),
}
LEANING = 0.3  # our choice: the decoder leans to a posture from this probability on
ANOTHER = 0.1  # our choice: somebody else may be named above this probability
LIKELY = 0.3  # our choice: something is ruled out above this probability


def _either(words: Sequence[str]) -> str:
    longest_first = sorted(set(words), key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", "[ -]") for word in longest_first)


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    """ "light blue tank top" and "whose shirt is light blue", with groups colour and noun."""
    table = HAIR_WORDS if kind == "hair" else COLOUR_WORDS
    colour = _either([word for words in table.values() for word in words])
    noun = rf"(?P<noun>{_either(GARMENTS[kind])})s?\b"
    every = _either([one for nouns in GARMENTS.values() for one in nouns])
    stop = rf"(?!(?:and|or|with|in|on|but|not|who|is|are|{every})\b)"
    between = rf"(?:[ -]+{stop}[\w'-]+){{0,{BETWEEN}}}?"
    before = rf"\b(?P<colour>{colour})(?:ish)?\b{between}[ -]+{noun}"
    # "Red-haired in blue jeans" says nothing blue of the hair.
    own = rf"(?![ -](?:[\w'-]+[ -])?(?:{every})\b)"
    after = rf"\b{noun} (?:is|are|in|was|were) (?:\w+ )?(?P<colour>{colour})\b{own}"
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)


@cache
def _names(kind: str) -> Mapping[str, str]:
    """Word -> colour name; the more usual reading first ("dark" is black)."""
    table = HAIR_WORDS if kind == "hair" else COLOUR_WORDS
    names: dict[str, str] = {}
    for name, words in table.items():
        for word in words:
            names.setdefault(word, name)
    return names


def worn_colours(text: str) -> list[str]:
    """Features that the text names by a colour and its noun ("top red", "hair blond")."""
    found = []
    for kind in GARMENTS:
        for pattern in _patterns(kind):
            for match in pattern.finditer(text):
                word = match["colour"].lower()
                known = _names(kind)
                found.append(f"{kind} {known.get(word) or known[word.replace('-', ' ')]}")
    return list(dict.fromkeys(found))


def with_worn(asked: Asked, text: str) -> Asked:
    """What is asked of people, where the text itself says which garment has which colour.

    Args:
        asked: of one question, as the decoder reads it.
    """
    found = worn_colours(text)
    postures = [name for name, pattern in POSTURE_NAMES.items() if pattern.search(text)]
    if not (found or postures) or asked.relation[0].softmax(-1)[0] < 1 - ANOTHER:
        return asked
    needs, bans = asked.needs.clone(), asked.bans.clone()
    for place in map(FEATURES.index, postures):
        leaning = float(needs[0, place].sigmoid())
        if leaning >= LEANING and leaning > bans[0, place].sigmoid():
            needs[0, place] = needs[0, place].clamp(min=SURE)
    ruled_out = bans.sigmoid().max() > LIKELY
    # A colour that is named once is that of its noun alone; named again, it may have another.
    once = {
        colour
        for colour in (feature.partition(" ")[2] for feature in found)
        if len(_mentions(colour, text)) == 1
    }
    for feature in found:
        out = ruled_out and _evidence(bans[0], feature) > _evidence(needs[0], feature)
        kind, _, colour = feature.partition(" ")
        wrong = [
            i
            for i, name in enumerate(FEATURES)
            if _kind(name) == kind or (_colour(name) == colour and colour in once)
            if name not in found
        ]
        role, other = (bans, needs) if out else (needs, bans)
        role[0, wrong] = SURELY_NOT
        role[0, FEATURES.index(feature)] = SURE
        other[0, FEATURES.index(feature)] = SURELY_NOT
    return Asked(needs, bans, asked.anchor, asked.relation)


def _kind(feature: str) -> str:
    """ "top" of "top red"; "" for features that are no colour."""
    kind = feature.partition(" ")[0]
    return kind if kind in GARMENTS else ""


def _colour(feature: str) -> str:
    """ "light blue" of "top light blue"; "" for features that are no colour."""
    return feature.partition(" ")[2] if _kind(feature) else ""


def _mentions(colour: str, text: str) -> list[str]:
    """The words of a text that name a colour, of a garment or hair."""
    every = {word: name for kind in GARMENTS for word, name in _names(kind).items()}
    said = re.findall(rf"\b(?:{_either(list(every))})\b", text, re.IGNORECASE)
    words = [word.lower().replace("-", " ") for word in said]
    return [word for word in words if colour in {_names(kind).get(word) for kind in GARMENTS}]


def _evidence(logits: Tensor, feature: str) -> float:
    """How much logits (F,) speak of a colour, whatever garment they give it to."""
    odds = torch.sigmoid(logits)
    kind, _, colour = feature.partition(" ")
    same_colour = [i for i, n in enumerate(FEATURES) if _colour(n) == colour]
    same_kind = [i for i, n in enumerate(FEATURES) if _kind(n) == kind]
    return float(odds[same_colour].max() + SAME_KIND * odds[same_kind].max())
