"""Clauses that say what stays change nothing; what they leave is read as before."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.language import Language
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.staying import without_stays
from chatpose_demo.network.understanding import understand
from chatpose_demo.studio.rig import build, spec_of

pytest_plugins = ("fixtures_network",)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("drop the right arm, leave the left one tucked behind", "drop the right arm"),
        ("lower the left arm, but leave the right one up there.", "lower the left arm"),
        ("keep the legs as they are and raise both arms", "raise both arms"),
        ("without moving the head, turn the torso left", "turn the torso left"),
        ("left hand on the hip, but don't touch the right arm!", "left hand on the hip"),
        ("only the chest turns; the feet stay put", "only the chest turns"),
        ("Do not change the legs. Arms crossed.", "Arms crossed."),
    ],
)
def test_what_stays_is_left_out(text: str, left: str):
    assert without_stays(text) == left
    assert without_stays(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "leave it like that",
        "perfect, leave it so",
        "don't move",
        "leave the chair, sink to the right knee",
        "lunge with the left leg, and keep the right arm folded over the chest",
        "stop moving, arms down",
        "",
    ],
)
def test_other_words_stay_whole(text: str):
    assert without_stays(text) == text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Please bring the left arm down, but leave the right one up there.", "left_arm"),
        ("Lower the right arm, the left one can stay where it is.", "right_arm"),
    ],
)
def test_the_arm_that_stays_is_not_moved(
    language: Language, decoder: Decoder, text: str, part: str
):
    up: np.ndarray = build(spec_of({"left_arm": "up", "right_arm": "up"}))
    assert set(understand(language, decoder, text, body=up).parts["edit"]) == {part}
