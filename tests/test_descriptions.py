"""Descriptions of people in rendered pictures: who is whom, what is named, and what is counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from chatpose_demo.evaluation.descriptions import (
    NAMED,
    Described,
    Picture,
    answer,
    descriptions,
    fits,
    found_by_words,
    match,
    namings,
    outcomes,
    pictures,
    seen_rightly,
)
from chatpose_demo.network.people_fit import Asked, PeopleFit
from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES, person_features
from chatpose_demo.network.pointing import choose
from chatpose_demo.network.pose_decoder import Decoded
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.who_fits import (
    AHEAD,
    LIKELY,
    LONG,
    described,
    people_as_tokens,
    who_fits,
)
from chatpose_demo.perception.person import (
    COLOUR_NAMES,
    HAIR_NAMES,
    POSTURES,
    Appearance,
    Looks,
    Person,
)

BOXES = ((10, 10, 110, 310), (200, 10, 300, 310), (400, 10, 500, 310))


def true(place: int, **told: Any) -> dict[str, Any]:
    """A man in black, standing, and what is told of him."""
    return {
        "box": BOXES[place], "visible": 0.9, "woman": False, "top": "black", "bottom": "black",
        "hair": "brown", "hat": False, "posture": ["standing"],
    } | told  # fmt: skip


def seen(place: int, **told: Any) -> Person:
    """What the eyes report when they make no mistake about `true(place, **told)`."""
    one = true(place, **told)

    def marks(names: Sequence[str], those: Sequence[str]) -> np.ndarray:
        return np.array([float(name in those) for name in names], np.float32)

    nothing = np.zeros((33, 3), np.float32)
    return Person(
        box=one["box"],
        score=1.0,
        landmarks_px=nothing[:, :2],
        landmarks_m=nothing,
        visibility=nothing[:, 0],
        rotations=np.repeat(np.eye(3, dtype=np.float32)[None], 24, 0),
        camera=(1.0, 0.0, 0.0),
        appearance=Appearance(
            marks(COLOUR_NAMES, [one["top"]]),
            marks(COLOUR_NAMES, [one["bottom"]]),
            marks(HAIR_NAMES, [one["hair"]]),
            marks(POSTURES, one["posture"]),
        ),
        looks=Looks(worn={"hat": float(one["hat"])}, female=float(one["woman"])),
    )


RED = {"top": "red", "bottom": "blue"}
BLOND = {"top": "green", "hair": "blond", "woman": True}


def picture() -> Picture:
    """Three people, of whom the eyes take the first and second for what they are."""
    people = [true(0, **RED), true(1, **BLOND), true(2)]
    found = [seen(0, **RED), seen(1, **BLOND)]
    return Picture(0, 640.0, found, people, {0: 0, 1: 1})


# Who is whom


def test_match_is_the_best_of_all_not_of_each():
    # The first found box is nearest to the first true one, but the second has no other.
    truth = [(0, 0, 100, 100), (40, 0, 140, 100)]
    assert match([(20, 0, 120, 100), (0, 0, 100, 100)], truth) == {0: 1, 1: 0}


def test_match_leaves_out_strangers_and_the_hidden():
    truth = [(0, 0, 100, 100), None, (300, 0, 400, 100)]
    assert match([(500, 0, 600, 100), (310, 0, 410, 100)], truth) == {1: 2}
    assert match([(0, 0, 100, 30)], truth) == {0: 0} and match([(0, 0, 100, 29)], truth) == {}
    assert match([], truth) == {} == match([(0, 0, 1, 1)], [])


# What is named


def test_eyes_without_mistakes_name_everything_rightly():
    for told in (RED, BLOND, {"hat": True}, {"posture": ["sitting", "arms up"]}):
        said = namings(person_features([seen(0, **told)], 640.0)[0], true(0, **told))
        assert set(said) <= set(NAMED) and all(said.values()), (told, said)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"top": "white"}, "top colour"),
        ({"bottom": "white"}, "bottom colour"),
        ({"hair": "grey"}, "hair colour, without a hat"),
        ({"woman": True}, "sex"),
        ({"posture": ["sitting"]}, "posture"),
    ],
)
def test_a_mistake_of_the_eyes_counts_in_its_own_row(told, name):
    said = namings(person_features([seen(0, **told)], 640.0)[0], true(0))
    assert [row for row, right in said.items() if not right] == [name]


def test_a_missed_hat_an_invented_hat_and_hair_under_a_hat():
    bare, hatted = person_features([seen(0), seen(1, hat=True)], 640.0)
    assert namings(bare, true(0, hat=True))["hat, where one is worn"] is False
    assert namings(hatted, true(0))["no hat, where none is worn"] is False
    assert "hair colour, without a hat" not in namings(hatted, true(0, hat=True))


def test_saying_nothing_is_not_saying_something_wrong():
    blind = seen(0)
    blind.appearance, blind.looks = Appearance(), None
    said = namings(person_features([blind], 640.0)[0], true(0))
    nothing = [name for name, right in said.items() if right is None]
    assert set(nothing) == {
        "top colour", "bottom colour", "hair colour, without a hat", "posture", "sex",
    }  # fmt: skip


def test_the_first_table_counts_the_clearly_visible():
    one = picture()
    one.people[1]["visible"] = 0.1
    one.people[2]["box"] = None
    lines = dict(re.findall(r"^\| (.+?) \| (\d+ \| [\d.–]+)", seen_rightly([one, picture()]), re.M))
    assert lines["found: everybody"] == "5 | 80.0"
    assert lines["found: clearly visible"] == "5 | 60.0"
    assert lines["top colour"] == "3 | 100.0" and lines["hat, where one is worn"] == "0 | –"


# Who is described, and what comes of it


def test_descriptions_are_true_of_one_person_alone():
    asked = list(descriptions(picture(), seed=3))
    assert {one.target for one in asked} == {0, 1}
    for one in asked:
        people = one.picture.people
        assert [fits(person, one.names) for person in people].index(True) == one.target
        assert sum(fits(person, one.names) for person in people) == 1
    assert [one.names for one in asked] == [one.names for one in descriptions(picture(), seed=3)]


def test_nobody_is_described_by_what_others_are_too():
    twins = Picture(0, 640.0, [seen(0)], [true(0), true(1)], {0: 0})
    assert not list(descriptions(twins, seed=0))
    hair = true(0, hat=True)
    assert fits(hair, ["hair brown"]) and fits(hair, ["hat"]) and not fits(hair, ["hair red"])


def test_outcomes_are_told_apart():
    one = Described(picture(), 0, ("top red",))
    always = outcomes(lambda people, width, names: 0, [one])
    assert always == {
        "right": [True], "somebody else": [False], "asked back": [False],
        "out: asked back": [False],
    }  # fmt: skip
    other = outcomes(lambda people, width, names: len(people) - 1, [one])
    assert other["somebody else"] == [True] and other["right"] == [False]
    never = outcomes(lambda people, width, names: None, [one])
    assert never["asked back"] == never["out: asked back"] == [True]
    assert never["right"] == never["somebody else"] == [False]


def test_the_described_one_is_taken_out_and_nobody_else():
    one, left = Described(picture(), 0, ("top red",)), []
    outcomes(lambda people, width, names: left.append([p.box for p in people]), [one])
    assert left == [[BOXES[0], BOXES[1]], [BOXES[1]]]


def test_the_demo_finds_a_description_and_asks_back_without_the_person():
    fit, crowd = PeopleFit(), [seen(0, **RED), seen(1, **BLOND), seen(2)]
    assert answer(fit, crowd, 640.0, ["top red", "bottom blue"], rule=True) == 0
    assert answer(fit, crowd, 640.0, ["hair blond"], rule=True) == 1
    assert answer(fit, crowd[1:], 640.0, ["top red", "bottom blue"], rule=True) is None


def test_the_rule_finds_who_fits_most_of_a_long_description():
    fit, crowd = PeopleFit(), [seen(0, **RED), seen(1, **BLOND)]
    names = ["top red", "bottom blue", "hair grey", "sitting"]  # as it is; the eyes got two wrong
    assert answer(fit, crowd, 640.0, names, rule=True) == 0
    assert answer(fit, crowd, 640.0, names, rule=False) is None
    assert answer(fit, crowd, 640.0, ["top red", "hair grey"], rule=True) is None  # too short


@pytest.mark.parametrize("wrong", ["hair brown", "hair grey"])
def test_answers_are_those_of_the_demo_that_read_the_same(wrong: str):
    fit, crowd = PeopleFit().requires_grad_(False), [seen(0, **RED), seen(1, **BLOND), seen(2)]
    names = ["top red", "bottom blue", wrong, "sitting"]
    needs = torch.full((1, NUM_FEATURES), -20.0)
    needs[0, [FEATURES.index(name) for name in names]] = 20.0
    nothing, alone = torch.full_like(needs, -20.0), torch.full((1, len(RELATIONS)), -20.0)
    alone[:, 0] = 20.0
    none = torch.zeros(1, 1)
    asked = Asked(needs, nothing, nothing, alone)
    out = Decoded(none, none, none, asked, None, none, none, none, none, none, {})
    people = people_as_tokens(crowd, 640.0, None)
    demo = who_fits(fit, "", out, people, None, np.zeros(0), {})
    assert demo.partly == (wrong == "hair grey")
    assert choose(demo.person, False, None) == (answer(fit, crowd, 640.0, names, rule=True),)


def test_the_rule_of_the_demo_by_hand():
    logits, shown = torch.tensor([-1.0, -1.0 - AHEAD]), np.full((2, LONG), 0.5)
    person, decided = described(logits, shown)
    assert decided and person[0] == np.float32(LIKELY) and person[1] < 0.1
    for other in (described(logits, shown[:, 1:]), described(logits, shown / 2)):
        assert not other[1] and other[0][0] < 0.5
    assert not described(torch.tensor([-1.0, -3.0]), shown)[1]


def test_the_second_table_of_eyes_without_mistakes():
    lines = found_by_words(PeopleFit(), [picture()], seed=0).splitlines()[2:]
    lengths = [len(one.names) for one in descriptions(picture(), seed=0)]
    for line, length in zip(lines, [1, 2, 3, 4, 5, 3, 4, 5], strict=True):
        cells = [cell.strip().split(" ")[0] for cell in line.strip("|").split("|")]
        assert cells[1] == str(lengths.count(length)), line
        assert cells[2:5] == ["100.0", "0.0", "0.0"] and cells[6] == "100.0", line


def test_rendered_pictures_are_seen_and_matched(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("moderngl", reason="pictures need the extra")
    monkeypatch.setattr("chatpose_demo.evaluation.descriptions.LONGER", 320)  # quicker
    (one,) = pictures(1, seed=1000)
    assert one.whose and all(one.people[j]["box"] for j in one.whose.values())
    for i, j in one.whose.items():
        middle = np.array(one.found[i].box).reshape(2, 2).mean(0)
        low, high = np.array(one.people[j]["box"]).reshape(2, 2)
        assert (low < middle).all() and (middle < high).all()
