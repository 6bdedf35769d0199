"""Who holds themselves as the words say: "whoever holds both arms straight ahead"."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from chatpose_demo.network.shown_body import PLACES, part_states

SIDE = re.compile(r"\b(?:left|right)\b", re.IGNORECASE)
OTHER = {"left": "right", "right": "left"}
AT_ALL = 0.35  # our choice, mean nearness to the states: if nobody comes closer, it says nothing


def held_so(poses: np.ndarray, described: Mapping[str, str], text: str) -> np.ndarray | None:
    """How much each person holds themselves as described.

    Args:
        poses: (P, 24, 3, 3) people's rotations.
        described: part -> state of shown_body.STATES; others are not looked at.
        text: the question; where it names no side, the mirror image will do.

    Returns:
        (P,) in [0, 1], 1 for who comes closest; None where nothing is described or nobody is near.
    """
    wanted = [one for one in described.items() if one in PLACES]
    if not wanted or not len(poses):
        return None
    states = part_states(poses)
    near = states[:, [PLACES[one] for one in wanted]].mean(1)
    if not SIDE.search(text):
        turned = [(_turned(part), _turned(state)) for part, state in wanted]
        if all(one in PLACES for one in turned):
            near = np.maximum(near, states[:, [PLACES[one] for one in turned]].mean(1))
    return near / near.max() if near.max() >= AT_ALL else None


def _turned(name: str) -> str:
    return re.sub("left|right", lambda match: OTHER[match.group()], name)
