"""A second look at the people of a photo: things near them, hats, glasses, age, and a crop's trace.

Three small networks answer. NanoDet boxes what COCO names (sofa, chair, table, bed, plant, car,
bicycle, bench, dog, ball, bag, umbrella, phone, book, computer, cup). An ImageNet network names
what COCO lacks (stairs, door, window, shelf) in crops around each person and backs up sofa, table
and bed. A face detector and two classifiers read faces (`faces`). What that network makes of two
crops of each person is kept for words outside these lists (`network.crop_words`).

What they cannot see stays 0: a tree (no class in either set); a skirt (ImageNet's classes took
trousers for one and missed plaid); caps, beanies and other headwear without a class; clear
spectacles (dark glasses are seen). Stairs are known by their banister, a door by looking like a
sliding one, so many are missed. `ball` may be a round lamp. How a face looks says little about who
someone is: `female` and `age` serve to pick the person a question means, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from chatpose_demo.perception.crops import FEATURES, INPUT, classify, square_crop
from chatpose_demo.perception.faces import Face, find_faces, gender_and_age
from chatpose_demo.perception.objects import Objects, find_objects
from chatpose_demo.perception.person import THINGS, WORN, Looks, Person

CLAIM = 0.5  # a degree from here on is worth saying
# ImageNet-1k class numbers whose probabilities add up to a thing (studio couch; dining table, desk;
# four-poster, crib; banister; sliding door; window screen and shade; bookcase, bookshop, library).
PLACES = {
    "sofa": (831,), "table": (532, 526), "bed": (564, 520), "stairs": (421,), "door": (799,),
    "window": (904, 905), "shelf": (453, 454, 624),
}  # fmt: skip
# Sunglasses; cowboy hat, sombrero, bonnet, mortarboard, crash and football helmet, bathing and
# shower cap (bearskin is left out: dark hair in small pictures looks like it).
CLOTHES = {"glasses": (836, 837), "hat": (515, 808, 452, 667, 518, 560, 433, 793)}
# Nose, shoulders, elbows, wrists and hips, and our choice of the crop's side in their extent: of
# nine views of a footballer and a photographer, this one shows ball and camera best.
UPPER_MARKS, UPPER = [0, 11, 12, 13, 14, 15, 16, 23, 24], 1.2
SIDE = 1280  # pixels; the crops are cut from a photo of at most this size, faces from the photo


@dataclass(frozen=True)
class ThingSettings:
    """Our choices, by looking at 20 photos and renderings with 63 people, so the count is kind: of
    20 claims none was wrong, though two things stood a step behind; some fourteen were missed."""

    # The detector's score that is worth a claim; the usual one, and for classes that it mistakes.
    score: float = 0.4
    scores: dict[str, float] = field(
        default_factory=lambda: {"phone": 0.6, "book": 0.55, "ball": 0.5, "bag": 0.5, "cup": 0.45}
    )
    # The ImageNet probability that is worth a claim.
    places: dict[str, float] = field(
        default_factory=lambda: {
            "sofa": 0.15, "table": 0.15, "bed": 0.3, "stairs": 0.1, "door": 0.13, "window": 0.2,
            "shelf": 0.2,
        }
    )  # fmt: skip
    clothes: dict[str, float] = field(default_factory=lambda: {"hat": 0.14, "glasses": 0.1})
    steepness: float = 3.0  # of the way from evidence to degree
    beside: float = 0.9  # beside a thing is less than on it or in it
    near: float = 0.35  # gap in person heights at which nearness has fallen to a half
    # Heights in metres of things whose size gives their distance away; far things are not near.
    heights: dict[str, float] = field(
        default_factory=lambda: {"car": 1.5, "bicycle": 1.05, "sofa": 0.85, "bench": 0.85,
                                 "chair": 0.9}
    )  # fmt: skip
    smallest: float = 0.5  # of the size that a thing at the person's distance would show
    aside: float = 0.8  # what the crops beside a person show counts less
    many: int = 4  # people; of more, only the largest get crops of their surroundings


def degree(evidence: float, even: float, steepness: float) -> float:
    """Evidence >= 0 as a degree in [0, 1] that is one half at `even`."""
    power = evidence**steepness
    return power / (power + even**steepness)


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """Pixels between two boxes; zero where they touch."""
    apart = np.maximum(np.maximum(a[:2] - b[2:], b[:2] - a[2:]), 0)
    return float(np.linalg.norm(apart))


def _near_objects(person: Person, objects: Objects, settings: ThingSettings) -> dict[str, float]:
    """Degrees for the things that the detector boxed: sure, close by and not far behind."""
    box, px = np.array(person.box), person.landmarks_px
    spots = np.stack([px[[23, 24]].mean(0), px[[27, 28]].mean(0)])  # hips and ankles
    height = max(float(np.max(box[2:] - box[:2])), 1.0)
    found: dict[str, float] = {}
    for thing, score, word in zip(objects.boxes, objects.scores, objects.words, strict=True):
        if word in settings.heights:
            seen = float(thing[3] - thing[1]) / settings.heights[word]
            if seen < settings.smallest * person.camera[0]:
                continue
        sure = degree(float(score), settings.scores.get(word, settings.score), settings.steepness)
        on = ((spots > thing[:2]) & (spots < thing[2:])).all(1).any()
        gap = _gap(box, thing) / (settings.near * height)
        closeness = 1.0 if on else settings.beside * 0.5**gap**2
        found[word] = max(found.get(word, 0.0), sure * closeness)
    return found


def _surroundings(person: Person) -> list[tuple[np.ndarray, float]]:
    """Centre and side of four squares: the person, the feet, what is to the left, to the right."""
    box = np.array(person.box)
    middle, side = (box[:2] + box[2:]) / 2, max(float(np.max(box[2:] - box[:2])), 8.0)
    return [
        (middle, 1.15 * side),
        (np.array([middle[0], box[3] - 0.25 * (box[3] - box[1])]), 1.2 * side),
        (np.array([box[0] - 0.35 * side, middle[1]]), 1.1 * side),
        (np.array([box[2] + 0.35 * side, middle[1]]), 1.1 * side),
    ]


def _upper_body(person: Person) -> tuple[np.ndarray, float]:
    """Centre and side of a square about head, arms and hips: what is worn and what is held."""
    marks = person.landmarks_px[UPPER_MARKS]
    low, high = marks.min(0), marks.max(0)
    return (low + high) / 2, UPPER * max(float(np.max(high - low)), 8.0)


def _head_views(face: Face) -> list[tuple[np.ndarray, float]]:
    """Centre and side of two squares about a face: the eyes, and the head with what is on it."""
    eyes, mouth = face.points[:2].mean(0), face.points[3]
    up = eyes - mouth
    width = max(float(np.linalg.norm(face.points[0] - face.points[1])), float(np.linalg.norm(up)))
    return [(eyes, 4 * width), (eyes + 0.6 * up, 4 * width)]


def look_around(
    rgb: np.ndarray, people: list[Person], settings: ThingSettings | None = None
) -> list[Looks]:
    """What a second look sees of each person.

    Args:
        rgb: (H, W, 3) uint8, the photo in whose pixels the people are given.

    Returns:
        One Looks for each person, in their order: `near` and `worn` name all of THINGS and WORN,
        and CLAIM or more is worth saying; `female` is None without a clear face or verdict, `age`
        is good to about ten years; `embedding` is (1280,) float32 of unit length; `classes` is
        (2, 1000) float16.
    """
    settings = settings or ThingSettings()
    if not people:
        return []
    scale = min(1.0, SIDE / max(rgb.shape[:2]))
    small = rgb
    if scale < 1:
        size = [max(1, round(s * scale)) for s in rgb.shape[1::-1]]
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    objects = find_objects(small)
    objects = replace(objects, boxes=objects.boxes / scale)
    faces = find_faces(rgb, people)
    impressions = gender_and_age(rgb, faces)
    sizes = [max(p.box[2] - p.box[0], p.box[3] - p.box[1]) for p in people]
    largest = set(np.argsort(sizes)[::-1][: settings.many].tolist())

    # One batch of crops for everybody: (person, what the crop may tell of).
    crops: list[np.ndarray] = []
    notes: list[tuple[int, str]] = []

    def add(index: int, note: str, view: tuple[np.ndarray, float]) -> None:
        centre, side = view
        crops.append(square_crop(small, centre * scale, side * scale, INPUT))
        notes.append((index, note))

    for index, (person, face) in enumerate(zip(people, faces, strict=True)):
        views = _surroundings(person)
        add(index, "body", views[0])
        add(index, "upper", _upper_body(person))
        if face is not None:
            for note, view in zip(CLOTHES, _head_views(face), strict=True):
                add(index, note, view)
        if index in largest:
            for note, view in zip(("feet", "aside", "aside"), views[1:], strict=True):
                add(index, note, view)
    probabilities, features = classify(crops)

    near = [dict.fromkeys(THINGS, 0.0) | _near_objects(p, objects, settings) for p in people]
    worn: list[dict[str, float]] = [dict.fromkeys(WORN, 0.0) for _ in people]
    embeddings = np.zeros((len(people), FEATURES), np.float32)
    shown: list[list[np.ndarray]] = [[] for _ in people]
    for (index, note), chances, trace in zip(notes, probabilities, features, strict=True):
        if note == "body":
            embeddings[index] = trace / max(float(np.linalg.norm(trace)), 1e-6)
        if note in ("body", "upper"):
            shown[index].append(chances)
        if note == "upper":
            continue
        if note in WORN:
            chance = float(chances[list(CLOTHES[note])].sum())
            worn[index][note] = degree(chance, settings.clothes[note], settings.steepness)
            continue
        for thing, classes in PLACES.items():
            chance = float(chances[list(classes)].sum())
            chance *= settings.aside if note == "aside" else 1.0
            sure = degree(chance, settings.places[thing], settings.steepness)
            near[index][thing] = max(near[index][thing], sure)
    return [
        Looks(near[i], worn[i], female, age, embeddings[i], np.stack(shown[i]).astype(np.float16))
        for i, (female, age) in enumerate(impressions)
    ]
