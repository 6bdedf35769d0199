"""The eyes on real photos, whole and cut, and on pictures that hold nobody."""

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pytest
import torch
from perception_photos import PEOPLE, crowd, matched, misplaced, photo
from PIL import Image

from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.hinges import backward_bend_degrees
from chatpose_demo.perception.person import COLOUR_NAMES, HAIR_NAMES, Person
from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics
from chatpose_demo.pose import JOINT

EYES = Eyes()
# picture -> people that must be found; the misses are people who stand behind others.
EXPECTED = {"astronaut": 1, "basketball1": 2, "messi5": 1, "rubberwhale1": 0, "vtest060": 5,
            "vtest300": 6, "vtest600": 6}  # fmt: skip


@lru_cache(maxsize=8)
def people_of(name: str) -> tuple[Person, ...]:
    image = photo(name)
    if image is None:
        pytest.skip("opencv-doc's samples are not installed")
    return tuple(EYES(Image.fromarray(image)))


def posed_joints(person: Person) -> np.ndarray:
    return kinematics(torch.as_tensor(person.rotations[None]))[0][0].numpy()


@pytest.mark.parametrize("name", EXPECTED)
def test_people_are_found_and_nobody_else(name):
    people = people_of(name)
    found = matched([p.box for p in people], PEOPLE[name])
    assert found >= EXPECTED[name]
    assert len(people) == found


@pytest.mark.parametrize("name", [name for name, count in EXPECTED.items() if count])
def test_bodies_are_sound(name):
    people = people_of(name)
    height, width = photo(name).shape[:2]
    centres = [p.box[0] + p.box[2] for p in people]
    assert centres == sorted(centres)
    beside = []
    for person in people:
        x0, y0, x1, y1 = person.box
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
        assert person.rotations.dtype == np.float32
        np.testing.assert_allclose(np.linalg.det(person.rotations), 1, atol=1e-3)
        assert max(backward_bend_degrees(person.rotations).values()) <= 2.0
        joints = posed_joints(person)
        assert joints[JOINT["head"], 1] > joints[JOINT["pelvis"], 1]  # all of them are upright
        beside.append(misplaced(person))
        # The camera puts the seen joints on the person.
        scale, tx, ty = person.camera
        for mark in (11, 12):
            x, y, _ = joints[JOINT_OF_LANDMARK[mark]]
            gap = np.hypot(*(scale * np.array([x + tx, ty - y]) - person.landmarks_px[mark]))
            assert gap < 0.2 * max(x1 - x0, y1 - y0)
    assert np.nanmean(beside) <= 0.06  # of the person's size


def test_astronaut_is_cut_and_wears_orange():
    (person,) = people_of("astronaut")
    legs = {f"{side}_{part}" for side in ("left", "right") for part in ("knee", "ankle", "foot")}
    assert legs <= set(person.unseen_joints)
    assert not {"head", "left_shoulder", "right_shoulder"} & set(person.unseen_joints)
    look = person.appearance
    assert COLOUR_NAMES[look.top.argmax()] == "orange" and look.top.max() > 0.5
    assert HAIR_NAMES[look.hair.argmax()] == "blond"
    assert look.top.sum() == pytest.approx(1, abs=1e-4)
    assert not look.bottom.any()  # no trousers in the picture
    joints = posed_joints(person)
    torso = joints[JOINT["neck"]] - joints[JOINT["pelvis"]]
    assert torso[1] / np.linalg.norm(torso) > 0.95


def test_bust_becomes_an_upright_body():
    image = np.ascontiguousarray(photo("astronaut")[:330, :400])
    (person,) = EYES(Image.fromarray(image))
    assert {"pelvis", "left_knee", "right_foot"} <= set(person.unseen_joints)
    joints = posed_joints(person)
    for top, low in (("neck", "pelvis"), ("left_hip", "left_knee"), ("right_hip", "right_ankle")):
        bone = joints[JOINT[top]] - joints[JOINT[low]]
        assert bone[1] / np.linalg.norm(bone) > 0.95, (top, low)


@pytest.mark.parametrize("picture, index, colours", [
    ("messi5", 0, {"blue", "red"}), ("basketball1", 0, {"black"}), ("vtest600", 4, {"black"}),
])  # fmt: skip
def test_shirts_of_other_people(picture, index, colours):
    top = people_of(picture)[index].appearance.top
    assert {COLOUR_NAMES[i] for i in np.argsort(-top)[: len(colours)]} == colours


def test_a_black_and_white_photo_tells_no_colours():
    grey = Image.fromarray(photo("astronaut")).convert("L").convert("RGB")
    (person,) = EYES(grey)
    look = person.appearance
    assert not (look.top.any() or look.bottom.any() or look.hair.any())
    assert look.postures.any()


def test_mirrored_photo_gives_a_mirrored_body():
    (person,) = people_of("astronaut")
    (other,) = EYES(Image.fromarray(np.ascontiguousarray(photo("astronaut")[:, ::-1])))
    a, b = posed_joints(person), posed_joints(other)
    for left in ("left_shoulder", "left_elbow", "left_hip"):
        right = left.replace("left", "right")
        gap = a[JOINT[left]] - b[JOINT[right]] * [-1, 1, 1]
        assert np.linalg.norm(gap[:2]) < 0.15  # BlazePose itself is not that symmetric


def test_large_photo_reports_its_own_pixels():
    image = Image.fromarray(photo("astronaut"))
    (large,) = EYES(image.resize((3072, 3072)))
    (small,) = people_of("astronaut")
    np.testing.assert_allclose(np.array(large.box) / 6, small.box, atol=16)
    assert large.camera[0] / 6 == pytest.approx(small.camera[0], rel=0.1)


def test_more_than_six_people():
    image, boxes = crowd(4, 2)
    people = EYES(Image.fromarray(image))
    assert len(people) == matched([p.box for p in people], boxes) == 8


def test_threads_agree():
    image = Image.fromarray(photo("astronaut"))
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: EYES(image), range(3)))
    for (person,) in results:
        np.testing.assert_allclose(person.rotations, results[0][0].rotations, atol=1e-3)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 400), (400, 1), (31, 31), (33, 2000), (2000, 33), (640, 480), (5000, 40)]
)
@pytest.mark.parametrize("fill", ["grey", "noise"])
def test_pictures_of_nobody(size, fill):
    shape = (size[1], size[0], 3)
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    pixels = noise if fill == "noise" else np.full(shape, 128, np.uint8)
    assert EYES(Image.fromarray(pixels)) == []


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_other_image_modes(mode):
    image = Image.fromarray(photo("astronaut")).convert(mode)
    assert len(EYES(image)) == 1
