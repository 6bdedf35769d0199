"""Angles by number: "bend the right knee to 90 degrees", "left hip 60", "turn her 45° left".

The decoder picks named states; who types a number wants that number. Clauses with a joint and a
number are plain grammar, so they are read as such: the number is set (with "by", "another", "+" it
is added) and nothing else moves. Angles are measured as clinicians do: 0 is a straight knee or
elbow, an arm or thigh that hangs along the trunk, a head that looks ahead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.network.parts import ELBOW_LIMIT, KNEE_LIMIT
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.perception.swing import angle, swing, unit
from chatpose_demo.pose import JOINT, NUM_JOINTS

SIDES = ("left", "right")
JOINT_OF = {"knee": "knee", "elbow": "elbow", "arm": "shoulder", "thigh": "hip"}  # in SMPL
# The bone that a joint moves, and the one above it where that is part of the limb.
BONES = {
    "knee": ("knee", "ankle"), "elbow": ("elbow", "wrist"), "arm": ("shoulder", "elbow"),
    "thigh": ("hip", "knee"),
}  # fmt: skip
ABOVE = {"knee": ("hip", "knee"), "elbow": ("shoulder", "elbow")}
BENT = 8.0  # degrees, our choice: from here on a limb has a plane of its own
# Least and most degrees, our choices: about as far as healthy joints go.
LIMITS: dict[str, tuple[float, float]] = {
    "knee": (0, KNEE_LIMIT), "elbow": (0, ELBOW_LIMIT), "arm": (0, 180), "thigh": (0, 130),
    "turn": (-80, 80), "nod": (-60, 60), "tilt": (-45, 45), "body": (-360, 360),
}  # fmt: skip
JOINTS = {
    "knee": r"knees?", "elbow": r"elbows?", "arm": r"(?:upper )?arms?|shoulders?",
    "thigh": r"hips?|thighs?|legs?", "head": r"heads?|neck|face",
}  # fmt: skip
JOINT_WORD = re.compile(
    "|".join(rf"\b(?P<{name}>{words})\b" for name, words in JOINTS.items()), re.IGNORECASE
)
NUMBER = r"(?<![\w.,–-])(?P<n>[+-]?\d{1,3}(?:\.\d+)?)"
MARKED = re.compile(rf"{NUMBER}[ -]?(?:°|º|deg\b|degrees?\b)", re.IGNORECASE)
# Without a mark, the number must end the clause after a joint: "left knee 30", "hip flexion of 60".
BARE = re.compile(
    r"\b(?:knees?|elbows?|hips?|thighs?|shoulders?|left|right)"
    r"(?: (?:one|flexion|extension|abduction|angle|bend|bent))?"
    rf"(?: (?:at|to|is|of|by|around|about))?[ =:]+{NUMBER}(?: (?:more|less|please|pls))?\W*$",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"[,;]|\b(?:and|then|with)\b|\.(?!\d)", re.IGNORECASE)
SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
TWO_SIDES = re.compile(r"\b(?:left and (?:the )?right|right and (?:the )?left)\b", re.IGNORECASE)
BOTH = re.compile(r"\b(?:both|each|arms|legs|knees|elbows|hips|thighs|shoulders)\b", re.IGNORECASE)
# A move with a number and no goal adds it: "lower the arm 30 degrees", but "lower it to 30".
MOVES = r"\b(?:raise|lift|lower|drop|reduce|decrease|increase|straighten|extend|open|close)\b"
ADDED = re.compile(
    r"\b(?:by|another|more|further|less|fewer|additional|extra|higher)\b"
    rf"|{MOVES}(?!.*\b(?:to|at|of)\b)",
    re.IGNORECASE,
)
LESS = re.compile(
    r"\b(?:less|fewer|reduce|decrease|lower|drop|straighten|extend|unbend|open|close)\b",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"^\W*(?:how (?!about)|what (?!about|if)|which|who|where|when|why|is|are|was|were|does|do|did|"
    r"strictly|tell|i|my|he|she|we|it)\b",
    re.IGNORECASE,
)
# What this module cannot set, or what says something else than to set an angle.
NOT_HERE = re.compile(
    r"\b(?:foot|feet|hands?|wrists?|ankles?|toes?|torso|trunk|spine|waist|inwards?|shrug\w*|apart|"
    r"above|below|than|don't|do not|never|undo|minus|camera|horizontal|vertical|most|least|at the "
    r"hips|right-angle)\b|-\d",
    re.IGNORECASE,
)
WAYS = {
    "side": re.compile(r"\b(?:abduct\w*|sideways?|side|lateral\w*|out(?:wards?)?)\b", re.I),
    "front": re.compile(r"\b(?:flex\w*|forwards?|front|ahead)\b", re.I),
    "back": re.compile(r"\b(?:extension|extend|back(?:wards?)?|behind)\b", re.I),
}
BENDS = re.compile(r"\b(?:bend|bent|straighten)\b", re.IGNORECASE)  # an arm at its elbow
TURNS = re.compile(r"\b(?:turn|rotate|spin|swivel|face)", re.IGNORECASE)
TILTS = re.compile(r"\b(?:tilt|lean|cock)", re.IGNORECASE)
UP = re.compile(r"\b(?:up|raise|lift|back)\b", re.IGNORECASE)
CLOCKWISE = re.compile(r"(?<!counter)(?<!counter-)(?<!anti)\bclockwise\b", re.IGNORECASE)
# A clause that changes nothing.
IDLE = re.compile(
    r"\b(?:else|rest|same|keep|without|still|as (?:it|they|he|she))\b"
    r"|^\W*(?:(?:ok(?:ay)?|please|pls|thanks?|now|exactly|great|good|so|just|hey|hi)\W*)*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Angle:
    """One number for one joint.

    Attributes:
        joint: a key of LIMITS.
        side: "left" or "right"; "" for head and body.
        degrees: of the joint, or to add to it; for the head positive is left or down.
        added: whether it is added.
        way: a key of WAYS, where the words name one.
    """

    joint: str
    side: str
    degrees: float
    added: bool
    way: str = ""


def asked_angles(text: str) -> tuple[Angle, ...]:
    """The angles that a text sets by number; none for questions and stories about angles."""
    if ASKS.match(text):
        return ()
    found: list[Angle] = []
    joint, sides = "", []
    for clause in _clauses(text):
        match = _number(clause)
        word, named = _joint(clause), [side.lower() for side in SIDE.findall(clause)]
        if match is not None and not NOT_HERE.search(clause):
            # "left elbow 90, right 45", "left hip 90, knee 45": what is not said again stays.
            marked = bool(MARKED.search(clause))
            found += _angles(
                clause, match["n"], marked, word or joint or "body", named or (word and sides) or []
            )
        joint, sides = word or joint, named or sides
    return tuple(found)


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in CLAUSE.split(TWO_SIDES.sub("both", text))]


def beside_angles(text: str) -> str:
    """The clauses that say something without a number; "" if none does."""
    rest = [clause for clause in _clauses(text) if not _number(clause) and not IDLE.search(clause)]
    return ", ".join(rest)


def _number(clause: str) -> re.Match[str] | None:
    return MARKED.search(clause) or BARE.search(clause)


def _joint(clause: str) -> str:
    """The joint that a clause names, the one after "at the" before others; "" if none."""
    words = list(JOINT_WORD.finditer(clause))
    placed = [one for one in words if re.search(r"\bat (?:the |\w+ )*$", clause[: one.start()])]
    first = (placed or words or [None])[0]
    joint = "" if first is None else str(first.lastgroup)
    limb = first is not None and re.match("(?:arm|leg)", first.group(), re.IGNORECASE)
    if limb and BENDS.search(clause):
        return {"arm": "elbow", "thigh": "knee"}[joint]
    return joint


def _angles(clause: str, number: str, marked: bool, joint: str, sides: list[str]) -> list[Angle]:
    degrees, added = float(number), bool(ADDED.search(clause)) or number[0] in "+-"
    if joint in ("head", "body"):
        return _head_or_body(clause, joint, degrees, added, sides) if marked else []
    if TURNS.search(clause) or (number[0] == "-" and not added):
        return []  # a limb turned about its own length
    if added and degrees > 0 and LESS.search(clause):
        degrees = -degrees
    both = BOTH.search(clause) and (not sides or re.search(r"\bboth\b", clause, re.IGNORECASE))
    ways = [way for way, words in WAYS.items() if words.search(clause)]
    way = ways[0] if ways and joint in ("arm", "thigh") else ""
    # "The knee" of which leg?
    return [Angle(joint, side, degrees, added, way) for side in (SIDES if both else sides[:1])]


def _head_or_body(
    clause: str, joint: str, degrees: float, added: bool, sides: list[str]
) -> list[Angle]:
    left = not sides or sides[-1] == "left"
    if joint == "body":
        if not TURNS.search(clause):
            return []
        # As the viewer sees it: who turns left shows the profile that looks to the picture's left.
        back = (sides and left) or (not sides and CLOCKWISE.search(clause))
        return [Angle("body", "", -degrees if back else degrees, True)]
    if sides:
        kind = "tilt" if TILTS.search(clause) else "turn"
        return [Angle(kind, "", degrees if left else -degrees, added)]
    return [Angle("nod", "", -degrees if UP.search(clause) else degrees, added)]


def with_angles(base: np.ndarray, angles: Sequence[Angle]) -> tuple[np.ndarray, str]:
    """A body with joints at angles.

    Args:
        base: (24, 3, 3) rotations; not changed.

    Returns:
        (24, 3, 3) float32, and a sentence on what no joint can do; "" if all could be done.
    """
    pose, beyond = np.array(base, np.float32), []
    for one in angles:
        least, most = LIMITS[one.joint]
        wanted = one.degrees + (_now(pose, one) if one.added else 0)
        # Reaching past straight is asked for as "straighten by 30"; only a set number is refused.
        if not least - 0.5 <= wanted <= most + 0.5 and not (one.added and wanted < least):
            name = {"turn": "head", "nod": "head", "tilt": "head"}.get(one.joint, one.joint)
            beyond.append(f"The {name} goes no further than {most:.0f}° here.")
        _set(pose, one, float(np.clip(wanted, least, most)))
    return pose, " ".join(dict.fromkeys(beyond))


def _trunk_frame(pose: np.ndarray, one: Angle) -> np.ndarray:
    """The frame in which an upper arm or thigh is measured, as the parent of its joint sees it."""
    return pose[JOINT[f"{one.side}_collar"]].T if one.joint == "arm" else np.eye(3)


def _rest(side: str, start: str, end: str) -> np.ndarray:
    """(3,) direction of a bone in the rest pose, which is that of its joint's own frame."""
    joints = _rest_joints()
    return unit(joints[JOINT[f"{side}_{end}"]] - joints[JOINT[f"{side}_{start}"]])


@cache
def _rest_joints() -> np.ndarray:
    return joints_of(np.tile(np.eye(3, dtype=np.float32), (NUM_JOINTS, 1, 1)))


def _bone(pose: np.ndarray, one: Angle) -> np.ndarray:
    """(3,) direction of the bone below a joint, in the parent's frame."""
    return pose[JOINT[f"{one.side}_{JOINT_OF[one.joint]}"]] @ _rest(one.side, *BONES[one.joint])


def _straight(pose: np.ndarray, one: Angle) -> np.ndarray:
    """(3,) the direction that is 0 degrees, in the parent's frame."""
    if one.joint in ABOVE:  # a hinge is straight where its two bones are in line
        return _rest(one.side, *ABOVE[one.joint])
    return _trunk_frame(pose, one) @ [0.0, -1.0, 0.0]


def _now(pose: np.ndarray, one: Angle) -> float:
    """The joint's present angle in degrees; a body's turn counts from where it is."""
    if one.joint == "body":
        return 0.0
    if one.joint in ("turn", "nod", "tilt"):
        return _head(pose)[("turn", "nod", "tilt").index(one.joint)]
    return angle(_straight(pose, one), _bone(pose, one))


def _head(pose: np.ndarray) -> np.ndarray:
    """(3,) turn to the own left, nod down, tilt to the own left in degrees, seen from the chest."""
    both = Rotation.from_matrix(pose[JOINT["neck"]] @ pose[JOINT["head"]])
    turn, nod, roll = both.as_euler("YXZ", degrees=True)
    return np.array([turn, nod, -roll])


def _set(pose: np.ndarray, one: Angle, degrees: float) -> None:
    if one.joint == "body":
        pose[0] = Rotation.from_euler("y", degrees, degrees=True).as_matrix() @ pose[0]
        return
    if one.joint in ("turn", "nod", "tilt"):
        turn, nod, tilt = np.where(
            np.array(["turn", "nod", "tilt"]) == one.joint, degrees, _head(pose)
        )
        both = Rotation.from_euler("YXZ", [turn, nod, -tilt], degrees=True)
        half = Rotation.from_rotvec(both.as_rotvec() / 2).as_matrix()
        pose[JOINT["neck"]] = pose[JOINT["head"]] = half
        return
    index = JOINT[f"{one.side}_{JOINT_OF[one.joint]}"]
    zero, bone = _straight(pose, one), _bone(pose, one)
    away = _away(pose, one, zero, bone)
    radians = np.radians(degrees)
    target = np.cos(radians) * zero + np.sin(radians) * away
    pose[index] = swing(bone, target) @ pose[index]


def _away(pose: np.ndarray, one: Angle, zero: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """(3,) unit direction, square to `zero`, towards which the joint opens."""
    sign = 1.0 if one.side == "left" else -1.0
    across = bone - (bone @ zero) * zero
    if one.joint == "knee":
        natural = np.array([0.0, 0.0, -1.0])
    elif one.joint == "elbow":
        natural = np.array([0.0, 0.0, 1.0])
    else:
        ways = {"side": [sign, 0, 0], "front": [0, 0, 1], "back": [0, 0, -1]}
        usual = "side" if one.joint == "arm" else "front"
        natural = _trunk_frame(pose, one) @ np.array(ways[one.way or usual], float)
    # A joint that is bent already stays in its plane, unless the words name another.
    if one.way or np.linalg.norm(across) < np.sin(np.radians(BENT)):
        across = natural - (natural @ zero) * zero
    return across / np.linalg.norm(across)
