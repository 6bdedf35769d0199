"""Words that mean one thing of a standing body and another of a sitting one.

The decoder reads a line without seeing the body it changes: "one leg over the other" crosses the
ankles of who stands and the thighs of who sits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chatpose_demo.pose import JOINT

# Degrees, our choice: between standing (2, 3) and sitting on a chair (86, 86) or the floor (96, 3).
SEATED_HIPS, BENT_KNEES, STRAIGHT_KNEES = 60.0, 55.0, 35.0
ON_A_CHAIR = {"crossed_stand": "sit_crossed", "together": "sit", "straight": "forward"}
ON_THE_FLOOR = {"wide": "straddle", "together": "long"}
DOWN = np.array([0.0, -1.0, 0.0])


def _bend(rotation: np.ndarray) -> float:
    """Degrees by which a joint turns the bone below it from hanging down."""
    return float(np.degrees(np.arccos(np.clip((rotation @ DOWN) @ DOWN, -1, 1))))


def in_context(base: np.ndarray, parts: Mapping[str, str]) -> dict[str, str]:
    """Part options as they are meant for one body.

    Args:
        base: (24, 3, 3) rotations of the body that is to change.
        parts: part -> option of parts.OPTIONS, as the words alone say it.
    """
    hips = min(_bend(base[JOINT[f"{side}_hip"]]) for side in ("left", "right"))
    knees = [_bend(base[JOINT[f"{side}_knee"]]) for side in ("left", "right")]
    if hips < SEATED_HIPS:
        return dict(parts)
    meant: Mapping[str, str] = {}
    if max(knees) < STRAIGHT_KNEES:
        meant = ON_THE_FLOOR
    elif max(knees) > BENT_KNEES:
        meant = ON_A_CHAIR
    legs = ("legs", "left_leg", "right_leg")
    return {k: meant.get(option, option) if k in legs else option for k, option in parts.items()}
