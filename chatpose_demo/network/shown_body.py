"""What a shown body does, in the vocabulary of the parts: how near it is to every named state.

"Put it down again", "the other knee" and "that hand on the head instead" mean something only to
who sees the body. The decoder reads these numbers beside the words.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from chatpose_demo.network.parts import UPRIGHT_COSINE, heading
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.pose import JOINT
from chatpose_demo.studio.rig import Spec, build, legs
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, FACING, HEAD, LEGS, TORSO, WHOLE

STATES: dict[str, tuple[str, ...]] = {
    "left_arm": tuple(ARMS),
    "right_arm": tuple(ARMS),
    "legs": tuple(BOTH_LEGS),
    "left_leg": tuple(LEGS),
    "right_leg": tuple(LEGS),
    "torso": tuple(TORSO),
    "head": tuple(HEAD),
    "whole": tuple(WHOLE),
    "facing": tuple(FACING),
}
# Where each state of each part stands in the numbers.
PLACES = {
    one: place
    for place, one in enumerate(
        (part, state) for part, states in STATES.items() for state in states
    )
}
NUM_STATES = len(PLACES)
NEAR = 30.0  # degrees, our choice: so far from a state its number falls to 1/e
BONES = {
    "arm": (("shoulder", "elbow"), ("elbow", "wrist")),
    "leg": (("hip", "knee"), ("knee", "ankle")),
}


def part_states(rotations: np.ndarray) -> np.ndarray:
    """How near bodies are to every named state of every part.

    Args:
        rotations: (B, 24, 3, 3) SMPL rotations, y up, facing +z at rest.

    Returns:
        (B, NUM_STATES) float32 in (0, 1], in the order of STATES; 1 is exactly that state.
    """
    held = _frames(np.asarray(rotations, np.float32))
    columns = []
    for part in STATES:
        turned = np.einsum("bkij,skij->bsk", held[part], _named(part))
        cosine = np.clip((turned - 1) / 2 if held[part].shape[-1] == 3 else turned, -1, 1)
        columns.append(np.exp(-np.degrees(np.arccos(cosine)).mean(-1) / NEAR))
    return np.concatenate(columns, 1).astype(np.float32)


@cache
def _named(part: str) -> np.ndarray:
    """The states of one part as `_frames` gives them."""
    specs = []
    for state in STATES[part]:
        if part == "legs":
            specs.append(Spec().with_(**legs(state)))
        else:
            value = FACING[state] if part == "facing" else state
            specs.append(Spec().with_(**{part: value}))
    return _frames(np.stack([build(spec) for spec in specs]))[part]


def _frames(rotations: np.ndarray) -> dict[str, np.ndarray]:
    """Part -> (B, K, 3, 1) directions of its bones, or (B, 1, 3, 3) its orientation.

    Arms and head are seen from the chest; legs and trunk from the vertical or, for who lies, from
    the pelvis; the pelvis from where the body faces.
    """
    posed, turned = kinematics(torch.from_numpy(rotations))
    joints, frames = posed.numpy(), turned.numpy()
    pelvis, chest = frames[:, 0], frames[:, JOINT["spine3"]]
    ahead = np.stack([heading(root) for root in pelvis])
    upright = pelvis[:, 1, 1] > UPRIGHT_COSINE
    ground = np.where(upright[:, None, None], ahead, pelvis)

    def bones(side: str, limb: str, frame: np.ndarray) -> np.ndarray:
        pairs = [(JOINT[f"{side}_{a}"], JOINT[f"{side}_{b}"]) for a, b in BONES[limb]]
        along = np.stack([joints[:, b] - joints[:, a] for a, b in pairs], 1)
        along = along / np.linalg.norm(along, axis=-1, keepdims=True)
        return np.einsum("bji,bkj->bki", frame, along)[..., None]

    def seen_from(frame: np.ndarray, part: np.ndarray) -> np.ndarray:
        return (frame.transpose(0, 2, 1) @ part)[:, None]

    left, right = bones("left", "leg", ground), bones("right", "leg", ground)
    return {
        "left_arm": bones("left", "arm", chest),
        "right_arm": bones("right", "arm", chest),
        "legs": np.concatenate([left, right], 1),
        "left_leg": left,
        "right_leg": right,
        "torso": seen_from(ground, chest),
        "head": seen_from(chest, frames[:, JOINT["head"]]),
        "whole": seen_from(ahead, pelvis),
        "facing": ahead[:, None],
    }
