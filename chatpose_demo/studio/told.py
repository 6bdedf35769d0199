"""Whole sentences that a writer wrote for a given meaning, as training examples.

A writer was shown a change to a body, or the properties of somebody in a photo, and typed what they
would type. `edits.txt` holds `left_arm=up; was torso=bend | sentence`: the change, and the body
that the writer saw (nothing after "was" is plain standing; without "was" any body will do).
`people.txt` holds `top red, sitting; not hat; behind female | sentence`: asked for, ruled out, and
how the person stands to somebody else. `bodies.txt` holds `legs=sit | sentence` and `pose
yoga_tree | sentence`: the first line of a chat, and the body that it asks for. `wishes.txt` holds
`now yoga_tree | sentence`: the shown body shall take this pose of the atlas; with `new` no body was
there yet. What was said to a standing body describes one, too ("right hand on the hip").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from chatpose_demo.network.parts import OPTIONS
from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.shown_body import STATES
from chatpose_demo.studio.examples import Example, of_somebody, pick, roughen
from chatpose_demo.studio.references import COLOUR_WORDS, HAIR_WORDS, Reference
from chatpose_demo.studio.words import Words

BEGUN = 3  # our choice: ways to type a first line
RECOLOURED = 5  # our choice: sentences about people that one sentence gives, with other colours
SWAPPED = {"left": "right", "right": "left"}
SIDE = re.compile("left|right")
SIDE_WORD = re.compile(r"\b(left|right)(?=\b|-)", re.IGNORECASE)
PLACE_WORD = re.compile(r"\b(left|right)(?=\b|most)", re.IGNORECASE)
A_PLACE = re.compile(r"\b(?:the|from|far) right\b", re.IGNORECASE)  # "Right" that is one
# "Right" that is no side, and poses whose mirror image has no name.
NO_SIDE = re.compile(
    r"right (?:now|away|angles?|there|here|in front|behind|at|on top|up|down|over|by|next|beside|"
    r"back|under|into|in half|in to|round|to the)|(?:all|just|that's|that is|,|be) right\b|"
    r"right[?!,]|left (?:over|out|as)",
    re.IGNORECASE,
)
# Any colour word, the longest first: "light blue" holds no "blue".
COLOUR = re.compile(
    r"\b(?:"
    + "|".join(
        sorted(
            {re.escape(w) for ws in (*COLOUR_WORDS.values(), *HAIR_WORDS.values()) for w in ws},
            key=len,
            reverse=True,
        )
    )
    + r")\b",
    re.IGNORECASE,
)
ONE_SIDED = ("sit_crossed", "crossed_stand", "walk")


@dataclass(frozen=True)
class Change:
    """What a key of edits.txt means.

    Attributes:
        parts: part -> option that is asked for.
        before: part -> state of the body that is changed; None where any body will do.
    """

    parts: dict[str, str]
    before: dict[str, str] | None = None


def change_of(key: str) -> Change:
    """Read a key of edits.txt.

    Raises:
        ValueError: no such part, option or state.
    """
    asked, was, before = key.partition("; was")
    return Change(_pairs(asked, OPTIONS), _pairs(before, STATES) if was else None)


def _pairs(words: str, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    parts = dict(piece.split("=", 1) for piece in words.split())
    for part, option in parts.items():
        if option not in known.get(part, ()):
            raise ValueError(f"{words!r}: {part!r} has no {option!r}")
    return parts


def person_of(key: str) -> Reference:
    """Whom a key of people.txt means; the phrase is left empty.

    Raises:
        ValueError: no such feature or relation.
    """
    asked, *rest = (piece.strip() for piece in key.split(";"))
    bans: list[str] = []
    anchor: list[str] = []
    relation = "none"
    for piece in rest:
        word, _, names = piece.partition(" ")
        if word == "not":
            bans += _features(names)
        elif word in RELATIONS[1:]:
            relation, anchor = word, _features(names)
        else:
            raise ValueError(f"{key!r}: neither ruled out nor a relation: {piece!r}")
    return Reference("", tuple(_features(asked)), tuple(bans), tuple(anchor), relation)


def _features(names: str) -> list[str]:
    found = [name.strip() for name in names.split(",") if name.strip()]
    for name in found:
        if name not in FEATURES:
            raise ValueError(f"no feature {name!r}")
    return found


def mirrored(text: str, change: Change) -> tuple[str, Change] | None:
    """The same instruction for the other side; None where that cannot be told from the words.

    Words without a side ("the other arm") turn with the body that they were typed at.
    """
    parts, before = change.parts, change.before or {}
    if NO_SIDE.search(text) or any(o in ONE_SIDED for o in (*parts.values(), *before.values())):
        return None

    swapped = _turned(parts)
    turned = SIDE_WORD.sub(_other_side, text)
    if any(option not in OPTIONS[part] for part, option in swapped.items()):
        return None
    if change.before is None:
        # Nothing but the words tells the side: where they have none, the label would be wrong.
        plain = (turned == text) != (swapped == parts)
        return None if plain or turned == text else (turned, Change(swapped))
    was = _turned(before)
    if (turned, swapped, was) == (text, parts, before):
        return None
    if turned == text and swapped != parts and was == before:
        return None  # the side comes from nowhere
    return turned, Change(swapped, was)


def _turned(parts: Mapping[str, str]) -> dict[str, str]:
    return {_swapped(part): _swapped(option) for part, option in parts.items()}


def _other_side(match: re.Match[str]) -> str:
    side = SWAPPED[match.group().lower()]
    return side.capitalize() if match.group()[0].isupper() else side


def _swapped(name: str) -> str:
    return SIDE.sub(lambda match: SWAPPED[match.group()], name)


def turned_round(text: str, who: Reference) -> tuple[str, Reference] | None:
    """The same question where left is right; None where that cannot be told from the words."""
    names = (*who.needs, *who.bans, *who.anchor, who.relation)
    if (
        NO_SIDE.search(A_PLACE.sub("", text))
        or not PLACE_WORD.search(text)
        or not any(map(SIDE.search, names))
    ):
        return None

    def turned(those: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_swapped, those))

    text = PLACE_WORD.sub(_other_side, text)
    needs, bans, anchor = turned(who.needs), turned(who.bans), turned(who.anchor)
    return text, Reference(text, needs, bans, anchor, _swapped(who.relation))


def recoloured(rng: np.random.Generator, text: str, who: Reference) -> tuple[str, Reference]:
    """Other colours in the places of those that a sentence names by a word we know."""
    names = (*who.needs, *who.bans, *who.anchor)
    told, swaps, cuts = list(COLOUR.finditer(text)), {}, []
    for name in names:
        kind, _, colour = name.partition(" ")
        words = {"top": COLOUR_WORDS, "bottom": COLOUR_WORDS, "hair": HAIR_WORDS}.get(kind, {})
        hits = [one for one in told if one.group().lower() in words.get(colour, ())]
        # Nothing else may be meant by the word, and the word nothing else.
        alone = sum(other.endswith(f" {colour}") for other in names) == 1
        if len(hits) != 1 or not alone or hits[0] in [cut for cut, _ in cuts]:
            continue
        used = {*names, *swaps.values()}
        new = pick(rng, [one for one in words if f"{kind} {one}" not in used])
        cuts.append((hits[0], pick(rng, words[new])))
        swaps[name] = f"{kind} {new}"
    for cut, word in sorted(cuts, key=lambda one: -one[0].start()):
        text = text[: cut.start()] + word + text[cut.end() :]

    def changed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(swaps.get(name, name) for name in names)

    needs, bans, anchor = changed(who.needs), changed(who.bans), changed(who.anchor)
    return text, Reference(text, needs, bans, anchor, who.relation)


def told(words: Words, rng: np.random.Generator) -> Iterator[Example]:
    """Everything that one writer wrote whole, in several versions."""
    for key, lines in words.edits.items():
        change = change_of(key)
        for line in lines:
            for text, meant in filter(None, ((line, change), mirrored(line, change))):
                for version in dict.fromkeys((text, roughen(rng, text))):
                    yield Example(
                        version, "edit", body=True, parts=meant.parts, before=meant.before,
                        earlier="last", act="change",
                    )  # fmt: skip
                    if _describes(meant):
                        told_of = of_somebody(rng, version) if rng.random() < 0.4 else version
                        yield Example(told_of, "text", body=False, atlas="", parts=meant.parts)
    for key, lines in words.people.items():
        who = person_of(key)
        for line in lines:
            yield _asking(line, replace(who, phrase=line))
            both = filter(None, ((line, who), turned_round(line, who)))
            for text, meant in both:
                for _ in range(RECOLOURED - 1):
                    version, other = recoloured(rng, text, meant)
                    yield _asking(roughen(rng, version), other)
    for key, lines in words.bodies.items():
        for line in lines:
            yield from _first_lines(rng, line, key)
    for key, lines in words.wishes.items():
        for line in lines:
            for version in dict.fromkeys((line, roughen(rng, line))):
                yield _wishing(version, key)


def _first_lines(rng: np.random.Generator, line: str, key: str) -> Iterator[Example]:
    """A wish for a body of the atlas, or for the standing body with some parts set."""
    pose = key.removeprefix("pose ")
    if pose != key:
        for text in dict.fromkeys((line, *(roughen(rng, line) for _ in range(BEGUN - 1)))):
            yield Example(text, "text", atlas=pose, parts={})
        return
    change = change_of(f"{key}; was")
    for said, meant in filter(None, ((line, change), mirrored(line, change))):
        for text in dict.fromkeys((said, *(roughen(rng, said) for _ in range(BEGUN - 1)))):
            yield Example(text, "text", body=False, atlas="", parts=meant.parts)


def _describes(change: Change) -> bool:
    """Whether the words for a change of a standing body describe a body where none is shown."""
    named = all(option in STATES[part] for part, option in change.parts.items())
    return change.before == {} and named


def _wishing(text: str, key: str) -> Example:
    """Raises ValueError where a key of wishes.txt is neither `now POSE` nor `new POSE`."""
    when, _, pose = key.partition(" ")
    if when == "new":
        # The writers said more of the look than the pose's name, so that words for a standing body
        # would fit, too: what the body is like is learned from other phrases.
        return Example(text, "text", body=False)
    if when != "now":
        raise ValueError(f"{key!r}: neither for a shown body nor for a new one")
    return Example(text, "edit", body=True, act="imagine", atlas=pose, parts={}, earlier="last")


def _asking(text: str, who: Reference) -> Example:
    return Example(text, "person", photo=True, parts={}, person=who)
