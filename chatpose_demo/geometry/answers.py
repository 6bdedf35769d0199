"""Answers to questions about a shown body, measured on the body itself.

`KINDS` lists the questions that geometry can answer; `answer` gives one to three plain sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from chatpose_demo.geometry import answers_limbs as limb
from chatpose_demo.geometry.compare import SETTINGS as COMPARE
from chatpose_demo.geometry.compare import compare, limb_gap
from chatpose_demo.geometry.figure import SIDES, UP, Figure
from chatpose_demo.geometry.stability import carrying_leg, stability
from chatpose_demo.geometry.stance import floats, floor_words, posture
from chatpose_demo.geometry.telling import describe_at_length, describe_briefly, sentence
from chatpose_demo.geometry.trunk import (
    gaze_words,
    head_words,
    measure_trunk,
    spine_words,
    trunk_words,
    viewer_words,
)
from chatpose_demo.perception.swing import unit

KINDS: dict[str, str] = {
    "describe_short": "the whole body in one sentence",
    "describe_long": "the whole body in three to six sentences",
    "compare": "what differs from another body",
    "balance": "whether it could fall",
    "hands_where": "where the hands are",
    "posture": "standing, sitting, kneeling, lying",
    "which_knee_more_bent": "the knee that is bent more",
    "which_elbow_more_bent": "the elbow that is bent more",
    "which_hand_higher": "the hand that is higher",
    "which_foot_ahead": "the foremost foot",
    "which_leg_carries": "the leg that carries the weight",
    "knee_angle": "how far the knees are bent",
    "elbow_angle": "how far the elbows are bent",
    "back_straight": "lean of the trunk and bend of the spine",
    "arms_doing": "what the arms do",
    "legs_doing": "what the legs do",
    "feet_where": "where the feet are",
    "head_where": "where the head points",
    "facing": "which way the body faces, seen by the viewer",
    "symmetric": "whether left and right are alike",
    "touching_self": "whether a hand touches the body",
    "on_ground": "what touches the floor",
    "height_of_hands": "how high the hands are",
}


def answer(
    kind: str,
    body: np.ndarray | Figure,
    *,
    side: str | None = None,
    other: np.ndarray | Figure | None = None,
    unseen: Iterable[str] = (),
) -> str:
    """Answer a question about a body.

    Args:
        kind: one of KINDS.
        body: (24, 3, 3) rotations, world frame, y up; or a Figure.
        side: "left" or "right" narrows an answer about limbs to one; None speaks of both.
        other: the second body of "compare".
        unseen: joints of `body`, given as rotations, that the photo did not show.

    Raises:
        ValueError: an unknown kind or side, or "compare" without `other`.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; one of {', '.join(KINDS)}")
    if side not in (None, *SIDES):
        raise ValueError(f'side must be "left", "right" or None, not {side!r}')
    figure = body if isinstance(body, Figure) else Figure.of(body, unseen)
    if kind == "compare":
        if other is None:
            raise ValueError("compare needs another body")
        return compare(figure, other if isinstance(other, Figure) else Figure.of(other))
    return ANSWERS[kind](figure, side)


def _posture(figure: Figure, side: str | None) -> str:
    if floats(figure):
        lies = figure.lying
        known = "the trunk is nearly level" if lies else "the trunk is upright"
        legs = "the legs" if figure.hidden_legs else "both legs"
        return f"The photo does not show {legs}; {known}, and that is all that can be told."
    return sentence(f"the body is {posture(figure)}")


def _back(figure: Figure, side: str | None) -> str:
    return sentence(f"the back {spine_words(figure)}, and the trunk {trunk_words(figure)}")


def _head(figure: Figure, side: str | None) -> str:
    if figure.hidden_head:
        return "The photo does not show the head."
    return sentence(f"the head is {head_words(figure)}; the face points {gaze_words(figure)}")


def _facing(figure: Figure, side: str | None) -> str:
    front = figure.axis("spine3", 2)
    if figure.lying or abs(front @ UP) > 0.8:
        head = viewer_words(unit((figure.at("head") - figure.at("pelvis")) * [1, 0, 1]))
        tilt = float(front @ UP)
        chest = "up" if tilt > 0.55 else "down" if tilt < -0.55 else viewer_words(front)
        return sentence(f"the chest faces {chest}, and the head points {head}")
    heading = unit(figure.ahead)
    words = sentence(f"it faces {viewer_words(heading)}")
    turn = measure_trunk(figure).turn
    if abs(turn) > 22:
        words += f" The chest is turned further, to its {'left' if turn > 0 else 'right'}."
    return words


def _symmetric(figure: Figure, side: str | None) -> str:
    hidden = [name for name in ("arm", "leg") for s in SIDES if figure.hides(name, s)]
    if hidden:
        return f"The photo does not show both {hidden[0]}s, so their sides cannot be compared."
    twin = figure.mirrored()
    gaps = {name: limb_gap(figure, twin, name, "left") for name in ("arm", "leg")}
    unlike = [
        name for name in sorted(gaps, key=lambda one: -gaps[one]) if gaps[name] > COMPARE.alike
    ]
    trunk = measure_trunk(figure)
    leans = max(abs(trunk.left), abs(trunk.turn)) > COMPARE.alike and not figure.lying
    if not unlike and not leans:
        return "Yes, left and right are alike to within a few degrees."
    if not unlike:
        return f"The limbs are alike, but the trunk {trunk_words(figure)}."
    first = limb.doing(figure, unlike[0], None)
    same = [name for name in gaps if name not in unlike]
    tail = f" The {same[0]}s are alike." if same else ""
    return f"No. {first}{tail}"


Teller = Callable[[Figure, str | None], str]
ANSWERS: dict[str, Teller] = {
    "describe_short": lambda figure, side: describe_briefly(figure),
    "describe_long": lambda figure, side: describe_at_length(figure),
    "balance": lambda figure, side: stability(figure),
    "hands_where": limb.hands_where,
    "posture": _posture,
    "which_knee_more_bent": lambda figure, side: limb.more_bent(figure, "knee"),
    "which_elbow_more_bent": lambda figure, side: limb.more_bent(figure, "elbow"),
    "which_hand_higher": limb.hand_higher,
    "which_foot_ahead": limb.foot_ahead,
    "which_leg_carries": lambda figure, side: carrying_leg(figure),
    "knee_angle": lambda figure, side: limb.bend_angle(figure, "knee", side),
    "elbow_angle": lambda figure, side: limb.bend_angle(figure, "elbow", side),
    "back_straight": _back,
    "arms_doing": lambda figure, side: limb.doing(figure, "arm", side),
    "legs_doing": lambda figure, side: limb.doing(figure, "leg", side),
    "feet_where": limb.feet_where,
    "head_where": _head,
    "facing": _facing,
    "symmetric": _symmetric,
    "touching_self": limb.touching_self,
    "on_ground": lambda figure, side: floor_words(figure),
    "height_of_hands": limb.hand_heights,
}
