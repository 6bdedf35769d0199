"""The whole body in a few words: how it stands, sits, kneels or lies."""

from __future__ import annotations

import numpy as np

from chatpose_demo.perception.swing import angle, unit
from chatpose_demo.pose import JOINT, PARENTS

DOWN = np.array([0.0, -1.0, 0.0])
LYING_COSINE = 0.5  # trunk more than 60 degrees from vertical
UPSIDE_DOWN_COSINE = -0.55  # trunk more than 123 degrees from vertical
SIDES = ("left", "right")


class PosedBody:
    """Joints and bone frames of one posed body, with short accessors."""

    def __init__(self, rotations: np.ndarray, joints: np.ndarray) -> None:
        self.joints = np.asarray(joints, float)
        frames = [np.asarray(rotations[0], float)]
        for index in range(1, 24):
            frames.append(frames[PARENTS[index]] @ np.asarray(rotations[index], float))
        self.frames = frames

    def at(self, name: str) -> np.ndarray:
        return self.joints[JOINT[name]]

    def bone(self, start: str, end: str) -> np.ndarray:
        return self.at(end) - self.at(start)

    def bend(self, first: str, middle: str, last: str) -> float:
        """How far a limb is bent at its middle joint, degrees (0 = straight)."""
        return angle(self.bone(first, middle), self.bone(middle, last))

    def axis(self, name: str, column: int) -> np.ndarray:
        """A bone frame's axis in the world: 0 own left, 1 up the body, 2 ahead."""
        return self.frames[JOINT[name]][:, column]


def _leg(body: PosedBody, side: str) -> dict[str, float]:
    hip, knee, ankle = (f"{side}_{name}" for name in ("hip", "knee", "ankle"))
    thigh, shin = body.bone(hip, knee), body.bone(knee, ankle)
    forward = body.axis("pelvis", 2)
    flat = unit(np.array([forward[0], 0, forward[2]]))
    return {
        "thigh": angle(thigh, DOWN),
        "shin": angle(shin, DOWN),
        "knee": angle(thigh, shin),
        "ahead": float(thigh @ flat),
        "out": float(thigh @ body.axis("pelvis", 0)) * (1 if side == "left" else -1),
        "foot": float(body.at(ankle)[1]),
    }


def _kneels(leg: dict[str, float]) -> bool:
    return leg["thigh"] < 50 and leg["shin"] > 60 and leg["knee"] > 55


def _lying(body: PosedBody) -> str:
    face = body.axis("spine3", 2)
    if face[1] > 0.55:
        return "lying on the back"
    if face[1] < -0.55:
        carried = min(body.bone(f"{side}_shoulder", f"{side}_wrist")[1] for side in SIDES) < -0.3
        return "face down, held up on the hands" if carried else "lying face down"
    side = body.axis("spine3", 0)
    return "lying on the left side" if side[1] < 0 else "lying on the right side"


def _bent_over(body: PosedBody, left: dict, right: dict) -> str | None:
    """A flat trunk that is carried by the legs: bent over or on all fours."""
    hands = min(body.at(f"{side}_wrist")[1] for side in SIDES)
    knees = min(body.at(f"{side}_knee")[1] for side in SIDES)
    hips_high = body.at("pelvis")[1] - min(left["foot"], right["foot"])
    if body.axis("spine3", 2)[1] > 0.3:
        return None
    knelt = all(leg["thigh"] < 55 < leg["shin"] for leg in (left, right))
    if knelt and hands < knees + 0.2:
        return "on hands and knees"
    return "bent over" if hips_high > 0.55 else None


def _seated(body: PosedBody, left: dict, right: dict) -> str:
    drop = body.at("pelvis")[1] - max(left["foot"], right["foot"])
    knees = (left["knee"] + right["knee"]) / 2
    if knees < 40:
        spread = np.linalg.norm(body.bone("left_ankle", "right_ankle")) > 0.75
        return "sitting with the legs " + ("spread wide" if spread else "stretched out")
    crossed = body.at("left_ankle") - body.at("right_ankle")
    if drop < 0.28 and knees > 85 and left["out"] > 0.15 and right["out"] > 0.15:
        return "sitting cross-legged"
    if knees > 120 and left["shin"] > 55 and right["shin"] > 55:
        return "sitting on the heels"
    if drop < 0.3 and knees > 100:
        return "sitting on the floor with the knees drawn up"
    if knees > 102 and drop < 0.42:
        return "squatting"
    over = float(crossed @ body.axis("pelvis", 0))
    return "sitting with the legs crossed" if over < 0.02 or abs(crossed[1]) > 0.12 else "sitting"


def _on_feet(left: dict, right: dict, spread: float) -> str:
    legs = {"left": left, "right": right}
    ahead, behind = max(left["ahead"], right["ahead"]), min(left["ahead"], right["ahead"])
    front = "left" if left["ahead"] > right["ahead"] else "right"
    lifted = max(legs, key=lambda side: legs[side]["foot"])
    rise = abs(left["foot"] - right["foot"])
    if rise > 0.22:
        other = legs[lifted]
        if other["out"] > 0.22 and other["knee"] > 65:
            return f"standing on one leg, the {lifted} foot drawn up"
        if other["knee"] > 65 and other["ahead"] > 0.2:
            return f"standing with the {lifted} knee lifted"
        if other["knee"] > 60:
            return f"standing on one leg, the {lifted} foot drawn up"
        if other["out"] > abs(other["ahead"]):
            return f"standing with the {lifted} leg out to the side"
        way = "forward" if other["ahead"] > 0 else "back"
        return f"standing with the {lifted} leg stretched {way}"
    if left["knee"] > 35 and right["knee"] > 35 and ahead - behind < 0.25:
        return "standing with bent knees"
    if ahead > 0.25 and behind < -0.08:
        return f"in a lunge, the {front} leg in front"
    if ahead - behind > 0.2:
        return f"taking a step, the {front} leg in front"
    return "standing with the feet wide apart" if spread > 0.5 else "standing"


def posture_of(body: PosedBody) -> str:
    """ "sitting", "kneeling on the right knee"."""
    left, right = _leg(body, "left"), _leg(body, "right")
    trunk = unit(body.bone("pelvis", "neck"))
    if trunk[1] < LYING_COSINE:
        upside_down = trunk[1] < UPSIDE_DOWN_COSINE
        return _bent_over(body, left, right) or ("upside down" if upside_down else _lying(body))
    if _kneels(left) and _kneels(right):
        return "kneeling on both knees"
    for kneeling, planted, side in ((left, right, "left"), (right, left, "right")):
        if _kneels(kneeling) and planted["thigh"] > 50:
            return f"kneeling on the {side} knee"
    if left["thigh"] > 58 and right["thigh"] > 58:
        return _seated(body, left, right)
    spread = abs(float(body.bone("left_ankle", "right_ankle") @ body.axis("pelvis", 0)))
    return _on_feet(left, right, spread)
