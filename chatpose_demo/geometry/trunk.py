"""What the trunk and the head do, in words and degrees, and which way the body faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.geometry.clauses import round5
from chatpose_demo.geometry.figure import UP, Figure
from chatpose_demo.geometry.stance import listing, trunk_rests
from chatpose_demo.perception.swing import angle, unit


@dataclass(frozen=True)
class TrunkSettings:
    """Degrees; the thresholds of `describe`, and our choice of where "slightly" begins."""

    forward: float = 12.5  # describe: 12.7; said in steps of five
    back: float = 9.8
    sideways: float = 12.7
    turn: float = 22.0
    slightly: float = 7.0
    deep: float = 45.0
    rounded: float = 22.0
    arched: float = 14.0
    head_turn: float = 26.7
    bowed: float = 24.8
    tipped: float = 21.1
    tilted: float = 17.5


SETTINGS = TrunkSettings()


@dataclass(frozen=True)
class Trunk:
    """Degrees: lean forward and to the own left from vertical, turn of the chest to the own left
    against the pelvis, and bend of the spine (+ rounded, - arched)."""

    forward: float
    left: float
    turn: float
    rounded: float
    tilt: float


@dataclass(frozen=True)
class Head:
    """Degrees against the chest: turn to the own left, nod down, tilt to the own left."""

    turn: float
    down: float
    tilt: float


def measure_trunk(figure: Figure) -> Trunk:
    """The trunk's numbers; the leans are those of an upright body's heading."""
    line = figure.bone("pelvis", "neck")
    spine = figure.frames[0].T @ figure.frames[9]  # pelvis -> spine3
    up = spine[:, 1]
    return Trunk(
        forward=float(np.degrees(np.arcsin(np.clip(line @ figure.ahead, -1, 1)))),
        left=float(np.degrees(np.arcsin(np.clip(line @ figure.leftward, -1, 1)))),
        turn=float(np.degrees(np.arctan2(spine[0, 2], spine[2, 2]))),
        rounded=float(np.degrees(np.arctan2(up[2], up[1]))),
        tilt=angle(line, UP),
    )


def measure_head(figure: Figure) -> Head:
    """The head's numbers."""
    head = figure.frames[9].T @ figure.frames[15]  # spine3 -> head
    look = head[:, 2]
    return Head(
        turn=float(np.degrees(np.arcsin(np.clip(look[0], -1, 1)))),
        down=float(-np.degrees(np.arcsin(np.clip(look[1], -1, 1)))),
        tilt=float(np.degrees(np.arcsin(np.clip(head[0, 1], -1, 1)))),
    )


def _side(degrees: float) -> str:
    return "left" if degrees > 0 else "right"


def trunk_words(figure: Figure) -> str:
    """What the trunk does, to follow "the trunk"."""
    trunk, rule = measure_trunk(figure), SETTINGS
    if figure.lying:
        return _level_words(figure, trunk)
    if figure.axis("pelvis", 2)[1] < -0.5 and trunk_rests(figure):  # face down, chest lifted
        return f"is arched up, {round5(90 - trunk.tilt)}° from level"
    found = []
    if trunk.forward > rule.deep:
        found.append(f"is bent far forward ({round5(trunk.forward)}°)")
    elif trunk.forward > rule.slightly:
        word = "leans forward" if trunk.forward > rule.forward else "leans slightly forward"
        found.append(f"{word} ({round5(trunk.forward)}°)")
    elif trunk.forward < -rule.slightly:
        word = "leans back" if trunk.forward < -rule.back else "leans slightly back"
        found.append(f"{word} ({round5(-trunk.forward)}°)")
    if abs(trunk.left) > rule.slightly:
        slightly = "" if abs(trunk.left) > rule.sideways else "slightly "
        leans = "" if found and found[0].startswith("leans") else "leans "
        found.append(f"{leans}{slightly}to the {_side(trunk.left)} ({round5(abs(trunk.left))}°)")
    if not found:
        found.append("is upright")
    if abs(trunk.turn) > rule.turn:
        verb = "" if found[-1].startswith("is") else "is "
        found.append(f"{verb}turned {round5(abs(trunk.turn))}° to the {_side(trunk.turn)}")
    return listing(found)


def _level_words(figure: Figure, trunk: Trunk) -> str:
    if figure.bone("pelvis", "neck")[1] < -0.55:
        return "points down, the head below the hips"
    face = figure.axis("spine3", 2)[1]
    steep = "is level" if 65 < trunk.tilt < 115 else f"slants, {round5(trunk.tilt)}° from upright"
    if face > 0.55:
        return f"{steep}, the chest facing up"
    return f"{steep}, the chest facing down" if face < -0.55 else f"{steep}, on edge"


def spine_words(figure: Figure) -> str:
    """Whether the spine is straight, to follow "the back"."""
    rounded = measure_trunk(figure).rounded
    if rounded > SETTINGS.rounded:
        return f"is rounded forward by about {round5(rounded)}°"
    if rounded < -SETTINGS.arched:
        return f"is arched back by about {round5(-rounded)}°"
    return "is nearly straight"


def head_words(figure: Figure) -> str:
    """What the head does against the trunk, to follow "the head is"."""
    head, rule = measure_head(figure), SETTINGS
    found = []
    turned = abs(head.turn) > rule.head_turn
    if turned:
        found.append(f"turned {round5(abs(head.turn))}° to the {_side(head.turn)}")
    elif abs(head.turn) > 12:
        found.append(f"turned slightly to the {_side(head.turn)}")
    if head.down > 12:
        found.append("bowed" if head.down > rule.bowed else "slightly bowed")
    elif head.down < -12:
        found.append("tipped back" if head.down < -rule.tipped else "slightly raised")
    if abs(head.tilt) > rule.tilted and not turned:
        found.append(f"tilted to the {_side(head.tilt)}")
    return listing(found) or "in line with the trunk"


def gaze_words(figure: Figure) -> str:
    """Where the face points in the world, to follow "the face points"."""
    look = figure.axis("head", 2)
    pitch = float(np.degrees(np.arcsin(np.clip(look[1], -1, 1))))
    if pitch > 60:
        return "up to the sky"
    if pitch < -60:
        return "down to the floor"
    tail = ""
    if pitch > 15:
        tail = f", {round5(pitch)}° up"
    elif pitch < -15:
        tail = f", {round5(-pitch)}° down"
    return viewer_words(unit(look * [1, 0, 1])) + tail


def viewer_words(level: np.ndarray) -> str:
    """A level direction (3,) as the viewer at +z sees it."""
    yaw = float(np.degrees(np.arctan2(level[0], level[2])))
    if abs(yaw) < 22.5:
        return "towards the viewer"
    if abs(yaw) > 157.5:
        return "away from the viewer"
    side = "right" if yaw > 0 else "left"  # the viewer's right is at +x
    if abs(yaw) < 67.5:
        return f"towards the viewer and to the viewer's {side}"
    if abs(yaw) > 112.5:
        return f"away from the viewer and to the viewer's {side}"
    return f"to the viewer's {side}"
