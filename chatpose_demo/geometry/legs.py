"""What a leg does: how bent its knee is, where the thigh points, where the foot is."""

from __future__ import annotations

from chatpose_demo.geometry.clauses import (
    STRAIGHT,
    Clause,
    axes,
    bend_words,
    centimetres,
    round5,
    way,
)
from chatpose_demo.geometry.contacts import SETTINGS, lowest
from chatpose_demo.geometry.figure import UP, Figure
from chatpose_demo.geometry.stance import trunk_rests
from chatpose_demo.perception.swing import angle

# Our choices; degrees of the thigh from hanging, and metres.
DRAWN_UP, LEVEL, SLANTED, REACHES, APART = 112.0, 62.0, 25.0, 35.0, 18.0
KNEE_CARRIES = 0.08  # m: the knee's skin this near to the floor rests on it
HEEL_LIFTED = 0.07  # m above the toes
LIFTED = 0.2  # m: a foot that a body on the floor visibly lifts


def leg(figure: Figure, side: str) -> Clause:
    """What a leg does."""
    up, ahead, out, own = axes(figure, side, "pelvis")
    thigh = figure.bone(f"{side}_hip", f"{side}_knee")
    knee, raised = figure.bend(side, "knee"), angle(thigh, -up)
    low_knee = lowest(figure, f"{side}_knee") < KNEE_CARRIES
    if not own and low_knee and raised < 60 and knee > 55:
        return Clause(side, "leg", "kneels on the floor", "kneel on the floor", "leg kneels")
    word = bend_words(knee) + (f" ({round5(knee)}°)" if knee >= STRAIGHT else "")
    if own or trunk_rests(figure):
        return _low_leg(figure, side, word)
    foot, feet, place = _foot(figure, side)
    heading = way(thigh, ahead, out)
    if knee < STRAIGHT:
        return _straight(side, raised, heading, (foot, feet, place))
    to = {"out": "out to the side", "across": "inwards"}.get(heading, heading)
    if raised > DRAWN_UP:
        shown = " and drawn up"
    elif raised > LEVEL:
        shown = ", the thigh about level"
    else:
        shown = f", the thigh slanting {to}" if raised > SLANTED else ""
    many = shown.replace("the thigh ", "the thighs ")
    key = f"knee {bend_words(knee)}{shown}{place}"
    return Clause(side, "knee", f"is {word}{shown}{foot}", f"are {word}{many}{feet}", key)


def _straight(side: str, raised: float, heading: str, foot: tuple[str, str, str]) -> Clause:
    """A straight leg: degrees from hanging, which way, and where its foot is."""
    to = {"out": "out to the side", "across": "across the other leg"}.get(heading, heading)
    verb = "reach" if raised > REACHES else "slant"
    where = "" if raised < APART else f" and {verb}{{}} {to}"
    one = where.format("es" if verb == "reach" else "s")
    return Clause(
        side, "leg", f"is straight{one}{foot[0]}", f"are straight{where.format('')}{foot[1]}",
        f"leg straight{one}{foot[2]}",
    )  # fmt: skip


def _foot(figure: Figure, side: str) -> tuple[str, str, str]:
    """Where a foot is: for one, for two, and as a key."""
    height = lowest(figure, f"{side}_foot")
    if height > SETTINGS.floor:
        words = f"{centimetres(height)} above the floor"
        return f", the foot {words}", f", the feet {words}", ", foot up"
    if figure.mark(side, "Heel")[1] - figure.mark(side, "BigToe")[1] > HEEL_LIFTED:
        return ", the heel lifted", ", the heels lifted", ", heel up"
    return ", the foot on the floor", ", the feet on the floor", ""


def _low_leg(figure: Figure, side: str, word: str) -> Clause:
    """A leg of a body that lies, sits on the floor, or stands on its head."""
    straight = figure.bend(side, "knee") < STRAIGHT
    thigh = figure.bone(f"{side}_hip", f"{side}_knee")
    if straight:
        shown = " and points up" if thigh @ UP > 0.8 else ""
    else:
        shown = " and drawn up" if figure.bend(side, "hip") > 105 else ""
    foot = feet = ""
    if not shown and lowest(figure, f"{side}_foot") > LIFTED:
        foot, feet, _ = _foot(figure, side)
    key = f"leg low {'straight' if straight else 'bent'}{shown}{', foot up' if foot else ''}"
    many = shown.replace("points", "point")
    noun = "leg" if straight else "knee"
    return Clause(side, noun, f"is {word}{shown}{foot}", f"are {word}{many}{feet}", key)
