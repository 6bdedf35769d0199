"""The second look: converted networks against their originals, and what is said of real pictures.

`tests/data/looks_golden.npz` is written by `tools/convert_looks.py` from TensorFlow.js, LiteRT,
torch and float32 onnxruntime, on scikit-image's astronaut.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from perception_photos import photo
from PIL import Image

from chatpose_demo.perception.crops import FEATURES, square_crop
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.faces import AGE_INPUT, MEAN_FACE, PADDING, Face, find_faces, upright
from chatpose_demo.perception.networks import ASSETS, run_network
from chatpose_demo.perception.objects import BINS, CLASSES, STRIDES, decode, network_input
from chatpose_demo.perception.person import THINGS, WORN, Looks, Person
from chatpose_demo.perception.things import CLAIM, degree, look_around

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from perception_graphs.looks_probe import LIMITS, SHORT, shipped_outputs  # noqa: E402

GOLDEN = np.load(ROOT / "tests" / "data" / "looks_golden.npz")
TRUTH = json.loads((ROOT / "examples" / "truth.json").read_text())["photos"]


@lru_cache
def picture(name: str) -> tuple[np.ndarray, list[Person], list[Looks]]:
    """A picture, its people from left to right, and the second look at them."""
    path = ROOT / "examples" / f"{name}.jpg"
    rgb = np.asarray(Image.open(path).convert("RGB")) if path.exists() else photo(name)
    if rgb is None:
        pytest.skip(f"{name} is not installed (Debian's opencv-doc)")
    people = Eyes()(Image.fromarray(rgb))
    return rgb, people, look_around(rgb, people)


def claims(looks: Looks) -> set[str]:
    return {word for word, value in (looks.near | looks.worn).items() if value >= CLAIM}


def look_at(name: str, truth: dict) -> Looks | None:
    """The look at the person of an example's truth, if the eyes found someone in that box."""
    _, people, looks = picture(name)
    x0, y0, x1, y1 = truth["box"]
    middles = np.array([p.box for p in people]).reshape(-1, 2, 2).mean(1)
    gaps = np.linalg.norm(middles - [(x0 + x1) / 2, (y0 + y1) / 2], axis=1)
    return looks[int(gaps.argmin())] if gaps.min() < 40 else None


def named(name: str, words: str) -> Looks:
    """The look at the person who goes by this name in an example's truth."""
    (truth,) = (p for p in TRUTH[f"{name}.jpg"]["people"] if p["name"] == words)
    looks = look_at(name, truth)
    assert looks is not None, f"{words} was not found"
    return looks


@pytest.fixture(scope="module")
def shipped() -> dict[str, np.ndarray]:
    return shipped_outputs()


@pytest.mark.parametrize("name", LIMITS)
def test_networks_equal_their_originals(shipped, name):
    assert np.ptp(GOLDEN[name]) > 0
    np.testing.assert_allclose(shipped[name][SHORT[name]], GOLDEN[name], atol=LIMITS[name])


def test_files_are_small():
    names = ("nanodet", "efficientnet_lite0", "blazeface", "face_gender", "face_age")
    sizes = [(ASSETS / f"{name}.onnx").stat().st_size for name in names]
    assert max(sizes) < 10e6 and sum(sizes) < 24e6


def test_detector_decodes_a_box_where_its_cell_says():
    heads = {
        f"stride{s}": np.full((1, CLASSES + 4 * BINS, 64 // s, 96 // s), -9.0) for s in STRIDES
    }
    cell = heads["stride16"][0, :, 1, 3]
    cell[56] = 4.0
    for side, bins in enumerate((2, 1, 0, 3)):  # left, top, right, bottom in strides
        cell[CLASSES + side * BINS + bins] = 40.0
    boxes, scores = decode(heads)
    best = scores[:, 56].argmax()
    np.testing.assert_allclose(boxes[best], [56 - 32, 24 - 16, 56, 24 + 48], atol=1e-3)
    assert (scores > 0.5).sum() == 1


def test_detector_takes_any_shape():
    tall = network_input(np.zeros((900, 300, 3), np.uint8), 512)
    assert tall.shape == (1, 3, 512, 160)
    heads = run_network("nanodet", tall)
    assert heads["stride32"].shape == (1, CLASSES + 4 * BINS, 16, 5)


def test_the_astronaut():
    _, _, (looks,) = picture("astronaut")
    assert looks.female > 0.75
    assert 22 < looks.age < 50
    assert claims(looks) == set()
    assert looks.embedding.shape == (FEATURES,) and looks.embedding.dtype == np.float32
    assert np.linalg.norm(looks.embedding) == pytest.approx(1, abs=1e-5)


def test_a_footballer_has_a_ball():
    _, _, looks = picture("messi5")
    assert "ball" in claims(looks[0])
    assert looks[0].female < 0.25 and 18 < looks[0].age < 45


def test_a_back_of_a_head_has_neither_gender_nor_age():
    _, people, looks = picture("basketball1")
    assert people[1].box[0] > 400
    assert looks[1].female is None and looks[1].age is None


def test_people_are_told_apart_by_what_is_near():
    for photo_name, words, thing in (
        ("living_room", "man in the green sweater", "sofa"),
        ("stairs", "woman in the blue top", "stairs"),
        ("square", "man on the bench", "bench"),
    ):
        _, _, everyone = picture(photo_name)
        theirs = named(photo_name, words).near[thing]
        assert theirs >= CLAIM
        assert theirs == max(looks.near[thing] for looks in everyone)
    assert named("kitchen", "woman in the yellow top").near["table"] >= CLAIM
    assert named("kitchen", "woman in the purple top").near["chair"] < CLAIM


def test_gender_is_right_wherever_it_is_claimed():
    verdicts = 0
    for name, truth in TRUTH.items():
        for person in truth["people"]:
            looks = look_at(Path(name).stem, person)
            if looks is not None and looks.female is not None:
                verdicts += 1
                assert (looks.female > 0.5) == person["woman"], (name, person["name"])
    assert verdicts >= 10


def test_nothing_is_claimed_of_bare_heads_and_eyes():
    for name in ("astronaut", "living_room", "kitchen", "stairs"):
        for looks in picture(name)[2]:
            assert not claims(looks) & set(WORN)


def test_together_equals_alone():
    rgb, people, together = picture("living_room")
    for person, looks in zip(people, together, strict=True):
        (alone,) = look_around(rgb, [person])
        assert alone.near == pytest.approx(looks.near, abs=1e-3)
        assert alone.worn == pytest.approx(looks.worn, abs=1e-3)
        np.testing.assert_allclose(alone.embedding, looks.embedding, atol=1e-4)
        assert (alone.age is None) == (looks.age is None)
        if looks.age is not None:
            assert alone.age == pytest.approx(looks.age, abs=0.1)


def test_embeddings_tell_people_apart_and_survive_a_mirror():
    rgb, people, looks = picture("living_room")
    width = rgb.shape[1]
    mirrored = []
    for person in people:
        x0, y0, x1, y1 = person.box
        px = person.landmarks_px * [-1, 1] + [width, 0]
        mirrored.append(replace(person, box=(width - x1, y0, width - x0, y1), landmarks_px=px))
    again = look_around(np.ascontiguousarray(rgb[:, ::-1]), mirrored)
    alike = np.array([[a.embedding @ b.embedding for b in again] for a in looks])
    assert (alike.argmax(1) == np.arange(len(people))).all()


def test_no_people():
    assert look_around(np.zeros((50, 60, 3), np.uint8), []) == []
    assert find_faces(np.zeros((50, 60, 3), np.uint8), []) == []


@pytest.mark.parametrize(
    "box", [(0, 0, 2, 2), (509, 509, 512, 512), (-40, 100, 30, 900), (100, 100, 100, 100)]
)
def test_tiny_and_cut_boxes(box):
    rgb, (person,), _ = picture("astronaut")
    x0, y0, x1, y1 = box
    marks = np.tile([[(x0 + x1) / 2, (y0 + y1) / 2]], (33, 1)).astype(np.float32)
    (looks,) = look_around(rgb, [replace(person, box=box, landmarks_px=marks)])
    assert set(looks.near) == set(THINGS) and set(looks.worn) == set(WORN)
    values = [*looks.near.values(), *looks.worn.values()]
    assert all(0 <= value <= 1 for value in values)
    assert np.isfinite(looks.embedding).all()
    assert looks.age is None or np.isfinite(looks.age)


def test_one_face_serves_one_person():
    rgb, (person,), _ = picture("astronaut")
    faces = find_faces(rgb, [person, person])
    assert sum(face is not None for face in faces) == 1


def test_upright_puts_a_face_where_the_classifiers_want_it():
    turned = MEAN_FACE @ np.array([[0.6, 0.8], [-0.8, 0.6]]) * 120 + [300, 80]
    face = Face(1.0, np.concatenate([turned, turned[:2]]))
    matrix = upright(face, AGE_INPUT)
    placed = turned @ matrix[:, :2].T + matrix[:, 2]
    wanted = (PADDING + MEAN_FACE) / (1 + 2 * PADDING) * AGE_INPUT
    np.testing.assert_allclose(placed, wanted, atol=1e-6)


def test_square_crop_centres_and_repeats_the_border():
    rgb = np.zeros((100, 200, 3), np.uint8)
    rgb[40:60, 90:110] = 255
    for side, size in ((80, 80), (80, 32), (80, 160)):
        crop = square_crop(rgb, np.array([100.0, 50.0]), side, size)
        assert crop.shape == (size, size, 3)
        assert crop[size // 2, size // 2].min() > 200 and crop[size // 8, size // 8].max() == 0
    bright = np.full((20, 20, 3), 200, np.uint8)
    assert (square_crop(bright, np.array([0.0, 0.0]), 60, 30) == 200).all()


def test_degree_is_one_half_at_its_even_point():
    assert degree(0.4, 0.4, 3) == 0.5
    assert degree(0.0, 0.4, 3) == 0
    assert degree(0.2, 0.4, 3) < 0.2 < 0.8 < degree(0.8, 0.4, 3)
