"""Words that mean one thing of one body and another of the next.

The decoder reads a line without seeing the body it changes: "one leg over the other" crosses the
ankles of who stands and the thighs of who sits, "get up" is for who sits as for who lies, "raise
the arm" takes one that hangs all the way up, "turn around" shows the back or the front again, and
"the other arm too" follows the arm moved last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.parts import UPRIGHT_COSINE, heading
from chatpose_demo.network.shown_body import PLACES, part_states
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT
from chatpose_demo.studio.rig import PART_JOINTS

# Degrees, our choice: between standing (2, 3) and sitting on a chair (86, 86) or the floor (96, 3).
SEATED_HIPS, BENT_KNEES, STRAIGHT_KNEES = 60.0, 55.0, 35.0
ON_A_CHAIR = {"crossed_stand": "sit_crossed", "together": "sit", "straight": "forward"}
ON_THE_FLOOR = {"wide": "straddle", "together": "long"}
ARMS = ("left_arm", "right_arm")
HANGING = 60.0  # degrees from the trunk, our choice: a higher arm is raised by a step
# What makes "raise it" a matter of degree.
DEGREES = re.compile(
    r"\b(?:bit|little|slight|slightly|somewhat|some|higher|more|further|farther|touch|tad|notch|"
    r"inch|inches|degrees?|gently|partly|half|halfway)\b",
    re.IGNORECASE,
)
# "Put it down again": what is up is meant, whichever arm that is.
DOWN_AGAIN = re.compile(
    r"\b(?:put|take|drop|lower|bring|let|get) (?:it|that|them|both|those|these)\b"
    r"(?: \w+){0,2} down\b",
    re.IGNORECASE,
)
THE_OTHER = re.compile(r"^(?!.*\b(?:left|right)\b).*\bother\b", re.IGNORECASE)
ONE_OF_TWO = re.compile(r"\b(?:it|that)\b", re.IGNORECASE)
PROFILE = 1.5  # our choice: who faces so much more to a side than ahead shows a profile
AT_REST = 0.6  # of shown_body's nearness, our choice
TURN_AROUND = re.compile(
    r"\b(?:turn|turned|turning|spin|swing|rotate|flip)\b(?: \w+){0,3}? (?:a?round|about)\b",
    re.IGNORECASE,
)
VIEWS = {
    "back": re.compile(r"\b(?:from behind|from the (?:back|rear)|(?:back|rear) view)\b", re.I),
    "front": re.compile(r"\b(?:(?:from|to) the front|front view)\b", re.I),
}
DOWN = np.array([0.0, -1.0, 0.0])


def _bend(rotation: np.ndarray) -> float:
    """Degrees by which a joint turns the bone below it from hanging down."""
    return float(np.degrees(np.arccos(np.clip((rotation @ DOWN) @ DOWN, -1, 1))))


def in_context(
    base: np.ndarray, parts: Mapping[str, str], text: str, before: np.ndarray | None = None
) -> dict[str, str]:
    """Part options as they are meant for one body.

    Args:
        base: (24, 3, 3) rotations of the body that is to change.
        parts: part -> option of parts.OPTIONS, as the words alone say it.
        text: the words.
        before: (24, 3, 3) the body before the last change, if there was one.
    """
    meant = _seated(base)
    legs = ("legs", "left_leg", "right_leg")
    told = {k: meant.get(option, option) if k in legs else option for k, option in parts.items()}
    if not DEGREES.search(text):
        raised = [arm for arm in ARMS if told.get(arm) == "higher" and _hangs(base, arm)]
        told |= dict.fromkeys(raised, "up")
    if told.get("whole") == "up" and base[0][1, 1] > UPRIGHT_COSINE:
        del told["whole"]  # from a chair or the knees, the legs do it
        told = {"legs": "stand"} | told
    if told in ({}, {"legs": "stand"}) and DOWN_AGAIN.search(text):
        told = dict.fromkeys(_raised(base, before, text), "down") or told
    if not {"facing", "head", "torso"} & set(told) and TURN_AROUND.search(text):
        told["facing"] = _other_way(base[0])
    elif not told:  # "hands to the front" says nothing of where the body faces
        seen_from = [view for view, words in VIEWS.items() if words.search(text)]
        told |= {"facing": seen_from[0]} if seen_from else {}
    for arm, other in (ARMS, ARMS[::-1]):
        if (told.get(arm), told.get(other)) == ("like_other", "down") and _hangs(base, arm):
            told |= dict.fromkeys(ARMS, "swap")  # "the other arm instead": it takes over
    for arm, other in (ARMS, ARMS[::-1]):
        alone = told.get(arm) == "like_other" and other not in told
        if alone and THE_OTHER.search(text) and _raised(base, None, text) == [arm]:
            del told[arm]
            told[other] = "like_other"  # "the other hand, too": the one that rests follows
    if before is not None and all(told.get(arm) == "like_other" for arm in ARMS):
        moved = [arm for arm in ARMS if _moved(arm, before, base)]
        if len(moved) == 1:  # the other arm follows the one that was moved last
            del told[moved[0]]
    return told


def _other_way(root: np.ndarray) -> str:
    """The state of FACING opposite to where a body faces; half profiles turn to the far one."""
    ahead = heading(root)[:, 2]
    if abs(ahead[0]) > PROFILE * abs(ahead[2]):
        return "left" if ahead[0] > 0 else "right"
    return "back" if ahead[2] > 0 else "front"


def _raised(base: np.ndarray, before: np.ndarray | None, text: str) -> list[str]:
    """The arms that are not at rest; of two, "it" is the one that was moved last."""
    states = part_states(base[None])[0]
    raised = [arm for arm in ARMS if states[PLACES[arm, "down"]] < AT_REST]
    if len(raised) == 2 and before is not None and ONE_OF_TWO.search(text):
        moved = [arm for arm in raised if _moved(arm, before, base)]
        return moved or raised
    return raised


def _hangs(base: np.ndarray, arm: str) -> bool:
    """Whether an upper arm points more down than out, seen from the trunk."""
    joints = joints_of(base)
    side = arm.removesuffix("_arm")
    bone = joints[JOINT[f"{side}_elbow"]] - joints[JOINT[f"{side}_shoulder"]]
    trunk = joints[JOINT["pelvis"]] - joints[JOINT["neck"]]
    cosine = bone @ trunk / max(np.linalg.norm(bone) * np.linalg.norm(trunk), 1e-9)
    return bool(cosine > np.cos(np.radians(HANGING)))


def _seated(base: np.ndarray) -> Mapping[str, str]:
    """What options for legs mean where the body sits."""
    hips = min(_bend(base[JOINT[f"{side}_hip"]]) for side in ("left", "right"))
    knees = [_bend(base[JOINT[f"{side}_knee"]]) for side in ("left", "right")]
    # Who squats, bends down or lies has bent hips, too.
    if hips < SEATED_HIPS or not describe(base, joints_of(base)).posture.startswith("sitting"):
        return {}
    if max(knees) < STRAIGHT_KNEES:
        return ON_THE_FLOOR
    return ON_A_CHAIR if max(knees) > BENT_KNEES else {}


def _moved(arm: str, before: np.ndarray, after: np.ndarray) -> bool:
    """Whether an arm differs between two poses."""
    joints = [JOINT[name] for name in PART_JOINTS[arm]]
    return bool((before[joints] != after[joints]).any())
