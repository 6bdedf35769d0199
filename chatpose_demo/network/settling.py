"""Limbs that words have moved settle on the skin instead of under it.

Words name states and moves; on another body than the one they were written for, an arm so set may
end in the chest. Such a limb swings about its root by about the least rotation that brings it out
as far as the atlas' poses are; nothing else of the body moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.geometry.penetration import LIMBS, PIECES, Flesh, anatomy, posed
from chatpose_demo.network.parts import KEEP, apply_choices
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.pose import JOINT, PARENTS, mirror
from chatpose_demo.studio.rig import PART_JOINTS, Spec, build
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, HEAD, LEGS

# The joint that each limb swings about.
ROOT = {
    "left_arm": "left_shoulder",
    "right_arm": "right_shoulder",
    "left_leg": "left_hip",
    "right_leg": "right_hip",
    "head": "neck",
}
LEGS_TOLD = ("left_leg", "right_leg")
MIRRORED = {"like_other", "swap"}
SAME = 1e-4  # entries of a rotation that differ by less are rounding
STATES = {
    "left_arm": ARMS,
    "right_arm": ARMS,
    "left_leg": LEGS,
    "right_leg": LEGS,
    "legs": BOTH_LEGS,
    "head": HEAD,
}  # the named states of each part that moves a limb


@dataclass(frozen=True)
class SettlingSettings:
    """How far flesh gives way, and how far a limb may swing."""

    # Metres that a limb lies in the body at most in 95 % of the atlas: evaluation.penetration.
    arm: float = 0.049
    leg: float = 0.022
    head: float = 0.006
    most: float = 25.0  # degrees, our choice: more would be another pose
    rounds: int = 5  # our choice
    close: float = 0.003  # m, our choice: nobody sees less; aimed at this much beyond, too
    stiff: float = 0.2  # our choice: no swing about an axis that lifts hardly any skin
    worth: float = 0.5  # our choice: a swing that leaves more of the excess is not made,
    lift: float = 0.001  # m, our choice: nor one of which a degree lifts a limb less than this

    def usual(self, limb: str) -> float:
        """Metres that a limb may lie in the body."""
        return {"arm": self.arm, "leg": self.leg, "head": self.head}[limb.split("_")[-1]]


SETTINGS = SettlingSettings()


def limbs_of(parts: Iterable[str]) -> tuple[str, ...]:
    """The limbs that parts of parts.OPTIONS move."""
    told = set(parts)
    if "legs" in told:
        told.update(LEGS_TOLD)
    return tuple(limb for limb in ROOT if limb in told)


def moved_limbs(before: np.ndarray, after: np.ndarray) -> tuple[str, ...]:
    """The limbs whose joints differ between two poses (24, 3, 3).

    A hip that only makes up for a turned pelvis, so that the thigh keeps its direction in the
    world, does not count.
    """
    here = (before != after).any((1, 2))
    frames = kinematics(torch.tensor(np.stack([before, after])))[1].numpy()
    world = np.abs(frames[0] - frames[1]).max((1, 2)) > SAME
    joints = {limb: [JOINT[name] for name in PART_JOINTS[limb]] for limb in ROOT}
    root = {limb: JOINT[joint] for limb, joint in ROOT.items()}
    return tuple(
        limb
        for limb, own in joints.items()
        if any(here[joint] and (joint != root[limb] or world[joint]) for joint in own)
    )


def apply_settled(base: np.ndarray, choices: Mapping[str, str]) -> np.ndarray:
    """Bend a pose by one option per part (parts.apply_choices), and settle the limbs that moved.

    A named state may stay as deep as it is on a standing body: so it was written. A move may stay
    as deep as the body was before.
    """
    told = {part: option for part, option in choices.items() if option != KEEP}
    after = {}
    if told.get("whole") == "mirror":  # the parts mean the sides before the mirror
        after = {part: told.pop(part) for part in ("whole", "facing") if part in told}
    changed = apply_choices(base, told)
    limbs = {part: option for part, option in told.items() if part in STATES}
    written = [(part, option) for part, option in limbs.items() if option in STATES[part]]
    before = []
    if len(written) < len(limbs):  # a move starts from where the limb was
        before.append(base)
    if MIRRORED.intersection(limbs.values()):  # the limb takes over what the other side did
        before.append(mirror(base))
    changed = settle(changed, limbs_of(told), before, written)
    return apply_choices(changed, after) if after else changed


def settle(
    changed: np.ndarray,
    limbs: Iterable[str],
    before: Iterable[np.ndarray],
    written: Iterable[tuple[str, str]] = (),
) -> np.ndarray:
    """Bring limbs out of the body.

    Args:
        changed: (24, 3, 3) rotations; not changed.
        limbs: of ROOT, those that may swing.
        before: poses (24, 3, 3), if any; a limb may stay as deep as in the deepest of them.
        written: (part, option) of named states, likewise.

    Returns:
        (24, 3, 3); `changed` itself where nothing is too deep or nothing helps. At most the root
        joints of `limbs` differ, each by SETTINGS.most degrees at most.
    """
    limbs = tuple(limbs)
    if not limbs:
        return changed
    (body,) = posed(changed[None])
    depth = {limb: body.limb_depth(limb) for limb in limbs}
    allowed = {limb: SETTINGS.usual(limb) for limb in limbs}
    allowed = {limb: most for limb, most in allowed.items() if depth[limb] > most + SETTINGS.close}
    if not allowed:
        return changed
    earlier, written = [flesh for one in before for flesh in posed(one[None])], tuple(written)
    for limb in tuple(allowed):
        as_deep = [one.limb_depth(limb) for one in earlier]
        as_deep += [_as_written(limb, *state) for state in written]
        allowed[limb] = max([allowed[limb], *as_deep])
        if depth[limb] <= allowed[limb] + SETTINGS.close:
            del allowed[limb]
    if not allowed:
        return changed
    turns = _turns(body, changed, allowed)
    settled = _swung(changed, turns)
    (after,) = posed(settled[None])
    excess = _excess(body, allowed)
    gain = excess - _excess(after, allowed)
    effort = sum(np.degrees(turn.magnitude()) for turn in turns.values())
    helps = gain >= max(SETTINGS.worth * excess, SETTINGS.lift * effort)
    return settled if helps and not _harms(after, body, allowed) else changed


def _harms(after: Flesh, body: Flesh, swung: Iterable[str]) -> bool:
    """Whether a limb that did not swing now lies too deep in one that did."""
    for limb in ROOT.keys() - set(swung):
        depth = after.limb_depth(limb) - SETTINGS.close
        if depth > SETTINGS.usual(limb) and depth > body.limb_depth(limb):
            return True
    return False


@cache
def _as_written(limb: str, part: str, option: str) -> float:
    """Metres that a limb lies in a standing body whose one part is in the given state."""
    (body,) = posed(apply_choices(build(Spec()), {part: option})[None])
    return body.limb_depth(limb)


def _excess(body: Flesh, allowed: Mapping[str, float]) -> float:
    """Metres that limbs lie too deep, summed."""
    return sum(max(0.0, body.limb_depth(limb) - most) for limb, most in allowed.items())


def _turns(
    start: Flesh, rotations: np.ndarray, allowed: Mapping[str, float]
) -> dict[str, Rotation]:
    """World rotations about the limbs' roots that leave the least excess.

    In each round a limb turns so that, to first order, its buried skin moves out along the
    nearest normals; the least-squares solution of least length is the least rotation.
    """
    joints = kinematics(torch.tensor(rotations)[None])[0][0].numpy()
    turns = dict.fromkeys(allowed, Rotation.identity())
    best, least = turns, np.inf
    for _ in range(SETTINGS.rounds + 1):
        body = start
        for limb, turn in turns.items():
            centre = joints[JOINT[ROOT[limb]]]
            body = body.turned(limb, centre, turn.as_matrix().astype(np.float32))
        steps, excess = {}, 0.0
        for limb, most in allowed.items():
            centre = joints[JOINT[ROOT[limb]]]
            steps[limb], too_deep = _step(body, limb, centre, most)
            excess += too_deep
        if excess < least:
            best, least = turns, excess
        if excess == 0:
            break
        turns = {limb: _bounded(steps[limb] * turn) for limb, turn in turns.items()}
    return best


def _step(body: Flesh, limb: str, centre: np.ndarray, most: float) -> tuple[Rotation, float]:
    """A small rotation about a centre (3,) that lifts a limb; and metres it lies too deep."""
    levers, lifts = [], []
    for name in LIMBS[limb]:
        piece = PIECES.index(name)
        depth, out = body.buried(piece)
        lift = depth - most + SETTINGS.close
        points = body.vertices[anatomy().probes[piece]]
        levers.append(np.cross(points - centre, out)[lift > 0])
        lifts.append(lift[lift > 0])
    lever, lift = np.concatenate(levers), np.concatenate(lifts)
    excess = float(lift.max(initial=0.0)) - SETTINGS.close
    if excess <= SETTINGS.close:
        return Rotation.identity(), 0.0
    turn = np.linalg.lstsq(lever, lift, rcond=SETTINGS.stiff)[0]
    return Rotation.from_rotvec(turn), excess


def _bounded(turn: Rotation) -> Rotation:
    """The same turn, but not further than allowed."""
    vector = turn.as_rotvec(degrees=True)
    length = float(np.linalg.norm(vector))
    return turn if length <= SETTINGS.most else turn ** (SETTINGS.most / length)


def _swung(rotations: np.ndarray, turns: Mapping[str, Rotation]) -> np.ndarray:
    """A pose whose limbs are turned in the world about their roots."""
    frames = kinematics(torch.tensor(rotations)[None])[1][0].numpy()
    pose = np.array(rotations, np.float32)
    for limb, turn in turns.items():
        joint = JOINT[ROOT[limb]]
        above = frames[PARENTS[joint]]
        pose[joint] = above.T @ turn.as_matrix() @ above @ rotations[joint]
    return pose
