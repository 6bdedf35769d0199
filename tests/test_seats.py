"""On the sofa is more than near it."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES
from chatpose_demo.network.seats import on_seats

SOFA, SITTING, STANDING = (FEATURES.index(n) for n in ("near sofa", "sitting", "standing"))


def two(first: int, second: int) -> np.ndarray:
    people = np.zeros((2, NUM_FEATURES), np.float32)
    people[:, SOFA] = 0.9
    people[0, first] = people[1, second] = 1
    return people


@pytest.mark.parametrize(
    "text", ["the woman on the sofa", "Who's on that big old couch?", "in the sofa please"]
)
def test_who_stands_before_the_sofa_is_not_on_it(text: str):
    people = two(SITTING, STANDING)
    found = on_seats(text, people, ["near sofa"])[:, SOFA]
    assert found[0] == pytest.approx(0.9) and found[1] == 0
    assert (people[:, SOFA] > 0.8).all()  # what was seen stays as it is


@pytest.mark.parametrize(
    "text",
    [
        "the woman next to the sofa",
        "the woman in red beside the sofa",
        "in jeans behind the sofa",
        "on the left, by the sofa, please",
        "the man in front of the sofa",
        "who is on left of the sofa",
    ],
)
def test_beside_it_everybody_counts(text: str):
    people = two(SITTING, STANDING)
    assert np.array_equal(on_seats(text, people, ["near sofa"]), people)


def test_where_nobody_rests_it_says_nothing():
    people = two(STANDING, STANDING)
    assert np.array_equal(on_seats("the one on the sofa", people, ["near sofa"]), people)
    assert np.array_equal(
        on_seats("on the sofa", two(SITTING, STANDING), ["hat"]), two(SITTING, STANDING)
    )
    assert on_seats("on the sofa", people[:0], ["near sofa"]).shape == (0, NUM_FEATURES)
