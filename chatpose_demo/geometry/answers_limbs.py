"""Answers about arms and legs: bends, heights, places, touches."""

from __future__ import annotations

import numpy as np

from chatpose_demo.geometry.arms import arm, plain_region
from chatpose_demo.geometry.clauses import (
    STRAIGHT,
    bend_words,
    centimetres,
    height_words,
    round5,
    together,
)
from chatpose_demo.geometry.contacts import SETTINGS, hand_touches, lowest
from chatpose_demo.geometry.figure import SIDES, Figure, other_side
from chatpose_demo.geometry.legs import leg
from chatpose_demo.geometry.posecodes import (
    FEET_TOGETHER,
    SAME_ANGLE,
    SAME_LENGTH,
    foremost,
    stride,
)
from chatpose_demo.geometry.stance import floats, listing
from chatpose_demo.geometry.telling import hidden_words, sentence

LIMB_OF = {"elbow": "arm", "hand": "arm", "knee": "leg", "foot": "leg"}


def _split(figure: Figure, name: str, side: str | None) -> tuple[list[str], str]:
    """Sides that were seen among those asked for, and a sentence about the others ("" if none)."""
    asked = SIDES if side is None else (side,)
    hidden = [one for one in asked if figure.hides(name, one)]
    seen = [one for one in asked if one not in hidden]
    return seen, f"The photo does not show {hidden_words(name, hidden)}." if hidden else ""


def _joined(*sentences: str) -> str:
    return " ".join(part for part in sentences if part)


def doing(figure: Figure, name: str, side: str | None) -> str:
    """What the "arm"s or "leg"s do."""
    seen, hidden = _split(figure, name, side)
    tell = {"arm": arm, "leg": leg}[name]
    clauses = {one: tell(figure, one) for one in seen}
    told = together(clauses.get("left"), clauses.get("right"))
    return _joined(sentence("; ".join(told)) if told else "", hidden)


def more_bent(figure: Figure, joint: str) -> str:
    """Which "knee" or "elbow" is bent more."""
    seen, hidden = _split(figure, LIMB_OF[joint], None)
    if hidden:
        known = "".join(f" The {side} {joint} is bent by {_angle(figure, side, joint)}."
                        for side in seen)  # fmt: skip
        return f"{hidden}{known}"
    bends = {side: figure.bend(side, joint) for side in SIDES}
    more = max(SIDES, key=lambda side: bends[side])
    if abs(bends["left"] - bends["right"]) < SAME_ANGLE:
        if max(bends.values()) < STRAIGHT:
            return f"Neither: both {joint}s are straight."
        return f"Both {joint}s are about the same, bent by {round5(bends[more])}°."
    less = other_side(more)
    return (
        f"The {more} {joint}: it is bent by {_angle(figure, more, joint)}, "
        f"the {less} one by {_angle(figure, less, joint)}."
    )


def _angle(figure: Figure, side: str, joint: str) -> str:
    return f"{round(figure.bend(side, joint))}°"


def bend_angle(figure: Figure, joint: str, side: str | None) -> str:
    """How far the knees or elbows are bent; 0° is straight."""
    seen, hidden = _split(figure, LIMB_OF[joint], side)
    bends = {one: figure.bend(one, joint) for one in seen}
    scale = "where 0° is straight"
    if len(seen) == 2 and abs(bends["left"] - bends["right"]) < SAME_ANGLE:
        mean = (bends["left"] + bends["right"]) / 2
        word = bend_words(mean)
        return f"Both {joint}s are {word}: they are bent by about {round(mean)}°, {scale}."
    told = [
        f"the {one} {joint} is {bend_words(value)} ({round(value)}°)"
        for one, value in bends.items()
    ]
    return _joined(sentence(f"{listing(told)}, {scale}") if told else "", hidden)


def hand_higher(figure: Figure, side: str | None) -> str:
    """Which hand is higher."""
    seen, hidden = _split(figure, "arm", None)
    if hidden:
        return _joined(hidden, hand_heights(figure, seen[0]) if seen else "")
    heights = {one: float(figure.hand(one)[1]) for one in SIDES}
    upper = max(SIDES, key=lambda one: heights[one])
    rise = heights[upper] - heights[other_side(upper)]
    if rise < SAME_LENGTH:
        return f"Both hands are about the same height, {_above(figure, heights[upper])}."
    return sentence(
        f"the {upper} hand, by {centimetres(rise)}: it is {_above(figure, heights[upper])}"
    )


def _above(figure: Figure, height: float) -> str:
    """A height in numbers and against the body; a floor that nobody saw has no numbers."""
    if floats(figure) and not figure.lying:
        return height_words(figure, height)
    if figure.lying:
        return f"{centimetres(height)} above the floor"
    return f"{centimetres(height)} above the floor, {height_words(figure, height)}"


def hand_heights(figure: Figure, side: str | None) -> str:
    """How high the hands are."""
    seen, hidden = _split(figure, "arm", side)
    heights = {one: float(figure.hand(one)[1]) for one in seen}
    if len(seen) == 2 and abs(heights["left"] - heights["right"]) < SAME_LENGTH:
        return sentence(f"both hands are {_above(figure, sum(heights.values()) / 2)}")
    told = [f"the {one} hand is {_above(figure, height)}" for one, height in heights.items()]
    return _joined(sentence("; ".join(told)) if told else "", hidden)


def hands_where(figure: Figure, side: str | None) -> str:
    """Where the hands are: what they lie at, else their height and side of the body."""
    seen, hidden = _split(figure, "arm", side)
    clauses = {one: _hand(figure, one) for one in seen}
    if len(seen) == 2 and clauses["left"] == clauses["right"]:
        return sentence(f"both hands are {clauses['left']}")
    both = {one: arm(figure, one) for one in seen}
    if len(seen) == 2 and both["left"].key == both["right"].key == "hands together":
        return sentence(together(both["left"], both["right"])[0])
    told = [f"the {one} hand is {words}" for one, words in clauses.items()]
    return _joined(sentence("; ".join(told)) if told else "", hidden)


def _hand(figure: Figure, side: str) -> str:
    clause = arm(figure, side)
    if clause.noun == "hand":
        return clause.one.removeprefix("is ").split(", the elbow")[0]
    if clause.key == "arms folded":
        return "at the other arm, in front of the chest"
    if clause.noun == "elbow":
        return clause.one.split("the hand ")[1]
    reach = figure.hand(side) - figure.at("spine3")
    ahead = float(reach @ figure.axis("spine3", 2))
    out = float(reach @ figure.axis("spine3", 0)) * (1 if side == "left" else -1)
    where = "beside the body"
    if ahead > 0.25 and ahead > out - 0.2:
        where = "in front of the body"
    elif ahead < -0.2:
        where = "behind the body"
    elif out > 0.45:
        where = "out to the side"
    high = height_words(figure, float(figure.hand(side)[1]))
    if high == "above the head" and where == "beside the body":
        return high
    return f"{where}, {high}"


def touching_self(figure: Figure, side: str | None) -> str:
    """Whether a hand touches the body, and where."""
    seen, hidden = _split(figure, "arm", side)
    if not seen:
        return hidden
    found, close = [], []
    pair = folded = False
    for one in seen:
        clause = arm(figure, one)
        at = _touching(clause.one) if clause.noun == "hand" and "floor" not in clause.key else ""
        if clause.key == "arms folded":
            folded = True
        elif clause.key == "hands together":
            pair = True
        elif at:
            found.append(f"the {one} hand is at {at}")
        else:
            near = hand_touches(figure, SETTINGS.near)
            parts = [plain_region(touch.region) for touch in near if touch.side == one]
            if parts and parts[0] == "hand":
                close = ["the hands are close to each other"]
            elif parts:
                close.append(f"the {one} hand is close to the {_word(parts[0])}")
    if pair:
        found.insert(0, "the hands touch each other")
    if folded:
        found.insert(0, "each hand is at the other arm")
    if found:
        return _joined(f"Yes, {listing(found)}.", hidden)
    if close:
        return _joined(f"Not quite: {listing(close)}.", hidden)
    who = "no hand touches" if len(seen) == 2 else f"the {seen[0]} hand does not touch"
    return _joined(f"No, {who} the body.", hidden)


def _touching(words: str) -> str:
    """ "the left hip" of "is on the left hip" """
    for start in ("is on ", "is at ", "is behind "):
        if words.startswith(start):
            behind = "the back of " if start == "is behind " and "head" in words else ""
            return behind + words.removeprefix(start)
    return ""


def _word(part: str) -> str:
    return {"seat": "buttocks", "belly": "stomach", "upper_arm": "upper arm"}.get(part, part)


def foot_ahead(figure: Figure, side: str | None) -> str:
    """Which foot is foremost."""
    seen, hidden = _split(figure, "leg", None)
    if hidden:
        return hidden
    gap = stride(figure)
    if gap < SAME_LENGTH:
        return "Neither: both feet are about the same distance ahead."
    way = "nearer to the head" if figure.lying else "in front"
    return f"The {foremost(figure)} foot is {way}, by {centimetres(gap)}."


def feet_where(figure: Figure, side: str | None) -> str:
    """Where the feet are: on the floor or above it, how far apart, which is ahead."""
    seen, hidden = _split(figure, "leg", side)
    heights = {one: lowest(figure, f"{one}_foot") for one in seen}
    up = [one for one in seen if heights[one] > SETTINGS.floor]
    if len(seen) == 2 and not up:
        told = ["both feet are on the floor"]
    elif len(seen) == 2 and len(up) == 2 and abs(heights["left"] - heights["right"]) < SAME_LENGTH:
        told = [f"both feet are {centimetres(sum(heights.values()) / 2)} above the floor"]
    else:
        told = [
            f"the {one} foot is {centimetres(heights[one])} above the floor"
            if one in up
            else f"the {one} foot is on the floor"
            for one in seen
        ]
    if len(seen) < 2:
        return _joined(sentence(told[0]) if told else "", hidden)
    apart = float(np.linalg.norm((figure.foot("left") - figure.foot("right")) * [1, 0, 1]))
    words = f"{listing(told)}, {centimetres(apart)} apart"
    if apart < FEET_TOGETHER and not up:
        words = f"{listing(told)}, close together"
    gap = stride(figure)
    if gap > SAME_LENGTH * 2 and not figure.lying:
        words += f"; the {foremost(figure)} one is {centimetres(gap)} ahead"
    return _joined(sentence(words), hidden)
