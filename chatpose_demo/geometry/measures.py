"""How high parts of a body are, how far apart, and whether they touch the floor: named parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chatpose_demo.geometry.answers_limbs import LIMB_OF
from chatpose_demo.geometry.clauses import centimetres
from chatpose_demo.geometry.contacts import SETTINGS, lowest
from chatpose_demo.geometry.figure import SIDES, Figure
from chatpose_demo.geometry.posecodes import SAME_LENGTH, foremost
from chatpose_demo.geometry.stance import floats, listing
from chatpose_demo.geometry.telling import hidden_words, sentence

PAIRED = ("hand", "elbow", "shoulder", "hip", "knee", "foot")
SEAT = "bottom"  # the region is called a seat, a person has a bottom


@dataclass(frozen=True)
class Part:
    """The head, the seat, or one of PAIRED.

    Attributes:
        side: of a pair, "left" or "right"; "front" or "back" by the feet; "upper" or "lower" by
            height; None leaves it open.
    """

    noun: str
    side: str | None = None

    def __str__(self) -> str:
        noun = SEAT if self.noun == "seat" else self.noun
        return f"the {self.side} {noun}" if self.side else f"the {noun}"


def settled(figure: Figure, part: Part) -> list[Part]:
    """The part with its own side; both of a pair that was named without one."""
    if part.noun not in PAIRED or part.side in SIDES:
        return [part]
    pair = [Part(part.noun, side) for side in SIDES]
    if part.side in ("front", "back"):
        ahead = foremost(figure)
        return [one for one in pair if (one.side == ahead) == (part.side == "front")]
    if part.side in ("upper", "lower"):
        pair.sort(key=lambda one: _height(figure, one))
        return [pair[-1] if part.side == "upper" else pair[0]]
    return pair


def _place(figure: Figure, part: Part) -> np.ndarray:
    """(3,) metres: the crown of the head, the palm, the foot's middle, a joint's centre."""
    if part.noun == "head":
        return figure.crown
    if part.noun == "seat":
        return figure.at("pelvis")
    assert part.side is not None
    if part.noun == "hand":
        return figure.hand(part.side)
    return figure.foot(part.side) if part.noun == "foot" else figure.at(f"{part.side}_{part.noun}")


def _height(figure: Figure, part: Part) -> float:
    """Metres above the floor; a foot's or seat's by its lowest skin."""
    if part.noun == "foot":
        return lowest(figure, f"{part.side}_foot")
    return lowest(figure, "seat") if part.noun == "seat" else float(_place(figure, part)[1])


def _pair(figure: Figure, parts: Sequence[Part]) -> list[list[Part]]:
    """The sides of each of the first two parts; beside one hand, "the other hand" is the other."""
    sides = [settled(figure, part) for part in parts[:2]]
    for one, other in ((0, 1), (1, 0)):
        if len(sides) > 1 and len(sides[one]) == 1 and sides[one][0] in sides[other]:
            sides[other] = [part for part in sides[other] if part != sides[one][0]]
    return sides


def _unseen(figure: Figure, parts: Sequence[Part]) -> str:
    """A sentence about the first part that no photo showed; "" if all were seen."""
    for part in parts:
        limb = LIMB_OF.get(part.noun)
        joint = "pelvis" if part.noun == "seat" else f"{part.side}_{part.noun}"
        if part.noun not in LIMB_OF and joint in figure.unseen:
            return f"The photo does not show {part}."
        if part.noun == "head" and figure.hidden_head:
            return "The photo does not show the head."
        if limb and part.side and figure.hides(limb, part.side):
            return f"The photo does not show {hidden_words(limb, [part.side])}."
    return ""


def heights(figure: Figure, parts: Sequence[Part]) -> str:
    """How high one or several parts are, and which is higher.

    Args:
        parts: at least one; of a pair without a side, beside another part, the higher one counts.
    """
    sides = [one for one in _pair(figure, parts) if one]
    if hidden := _unseen(figure, [part for one in sides for part in one]):
        return hidden
    asked = sides[0]
    if len(sides) > 1:
        asked = [max(one, key=lambda part: _height(figure, part)) for one in sides]
    metres = [_height(figure, part) for part in asked]
    floor = not floats(figure) or figure.lying
    told = [
        f"{part} is {'on the floor' if _rests(figure, part) else _above(height)}"
        for part, height in zip(asked, metres, strict=True)
    ]
    first = sentence(listing(told)) if floor else ""
    if len(asked) < 2:
        return first or "The photo does not show the floor, so heights cannot be told."
    gap = metres[0] - metres[1]
    upper, lower = asked if gap >= 0 else asked[::-1]
    if abs(gap) < SAME_LENGTH:
        second = f"So {upper} and {lower} are about level." if floor else "They are about level."
    else:
        second = sentence(f"{upper} is higher than {lower}, by {centimetres(abs(gap))}")
    return f"{first} {second}".strip()


def _above(metres: float) -> str:
    return f"{centimetres(metres)} above the floor"


def _rests(figure: Figure, part: Part) -> bool:
    return lowest(figure, _region(part)) < SETTINGS.floor


def _region(part: Part) -> str:
    """The part's name among contacts.regions."""
    return f"{part.side}_{part.noun}" if part.side else part.noun


def apart(figure: Figure, parts: Sequence[Part]) -> str:
    """How far two parts are from each other, in a straight line.

    Args:
        parts: one of a pair without its side, or two; of a pair without a side the nearer counts.

    Raises:
        ValueError: one part that has no partner.
    """
    sides = [one for one in _pair(figure, parts) if one]
    choices = list(product(*sides)) if len(sides) > 1 else [tuple(one) for one in sides]
    choices = [two for two in choices if len(set(two)) == 2]
    if not choices:
        raise ValueError(f"{' and '.join(map(str, parts)) or 'nothing'} alone has no distance")

    def metres(two: tuple[Part, ...]) -> float:
        return float(np.linalg.norm(_place(figure, two[0]) - _place(figure, two[1])))

    pair = min(choices, key=metres)
    if hidden := _unseen(figure, pair):
        return hidden
    alike = pair[0].noun == pair[1].noun
    names = f"the {plural(pair[0].noun)}" if alike else f"{pair[0]} and {pair[1]}"
    return sentence(f"{names} are {centimetres(metres(pair))} apart")


def on_the_floor(figure: Figure, parts: Sequence[Part]) -> str:
    """Whether parts touch the floor, and by how much not."""
    asked = [one for part in parts for one in settled(figure, part)]
    if hidden := _unseen(figure, asked):
        return hidden
    if floats(figure):
        return "The photo does not show the floor."
    gaps = {part: lowest(figure, _region(part)) for part in asked}
    down = [part for part in asked if _rests(figure, part)]
    up = [part for part in asked if part not in down]
    both = len(down) == len(asked) == 2 and down[0].noun == down[1].noun
    names = f"both {plural(down[0].noun)}" if both else listing([str(part) for part in down])
    told = [f"{names} {'is' if len(down) == 1 else 'are'} on the floor"] if down else []
    told += [f"{part} is {centimetres(gaps[part])} above the floor" for part in up]
    yes = "Yes" if not up else "Only in part" if down else "No"
    return f"{yes}: {listing(told)}."


def plural(noun: str) -> str:
    """ "knees", "feet" """
    return "feet" if noun == "foot" else f"{noun}s"
