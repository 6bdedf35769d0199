"""Stage 1: bring Anny's A pose to SMPL's T pose with Anny's own rig."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.transform import Rotation

# Anny is z up and faces -y; SMPL is y up and faces +z.
R_SMPL_ANNY = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])

CLAVICLE_DEGREES, SHOULDER_DEGREES = 8.0, 6.0  # raised with the arms; our choice, by eye
FINGER_UNCURL = 0.55  # share of the fingers' rest curl that is taken out; our choice
TOE_OUT_DEGREES = 2.0


def bone_heads(model, output) -> np.ndarray:
    """(..., bones, 3) heads of Anny's bones in SMPL's axes, metres."""
    return output["bone_poses"][..., :3, 3].double().numpy() @ R_SMPL_ANNY.T


def t_pose(model) -> torch.Tensor:
    """(bones, 4, 4) `local-ref` pose parameters of Anny that give SMPL's T pose."""
    labels, parents = list(model.bone_labels), list(model.bone_parents)
    number = {label: index for index, label in enumerate(labels)}
    with torch.no_grad():
        heads = bone_heads(model, model())[0]

    def head(label: str) -> np.ndarray:
        return heads[number[label]]

    # World rotation of every bone relative to its rest, in SMPL's axes.
    world = {label: np.eye(3) for label in labels}

    def turn(root: str, rotation: np.ndarray) -> None:
        """Give a bone and everything below it one world rotation."""
        below = {root}
        for index, label in enumerate(labels):
            if parents[index] >= 0 and labels[parents[index]] in below:
                below.add(label)
        for label in below:
            world[label] = rotation

    for side, sign in (("L", 1.0), ("R", -1.0)):
        _raise_arm(side, sign, head, number, turn, world)
        thigh = head(f"foot.{side}") - head(f"upperleg01.{side}")
        down = np.array([sign * 0.03, -1.0, thigh[2] / abs(thigh[1]) * 0.6])
        turn(f"upperleg01.{side}", _between(thigh, down))
        turn(f"foot.{side}", _about("y", sign * TOE_OUT_DEGREES))  # feet stay flat

    parameters = torch.eye(4).repeat(len(labels), 1, 1)
    to_anny = R_SMPL_ANNY.T
    for index, label in enumerate(labels):
        own = to_anny @ world[label] @ R_SMPL_ANNY
        parent = parents[index]
        above = to_anny @ world[labels[parent]] @ R_SMPL_ANNY if parent >= 0 else np.eye(3)
        parameters[index, :3, :3] = torch.from_numpy(above.T @ own)
    return parameters


def _raise_arm(side: str, sign: float, head, number: dict[str, int], turn, world) -> None:
    """Clavicle, shoulder, upper arm, forearm, palm down, fingers straighter."""
    outwards = np.array([sign, 0.0, 0.0])
    clavicle = _about("z", sign * CLAVICLE_DEGREES)
    turn(f"clavicle.{side}", clavicle)
    turn(f"shoulder01.{side}", _about("z", sign * SHOULDER_DEGREES) @ clavicle)

    elbow, wrist = head(f"lowerarm01.{side}"), head(f"wrist.{side}")
    # SMPL's arms: nearly level, a little back.
    upper = _between(elbow - head(f"upperarm01.{side}"), np.array([sign, -0.03, -0.06]))
    turn(f"upperarm01.{side}", upper)
    lower = _between(upper @ (wrist - elbow), np.array([sign, 0.02, 0.0])) @ upper
    turn(f"lowerarm01.{side}", lower)

    index, little = (lower @ (head(f"finger{f}-1.{side}") - wrist) for f in (2, 5))
    palm = np.cross(index, little) * sign
    up = np.array([0.0, 1.0, 0.0])
    roll = np.arctan2(np.cross(palm, up) @ outwards, palm @ up)
    roll = (roll + np.pi / 2) % np.pi - np.pi / 2  # the palm's normal has no preferred sign
    for share, bone in ((0.35, "lowerarm01"), (0.75, "lowerarm02"), (1.0, "wrist")):
        turn(f"{bone}.{side}", Rotation.from_rotvec(outwards * roll * share).as_matrix() @ lower)
    hand = Rotation.from_rotvec(outwards * roll).as_matrix() @ lower
    middle = hand @ (head(f"finger3-1.{side}") - wrist)
    hand = _between(middle, np.array([sign, -0.03, 0.02])) @ hand
    turn(f"wrist.{side}", hand)

    for finger in range(2, 6):
        for joint in (1, 2, 3):
            bone = f"finger{finger}-{joint}.{side}"
            following = f"finger{finger}-{joint + 1}.{side}"
            if following in number:
                along = hand @ (head(following) - head(bone))
            else:
                along = hand @ (head(bone) - head(f"finger{finger}-{joint - 1}.{side}"))
            straight = np.array([sign, 0.0, 0.6 * along[2] / np.linalg.norm(along)])
            full = Rotation.from_matrix(_between(along, straight)).as_rotvec()
            world[bone] = Rotation.from_rotvec(full * FINGER_UNCURL).as_matrix() @ hand


def _about(axis: str, degrees: float) -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def _between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The shortest rotation that turns one direction into another."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, start @ end)).as_matrix()
