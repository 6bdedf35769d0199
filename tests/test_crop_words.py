"""Words that only a crop's ImageNet classes know, on real pictures pasted side by side."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from perception_photos import photo
from PIL import Image
from skimage.data import camera

from chatpose_demo.batch import person_record
from chatpose_demo.network.crop_words import (
    CROP_WORDS,
    CropWord,
    MatchSettings,
    crop_match,
    named_classes,
)
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import AskBack, Body, Question, Words
from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.network.pointing import people_of, things_missed, whom
from chatpose_demo.network.understanding import Understanding, understand
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.person import CLASSES, Person
from chatpose_demo.perception.things import look_around

pytest_plugins = ("fixtures_network",)

HEIGHT = 400  # pixels of the pasted pictures
WORD = {word.name: word for word in CROP_WORDS}
# Debian's opencv-doc lists the thousand classes in their order.
EXAMPLES = Path("/usr/share/doc/opencv-doc/examples")
CLASS_LIST = EXAMPLES / "data" / "dnn" / "classification_classes_ILSVRC2012.txt"
EMPTY = np.zeros((0, CLASSES), np.float16)
Picture = tuple[Image.Image, list[Person]]


@pytest.fixture(scope="module")
def four() -> Picture:
    """An astronaut, a photographer, a footballer, and another astronaut; left to right."""
    footballer = photo("messi5")
    if footballer is None:
        pytest.skip("messi5 is not installed (Debian's opencv-doc)")
    astronaut, photographer = photo("astronaut"), np.repeat(camera()[..., None], 3, 2)
    assert astronaut is not None
    parts = [
        cv2.resize(one, (round(one.shape[1] * HEIGHT / one.shape[0]), HEIGHT))
        for one in (astronaut, photographer, footballer, astronaut[:, ::-1])
    ]
    image = Image.fromarray(np.concatenate(parts, 1))
    people = Eyes()(image)
    edges = np.cumsum([0, *(part.shape[1] for part in parts)])
    middles = [(person.box[0] + person.box[2]) / 2 for person in people]
    assert np.digitize(middles, edges).tolist() == [1, 2, 3, 4]
    return image, people


PHOTOGRAPHER, FOOTBALLER = 1, 2


def with_looks(person: Person, **changes) -> Person:
    assert person.looks is not None
    return replace(person, looks=replace(person.looks, **changes))


def read(network: EmbeddedNetwork, picture: Picture, text: str) -> tuple[Question, Understanding]:
    question = Question(text, image=picture[0], people=picture[1], mode="always")
    seen = understand(
        network.language, network.decoder, text,
        people=people_of(question), has_photo=True, atlas=network.finder.poses,
    )  # fmt: skip
    return question, seen


def reply(network: EmbeddedNetwork, picture: Picture, text: str) -> tuple[str, list[int | None]]:
    """The words of a reply, and whose bodies it shows."""
    question = Question(text, image=picture[0], people=picture[1], mode="always")
    said = list(network.answer(question, lambda: False))
    words = "".join(one.text for one in said if isinstance(one, Words))
    return words, [one.person for one in said if isinstance(one, Body)]


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Show me the photographer.", PHOTOGRAPHER),
        ("What pose is the one with the tripod in?", PHOTOGRAPHER),
        ("Show the pose of the man with the camera.", PHOTOGRAPHER),
        ("Show me the footballer.", FOOTBALLER),
        ("Show me the body of the soccer player.", FOOTBALLER),
    ],
)
def test_who_shows_a_thing_is_pointed_at(network, four, text, person):
    question, seen = read(network, four, text)
    assert whom(question, seen) == (person,)
    assert seen.things and not seen.unseen


def test_a_ball_that_only_a_crop_shows_is_not_missed(network, four):
    image, people = four
    blind = [with_looks(one, near={}) for one in people]
    question, seen = read(network, (image, blind), "Show me the one with the soccer ball.")
    assert "near ball" in seen.needs
    assert whom(question, seen) == (FOOTBALLER,) and not seen.unseen


def test_without_its_crops_a_word_says_nothing(network, four):
    image, people = four
    bare = [with_looks(one, classes=EMPTY) for one in people]
    question, seen = read(network, (image, bare), "Show me the photographer.")
    assert isinstance(whom(question, seen), AskBack)
    assert seen.things == seen.unseen == ()


def test_what_nobody_shows_is_said(network, four):
    question, seen = read(network, four, "Show me the one with the accordion.")
    assert seen.unseen == ("accordion",) and seen.things == ("accordion",)
    assert whom(question, seen) == AskBack()
    words, shown = reply(network, four, "Show me the one with the accordion.")
    assert "cannot make out the accordion" in words and not shown


def test_the_rest_of_the_words_decides_when_nobody_shows_it(network, four):
    text = "Show me the leftmost person with the accordion."
    question, seen = read(network, four, text)
    assert whom(question, seen) == (0,)
    assert things_missed(seen).startswith("I cannot make out the accordion in this photo, so")


def test_the_only_person_is_shown_all_the_same(network, four):
    image, people = four
    question, seen = read(network, (image, people[:1]), "Show me the one with the accordion.")
    assert whom(question, seen) == (0,) and seen.unseen == ("accordion",)


@pytest.mark.parametrize(
    "text",
    [
        "Show me the one without a camera.",
        "Show me somebody who isn't a photographer.",
        "Show me anyone except the footballer.",
    ],
)
def test_what_is_ruled_out_selects_nobody_by_it(network, four, text):
    image, people = four
    _, seen = read(network, four, text)
    assert seen.things == seen.unseen == ()
    bare = [with_looks(one, classes=EMPTY) for one in people]
    _, without = read(network, (image, bare), text)
    np.testing.assert_array_equal(seen.person, without.person)


def test_a_thing_of_somebody_elses_moves_nobody(network, four):
    _, seen = read(network, four, "Show me the person to the left of the photographer.")
    assert seen.things == ()
    _, seen = read(network, four, "Show me the man next to the photographer.")
    assert seen.things == ()


@pytest.mark.parametrize(
    "text",
    ["Is there anybody with an accordion?", "How many people with a violin are in the photo?"],
)
def test_a_thing_that_nobody_shows_is_with_nobody(network, four, text):
    image, people = four
    for some in (people, people[1:2]):
        question = Question(text, image=image, people=some)
        said = [one for one in network.answer(question, lambda: False) if isinstance(one, Words)]
        assert "".join(one.text for one in said).startswith("I see nobody like that")


def test_everyone_with_a_thing_is_not_everyone(network, four):
    question, seen = read(network, four, "Show me everyone with a tripod.")
    assert seen.points and whom(question, seen) == (PHOTOGRAPHER,)


def test_crops_are_kept_small_and_out_of_the_json(four):
    for person in four[1]:
        assert person.looks is not None
        shown = person.looks.classes
        assert shown.shape == (2, CLASSES) and shown.dtype == np.float16
        np.testing.assert_allclose(shown.sum(1, dtype=np.float64), 1, atol=0.02)
        assert set(person_record(person)) == {
            "box", "score", "landmarks_px", "landmarks_m", "visibility", "rotations",
            "joint_names", "camera", "unseen_joints", "attributes", "female", "age",
        }  # fmt: skip
        assert set(person_record(person)["attributes"]) == {
            "top", "bottom", "hair", "postures", "near", "worn",
        }  # fmt: skip


def test_the_further_crop_costs_little(four, monkeypatch):
    from chatpose_demo.perception import things

    rgb, people = np.asarray(four[0]), four[1]
    spent = []
    real = things.classify

    def timed(crops):
        start = time.process_time()  # other programs do not count
        real(crops[: len(people)])
        spent.append((time.process_time() - start) / len(people))
        return real(crops)

    monkeypatch.setattr(things, "classify", timed)
    for _ in range(3):
        look_around(rgb, people)
    assert min(spent) < 0.06  # seconds for each person's one more crop


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("show me the guy in the lab-coat", {"lab coat"}),
        ("the ones with guitars and bow ties", {"guitar", "bow tie"}),
        ("No, the woman in the kimono", {"kimono"}),
        ("the player in the football helmet", {"helmet"}),
        ("He is looking at the camera", set()),
        ("the man in the track suit", set()),
        ("the guitarist. I do not mean the drummer", {"guitar"}),
        ("the drummer behind the guitarist", {"drum"}),
        ("the man on the right of the picture with a violin", {"violin"}),
        ("a suitable catalogue of hardware", set()),
        ("", set()),
    ],
)
def test_words_are_found_whole(text, names):
    assert {word.name for word in named_classes(text)} == names


def test_the_table_is_sound():
    phrases = [phrase.lower() for word in CROP_WORDS for phrase in (word.name, *word.words)]
    assert len(phrases) == len(set(phrases)) and 85 <= len(CROP_WORDS) <= 105
    for word in CROP_WORDS:
        assert word.classes and all(0 <= number < CLASSES for number in word.classes)
        assert not word.feature or word.feature in FEATURES
        for phrase in (word.name, *word.words):
            assert word in named_classes(f"the one with the {phrase}"), phrase


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("guitar", "acoustic guitar; electric guitar"), ("kimono", "kimono"),
        ("camera", "Polaroid camera; reflex camera; tripod"), ("football", "soccer ball"),
        ("weights", "barbell; dumbbell"), ("gun", "assault rifle; revolver; rifle"),
        ("mask", "mask; gasmask; oxygen mask; ski mask"), ("lab coat", "lab coat"),
        ("helmet", "crash helmet; football helmet"), ("broom", "broom; swab"),
        ("fish", "tench; barracouta; coho; sturgeon; gar"), ("wedding dress", "gown"),
        ("armour", "breastplate; chain mail; cuirass"), ("wine", "wine bottle; red wine"),
    ],
)  # fmt: skip
def test_classes_are_what_their_words_say(name, classes):
    if not CLASS_LIST.exists():
        pytest.skip("ImageNet's list of classes is not installed (Debian's opencv-doc)")
    listed = [line.split(",")[0].strip() for line in CLASS_LIST.read_text().splitlines()]
    assert [listed[number] for number in WORD[name].classes] == classes.split("; ")


def chances(word: CropWord, *values: float) -> np.ndarray:
    found = np.zeros((len(values), CLASSES))
    found[:, word.classes[-1]] = values
    return found


def test_a_match_is_relative_and_has_a_floor():
    floor, word = MatchSettings().floor, WORD["guitar"]
    assert crop_match(word.classes, chances(word, 0.9 * floor, 0.01)) is None
    assert crop_match(word.classes, np.zeros((0, CLASSES))) is None
    match = crop_match(word.classes, chances(word, 2 * floor, 0.02, 1.9 * floor))
    assert match is not None and (match[[0, 2]] > 0.9).all() and match[1] < 0.1
    shared = crop_match((402, 546), chances(word, 0.8) * 0.5 + chances(WORD["banjo"], 0.5))
    assert shared is not None and shared.shape == (1,)
