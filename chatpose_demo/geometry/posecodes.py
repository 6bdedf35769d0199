"""Posecodes: everything measurable about a body as named facts with their numbers and words.

The idea is PoseScript's (Delmas 2022): angles, directions, relative places and contacts, each put
into words when it is worth saying. Measures, thresholds and wording are our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.geometry.arms import arm
from chatpose_demo.geometry.clauses import (
    STRAIGHT,
    bend_words,
    centimetres,
    round5,
    together,
)
from chatpose_demo.geometry.contacts import hand_touches, on_floor
from chatpose_demo.geometry.figure import SIDES, Figure, other_side
from chatpose_demo.geometry.legs import leg
from chatpose_demo.geometry.stance import posture
from chatpose_demo.geometry.trunk import head_words, measure_head, measure_trunk, trunk_words

# Our choices: where two sides count as alike, and what is near.
SAME_ANGLE = 5.0  # degrees
SAME_LENGTH = 0.03  # metres
KNEES_TOGETHER = 0.16  # m between the knees' joints; the hips' are 0.18 apart
FEET_TOGETHER = 0.2  # m between the feet's middles
HANDS_APART = 0.7  # m
AHEAD = 0.12  # m: a foot or hand this much further ahead is in front


@dataclass(frozen=True)
class Code:
    """One fact.

    Attributes:
        name: what was measured ("left_knee_bend").
        kind: "posture", "bend", "limb", "place", "contact", "ground", "trunk" or "head".
        key: the fact without its side and numbers, by which captions know how common it is.
        words: a clause ("the left knee is bent at about a right angle (90°)"); "" when the number
            is too ordinary to be said.
        value: degrees, metres, or 1 for plain truth.
    """

    name: str
    kind: str
    key: str
    words: str
    value: float = 1.0


def posecodes(figure: Figure) -> tuple[Code, ...]:
    """All facts about a body; those about limbs that nobody saw are left out."""
    said = posture(figure)
    codes = [Code("posture", "posture", f"posture {_plain(said)}", f"the body is {said}")]
    codes += _bends(figure) + _limbs(figure) + _places(figure) + _contacts(figure)
    return tuple(codes + _axis(figure))


def _plain(words: str) -> str:
    """Words without their side, so that mirror images are equally common."""
    return words.replace("left", "one").replace("right", "one")


def _seen(figure: Figure, limb: str) -> list[str]:
    return [side for side in SIDES if not figure.hides(limb, side)]


def _bends(figure: Figure) -> list[Code]:
    found = []
    for limb, joints in (("arm", ("elbow",)), ("leg", ("knee", "hip"))):
        for side in _seen(figure, limb):
            for joint in joints:
                value = figure.bend(side, joint)
                word = bend_words(value)
                words = f"the {side} {joint} is {word}"
                words += f" ({round5(value)}°)" if value >= STRAIGHT else ""
                said = words if joint != "hip" and word != "slightly bent" else ""
                found.append(Code(f"{side}_{joint}_bend", "bend", f"{joint} {word}", said, value))
    return found


def _limbs(figure: Figure) -> list[Code]:
    found = []
    for limb, tell in (("arm", arm), ("leg", leg)):
        clauses = {side: tell(figure, side) for side in _seen(figure, limb)}
        both = together(clauses.get("left"), clauses.get("right"))
        if len(both) == 1 and len(clauses) == 2:
            found.append(Code(f"{limb}s", "limb", f"both {clauses['left'].key}", both[0]))
            continue
        for side, clause in clauses.items():
            found.append(Code(f"{side}_{limb}", "limb", clause.key, clause.text()))
    return found


def _places(figure: Figure) -> list[Code]:
    found = []
    for side in _seen(figure, "arm"):
        height = float(figure.hand(side)[1])
        found.append(Code(f"{side}_hand_height", "place", "hand height", "", height))
        for mark, level in (("head", figure.crown[1]), ("shoulder", figure.at("neck")[1])):
            if height > level and not figure.lying:
                words = f"the {side} hand is above the {mark}"
                found.append(Code(f"{side}_hand_over", "place", f"hand above {mark}", words))
                break
    if len(_seen(figure, "arm")) == 2:
        found += _hands(figure)
    if len(_seen(figure, "leg")) == 2:
        found += _feet(figure)
    return found


def _hands(figure: Figure) -> list[Code]:
    reach = {side: figure.hand(side) - figure.at("spine3") for side in SIDES}
    apart = float(np.linalg.norm(reach["left"] - reach["right"]))
    words = f"the hands are {centimetres(apart)} apart" if apart > HANDS_APART else ""
    found = [Code("hands_apart", "place", "hands apart", words, apart)]
    higher = max(SIDES, key=lambda side: figure.hand(side)[1])
    rise = float(figure.hand(higher)[1] - figure.hand(other_side(higher))[1])
    words = f"the {higher} hand is {centimetres(rise)} higher than the {other_side(higher)}"
    found.append(Code("hand_rise", "place", "hand higher", words if rise > 0.15 else "", rise))
    ahead = figure.axis("spine3", 2)
    front = max(SIDES, key=lambda side: float(reach[side] @ ahead))
    gap = float((reach[front] - reach[other_side(front)]) @ ahead)
    words = f"the {front} hand is in front of the {other_side(front)}" if gap > AHEAD else ""
    found.append(Code("hand_ahead", "place", "hand ahead", words, gap))
    return found


def _feet(figure: Figure) -> list[Code]:
    between = figure.foot("left") - figure.foot("right")
    apart = float(np.linalg.norm(between))
    shoulders = float(np.linalg.norm(figure.at("left_shoulder") - figure.at("right_shoulder")))
    words, key = "", "feet apart"
    if apart < FEET_TOGETHER:
        words, key = "the feet are close together", "feet together"
    elif abs(between @ figure.leftward) > shoulders + 0.05:
        words, key = f"the feet are {centimetres(apart)} apart, wider than the shoulders", "wide"
    found = [Code("feet_apart", "place", key, words, apart)]
    front = foremost(figure)
    gap = stride(figure)
    words = f"the {front} foot is {centimetres(gap)} ahead" if gap > AHEAD else ""
    found.append(Code("foot_ahead", "place", "foot ahead", words, gap))
    knees = float(np.linalg.norm(figure.at("left_knee") - figure.at("right_knee")))
    words = "the knees are together" if knees < KNEES_TOGETHER else ""
    found.append(Code("knees_apart", "place", "knees together", words, knees))
    return found


def stride(figure: Figure) -> float:
    """Metres by which the foremost foot is ahead of the other."""
    return abs(float((figure.foot("left") - figure.foot("right")) @ figure.ahead))


def foremost(figure: Figure) -> str:
    """The side whose foot is further ahead, as the pelvis faces."""
    return max(SIDES, key=lambda side: float(figure.foot(side) @ figure.ahead))


def _contacts(figure: Figure) -> list[Code]:
    found = []
    for touch in hand_touches(figure):
        name = f"{touch.side}_hand_at_{touch.region}"
        key = f"touch {_plain(touch.region)}"
        found.append(Code(name, "contact", key, "", touch.gap))
    for region in on_floor(figure):
        found.append(Code(f"{region}_on_floor", "ground", f"floor {_plain(region)}", ""))
    return found


def _axis(figure: Figure) -> list[Code]:
    trunk, head = measure_trunk(figure), measure_head(figure)
    words = trunk_words(figure)
    said = "" if words == "is upright" else f"the trunk {words}"
    key = " ".join(word for word in _plain(words).split() if "°" not in word)
    found = [
        Code("trunk", "trunk", f"trunk {key}", said),
        Code("trunk_forward", "trunk", "lean", "", trunk.forward),
        Code("trunk_left", "trunk", "lean", "", trunk.left),
        Code("trunk_turn", "trunk", "turn", "", trunk.turn),
        Code("spine_rounded", "trunk", "round", "", trunk.rounded),
    ]
    if not figure.hidden_head:
        words = head_words(figure)
        said = "" if "in line" in words else f"the head is {words}"
        key = " ".join(word for word in _plain(words).split() if "°" not in word)
        found += [
            Code("head", "head", f"head {key}", said),
            Code("head_turn", "head", "turn", "", head.turn),
            Code("head_down", "head", "nod", "", head.down),
            Code("head_tilt", "head", "tilt", "", head.tilt),
        ]
    return found
