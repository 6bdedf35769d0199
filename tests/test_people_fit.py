"""Who is meant: relations between people, what is asked for and ruled out, and actions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chatpose_demo.network.interface import AskBack
from chatpose_demo.network.people_fit import Asked, PeopleFit, action_match
from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES
from chatpose_demo.network.pointing import choose
from chatpose_demo.network.relations import RELATIONS, box_relations
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import load_atlas

ROW = np.array([[100, 300, 200, 700], [300, 300, 400, 700], [800, 300, 900, 700]], float)


def degree(pairs: np.ndarray, i: int, name: str, j: int) -> float:
    return float(pairs[i, j, RELATIONS.index(name)])


def test_left_and_right_are_each_others_mirror():
    pairs = box_relations(ROW)
    flipped = ROW.copy()
    flipped[:, [0, 2]] = 1000 - ROW[:, [2, 0]]
    swapped = box_relations(flipped)
    left, right = RELATIONS.index("left"), RELATIONS.index("right")
    assert np.allclose(pairs[..., left], swapped[..., right])
    for name in ("beside", "behind", "front"):
        index = RELATIONS.index(name)
        assert np.allclose(pairs[..., index], swapped[..., index]), name


def test_the_next_one_on_a_side_comes_first():
    pairs = box_relations(ROW)
    assert degree(pairs, 1, "right", 0) == 1 and 0 < degree(pairs, 2, "right", 0) < 0.5
    assert degree(pairs, 0, "right", 1) == 0 and degree(pairs, 0, "left", 1) == 1
    assert degree(pairs, 0, "beside", 1) == 1 and degree(pairs, 2, "beside", 1) < 0.5
    assert degree(pairs, 1, "beside", 2) == 1  # the only neighbour, however far


def test_behind_is_higher_and_smaller_and_the_reverse_of_front():
    boxes = np.array([[300, 200, 500, 780], [380, 300, 440, 560]], float)
    pairs = box_relations(boxes)
    assert degree(pairs, 1, "behind", 0) > 0.5 and degree(pairs, 0, "front", 1) > 0.5
    assert degree(pairs, 0, "behind", 1) == 0 == degree(pairs, 1, "front", 0)


def test_relations_do_not_depend_on_the_size_of_the_picture():
    assert np.allclose(box_relations(ROW), box_relations(3 * ROW), atol=1e-5)


def asked(needs=(), bans=(), anchor=(), relation="none") -> Asked:
    """Words that ask for exactly so much."""

    def marks(names) -> torch.Tensor:
        row = torch.full((1, NUM_FEATURES), -20.0)
        row[0, [FEATURES.index(name) for name in names]] = 20.0
        return row

    told = torch.full((1, len(RELATIONS)), -20.0)
    told[0, RELATIONS.index(relation)] = 20.0
    return Asked(marks(needs), marks(bans), marks(anchor), told)


@pytest.fixture(scope="module")
def crowd() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Red with a hat, red, and white; left to right; the first face is a woman's."""
    people = torch.zeros(1, 3, NUM_FEATURES)
    people[0, :, [FEATURES.index(n) for n in ("female", "male", "child", "old")]] = 0.5
    people[0, 0, FEATURES.index("female")], people[0, 0, FEATURES.index("male")] = 0.95, 0.05
    for index, name in ((0, "top red"), (0, "hat"), (1, "top red"), (2, "top white")):
        people[0, index, FEATURES.index(name)] = 1
    return people, torch.from_numpy(box_relations(ROW))[None], torch.ones(1, 3, dtype=torch.bool)


@pytest.mark.parametrize(
    ("words", "fitting"),
    [
        ({"needs": ["top white"]}, {2}),
        ({"needs": ["top red"]}, {0, 1}),
        ({"needs": ["top red"], "bans": ["hat"]}, {1}),
        ({"bans": ["top red"]}, {2}),
        ({"needs": ["top green"]}, set()),
        ({"anchor": ["top white"], "relation": "left"}, {1}),
        ({"needs": ["top red"], "anchor": ["hat"], "relation": "right"}, {1}),
        ({"needs": ["top red", "male"]}, {1}),
        ({"needs": ["male"]}, {1, 2}),
    ],
)
@torch.inference_mode()
def test_untrained_weights_already_follow_the_words(crowd, words, fitting):
    scores = PeopleFit()(asked(**words), *crowd)[0]
    assert set(torch.nonzero(scores > 0).flatten().tolist()) == fitting, scores


def test_an_action_is_found_by_its_pose():
    atlas = np.stack([pose.rotations for pose in load_atlas()])
    odds = np.zeros(len(atlas), np.float32)
    odds[7] = 1.0
    people = np.stack([atlas[30], mirror(atlas[7]), atlas[90]])
    found = action_match(people, atlas, odds)
    assert found.argmax() == 1 and found[1] == 1.0 and found[[0, 2]].max() < 0.5


@pytest.mark.parametrize(
    ("fits", "many", "last", "chosen"),
    [
        ([0.1, 0.9, 0.2], False, None, (1,)),
        ([0.8, 0.9, 0.2], False, None, AskBack((1, 0))),
        ([0.8, 0.9, 0.2], False, 0, (0,)),
        ([0.8, 0.9, 0.2], True, None, (0, 1)),
        ([0.1, 0.2, 0.2], False, None, AskBack()),
        ([0.3], False, None, (0,)),
        ([0.1], True, None, AskBack()),
    ],
)
def test_choosing(fits, many, last, chosen):
    assert choose(np.array(fits), many, last) == chosen
