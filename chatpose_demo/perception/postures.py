"""How far each named posture holds, from the body: degrees in [0, 1], not a choice."""

from __future__ import annotations

import numpy as np
import torch

from chatpose_demo.perception.person import POSTURES
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.perception.swing import angle, smooth, unit
from chatpose_demo.pose import JOINT

UP = np.array([0.0, 1.0, 0.0])
UNSURE = 0.5  # our choice: what legs at rest that nobody saw are worth


def _legs(joints: np.ndarray, turned: np.ndarray, unseen: set[str]) -> dict[str, float]:
    """Postures that the torso and the legs decide."""
    torso = unit(joints[JOINT["neck"]] - joints[JOINT["pelvis"]])
    tilt = angle(torso, UP)
    front = unit(turned[0][:, 2] * [1, 0, 1])
    thigh_angle, bend, ahead = [], [], []
    for side in ("left", "right"):
        hip, knee, ankle = (joints[JOINT[f"{side}_{n}"]] for n in ("hip", "knee", "ankle"))
        thigh, shin = unit(knee - hip), unit(ankle - knee)
        thigh_angle.append(angle(thigh, -UP))
        bend.append(angle(thigh, shin))
        ahead.append(float(unit(thigh * [1, 0, 1]) @ front))
    ankles = joints[JOINT["left_ankle"]] - joints[JOINT["right_ankle"]]
    leg = np.linalg.norm(joints[JOINT["left_hip"]] - joints[JOINT["left_knee"]]) * 2
    stride = abs(ankles @ front) / leg
    # Metres from the knee to the lowest joint: 0.15 of them are a foot on its toes.
    knees_low = [
        smooth(0.26 - (joints[JOINT[f"{s}_knee"]][1] - joints[:, 1].min()), 0, 0.08)
        for s in ("left", "right")
    ]

    upright = 1 - smooth(tilt, 25, 50)
    straight = 1 - smooth(max(bend), 35, 70)
    hanging = 1 - smooth(max(thigh_angle), 30, 55)
    raised = smooth(min(thigh_angle), 40, 60)
    # On a chair the knees bend; on the floor the thighs lie level.
    seat = max(smooth(min(bend), 30, 52), smooth(min(thigh_angle), 70, 85))
    walking = upright * smooth(stride, 0.2, 0.42) * (1 - smooth(min(thigh_angle), 35, 60))
    walking *= 1 - smooth(min(bend), 50, 90)
    crouching = raised * smooth(min(bend), 88, 118) * (1 - smooth(tilt, 60, 85))
    kneel = [
        low * smooth(b, 55, 85) * (1 - smooth(t, 40, 70))
        for low, b, t in zip(knees_low, bend, thigh_angle, strict=True)
    ]
    upturned = smooth(tilt, 120, 145)  # on the hands or the head
    lying = smooth(tilt, 55, 75) * smooth(min(thigh_angle), 40, 65) * (1 - upturned)
    result = {
        "walking": walking,
        "crouching": crouching,
        "sitting": raised * seat * smooth(min(ahead), 0.1, 0.5) * (1 - smooth(tilt, 45, 70)),
        "kneeling": max(kneel) * (1 - lying),
        "lying": lying,
        "bending": smooth(tilt, 35, 60) * (1 - smooth(max(thigh_angle), 40, 65)),
        "standing": upright * straight * hanging,
    }
    result["sitting"] *= 1 - crouching
    result["standing"] *= 1 - walking
    if {"left_knee", "right_knee"} <= unseen:
        result = {name: value * UNSURE for name, value in result.items()}
        result["walking"] = 0.0
        result["sitting"] = max(result["sitting"], result["standing"])  # behind a table, who knows
    return result


def _arms(joints: np.ndarray, turned: np.ndarray, unseen: set[str]) -> dict[str, float]:
    """Postures that the arms decide; an arm whose hand was not seen decides nothing."""
    chest = turned[JOINT["spine3"]]
    middle = (joints[JOINT["left_shoulder"]] + joints[JOINT["right_shoulder"]]) / 2
    up, out, hip, crossed = {}, {}, {}, {}
    for side, sign in (("left", 1), ("right", -1)):
        shoulder, elbow, wrist = (
            joints[JOINT[f"{side}_{n}"]] for n in ("shoulder", "elbow", "wrist")
        )
        seen = f"{side}_wrist" not in unseen
        reach = wrist - shoulder
        bend = angle(elbow - shoulder, wrist - elbow)
        local = chest.T @ (wrist - middle)  # metres in the chest's own axes
        up[side] = seen * smooth(reach[1], 0.12, 0.3) * smooth(elbow[1] - shoulder[1], -0.1, 0.08)
        level = 1 - smooth(abs(np.degrees(np.arcsin(np.clip(unit(reach)[1], -1, 1)))), 25, 45)
        outward = smooth(sign * unit(chest.T @ reach)[0], 0.55, 0.8)
        out[side] = seen * level * outward * (1 - smooth(bend, 50, 80))
        waist = joints[JOINT[f"{side}_hip"]] + 0.08 * UP  # metres; the hip bone
        away = smooth(sign * (chest.T @ (elbow - wrist))[0], 0.02, 0.12)
        near = 1 - smooth(float(np.linalg.norm(wrist - waist)), 0.18, 0.3)
        hip[side] = seen * near * away * smooth(bend, 40, 65)
        before = smooth(local[2], 0.02, 0.12) * (1 - smooth(abs(local[1] + 0.22), 0.16, 0.28))
        crossed[side] = seen * before * smooth(bend, 55, 80) * smooth(-sign * local[0], -0.1, 0.02)
    return {
        "arms up": min(up.values()),
        "left arm up": up["left"],
        "right arm up": up["right"],
        "arms out": min(out.values()),
        "hand on hip": max(hip.values()),
        "arms crossed": min(crossed.values()),
    }


def postures(rotations: np.ndarray, unseen_joints: tuple[str, ...] = ()) -> np.ndarray:
    """Degrees (13,) float32 of POSTURES.

    Args:
        rotations: (24, 3, 3) world frame, y up.
        unseen_joints: joints at rest because the photo does not show them.
    """
    places, turns = kinematics(torch.as_tensor(rotations[None], dtype=torch.float64))
    joints, turned = places[0].numpy(), turns[0].numpy()
    unseen = set(unseen_joints)
    degrees = _legs(joints, turned, unseen) | _arms(joints, turned, unseen)
    return np.array([degrees[name] for name in POSTURES], np.float32)
