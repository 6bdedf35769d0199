"""Answers about shown bodies: true of written poses, whole sentences for every atlas pose."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chatpose_demo.geometry.answers import ANSWERS, KINDS, answer
from chatpose_demo.geometry.captions import caption_from
from chatpose_demo.geometry.compare import compare
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.telling import describe_at_length, describe_briefly
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.pose import from_axis_angle
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs

ATLAS = load_atlas()
LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
BAD = re.compile(r"\b(None|nan|inf)\b|\{|\}|  |\.\.|,,|, \.|;\.|\bis is\b|\bthe the\b")


def body(**parts) -> np.ndarray:
    return build(Spec(**parts))


def other_side(words: str) -> str:
    return re.sub(
        r"\bleft\b|\bright\b(?! angle)", lambda side: {"left": "right"}.get(side[0], "left"), words
    )


# kind, the body's parts, what the answer must hold, what it must not.
GOLDEN = [
    ("which_hand_higher", dict(left_arm="up"), "left hand", "same"),
    ("which_hand_higher", {}, "same", None),
    ("which_knee_more_bent", dict(right_leg="knee_up"), "The right knee", "same"),
    ("which_knee_more_bent", {}, "both knees are straight", None),
    ("which_knee_more_bent", legs("sit"), "about the same", None),
    ("which_elbow_more_bent", dict(left_arm="bent"), "The left elbow", "same"),
    ("which_foot_ahead", legs("walk"), "The left foot", None),
    ("which_foot_ahead", {}, "same", None),
    ("which_leg_carries", dict(left_leg="knee_up"), "The right leg", "left"),
    ("which_leg_carries", {}, "Both legs", None),
    ("which_leg_carries", legs("sit"), "seat", None),
    ("knee_angle", legs("sit"), "right angle", "straight ("),
    ("elbow_angle", dict(left_arm="bent", right_arm="bent"), "right angle", None),
    ("back_straight", {}, "nearly straight", "rounded"),
    ("back_straight", dict(torso="lean_forward"), "leans forward", "upright"),
    ("hands_where", dict(left_arm="hip", right_arm="up"), "left hip", None),
    ("hands_where", dict(left_arm="up", right_arm="up"), "above the head", "left"),
    ("arms_doing", dict(left_arm="side"), "the right arm hangs down", None),
    ("legs_doing", {}, "Both legs are straight", "left"),
    ("feet_where", dict(left_leg="knee_up"), "above the floor", "both feet are on"),
    ("feet_where", {}, "Both feet are on the floor", "above"),
    ("head_where", dict(head="left"), "to the left", None),
    ("head_where", dict(head="down"), "bowed", "tipped"),
    ("facing", {}, "towards the viewer", "left"),
    ("facing", dict(facing=90.0), "to the viewer's right", None),
    ("facing", dict(facing=180.0), "away from the viewer", None),
    ("posture", legs("kneel"), "kneeling on both knees", None),
    ("symmetric", {}, "Yes", None),
    ("symmetric", dict(left_arm="up"), "No", "Yes"),
    ("touching_self", dict(left_arm="hip"), "the left hand is at the left hip", None),
    ("touching_self", dict(left_arm="side", right_arm="side"), "No", "Yes"),
    ("on_ground", {}, "Both feet touch the floor", None),
    ("on_ground", dict(whole="back"), "back", None),
    ("height_of_hands", dict(right_arm="up"), "above the head", None),
    ("balance", {}, "stands safely", "fall"),
    ("describe_short", dict(left_arm="up"), "left arm raised overhead", "right arm"),
]


@pytest.mark.parametrize(("kind", "parts", "held", "absent"), GOLDEN)
def test_answers_are_true_of_written_poses(kind: str, parts: dict, held: str, absent: str | None):
    words = answer(kind, body(**parts))
    assert held in words, words
    assert absent is None or absent not in words, words


def test_every_kind_of_every_twentieth_pose_is_whole_sentences():
    for index, pose in enumerate(ATLAS[::20]):
        figure = Figure.of(pose.rotations)
        for kind in KINDS:
            words = answer(kind, figure, other=ATLAS[index].rotations)
            assert words and words[0].isupper() and words.endswith("."), (pose.id, kind, words)
            assert not BAD.search(words), (pose.id, kind, words)


def test_every_kind_has_its_teller():
    assert set(ANSWERS) | {"compare"} == set(KINDS)


def test_no_arm_is_said_to_do_two_things():
    """One body part has one clause: the long form never says an arm both hangs and rises."""
    for pose in ATLAS[::18]:
        words = describe_at_length(Figure.of(pose.rotations))
        for side in ("left", "right"):
            clauses = re.findall(rf"the {side} (?:arm|hand|elbow) [^;.]*", words.lower())
            assert len([one for one in clauses if "touch" not in one]) <= 1, (pose.id, words)
        assert 3 <= len(re.findall(r"\.(?: |$)", words)) <= 6, words


def test_a_mirror_image_swaps_the_sides():
    kinds = [kind for kind in KINDS if kind not in ("compare", "facing", "head_where")]
    for pose in ATLAS[::40]:
        figure = Figure.of(pose.rotations)
        for kind in kinds:
            if kind in ("describe_long", "describe_short"):
                continue  # both sides are told in a fixed order
            here, there = other_side(answer(kind, figure)), answer(kind, figure.mirrored())
            assert sorted(re.findall(r"\w+", here.lower())) == sorted(
                re.findall(r"\w+", there.lower())
            ), (pose.id, kind, here, there)


def test_raising_the_arm_raises_the_answer():
    heights = []
    for elevation in (10, 45, 90, 135, 172):
        words = answer("height_of_hands", body(left_arm=(elevation, 10, 8, 0)), side="left")
        number, unit = re.search(r"([\d.]+) (cm|m) above the floor", words).groups()
        heights.append(float(number) * (0.01 if unit == "cm" else 1))
    assert heights == sorted(heights) and heights[-1] - heights[0] > 0.9


def test_a_side_narrows_the_answer():
    for kind in ("arms_doing", "knee_angle", "height_of_hands", "hands_where", "legs_doing"):
        assert "right" not in answer(kind, body(left_arm="up", **legs("walk")), side="left")


def test_what_the_photo_does_not_show_is_not_measured():
    unseen = ("left_elbow", "left_wrist", *LEGS)
    parts = dict(left_arm="up")
    for kind in ("which_knee_more_bent", "knee_angle", "legs_doing", "feet_where", "balance",
                 "which_leg_carries", "which_foot_ahead", "symmetric", "posture",
                 "on_ground"):  # fmt: skip
        words = answer(kind, body(**parts), unseen=unseen)
        assert "photo does not show" in words and "cm" not in words and "°" not in words, words
    for kind in ("describe_short", "describe_long", "arms_doing", "hands_where"):
        assert "overhead" not in answer(kind, body(**parts), unseen=unseen)
        assert "the left arm is" not in answer(kind, body(**parts), unseen=unseen)
    assert "The right hand is" in answer("hands_where", body(**parts), unseen=unseen)
    assert answer("head_where", body(), unseen=("neck", "head")).endswith("not show the head.")


def test_wrong_questions_are_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        answer("mood", body())
    with pytest.raises(ValueError, match="another body"):
        answer("compare", body())
    with pytest.raises(ValueError, match="side"):
        answer("knee_angle", body(), side="up")


def test_a_body_compared_with_itself_is_the_same():
    for pose in ATLAS[::40]:
        figure = Figure.of(pose.rotations)
        assert "same pose" in compare(figure, figure)


def test_a_turned_copy_is_the_same_pose_facing_elsewhere():
    turned = body(facing=90.0)
    words = compare(Figure.of(body()), Figure.of(turned))
    assert "same pose" in words and "90° further to its left" in words


def test_mirror_images_are_recognised():
    figure = Figure.of(body(left_arm="up", **legs("walk")))
    assert "mirror images" in compare(figure, figure.mirrored())


def test_comparison_says_what_differs_and_what_does_not():
    a, b = (Figure.of(body(left_arm=arm)) for arm in ("down", "up"))
    words = compare(a, b)
    assert words.startswith("Both are standing.")
    assert "In the second the left arm is raised overhead; in the first it hangs down." in words
    assert "The legs are the same in both." in words and "right" not in words
    assert "In Bo the left arm" in compare(a, b, names=("Al", "Bo"))


def test_comparison_of_equal_words_gives_the_numbers():
    a, b = (Figure.of(body(left_leg=(0, 2, bend, 4, 30))) for bend in (105, 118))
    assert "the left knee is bent 15° more in the second" in compare(a, b).lower()


def test_comparison_leaves_out_what_was_not_seen():
    a = Figure.of(body(left_arm="up"))
    b = Figure.of(body(), unseen=("left_elbow", "left_wrist"))
    words = compare(a, b)
    assert "overhead" not in words and "does not show the left arm" in words


def test_captions_are_varied_true_and_repeatable():
    figure = Figure.of(body(left_arm="up", right_arm="hip", head="left", **legs("kneel")))
    captions = [caption_from(figure, np.random.default_rng(seed)) for seed in range(60)]
    again = [caption_from(figure, np.random.default_rng(seed)) for seed in range(60)]
    assert captions == again and len(set(captions)) > 40
    assert all("kneel" in words for words in captions)
    assert sum("overhead" in words for words in captions) > 10
    for words in captions:
        assert "hangs" not in words and "right arm raised" not in words and not BAD.search(words)


def test_rare_facts_are_told_more_often_than_common_ones():
    figure = Figure.of(body(left_arm="behind", torso="lean_forward"))
    captions = [caption_from(figure, np.random.default_rng(seed)) for seed in range(200)]
    rare = sum("hand behind" in w for w in captions)
    common = sum("knee straight" in w or "knee is straight" in w for w in captions)
    assert rare > 1.3 * common


def test_captions_of_the_atlas_are_clean():
    rng = np.random.default_rng(5)
    for pose in ATLAS[::15]:
        assert not BAD.search(caption_from(Figure.of(pose.rotations), rng)), pose.id


def test_words_follow_the_body_when_it_turns():
    rotations = np.array(ATLAS[30].rotations)
    before = describe_briefly(Figure.of(rotations))
    rotations[0] = from_axis_angle(np.array([0, 1.0, 0])) @ rotations[0]
    assert describe_briefly(Figure.of(rotations)) == before


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "compare"])
def test_an_arm_that_was_not_seen_carries_nobody(kind: str):
    pose = next(pose for pose in load_atlas() if pose.id == "sit_ankles_crossed")
    body = apply_choices(pose.rotations, {"left_arm": "down"})
    said = answer(kind, body, unseen=("left_elbow", "left_wrist", "left_hand"))
    assert said.endswith(".") and "does not show both legs" not in said


def test_hands_above_a_floor_that_nobody_saw_are_told_by_the_body():
    hidden = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("knee", "ankle"))
    body = build(Spec(left_arm="shoulder"))
    assert "floor" in answer("height_of_hands", body)
    assert "floor" not in answer("height_of_hands", body, unseen=hidden)
