"""Who gives a part of the body and who takes it."""

from __future__ import annotations

import pytest

from chatpose_demo.network.pose_decoder import EARLIER, REGIONS
from chatpose_demo.network.whose_part import NUMBERS, PARTS, giver_and_taker


@pytest.mark.parametrize(
    ("text", "region", "told"),
    [
        ("put the arms of the first one on the second", "arms", ("first", "second")),
        ("the first one's arms on the second body", "arms", ("first", "second")),
        ("second figure with the legs of the first", "legs", ("first", "second")),
        ("upper body of the first with the legs of the second", "legs", ("second", "first")),
        ("upper body of the first, the legs of the second", "upper body", ("first", "second")),
        ("body 2 with the head of body 1", "head", ("first", "second")),
        ("take the last one's torso and give it to the first", "torso", ("last", "first")),
        ("combine the first and the second", "arms", None),
        ("the arms of the first one", "arms", None),
        ("his legs on her", "legs", None),
        ("", "arms", None),
    ],
)
def test_whose_part_it_is(text: str, region: str, told: tuple[str, str] | None):
    assert giver_and_taker(text, region) == told


def test_names_are_those_of_the_decoder():
    assert set(PARTS) == set(REGIONS) and set(NUMBERS) < set(EARLIER)
