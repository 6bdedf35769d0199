"""People as symbols: ranks, ties, the one spoken of last; the order of the list means nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES, person_features
from chatpose_demo.perception.person import Person
from chatpose_demo.studio.scenes import WIDTH, exact_features, sample_scene

SCENES = st.tuples(st.integers(0, 10_000), st.integers(1, 8))


def person(x: float, height: float = 400.0) -> Person:
    """Somebody whose box is centred at x."""
    blank = np.zeros((33, 3))
    box = (x - 50, 700 - height, x + 50, 700)
    turns = np.tile(np.eye(3), (24, 1, 1))
    return Person(box, 0.9, blank[:, :2], blank, np.ones(33), turns, (1.0, 0.0, 0.0))


def who(people: list[Person], feature: str, last: int | None = None) -> list[int]:
    """Indices of the people who have a feature for sure."""
    features = person_features(people, WIDTH, last)
    return np.flatnonzero(features[:, FEATURES.index(feature)] == 1).tolist()


def test_ranks_count_from_both_ends():
    people = [person(x) for x in (900, 100, 500, 300, 700)]
    assert who(people, "leftmost") == [1] and who(people, "rightmost") == [0]
    assert who(people, "second from left") == [3] and who(people, "third from left") == [2]
    assert who(people, "fourth from left") == [4] and who(people, "second from right") == [4]
    assert who(people, "fourth from right") == [3] and who(people, "middle") == [2]
    assert who(people, "alone") == []


def test_an_even_row_has_two_in_the_middle():
    assert who([person(x) for x in (100, 300, 500, 700)], "middle") == [1, 2]
    assert who([person(x) for x in (100, 300)], "middle") == []


def test_somebody_alone_is_only_alone():
    alone = person_features([person(640)], WIDTH)[0]
    named = {FEATURES[i] for i in np.flatnonzero(alone == 1)}
    assert named == {"alone"}


def test_halves_overlap_only_in_the_middle():
    assert who([person(100), person(1200)], "left half") == [0]
    assert who([person(100), person(1200)], "right half") == [1]
    middle = person_features([person(640)], WIDTH)[0]
    assert 0 < middle[FEATURES.index("left half")] < 1
    assert 0 < middle[FEATURES.index("right half")] < 1


def test_size_needs_a_margin():
    assert who([person(100, 500), person(300, 300), person(500, 400)], "biggest") == [0]
    assert who([person(100, 500), person(300, 300), person(500, 400)], "smallest") == [1]
    for sizes in ((400, 400, 400), (400, 405, 410)):
        people = [person(100 + 200 * i, size) for i, size in enumerate(sizes)]
        assert who(people, "biggest") == [] and who(people, "smallest") == []
    both = [person(100, 500), person(300, 300)]
    assert who(both, "biggest") == [0] and who(both, "smallest") == [1]


def test_neighbours_of_the_one_spoken_of_last():
    people = [person(x) for x in (500, 100, 300, 700)]
    assert who(people, "last", last=2) == [2]
    assert who(people, "left of last", last=2) == [1]
    assert who(people, "right of last", last=2) == [0]
    assert sorted(who(people, "beside last", last=2)) == [0, 1]
    assert who(people, "not last", last=2) == [0, 1, 3]
    assert who(people, "right of last", last=3) == []


def test_nobody_last_leaves_those_features_empty():
    people = [person(100), person(300)]
    columns = [FEATURES.index(n) for n in ("last", "left of last", "beside last", "not last")]
    for last in (None, 7, -1):
        assert not person_features(people, WIDTH, last)[:, columns].any()


def test_no_people_give_an_empty_table():
    assert person_features([], WIDTH).shape == (0, NUM_FEATURES)


@settings(max_examples=60, deadline=None)
@given(SCENES, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_list_means_nothing(size, random, talked):
    seed, count = size
    people = sample_scene(np.random.default_rng(seed), count).people
    last = seed % count if talked else None
    order = list(range(count))
    random.shuffle(order)
    shuffled = [people[i] for i in order]
    moved = None if last is None else order.index(last)
    expected = person_features(people, WIDTH, last)[order]
    assert np.array_equal(person_features(shuffled, WIDTH, moved), expected)


@settings(max_examples=60, deadline=None)
@given(SCENES)
def test_every_feature_lies_between_no_and_yes(size):
    seed, count = size
    scene = sample_scene(np.random.default_rng(seed), count)
    features = person_features(scene.people, WIDTH, seed % count)
    assert features.shape == (count, NUM_FEATURES) and features.dtype == np.float32
    assert features.min() >= 0 and features.max() <= 1
    truth = exact_features(scene)
    for row, real in zip(truth, scene.truths, strict=True):
        named = {FEATURES[i] for i in np.flatnonzero(row)}
        assert {f"top {real.top}", f"bottom {real.bottom}", real.posture} <= named
