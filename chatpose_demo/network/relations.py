"""How the people of a photo stand to each other, as degrees that words can ask for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.perception.person import Person

# "left of" and "right of" are the picture's; "behind" and "front" are told from size and feet.
RELATIONS = ("none", "left", "right", "beside", "behind", "front")
NEXT = 1.3  # our choice: neighbours this much farther than the nearest are not "beside"
FARTHER_ON = 0.35  # our choice: someone on that side, but not the next one, still half fits
DEPTH = 0.07  # our choice: feet this much higher in the picture (of the body height) are farther
ACROSS = 0.9  # our choice: "behind" someone also means close to them sideways, in body heights


def relations(people: Sequence[Person]) -> np.ndarray:
    """Pairwise degrees.

    Args:
        people: P people of one photo.

    Returns:
        (P, P, len(RELATIONS)) float32 in [0, 1]: entry [i, j, r] says how much person i stands in
        relation r to person j. "none" and the diagonal are zero.
    """
    boxes = np.array([person.box for person in people], float).reshape(-1, 4)
    return box_relations(boxes)


def box_relations(boxes: np.ndarray) -> np.ndarray:
    """The same from (P, 4) boxes (x0, y0, x1, y1) in pixels."""
    count = len(boxes)
    found = np.zeros((count, count, len(RELATIONS)), np.float32)
    if count < 2:
        return found
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    for j in range(count):
        offset = centre - centre[j]
        nearest: dict[int, float] = {}
        for name, sign in (("left", -1.0), ("right", 1.0)):
            side = [i for i in range(count) if i != j and sign * offset[i] > 0]
            found[side, j, RELATIONS.index(name)] = FARTHER_ON
            if side:
                i = min(side, key=lambda i: abs(offset[i]))
                found[i, j, RELATIONS.index(name)] = 1.0
                nearest[i] = abs(offset[i])
        for i, gap in nearest.items():
            found[i, j, RELATIONS.index("beside")] = (
                1.0 if gap <= NEXT * min(nearest.values()) else FARTHER_ON
            )
        for i in range(count):
            if i == j:
                continue
            # Feet higher in the picture and a smaller body both say "farther away".
            farther = (boxes[j, 3] - boxes[i, 3]) / height[j] + 0.5 * np.log(height[j] / height[i])
            close = np.clip(1.6 - abs(offset[i]) / (ACROSS * height[j]), 0, 1)
            degree = np.clip(abs(farther) / (2 * DEPTH), 0, 1) * (0.4 + 0.6 * close)
            found[i, j, RELATIONS.index("behind" if farther > 0 else "front")] = degree
    return found
