"""What a shown body does, as numbers that the decoder reads beside the words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from chatpose_demo.network.shown_body import NUM_STATES, STATES, part_states
from chatpose_demo.pose import mirror
from chatpose_demo.studio.examples import Example
from chatpose_demo.studio.rig import build, spec_of
from chatpose_demo.training.shown_bodies import ShownBodies, ShownConfig

NAMES = [(part, state) for part, states in STATES.items() for state in states]
NO_SWAY = ShownConfig(mixed=3, sway=0.0, turned=0.0)


def states_of(parts: dict[str, str]) -> dict[tuple[str, str], float]:
    numbers = part_states(build(spec_of(parts))[None])[0]
    return dict(zip(NAMES, numbers.tolist(), strict=True))


@pytest.mark.parametrize("part", list(STATES))
def test_every_state_is_nearest_to_itself(part: str):
    for state in STATES[part]:
        numbers = states_of({part: state})
        assert numbers[part, state] == pytest.approx(1, abs=2e-3)
        others = [numbers[part, other] for other in STATES[part] if other != state]
        assert max(others) < 0.99


def test_a_part_is_told_whatever_the_rest_does():
    plain = states_of({"left_arm": "hip"})
    busy = states_of({"left_arm": "hip", "torso": "bend", "legs": "sit", "whole": "left_side"})
    for state in STATES["left_arm"]:
        assert busy["left_arm", state] == pytest.approx(plain["left_arm", state], abs=1e-3)


def test_only_facing_changes_when_a_body_turns():
    body = build(spec_of({"left_arm": "up", "legs": "lunge_left", "torso": "lean_left"}))
    turned = body.copy()
    turned[0] = Rotation.from_euler("y", 90, degrees=True).as_matrix() @ body[0]
    before, after = part_states(np.stack([body, turned.astype(np.float32)]))
    same = np.array([part != "facing" for part, _ in NAMES])
    assert np.allclose(before[same], after[same], atol=2e-3)
    assert NAMES[int((after * ~same).argmax())] == ("facing", "right")


def test_the_mirror_image_does_it_with_the_other_side():
    body = build(spec_of({"left_arm": "goal", "right_leg": "side", "head": "left"}))
    plain, other = part_states(np.stack([body, mirror(body)]))
    plain, other = (dict(zip(NAMES, one.tolist(), strict=True)) for one in (plain, other))
    for part, state in NAMES:
        if part.startswith("left_"):
            twin = (part.replace("left_", "right_"), state)
            assert other[twin] == pytest.approx(plain[part, state], abs=1e-3)
    assert other["head", "right"] == pytest.approx(1, abs=2e-3)


def test_a_text_is_drawn_with_the_body_it_was_written_for():
    texts = [
        Example("put it down again", "edit", body=True, before={"left_arm": "up"}),
        Example("hello", "chat"),
        Example("kneel", "edit", body=True, before={}),
    ]
    shown = ShownBodies(texts, 0, NO_SWAY)
    rows = np.array([2, 1, 0, 0])
    drawn = shown.draw(np.random.default_rng(0), rows, np.array([1.0, 1.0, 1.0, 0.0]))
    assert drawn.shape == (4, NUM_STATES) and drawn.dtype == np.float32
    standing, raised = part_states(np.stack([build(spec_of({})), build(spec_of(texts[0].before))]))
    assert np.allclose(drawn[0], standing, atol=1e-3)
    assert np.allclose(drawn[2], raised, atol=1e-3)
    assert (drawn[1] > 0).all() and not drawn[3].any()


def test_the_seed_decides_which_bodies_are_shown():
    first, again, other = (ShownBodies([Example("hi", "chat")], s, NO_SWAY).any for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_body_that_is_said_to_face_somewhere_is_not_turned():
    before = {"facing": "back"}, {"left_arm": "up"}
    texts = [Example("turn round", "edit", body=True, before=one) for one in before * 20]
    shown = ShownBodies(texts, 0, ShownConfig(mixed=3, sway=0.0, turned=1.0))
    back = part_states(build(spec_of(before[0]))[None])[0]
    raised = part_states(build(spec_of(before[1]))[None])[0]
    assert np.allclose(shown.written[0::2], back, atol=1e-3)
    assert np.median(np.abs(shown.written[1::2] - raised).max(1)) > 0.1
