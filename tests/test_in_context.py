"""The same words for a standing and for a sitting body."""

from __future__ import annotations

import pytest

from chatpose_demo.network.in_context import in_context
from chatpose_demo.studio.rig import Spec, build, legs


@pytest.mark.parametrize(
    ("posture", "said", "meant"),
    [
        ("stand", "crossed_stand", "crossed_stand"),
        ("sit", "crossed_stand", "sit_crossed"),
        ("stand", "wide", "wide"),
        ("long", "wide", "straddle"),
        ("straddle", "together", "long"),
        ("squat", "stand", "stand"),
        ("kneel", "wide", "wide"),
    ],
)
def test_legs_are_meant_as_the_body_is(posture: str, said: str, meant: str):
    base = build(Spec(**legs(posture)))
    parts = {"legs": said, "left_arm": "up"}
    assert in_context(base, parts) == {"legs": meant, "left_arm": "up"}


def test_a_straight_leg_of_who_sits_is_stretched_ahead():
    base = build(Spec(**legs("sit")))
    assert in_context(base, {"left_leg": "straight"}) == {"left_leg": "forward"}
    assert in_context(build(Spec()), {"left_leg": "straight"}) == {"left_leg": "straight"}
