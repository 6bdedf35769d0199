"""Which body of a conversation a turn goes back to, and what of it was seen."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.geometry.answers import KINDS, answer
from chatpose_demo.network.body_talk import _compared
from chatpose_demo.network.earlier import before_the_change, earlier_index
from chatpose_demo.network.interface import AskBack
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.network.pointing import choose
from chatpose_demo.network.unseen import still_unseen
from chatpose_demo.pose import Pose
from chatpose_demo.studio.rig import Spec, build, legs


def chat(*changes: tuple[int, dict[str, str]] | str) -> list[Pose]:
    """Bodies of a chat: a posture of its own, or (index of an earlier body, what changes)."""
    poses: list[Pose] = []
    for change in changes:
        if isinstance(change, str):
            poses.append(Pose(build(Spec(**legs(change)))))
            continue
        source, parts = change
        rotations = apply_choices(poses[source].rotations, parts)
        poses.append(Pose(rotations, source="edit", made_from=source))
    return poses


def test_every_undo_goes_one_step_further_back():
    poses = chat("stand", (0, {"left_arm": "up"}), (1, {"legs": "sit"}))
    for expected in (1, 0, 0):
        back = earlier_index("previous", poses)
        assert np.array_equal(poses[back].rotations, poses[expected].rotations)
        poses.append(poses[back].with_(source="edit", made_from=back))


def test_undo_after_going_back_to_the_first_undoes_that():
    poses = chat("stand", (0, {"left_arm": "up"}), (1, {"legs": "sit"}), (0, {}))
    assert earlier_index("previous", poses) == 2


def test_half_is_between_the_body_and_the_one_it_was_made_from():
    poses = chat("stand", "kneel", (0, {"left_arm": "up"}))
    before = before_the_change(poses)
    assert before is not None and np.array_equal(before, poses[0].rotations)
    put_back = chat("stand", (0, {"left_arm": "up"}), (1, {"left_arm": "down"}))
    assert np.array_equal(before_the_change(put_back), put_back[1].rotations)
    assert before_the_change(chat("stand", "kneel")) is None
    assert before_the_change(chat("stand", (0, {}))) is None


@pytest.mark.parametrize(
    ("parts", "unseen"),
    [
        ({}, {"left_elbow", "left_wrist"}),
        ({"left_arm": "up"}, set()),
        ({"right_arm": "up"}, {"left_elbow", "left_wrist"}),
        ({"whole": "mirror"}, {"right_elbow", "right_wrist"}),
        ({"left_arm": "swap", "right_arm": "swap"}, {"right_elbow", "right_wrist"}),
        ({"right_arm": "like_other"}, {"left_elbow", "left_wrist", "right_elbow", "right_wrist"}),
        ({"left_arm": "like_other"}, set()),
    ],
)
def test_what_was_not_seen_goes_where_a_change_takes_it(parts: dict[str, str], unseen: set[str]):
    assert set(still_unseen(("left_elbow", "left_wrist"), parts)) == unseen


def test_whoever_was_spoken_of_last_is_no_better_than_who_fits():
    assert choose(np.array([0.95, 0.9, 0.35]), False, 2) == AskBack((0, 1, 2))
    assert choose(np.array([0.95, 0.9, 0.35]), False, 1) == (1,)


def test_comparing_takes_the_bodies_that_are_named():
    poses = chat("stand", "stand", "sit")
    both = _compared(poses, "compare the first and the third one")
    assert "the first" in both.lower() and "the third" in both and "sitting" in both
    assert "the second" in _compared(poses, "compare them").lower()
    assert "same pose" in _compared(poses, "compare the first with the second")
    assert "same pose" in _compared(poses, "compare the first two")
    assert "same pose" in _compared(poses, "compare body 1 and body 2")
    assert "the third" in _compared(poses, "wait a second, compare the last two")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "compare"])
def test_a_body_on_one_hidden_leg_is_spoken_of(kind: str):
    body = build(Spec(right_leg="knee_up"))
    hidden = ("left_hip", "left_knee", "left_ankle", "left_foot")
    said = answer(kind, body, unseen=hidden)
    assert said.endswith(".")
    if kind in ("posture", "on_ground", "balance"):
        assert "does not show" in said
