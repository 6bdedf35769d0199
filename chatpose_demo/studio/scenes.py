"""Synthetic scenes: people with exact symbolic truth, and questions that fit one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chatpose_demo.network.people_tokens import CHILD_AGE, FEATURES, OLD_AGE, person_features
from chatpose_demo.perception.person import (
    COLOUR_NAMES,
    COLOURS,
    HAIR_NAMES,
    POSTURES,
    THINGS,
    WORN,
    Appearance,
    Looks,
    Person,
)

Box = tuple[float, float, float, float]
WIDTH, HEIGHT = 1280.0, 800.0  # our choice: a usual photo
EXCLUSIVE = ("standing", "walking", "sitting", "kneeling", "crouching", "lying", "bending")
ARMS = tuple(name for name in POSTURES if name not in EXCLUSIVE)
EXCLUSIVE_ODDS = np.array([0.34, 0.16, 0.2, 0.07, 0.07, 0.06, 0.1])  # our choice: everyday photos
TOP_ODDS = np.array([1.4, 1, 1.6, 1.2, 0.7, 0.9, 1, 1.5, 0.9, 0.6, 0.8, 0.7, 0.7])
BOTTOM_ODDS = np.array([2.2, 1.3, 0.9, 0.6, 0.3, 0.4, 0.6, 2.2, 0.8, 0.4, 0.4, 1.2, 1.0])
WORN_ODDS = {"hat": 0.18, "glasses": 0.18, "skirt": 0.12}
FACE_ODDS = 0.55  # our choice: how often a face is big and clear enough to tell anything
AGES = (6, 10, 22, 28, 30, 35, 40, 45, 50, 65, 72)
HAIR_ODDS = np.array([2.0, 2.2, 1.4, 0.9, 0.6, 0.6])


@dataclass(frozen=True)
class Truth:
    """What is really so about one synthetic person (names from perception.person).

    Attributes:
        near, worn: the THINGS beside or under them, and what of WORN they wear.
        female: None when the face says nothing.
        age: apparent years, None likewise.
    """

    top: str
    bottom: str
    hair: str
    posture: str
    arms: str | None
    near: tuple[str, ...] = ()
    worn: tuple[str, ...] = ()
    female: bool | None = None
    age: float | None = None


@dataclass(frozen=True)
class SyntheticScene:
    """People and their truth; index i of both is the same person."""

    people: list[Person]
    truths: list[Truth]


def _pick(rng: np.random.Generator, names: tuple[str, ...], odds: np.ndarray) -> str:
    odds = np.asarray(odds, float)
    return names[rng.choice(len(names), p=odds / odds.sum())]


def colour_confusion(sharpness: float = 900.0) -> np.ndarray:
    """(13, 13) row-stochastic: how easily the eyes take one colour for another (by sRGB)."""
    centres = np.array([COLOURS[name] for name in COLOUR_NAMES], float)
    squared = ((centres[:, None] - centres[None]) ** 2).sum(-1)
    weights = np.exp(-squared / (2 * sharpness))
    return weights / weights.sum(1, keepdims=True)


CONFUSION = colour_confusion()


def _soft(rng: np.random.Generator, index: int, size: int, confusion: np.ndarray) -> np.ndarray:
    """A noisy soft one-hot as the eyes report it; sometimes not seen at all."""
    if rng.random() < 0.05:
        return np.zeros(size, np.float32)
    certain = rng.beta(6, 1.3)
    noise = rng.dirichlet(np.full(size, 0.3))
    soft = certain * confusion[index] + (1 - certain) * (0.5 * noise + 0.5 * confusion[index])
    return (soft / soft.sum()).astype(np.float32)


def _blurred(rng: np.random.Generator, names: tuple[str, ...], true: tuple[str, ...]):
    """Degrees as the eyes report them: what is there is sometimes missed, rarely made up."""
    degrees = {name: rng.uniform(0, 0.5) for name in names if rng.random() < 0.06}
    return degrees | {name: rng.uniform(0.4, 1.0) for name in true if rng.random() < 0.92}


def make_looks(rng: np.random.Generator, truth: Truth) -> Looks:
    """What the eyes would report around and on a person."""
    female = None
    if truth.female is not None:
        certain = rng.beta(5, 1)
        female = certain if truth.female else 1 - certain
    age = None if truth.age is None else max(1.0, truth.age + rng.normal(0, 5))
    near, worn = _blurred(rng, THINGS, truth.near), _blurred(rng, WORN, truth.worn)
    return Looks(near, worn, female, age)


def make_person(rng: np.random.Generator, truth: Truth, box: Box) -> Person:
    """A Person with the given truth, its symbols blurred as real perception blurs them."""
    postures = np.abs(rng.normal(0, 0.08, len(POSTURES)))
    for name in (truth.posture, truth.arms):
        if name is not None:
            postures[POSTURES.index(name)] = rng.uniform(0.7, 1.0)
    if truth.posture == "walking":
        postures[POSTURES.index("standing")] = rng.uniform(0.2, 0.9)
    postures[np.isin(POSTURES, EXCLUSIVE) & (postures < 0.05)] = 0
    hair_confusion = 0.9 * np.eye(len(HAIR_NAMES)) + 0.1 / len(HAIR_NAMES)
    appearance = Appearance(
        top=_soft(rng, COLOUR_NAMES.index(truth.top), len(COLOUR_NAMES), CONFUSION),
        bottom=_soft(rng, COLOUR_NAMES.index(truth.bottom), len(COLOUR_NAMES), CONFUSION),
        hair=_soft(rng, HAIR_NAMES.index(truth.hair), len(HAIR_NAMES), hair_confusion),
        postures=postures.clip(0, 1).astype(np.float32),
    )
    return Person(
        box=box,
        score=0.9,
        landmarks_px=np.zeros((33, 2)),
        landmarks_m=np.zeros((33, 3)),
        visibility=np.ones(33),
        rotations=np.tile(np.eye(3, dtype=np.float32), (24, 1, 1)),
        camera=(1.0, 0.0, 0.0),
        appearance=appearance,
        looks=make_looks(rng, truth),
    )


def sample_truth(rng: np.random.Generator) -> Truth:
    """One person's looks."""
    return Truth(
        top=_pick(rng, COLOUR_NAMES, TOP_ODDS),
        bottom=_pick(rng, COLOUR_NAMES, BOTTOM_ODDS),
        hair=_pick(rng, HAIR_NAMES, HAIR_ODDS),
        posture=_pick(rng, EXCLUSIVE, EXCLUSIVE_ODDS),
        arms=ARMS[rng.integers(len(ARMS))] if rng.random() < 0.4 else None,
        worn=tuple(name for name, odds in WORN_ODDS.items() if rng.random() < odds),
        female=bool(rng.random() < 0.5) if (face := rng.random() < FACE_ODDS) else None,
        age=float(rng.choice(AGES)) if face else None,
    )


def furnish(rng: np.random.Generator, truths: list[Truth]) -> list[Truth]:
    """Put a few things into the scene, each beside some of the people."""
    things = rng.permutation(np.array(THINGS))[: rng.integers(0, 5)]
    near: list[list[str]] = [[] for _ in truths]
    for thing in things:
        for i in rng.permutation(len(truths))[: 1 + int(rng.random() < 0.3)]:
            near[i].append(str(thing))
    return [
        replace(t, near=tuple(n)) if not t.near else t for t, n in zip(truths, near, strict=True)
    ]


def sample_boxes(rng: np.random.Generator, count: int) -> list[Box]:
    """Boxes in random order, centres at least 40 px apart, of varied heights."""
    while True:
        centres = np.sort(rng.uniform(0.06, 0.94, count)) * WIDTH
        if count == 1 or np.diff(centres).min() > 40:
            break
    rng.shuffle(centres)
    heights = HEIGHT * rng.uniform(0.25, 0.85) * rng.uniform(0.55, 1.0, count)
    bottoms = HEIGHT * rng.uniform(0.75, 0.98, count)
    return [
        (x - 0.2 * h, y - h, x + 0.2 * h, y)
        for x, h, y in zip(centres, heights, bottoms, strict=True)
    ]


def sample_scene(
    rng: np.random.Generator, count: int | None = None, forced: dict[int, Truth] | None = None
) -> SyntheticScene:
    """A scene of 1 to 8 people; `forced` fixes the looks of some of them."""
    count = (
        int(rng.choice(8, p=[0.06, 0.2, 0.24, 0.2, 0.12, 0.08, 0.05, 0.05])) + 1
        if count is None
        else count
    )  # noqa: E501
    truths = [(forced or {}).get(i) or sample_truth(rng) for i in range(count)]
    truths = furnish(rng, truths)
    boxes = sample_boxes(rng, count)
    people = [make_person(rng, truth, box) for truth, box in zip(truths, boxes, strict=True)]
    return SyntheticScene(people, truths)


def exact_features(scene: SyntheticScene, last: int | None = None) -> np.ndarray:
    """(P, NUM_FEATURES) truth without noise: what each person really is, 0 or 1.

    What nobody can know from a face counts as true: the benefit of the doubt.
    """
    features = person_features(scene.people, WIDTH, last)
    first = FEATURES.index("alone") + 1
    for row, truth in zip(features, scene.truths, strict=True):
        row[: FEATURES.index("leftmost")] = 0
        row[first:] = 0
        names = [f"top {truth.top}", f"bottom {truth.bottom}", f"hair {truth.hair}", truth.posture]
        names += [truth.arms] if truth.arms else []
        names += [f"near {name}" for name in truth.near] + list(truth.worn)
        names += [] if truth.female is True else ["male"]
        names += [] if truth.female is False else ["female"]
        names += ["child"] if truth.age is None or truth.age < CHILD_AGE[0] else []
        names += ["old"] if truth.age is None or truth.age > OLD_AGE[0] else []
        row[[FEATURES.index(name) for name in names]] = 1
    return (features > 0.5).astype(np.float32)
