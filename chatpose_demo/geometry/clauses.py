"""Clauses about one arm or leg, and the words for angles, lengths and directions.

An upright or bent body is told in the world's directions (up, down) and its own heading; one that
lies or stands on its head is told along its own trunk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from chatpose_demo.geometry.figure import UP, Figure, sign
from chatpose_demo.geometry.stance import trunk_rests
from chatpose_demo.perception.swing import unit

STRAIGHT = 25.0  # degrees, our choice: a joint bent less looks straight


@dataclass(frozen=True)
class Clause:
    """What a part does.

    Attributes:
        side: "left" or "right". noun: "arm", "hand", "elbow", "leg" or "knee".
        one: the verb and the rest for one part ("hangs down").
        two: the same when both sides do it ("hang down").
        key: what kind of thing is said, the same on both sides.
    """

    side: str
    noun: str
    one: str
    two: str
    key: str

    def text(self) -> str:
        """ "the left arm hangs down" """
        return f"the {self.side} {self.noun} {self.one}"


def state(side: str, noun: str, rest: str, key: str) -> Clause:
    """A clause with "is" or "are" and the same rest for one and for two."""
    return Clause(side, noun, f"is {rest}", f"are {rest}", key)


def together(left: Clause | None, right: Clause | None) -> list[str]:
    """Two clauses as one where both sides do the same; a clause that is None is left out."""
    if left and right and (left.two, left.noun) == (right.two, right.noun):
        which = "the" if left.two.startswith(("are together", "are folded")) else "both"
        return [f"{which} {left.noun}s {left.two}"]
    return [clause.text() for clause in (left, right) if clause]


def round5(degrees: float) -> int:
    """Degrees as people say them: to the nearest five."""
    return int(5 * round(degrees / 5))


def centimetres(metres: float) -> str:
    """A length as people say it ("6 cm", "45 cm", "1.35 m")."""
    if metres >= 0.975:
        return f"{metres:.2f} m"
    return f"{round(metres * 100) if metres < 0.2 else round5(metres * 100)} cm"


def bend_words(degrees: float) -> str:
    """How bent a knee or elbow is, to follow "is"."""
    for limit, words in (
        (STRAIGHT, "straight"), (50, "slightly bent"), (72, "bent"),
        (108, "bent at about a right angle"), (135, "sharply bent"),
    ):  # fmt: skip
        if degrees < limit:
            return words
    return "fully bent"


def axes(figure: Figure, side: str, bone: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Up, ahead and outwards for a side, as words about the limbs at `bone` mean them.

    Returns:
        Three unit vectors, and whether they are the trunk's own rather than the world's.
    """
    if figure.lying and (trunk_rests(figure) or figure.bone("pelvis", "neck")[1] < -0.5):
        up, ahead, left = (figure.axis(bone, column) for column in (1, 2, 0))
        return up, ahead, left * sign(side), True
    ahead = figure.ahead if figure.lying else unit(figure.axis(bone, 2) * [1, 0, 1])
    return UP, ahead, np.cross(UP, ahead) * sign(side), False


def way(direction: np.ndarray, ahead: np.ndarray, out: np.ndarray) -> str:
    """The strongest of "forward", "back", "out", "across"; or "forward and out" in between."""
    forward, outward = float(direction @ ahead), float(direction @ out)
    if forward > 0 and outward > 0 and min(forward, outward) > 0.55 * max(forward, outward):
        return "forward and out"
    if abs(forward) >= abs(outward):
        return "forward" if forward > 0 else "back"
    return "out" if outward > 0 else "across"


def height_words(figure: Figure, height: float) -> str:
    """A height above the floor in metres against the body's own parts: "at waist height"."""
    if figure.lying:
        return f"{centimetres(height)} above the floor"
    pelvis, shoulder = figure.at("pelvis")[1], figure.joints[[16, 17], 1].mean()
    knee = figure.joints[[4, 5], 1].min()
    if height < min(knee - 0.05, pelvis - 0.32):
        return "below the knees"
    for limit, words in (
        (pelvis - 0.15, "at thigh height"), (pelvis + 0.02, "at hip height"),
        (pelvis + 0.2, "at waist height"), (shoulder - 0.1, "at chest height"),
        (shoulder + 0.1, "at shoulder height"), (figure.crown[1] + 0.03, "at head height"),
    ):  # fmt: skip
        if height < limit:
            return words
    return "above the head"


AND_VERBS = {
    "is": "", "slants": "slanting ", "slant": "slanting ", "reaches": "reaching ",
    "reach": "reaching ", "points": "pointing ", "point": "pointing ",
}  # fmt: skip
VERB = re.compile(r" (is|are|hangs?|leans?|lies?|kneels?|points?|slants?) ")
PARTICIPLE = {
    "is": "", "are": "", "hang": "hanging", "lean": "leaning", "lie": "lying",
    "kneel": "kneeling", "point": "pointing", "slant": "slanting",
}  # fmt: skip


def absolute(words: str) -> str:
    """A clause without its verb, to follow "with": "the left arm hanging down"."""
    found = VERB.search(words)
    if found is None:
        return words
    verb = found.group(1)
    stem = verb if verb in PARTICIPLE else verb.removesuffix("s")
    for plain, going in AND_VERBS.items():
        words = words.replace(f" and {plain} ", f" and {going}")
    return words.replace(found.group(0), f" {PARTICIPLE[stem]} ".replace("  ", " "), 1)
