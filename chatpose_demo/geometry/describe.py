"""Words from geometry: what a body does, told from its joints alone.

The idea is PoseScript's posecodes (Delmas 2022): measure angles, distances and relative places of
the joints, keep what is remarkable, and say it. Rules, thresholds and wording are our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.geometry.posture_words import PosedBody, posture_of
from chatpose_demo.perception.swing import unit
from chatpose_demo.pose import JOINT

HANDS_MEET = 0.16  # metres between the hands' middles; our choice: palm to palm
ARM_PARTS = ("arm", "hand", "forearm", "elbow")


@dataclass(frozen=True)
class PoseWords:
    """What a body does.

    Attributes:
        posture: the whole body in a few words ("sitting", "kneeling on the right knee").
        details: remarkable parts, most remarkable first ("the left arm raised overhead").
    """

    posture: str
    details: tuple[str, ...]

    def without(self, hidden_arms: tuple[str, ...]) -> PoseWords:
        """The same without what is said of arms that nobody saw ("left", "right")."""
        gone = tuple(f"the {side} {part}" for side in hidden_arms for part in ARM_PARTS)
        gone += ("both ",) if hidden_arms else ()
        return PoseWords(self.posture, tuple(d for d in self.details if not d.startswith(gone)))

    def sentence(self, limit: int = 3) -> str:
        """One plain clause: posture and at most `limit` details."""
        kept = self.details[:limit]
        if not kept:
            return self.posture
        listed = kept[0] if len(kept) == 1 else ", ".join(kept[:-1]) + " and " + kept[-1]
        return f"{self.posture}, with {listed}"


def _near(body: PosedBody, hand: np.ndarray, names: tuple[str, ...], reach: float) -> bool:
    return min(float(np.linalg.norm(hand - body.at(name))) for name in names) < reach


def _arm(body: PosedBody, side: str) -> tuple[float, str] | None:
    """(how remarkable, words) for one arm; None when it just hangs."""
    other = "right" if side == "left" else "left"
    shoulder, hand = body.at(f"{side}_shoulder"), body.at(f"{side}_hand")
    upper = body.bone(f"{side}_shoulder", f"{side}_elbow")
    elbow = body.bend(f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")
    up, ahead = body.axis("spine3", 1), body.axis("spine3", 2)
    out = body.axis("spine3", 0) * (1 if side == "left" else -1)
    reach = hand - shoulder
    height, front, wide = reach @ up, reach @ ahead, reach @ out
    the = f"the {side} "
    if elbow > 60:
        face = body.at("head") + 0.08 * body.axis("head", 1) + 0.1 * body.axis("head", 2)
        crown = body.at("head") + 0.16 * body.axis("head", 1)
        if np.linalg.norm(hand - crown) < 0.2 or (
            height > 0.12 and upper @ up > -0.05 and wide < 0.1
        ):
            return 3.0, the + "hand at the head"
        if np.linalg.norm(hand - shoulder) < 0.17:  # nearer than a hand at the chin or ear
            return 2.0, the + "hand near the shoulder"
        if np.linalg.norm(hand - face) < 0.22:
            return 3.0, the + "hand at the face"
        if _near(body, hand, (f"{other}_shoulder", f"{other}_elbow"), 0.2) and front > 0:
            return 2.5, the + "arm folded across the chest"
        if front < 0.02 and height < -0.2 and wide < 0.05:
            return 2.5, the + "hand behind the back"
        beside = abs(front) < 0.17 and wide > -0.12  # further in is the stomach
        if abs(height + 0.42) < 0.16 and beside and (upper @ out) > 0.08:
            return 2.5, the + "hand on the hip"
        if wide < -0.02 and 0.05 < front < 0.35 and height < 0.05:
            return 2.2, the + "forearm across the front"
        if _near(body, hand, (f"{side}_shoulder",), 0.2):
            return 2.0, the + "hand near the shoulder"
        if height > 0.1:
            return 2.5, the + "forearm raised"
        return 1.6, the + ("elbow bent, the hand in front" if front > 0.1 else "elbow bent")
    if _near(body, hand, (f"{side}_knee",), 0.18):
        return 1.5, the + "hand on the knee"
    if height > 0.35 and front < 0.3:
        return 3.0, the + ("arm raised overhead" if wide < 0.3 else "arm raised to the side")
    if height > 0.12:
        way = "forward and up" if front > max(wide, 0) else "up and out"
        return 2.6, the + f"arm reaching {way}"
    if height > -0.22:
        if front > 0.3 and front > wide:
            return 2.4, the + "arm stretched forward"
        if front < -0.25:
            return 2.2, the + "arm stretched back"
        return 2.4, the + "arm stretched out to the side"
    if front > 0.22:
        return 1.8, the + "arm reaching down in front"
    if front < -0.2:
        return 1.9, the + "arm held back"
    return (1.2, the + "arm held away from the body") if wide > 0.26 else None


def _both(left: str, right: str) -> str | None:
    """Merge two equal arm descriptions into one about both arms."""
    if left.replace("left", "") != right.replace("right", ""):
        return None
    plural = {"hand ": "hands ", "arm ": "arms ", "forearm ": "forearms ", "elbow ": "elbows "}
    words = left.replace("the left ", "")
    for one, many in plural.items():
        if words.startswith(one):
            return "both " + words.replace(one, many, 1).replace("the hand ", "the hands ")
    return None


def _arms(body: PosedBody) -> list[tuple[float, str]]:
    left, right = _arm(body, "left"), _arm(body, "right")
    front = "forearm across the front"
    if left and right and left[1].endswith(front) and right[1].endswith(front):
        apart = body.at("left_hand") - body.at("right_hand")
        if np.linalg.norm(apart) < HANDS_MEET:
            return [(2.8, "both hands together before the chest")]
    if left and right and (both := _both(left[1], right[1])):
        return [(left[0] + 0.5, both)]
    return [one for one in (left, right) if one]


def _trunk_and_head(body: PosedBody, posture: str) -> list[tuple[float, str]]:
    found = []
    trunk, ahead = unit(body.bone("pelvis", "neck")), body.axis("pelvis", 2)
    if not posture.startswith(("lying", "bent", "on hands", "upside")):
        flat = unit(np.array([ahead[0], 0, ahead[2]]))
        forward, sideways = trunk @ flat, trunk @ np.cross(np.array([0.0, 1, 0]), flat)
        ways = []
        if forward > 0.22:
            ways.append((1.7 + forward, "forward"))
        elif forward < -0.17:
            ways.append((2.0, "back"))
        if abs(sideways) > 0.22:
            ways.append((1.9, f"to the {'left' if sideways > 0 else 'right'}"))
        if ways:
            told = " and ".join(way for _, way in ways)
            found.append((max(ways)[0], f"the trunk leaning {told}"))
    turn = body.frames[JOINT["pelvis"]].T @ body.frames[JOINT["spine3"]]
    if abs(twist := np.degrees(np.arctan2(turn[0, 2], turn[2, 2]))) > 22:
        found.append((1.6, f"the trunk turned to the {'left' if twist > 0 else 'right'}"))
    head = body.frames[JOINT["spine3"]].T @ body.frames[JOINT["head"]]
    look = head[:, 2]
    if abs(look[0]) > 0.45:
        found.append((1.8, f"the head turned to the {'left' if look[0] > 0 else 'right'}"))
    if look[1] < -0.42:
        found.append((1.5, "the head bowed"))
    elif look[1] > 0.36:
        found.append((1.7, "the head tipped back"))
    if abs(head[0, 1]) > 0.3 and abs(look[0]) < 0.45:
        found.append((1.4, f"the head tilted to the {'left' if head[0, 1] > 0 else 'right'}"))
    return found


def _facing(body: PosedBody, posture: str) -> list[tuple[float, str]]:
    """Which way the whole body is turned, as the viewer sees it."""
    ahead = body.axis("pelvis", 2)
    if posture.startswith(("lying", "upside", "bent")) or np.hypot(ahead[0], ahead[2]) < 0.5:
        return []
    yaw = np.degrees(np.arctan2(ahead[0], ahead[2]))
    if abs(yaw) > 125:
        return [(2.3, "the back to the viewer")]
    side = "right" if yaw > 0 else "left"  # +x is the viewer's right
    if abs(yaw) > 65:
        return [(2.3, f"the body in profile, facing the viewer's {side}")]
    return [(1.3, f"the body half turned to the viewer's {side}")] if abs(yaw) > 30 else []


def describe(rotations: np.ndarray, joints: np.ndarray) -> PoseWords:
    """Put a body into words.

    Args:
        rotations: (24, 3, 3) SMPL rotations.
        joints: (24, 3) its posed joints in metres, y up.
    """
    body = PosedBody(rotations, joints)
    posture = posture_of(body)
    told = _arms(body) + _trunk_and_head(body, posture) + _facing(body, posture)
    found = sorted(told, key=lambda one: -one[0])
    return PoseWords(posture, tuple(words for _, words in found))
