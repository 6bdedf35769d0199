"""Words from geometry: every named state says what it is, a mirror image says the other side."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.geometry.describe import PoseWords, describe
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import from_axis_angle, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, HEAD, LEGS, TORSO, WHOLE

# What the words about a standing body with the left arm in a state are; None: nothing to say.
ARM_WORDS = {
    "down": None, "away": "the left arm held away from the body",
    "side": "the left arm stretched out to the side", "side_up": "the left arm raised to the side",
    "up": "the left arm raised overhead", "forward": "the left arm stretched forward",
    "forward_up": "the left arm reaching forward and up",
    "forward_low": "the left arm reaching down in front", "back": "the left arm held back",
    "hip": "the left hand on the hip", "head": "the left hand at the head",
    "face": "the left hand at the face", "chest": "the left forearm across the front",
    "bent": "the left elbow bent, the hand in front", "goal": "the left forearm raised",
    "shoulder": "the left hand near the shoulder", "behind": "the left hand behind the back",
    "thigh": "the left arm reaching down in front", "prop": "the left arm held back",
    "pray": "the left forearm across the front", "pocket": None,
    "neck": "the left hand at the head",
}  # fmt: skip
LEGS_WORDS = {
    "stand": "standing", "wide": "standing with the feet wide apart",
    "walk": "taking a step, the left leg in front", "sit": "sitting",
    "sit_crossed": "sitting with the legs crossed", "squat": "squatting",
    "half_squat": "standing with bent knees", "kneel": "kneeling on both knees",
    "kneel_sit": "sitting on the heels", "kneel_left": "kneeling on the left knee",
    "kneel_right": "kneeling on the right knee",
    "lunge_left": "in a lunge, the left leg in front",
    "lunge_right": "in a lunge, the right leg in front", "cross": "sitting cross-legged",
    "long": "sitting with the legs stretched out",
    "hug": "sitting on the floor with the knees drawn up",
    "straddle": "sitting with the legs spread wide", "ride": "sitting",
    "jump": "standing with bent knees", "tiptoe": "standing", "together": "standing",
    "crossed_stand": "standing", "toes_out": "standing", "toes_in": "standing",
}  # fmt: skip
LEFT_LEG_WORDS = {
    "straight": "standing", "forward": "standing with the left leg stretched forward",
    "knee_up": "standing with the left knee lifted",
    "knee_high": "standing with the left knee lifted",
    "side": "standing with the left leg out to the side",
    "back": "taking a step, the right leg in front",
    "heel": "standing on one leg, the left foot drawn up", "bent": "standing",
    "step": "standing", "trail": "standing",
    "figure4": "standing on one leg, the left foot drawn up",
}  # fmt: skip
TORSO_WORDS = {
    "upright": None, "lean_forward": "the trunk leaning forward",
    "bend": "the trunk leaning forward", "lean_back": "the trunk leaning back",
    "lean_left": "the trunk leaning to the left", "lean_right": "the trunk leaning to the right",
    "turn_left": "the trunk turned to the left", "turn_right": "the trunk turned to the right",
    "slouch": "the trunk leaning forward", "arch": "the trunk leaning back",
}  # fmt: skip
HEAD_WORDS = {
    "ahead": None, "left": "the head turned to the left", "right": "the head turned to the right",
    "down": "the head bowed", "up": "the head tipped back",
    "tilt_left": "the head tilted to the left", "tilt_right": "the head tilted to the right",
}  # fmt: skip
WHOLE_WORDS = {
    "up": "standing", "back": "lying on the back", "front": "lying face down",
    "left_side": "lying on the left side", "right_side": "lying on the right side",
}  # fmt: skip


def told(spec: Spec) -> PoseWords:
    rotations = build(spec)
    return describe(rotations, joints_of(rotations))


def other_side(words: str) -> str:
    return words.replace("left", "\0").replace("right", "left").replace("\0", "right")


def test_the_tables_cover_every_named_state():
    assert set(ARM_WORDS) == set(ARMS) and set(LEGS_WORDS) == set(BOTH_LEGS)
    assert set(LEFT_LEG_WORDS) == set(LEGS) and set(HEAD_WORDS) == set(HEAD)
    assert set(TORSO_WORDS) | {"bend_deep"} == set(TORSO) and set(WHOLE_WORDS) == set(WHOLE)


@pytest.mark.parametrize(("state", "words"), ARM_WORDS.items())
def test_arms(state: str, words: str | None):
    left = told(Spec(left_arm=state))
    assert left.posture == "standing"
    assert left.details == ((words,) if words else ())
    right = told(Spec(right_arm=state))
    assert right.details == ((other_side(words),) if words else ())


def test_two_arms_alike_are_said_at_once():
    both = told(Spec(left_arm="up", right_arm="up"))
    assert both.details == ("both arms raised overhead",)
    assert told(Spec(left_arm="hip", right_arm="hip")).details == ("both hands on the hip",)


@pytest.mark.parametrize(("state", "words"), LEGS_WORDS.items())
def test_both_legs(state: str, words: str):
    assert told(Spec(**legs(state))).posture == words


@pytest.mark.parametrize(("state", "words"), LEFT_LEG_WORDS.items())
def test_one_leg(state: str, words: str):
    assert told(Spec(left_leg=state)).posture == words
    assert told(Spec(right_leg=state)).posture == other_side(words)


@pytest.mark.parametrize(("state", "words"), TORSO_WORDS.items())
def test_torso(state: str, words: str | None):
    assert told(Spec(torso=state)) == PoseWords("standing", (words,) if words else ())


def test_two_ways_of_leaning_are_said_at_once():
    said = told(Spec(torso=(25, 24, 0))).details
    assert "the trunk leaning forward and to the left" in said
    assert sum("leaning" in words for words in said) == 1


def test_a_deep_bend_is_a_posture():
    assert told(Spec(torso="bend_deep")).posture == "bent over"


@pytest.mark.parametrize(("state", "words"), HEAD_WORDS.items())
def test_head(state: str, words: str | None):
    assert told(Spec(head=state)) == PoseWords("standing", (words,) if words else ())


@pytest.mark.parametrize(("state", "words"), WHOLE_WORDS.items())
def test_whole_body(state: str, words: str):
    assert told(Spec(whole=state)).posture == words


def test_facing_changes_only_what_is_said_of_it():
    for pose in load_atlas()[::8]:
        said = {}
        for yaw in (0.0, 2.0):
            turned = np.array(pose.rotations)
            turned[0] = from_axis_angle(np.array([0, yaw, 0])) @ turned[0]
            words = describe(turned, joints_of(turned))
            said[yaw] = words.posture, [one for one in words.details if "viewer" not in one]
        assert said[0.0] == said[2.0], pose.id


@pytest.mark.parametrize(
    ("yaw", "words"),
    [
        (-90, "the body in profile, facing the viewer's left"),
        (90, "the body in profile, facing the viewer's right"),
        (180, "the back to the viewer"),
        (45, "the body half turned to the viewer's right"),
    ],
)
def test_facing(yaw: float, words: str):
    assert told(Spec(facing=yaw)).details == (words,)


def test_palms_together():
    assert told(Spec(left_arm="pray", right_arm="pray")).details == (
        "both hands together before the chest",
    )


def test_a_mirror_image_says_the_other_side():
    for pose in load_atlas():
        words = describe(pose.rotations, joints_of(pose.rotations))
        flipped = mirror(pose.rotations)
        mirrored = describe(flipped, joints_of(flipped))
        assert mirrored.posture == other_side(words.posture), pose.id
        assert sorted(mirrored.details) == sorted(map(other_side, words.details)), pose.id


def test_a_sentence_keeps_the_most_remarkable_details():
    words = PoseWords("sitting", ("one", "two", "three", "four"))
    assert words.sentence(3) == "sitting, with one, two and three"
    assert words.sentence(1) == "sitting, with one"
    assert PoseWords("standing", ()).sentence() == "standing"


def test_arms_that_nobody_saw_are_not_told():
    words = PoseWords("standing", ("both arms raised overhead", "the head bowed"))
    assert words.without(("left",)).details == ("the head bowed",)
    words = PoseWords("standing", ("the left hand on the hip", "the right arm held back"))
    assert words.without(("left",)).details == ("the right arm held back",)
    assert words.without(()) == words
