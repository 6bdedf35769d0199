"""The same words for a standing and for a sitting body."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.in_context import in_context
from chatpose_demo.network.parts import apply_choices, heading
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
    assert in_context(base, parts, "") == {"legs": meant, "left_arm": "up"}


def test_a_straight_leg_of_who_sits_is_stretched_ahead():
    base = build(Spec(**legs("sit")))
    assert in_context(base, {"left_leg": "straight"}, "") == {"left_leg": "forward"}
    assert in_context(build(Spec()), {"left_leg": "straight"}, "") == {"left_leg": "straight"}


def test_the_other_arm_follows_the_one_that_moved_last():
    before = build(Spec(right_arm="head"))
    shown = apply_choices(before, {"left_arm": "hip"})
    same = {"left_arm": "like_other", "right_arm": "like_other"}
    assert in_context(shown, same, "", before) == {"right_arm": "like_other"}
    both = apply_choices(shown, in_context(shown, same, "", before))
    np.testing.assert_allclose(both, build(Spec(left_arm="hip", right_arm="hip")), atol=1e-5)
    assert in_context(shown, same, "") == same  # nothing is known of a change


def test_getting_up_is_done_by_the_legs_of_who_sits():
    sitting, lying = build(Spec().with_(**legs("sit"))), build(Spec().with_(whole="back"))
    assert in_context(sitting, {"whole": "up"}, "") == {"legs": "stand"}
    assert in_context(sitting, {"whole": "up", "legs": "wide"}, "") == {"legs": "wide"}
    assert in_context(lying, {"whole": "up"}, "") == {"whole": "up"}
    assert in_context(sitting, {"whole": "back"}, "") == {"whole": "back"}


def test_a_hanging_arm_is_raised_all_the_way_unless_words_say_how_far():
    hanging, forward = build(Spec()), build(Spec().with_(left_arm="forward"))
    higher = {"left_arm": "higher"}
    assert in_context(hanging, higher, "raise the left arm") == {"left_arm": "up"}
    assert in_context(hanging, higher, "raise the left arm a bit") == higher
    assert in_context(forward, higher, "raise the left arm") == higher
    lying = build(Spec().with_(whole="back"))
    assert in_context(lying, higher, "lift her left arm") == {"left_arm": "up"}


@pytest.mark.parametrize(
    ("text", "facing", "meant"),
    [
        ("Turn around", 0.0, "back"),
        ("turn him around again please", 180.0, "front"),
        ("can she spin round", -150.0, "front"),
        ("show it from behind", 90.0, "back"),
        ("to the front", 180.0, "front"),
        ("bring it round", 0.0, None),
    ],
)
def test_where_a_body_faces_after_turning(text: str, facing: float, meant: str | None):
    told = in_context(build(Spec(facing=facing)), {}, text)
    assert told == ({} if meant is None else {"facing": meant})


def test_parts_that_move_do_not_turn_the_body():
    turned = build(Spec(facing=180.0))
    for text, parts in (
        ("both arms to the front", {"left_arm": "forward", "right_arm": "forward"}),
        ("turn the head around", {"head": "left"}),
        ("turn around, as seen from the left", {"facing": "left"}),
    ):
        assert in_context(turned, parts, text) == parts
    both = in_context(turned, {"left_arm": "up"}, "turn around and raise the left arm")
    assert both == {"left_arm": "up", "facing": "front"}


def test_the_other_arm_instead_takes_over_what_the_first_did():
    raised = build(Spec(right_arm="hip"))
    parts = {"left_arm": "like_other", "right_arm": "down"}
    meant = in_context(raised, parts, "with the other arm instead")
    np.testing.assert_allclose(apply_choices(raised, meant), build(Spec(left_arm="hip")), atol=1e-5)
    both = build(Spec(left_arm="up", right_arm="hip"))  # "the right arm down, the left one too"
    assert in_context(both, parts, "") == parts


def test_it_is_the_arm_that_is_up():
    up, hips = build(Spec(left_arm="up")), build(Spec(left_arm="hip", right_arm="hip"))
    assert in_context(up, {}, "put it down again") == {"left_arm": "down"}
    assert in_context(hips, {"legs": "stand"}, "take them back down") == {
        "left_arm": "down",
        "right_arm": "down",
    }
    one_moved = build(Spec(right_arm="hip"))
    assert in_context(hips, {}, "let that go down", one_moved) == {"left_arm": "down"}
    assert in_context(build(Spec()), {}, "put it down") == {}  # nothing is up
    assert in_context(up, {"legs": "sit"}, "bring it down and sit") == {"legs": "sit"}
    assert in_context(up, {}, "lay them down") == {}


@pytest.mark.parametrize("faced", ["front", "back", "left", "right", "half_left", "half_right"])
def test_turning_around_shows_the_other_side(faced: str):
    base = apply_choices(build(Spec()), {"facing": faced})
    turned = apply_choices(base, in_context(base, {}, "turn around"))
    assert heading(base[0])[:, 2] @ heading(turned[0])[:, 2] < -0.7


@pytest.mark.parametrize("posture", ["squat", "half_squat", "kneel"])
def test_who_squats_does_not_sit(posture: str):
    base = build(Spec(**legs(posture)))
    assert in_context(base, {"legs": "together"}, "") == {"legs": "together"}
