"""A person of the photo as a vector of symbols that words can point at.

Raw RGB or pixel positions leave a small pointer at chance; colour names, ordinal ranks and
postures let it generalise from few examples. The same function serves training and the demo.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.perception.person import (
    COLOUR_NAMES,
    HAIR_NAMES,
    POSTURES,
    THINGS,
    WORN,
    Person,
)

ORDINALS = ("second", "third", "fourth")
PLACE_FEATURES = (
    "leftmost", "rightmost", "middle",
    *(f"{n} from left" for n in ORDINALS), *(f"{n} from right" for n in ORDINALS),
    "left half", "right half", "biggest", "smallest",
)  # fmt: skip
ENDS = ("leftmost", "rightmost", "middle", "biggest", "smallest")
LAST_FEATURES = ("last", "left of last", "right of last", "beside last", "not last")
# What a face tells, at best: words of this kind only re-rank, they never rule anybody out.
SOFT_FEATURES = ("female", "male", "child", "old")
UNKNOWN = 0.5
CHILD_AGE, OLD_AGE = (15.0, 4.0), (58.0, 6.0)  # our choice: years where a word half fits, spread
FEATURES = (
    *(f"top {name}" for name in COLOUR_NAMES), *(f"bottom {name}" for name in COLOUR_NAMES),
    *(f"hair {name}" for name in HAIR_NAMES), *POSTURES, *PLACE_FEATURES, *LAST_FEATURES,
    "alone", *(f"near {name}" for name in THINGS), *WORN, *SOFT_FEATURES, "action",
)  # fmt: skip
NUM_FEATURES = len(FEATURES)
NEAR = 1.3  # our choice: neighbours this much farther than the nearest are not "beside"
SIZE_MARGIN = 1.08  # our choice: a body must be 8 % taller than the next to be "the biggest"


def _places(boxes: np.ndarray, width: float) -> np.ndarray:
    """(P, 11) place features from boxes (P, 4)."""
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    height = boxes[:, 3] - boxes[:, 1]
    count = len(boxes)
    rank = np.empty(count, int)
    rank[np.argsort(centre, kind="stable")] = np.arange(count)
    features = np.zeros((count, len(PLACE_FEATURES)), np.float32)
    if count > 1:
        features[rank == 0, 0] = 1
        features[rank == count - 1, 1] = 1
        features[np.abs(rank - (count - 1) / 2) < 0.6, 2] = 1 if count > 2 else 0
        for step in range(1, 4):
            features[rank == step, 2 + step] = 1
            features[rank == count - 1 - step, 5 + step] = 1
        ordered = np.sort(height)
        features[height >= SIZE_MARGIN * ordered[-2], 11] = 1
        features[height * SIZE_MARGIN <= ordered[1], 12] = 1
        features[height < ordered[-1], 11] = 0
        features[height > ordered[0], 12] = 0
    # "On the left" means both a part of the picture and a place among the others.
    side = np.clip(centre / max(width, 1.0), 0, 1)
    among = rank / max(count - 1, 1) if count > 1 else side
    features[:, 9] = 0.5 * np.clip(2 * (0.55 - side) / 0.3, 0, 1) + 0.5 * (1 - among)
    features[:, 10] = 0.5 * np.clip(2 * (side - 0.45) / 0.3, 0, 1) + 0.5 * among
    return features


def _about_last(people: Sequence[Person], last: int | None) -> np.ndarray:
    """(P, 5): how each person stands to the one spoken of last."""
    features = np.zeros((len(people), len(LAST_FEATURES)), np.float32)
    if last is None or not 0 <= last < len(people):
        return features
    centre = np.array([(person.box[0] + person.box[2]) / 2 for person in people])
    order = np.argsort(centre, kind="stable")
    place = int(np.flatnonzero(order == last)[0])
    features[:, 4] = 1
    features[last] = (1, 0, 0, 0, 0)
    gaps = {}
    for offset, column in ((-1, 1), (1, 2)):
        if 0 <= place + offset < len(people):
            neighbour = order[place + offset]
            features[neighbour, column] = 1
            gaps[neighbour] = abs(centre[neighbour] - centre[last])
    for neighbour, gap in gaps.items():  # "beside" means the nearer neighbour
        features[neighbour, 3] = 1 if gap <= NEAR * min(gaps.values()) else 0.4
    return features


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def _looks(person: Person) -> np.ndarray:
    """(28,): things nearby, what is worn, what the face seems to tell."""
    looks = person.looks
    if looks is None:
        return np.concatenate([np.zeros(len(THINGS) + len(WORN)), np.full(4, UNKNOWN)])
    female = UNKNOWN if looks.female is None else looks.female
    child = old = UNKNOWN
    if looks.age is not None:
        child = _logistic((CHILD_AGE[0] - looks.age) / CHILD_AGE[1])
        old = _logistic((looks.age - OLD_AGE[0]) / OLD_AGE[1])
    seen = [looks.near.get(name, 0.0) for name in THINGS]
    worn = [looks.worn.get(name, 0.0) for name in WORN]
    return np.array([*seen, *worn, female, 1 - female, child, old])


def person_features(people: Sequence[Person], width: float, last: int | None = None) -> np.ndarray:
    """Symbols for every person of a photo.

    Args:
        people: P people of one photo, in any order.
        width: width of the photo in pixels.
        last: index of the person that the conversation was about last, if any.

    Returns:
        (P, NUM_FEATURES) float32, named by FEATURES; every entry lies in [0, 1]. "action" is left
        at zero: it depends on the question (see people_fit.action_match).
    """
    if not people:
        return np.zeros((0, NUM_FEATURES), np.float32)
    look = np.stack(
        [
            np.concatenate(
                [
                    person.appearance.top,
                    person.appearance.bottom,
                    person.appearance.hair,
                    person.appearance.postures,
                ]
            )
            for person in people
        ]
    )
    alone = np.full((len(people), 1), float(len(people) == 1))
    boxes = np.array([person.box for person in people], float)
    looks = np.stack([_looks(person) for person in people])
    action = np.zeros((len(people), 1))
    features = [look, _places(boxes, width), _about_last(people, last), alone, looks, action]
    return np.concatenate(features, 1).astype(np.float32)


def count_among(
    features: np.ndarray, boxes: np.ndarray, width: float, needs: Sequence[str]
) -> np.ndarray:
    """Features in which places count only those people who may be of the kind asked for.

    "The second woman from the left" passes over men; who might be a woman is counted.

    Args:
        features: (P, NUM_FEATURES) of person_features.
        boxes: (P, 4) pixels.
        needs: names of FEATURES that the words ask for.
    """
    kinds = [FEATURES.index(name) for name in needs if name in SOFT_FEATURES]
    if not kinds or not any(name in PLACE_FEATURES for name in needs):
        return features
    counted = (features[:, kinds] >= UNKNOWN).all(1)
    first = FEATURES.index(PLACE_FEATURES[0])
    places = np.zeros((len(features), len(PLACE_FEATURES)), features.dtype)
    if counted.any():
        places[counted] = _places(boxes[counted], width)
    if counted.sum() == 1:  # the only one of a kind is the first, the last and the biggest
        ends = [PLACE_FEATURES.index(name) for name in ENDS]
        places[np.flatnonzero(counted)[:, None], ends] = 1
    found = features.copy()
    found[:, first : first + len(PLACE_FEATURES)] = places
    return found
