"""What differs between two bodies, in words: the two to four largest differences first."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import torch

from chatpose_demo.geometry.arms import arm
from chatpose_demo.geometry.clauses import round5, together
from chatpose_demo.geometry.figure import SIDES, Figure
from chatpose_demo.geometry.legs import leg
from chatpose_demo.geometry.stance import posture
from chatpose_demo.geometry.telling import hidden_words, sentence
from chatpose_demo.geometry.trunk import head_words, measure_head, measure_trunk, trunk_words
from chatpose_demo.perception.swing import angle
from chatpose_demo.pose import geodesic_degrees

NUMBER = re.compile(r"[0-9.]+ ?(°|cm|m)?")
PLANTED = re.compile(r", the f(oo|ee)t on the floor")
PARTS = [
    *(f"the {side} {part}" for side in SIDES for part in ("arm", "hand", "elbow", "leg", "knee")),
    *(f"both {part}" for part in ("arms", "hands", "elbows", "legs", "knees")),
    "the trunk", "the head",
]  # fmt: skip
NAMES = ("the first", "the second")


@dataclass(frozen=True)
class CompareSettings:
    """Degrees; our choices."""

    same: float = 1.0  # every joint nearer than this: the same pose
    alike: float = 8.0  # a part nearer than this is not worth a word
    facing: float = 20.0
    most: int = 3  # differences that are said; more read like a list


SETTINGS = CompareSettings()
BONES = {
    "arm": ("spine3", (("shoulder", "elbow"), ("elbow", "wrist"))),
    "leg": ("pelvis", (("hip", "knee"), ("knee", "ankle"))),
}


def limb_gap(a: Figure, b: Figure, limb: str, side: str) -> float:
    """Degrees by which a limb's bones point differently, each seen from its own trunk."""
    frame, bones = BONES[limb]
    gaps = []
    for start, end in bones:
        here, there = (
            figure.frames[_index(frame)].T @ figure.bone(f"{side}_{start}", f"{side}_{end}")
            for figure in (a, b)
        )
        gaps.append(angle(here, there))
    return max(gaps)


def _index(name: str) -> int:
    return {"spine3": 9, "pelvis": 0}[name]


def joint_gap(a: Figure, b: Figure) -> float:
    """Largest angle between the two bodies' joints, degrees; where they face does not count."""
    left, right = (torch.from_numpy(np.array(f.rotations[1:])) for f in (a, b))
    inside = float(geodesic_degrees(left, right).max())
    up = angle(a.frames[0].T @ [0.0, 1, 0], b.frames[0].T @ [0.0, 1, 0])
    return max(inside, up)


def compare(a: Figure, b: Figure, names: tuple[str, str] = NAMES) -> str:
    """Two to five sentences about what differs and what is alike.

    Args:
        a, b: two bodies.
        names: what to call them, as in "the first".
    """
    if joint_gap(a, b) < SETTINGS.same:
        return sentence(f"both bodies hold the same pose{_turned(a, b, names)}")
    if not (a.unseen or b.unseen) and joint_gap(a.mirrored(), b) < SETTINGS.same:
        return "The two bodies are mirror images: what one does with its left, the other does " + (
            "with its right."
        )
    told = sorted(_differences(a, b, names), key=lambda one: -one[0])
    big = [words for gap, words in told if gap >= SETTINGS.alike]
    parts = [_postures(a, b, names), *big[: SETTINGS.most]]
    if not big:
        parts.append(f"{names[0]} and {names[1]} differ only by a few degrees")
    parts += _alike(a, b) + _hidden(a, b)
    if turned := _turned(a, b, names):
        parts.append(turned.removeprefix(", but "))
    return " ".join(sentence(part) for part in parts)


def _postures(a: Figure, b: Figure, names: tuple[str, str]) -> str:
    first, second = posture(a), posture(b)
    if first == second:
        return f"both are {first}"
    return f"{names[0]} is {first}; {names[1]} is {second}"


def _turned(a: Figure, b: Figure, names: tuple[str, str]) -> str:
    if a.lying or b.lying:
        return ""
    turn = float(np.degrees(np.arctan2(b.ahead @ a.leftward, b.ahead @ a.ahead)))
    if abs(turn) < SETTINGS.facing:
        return ""
    if abs(turn) > 160:
        return f", but {names[1]} faces the other way"
    side = "left" if turn > 0 else "right"
    return f", but {names[1]} faces {round5(abs(turn))}° further to its {side}"


def _differences(a: Figure, b: Figure, names: tuple[str, str]) -> list[tuple[float, str]]:
    """(degrees, words) for every part."""
    found = []
    for limb, tell in (("arm", arm), ("leg", leg)):
        seen = [s for s in SIDES if not (a.hides(limb, s) or b.hides(limb, s))]
        gaps = {side: limb_gap(a, b, limb, side) for side in seen}
        here, there = ({s: tell(f, s) for s in seen} for f in (a, b))
        both = [together(*(c.get(s) for s in SIDES)) for c in (here, there)]
        pairs = len(both[0]) == len(both[1]) == 1 and len(seen) == 2
        if pairs and min(gaps.values()) >= SETTINGS.alike and unlike(both[0][0], both[1][0]):
            found.append((max(gaps.values()), _contrast(both[0][0], both[1][0], names)))
            continue
        for side in seen:
            if unlike(here[side].text(), there[side].text()):
                words = _contrast(here[side].text(), there[side].text(), names)
            else:
                words = _by_degrees(a, b, limb, side, names)
            found.append((gaps[side], words))
    return found + _axis_differences(a, b, names)


def unlike(here: str, there: str) -> bool:
    """Whether two clauses differ in more than their numbers."""
    return NUMBER.sub("", here) != NUMBER.sub("", there)


def _contrast(here: str, there: str, names: tuple[str, str]) -> str:
    """Two clauses side by side; a foot on the floor goes without saying, a part is named once."""
    here, there = PLANTED.sub("", here), PLANTED.sub("", there)
    for noun in PARTS:
        if here.startswith(f"{noun} ") and there.startswith(f"{noun} "):
            it = "they" if noun.startswith("both") else "it"
            here = here.replace(noun, it, 1)
    return f"in {names[1]} {there}; in {names[0]} {here}"


def _by_degrees(a: Figure, b: Figure, limb: str, side: str, names: tuple[str, str]) -> str:
    """The same words about both: what the numbers add."""
    joint = {"arm": "elbow", "leg": "knee"}[limb]
    more = b.bend(side, joint) - a.bend(side, joint)
    if abs(more) >= SETTINGS.alike:
        which, by = names[more > 0], round5(abs(more))
        return f"the {side} {joint} is bent {by}° more in {which}"
    place = {"arm": Figure.hand, "leg": Figure.foot}[limb]
    tip = {"arm": "hand", "leg": "foot"}[limb]
    rise = float((place(b, side) - place(a, side))[1])
    if abs(rise) >= 0.04:
        return f"the {side} {tip} is {abs(rise) * 100:.0f} cm higher in {names[rise > 0]}"
    return f"the {side} {limb} points {round5(limb_gap(a, b, limb, side))}° another way"


def _axis_differences(a: Figure, b: Figure, names: tuple[str, str]) -> list[tuple[float, str]]:
    found = []
    one, two = measure_trunk(a), measure_trunk(b)
    gap = max(abs(two.forward - one.forward), abs(two.left - one.left), abs(two.turn - one.turn))
    here, there = (f"the trunk {trunk_words(figure)}" for figure in (a, b))
    if unlike(here, there):
        found.append((gap, _contrast(here, there, names)))
    if not (a.hidden_head or b.hidden_head):
        one, two = measure_head(a), measure_head(b)
        gap = max(abs(two.turn - one.turn), abs(two.down - one.down), abs(two.tilt - one.tilt))
        here, there = (f"the head is {head_words(figure)}" for figure in (a, b))
        if here != there:
            found.append((gap, _contrast(here, there, names)))
    return found


def _alike(a: Figure, b: Figure) -> list[str]:
    """Which pairs of limbs are the same."""
    found = []
    for limb in ("arm", "leg"):
        if any(f.hides(limb, s) for f in (a, b) for s in SIDES):
            continue
        gap = max(limb_gap(a, b, limb, side) for side in SIDES)
        if gap < SETTINGS.alike:
            word = "the same" if gap < SETTINGS.same else "nearly the same"
            found.append(f"the {limb}s are {word} in both")
    return found


def _hidden(a: Figure, b: Figure) -> list[str]:
    found = []
    for limb in ("arm", "leg"):
        sides = [side for side in SIDES if a.hides(limb, side) or b.hides(limb, side)]
        if sides:
            found.append(f"the photo does not show {hidden_words(limb, sides)}, so I leave it out")
    return found
