"""Questions about a shown body that a few words settle, and their measured answers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_chat import ask, somebody

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, read_lines
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.measures import Part, apart, heights, on_the_floor, settled
from chatpose_demo.network.bodies import BodyFinder
from chatpose_demo.network.in_clauses import clauses, unhanded
from chatpose_demo.network.plain_questions import Plain, parts_in, plain_question
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs

pytest_plugins = ("fixtures_network",)


@pytest.fixture(scope="module")
def lunge() -> Figure:
    return Figure.of(build(Spec(**legs("lunge_right"))))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("would he fall over like that irl", "balance"),
        ("if he froze like that would he fall", "balance"),
        ("Like this she lose the equilibrium?", "balance"),
        ("is the centre of mass still over the base of support?", "balance"),
        ("Could you describe that for me in a couple of sentences?", "describe_long"),
        ("the shortest description of this, ten words at most", "describe_short"),
        ("How high is her left foot compared with her hip?", "heights"),
        ("is his head higher or lower than the knee?", "heights"),
        ("How many centimetres are between her hand and her head?", "apart"),
        ("how wide is the stance?", "apart"),
        ("Is that back knee touching?", "on_the_floor"),
        ("are her hands still on the floor or floating now?", "on_the_floor"),
        ("is the left hand higher than the other hand?", "heights"),
    ],
)
def test_plain_questions_are_known(text: str, kind: str):
    asked = plain_question(text)
    assert asked is not None
    assert asked.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "make him fall over",
        "now she falls",
        "what would a man falling off a ladder look like?",
        "could you put his hand higher than his head?",
        "is her head higher than in the first one?",
        "is it bad when the arm falls asleep",
        "describe a warrior pose",
        "I shall describe her exactly like this.",
        "which elbow is bent more?",
        "how far is it to the moon?",
        "describe her hair",
        "don't describe it, raise the arm",
        "are her knees touching?",
        "is she lying on the ground with one arm up?",
        "could you have it fall backwards?",
        "is it fall or spring there?",
        "will they fall in love?",
        "is this a balanced diet?",
        "how bent is the left knee compared to the right knee?",
        "lift the left foot off the floor",
    ],
)
def test_other_words_are_left_to_the_decoder(text: str):
    assert plain_question(text) is None


def test_they_are_the_parts_that_were_named_before():
    assert plain_question("how far apart did they end?") is None
    asked = plain_question("how far apart did they end?", before="let the hands drift apart")
    assert asked == Plain("apart", (Part("hand"),))
    assert plain_question("How far is Paris from London?", before="raise both hands") is None


def test_parts_are_named_with_their_sides():
    assert parts_in("her left foot, the back knee and his chin") == (
        Part("foot", "left"),
        Part("knee", "back"),
        Part("head"),
    )
    assert parts_in("the feet and both feet") == (Part("foot"),)
    words = plain_question("describe it in two hundred words")
    assert words is not None and words.kind == "describe_long"


def test_no_line_that_wants_a_body_is_surely_a_question():
    texts = [
        one["text"] if isinstance(one, dict) else one
        for name in ("requests", "edits")
        for one in read_lines(name, DEVELOPMENT)
    ]
    assert len(texts) > 500
    taken = [text for text in texts if (asked := plain_question(text)) and asked.sure]
    assert taken == []


def test_sides_are_settled_by_the_body(lunge: Figure):
    assert settled(lunge, Part("knee", "front")) == [Part("knee", "right")]
    assert settled(lunge, Part("knee", "back")) == [Part("knee", "left")]
    assert settled(lunge, Part("hand")) == [Part("hand", "left"), Part("hand", "right")]
    raised = Figure.of(build(Spec(left_arm="up")))
    assert settled(raised, Part("hand", "upper")) == [Part("hand", "left")]


def centimetres(text: str) -> list[float]:
    """All lengths of a text in centimetres."""
    found = re.findall(r"([\d.]+) (cm|m)\b", text)
    return [float(number) * (100 if unit == "m" else 1) for number, unit in found]


def test_heights_and_gaps_are_those_of_the_joints(lunge: Figure):
    head, knee, gap = centimetres(heights(lunge, [Part("head"), Part("knee", "left")]))
    assert knee == pytest.approx(100 * lunge.at("left_knee")[1], abs=3)
    assert head == pytest.approx(100 * lunge.crown[1], abs=3)
    assert gap == pytest.approx(head - knee, abs=6)
    hands = np.linalg.norm(lunge.hand("left") - lunge.hand("right"))
    assert centimetres(apart(lunge, [Part("hand")])) == pytest.approx([100 * hands], abs=3)
    for alone in ([Part("head")], [Part("foot", "right"), Part("foot", "front")], []):
        with pytest.raises(ValueError, match="no distance"):
            apart(lunge, alone)
    other = apart(lunge, [Part("hand", "left"), Part("hand")])
    assert other == apart(lunge, [Part("hand")])


def test_heights_of_the_mirror_image_swap_sides(lunge: Figure):
    said = heights(lunge, [Part("knee", "left")])
    other = heights(Figure.of(mirror(lunge.rotations)), [Part("knee", "right")])
    assert other == said.replace("left", "right")


def test_what_touches_the_floor():
    kneeling = Figure.of(build(Spec(**legs("kneel"))))
    assert on_the_floor(kneeling, [Part("knee")]) == "Yes: both knees are on the floor."
    assert heights(kneeling, [Part("knee", "left")]) == "The left knee is on the floor."
    standing = Figure.of(build(Spec()))
    assert on_the_floor(standing, [Part("knee", "left")]).startswith("No: the left knee is ")
    lifted = Figure.of(build(Spec(left_leg="knee_up")))
    assert on_the_floor(lifted, [Part("foot")]).startswith("Only in part: the right foot is on")


def test_hidden_limbs_are_not_measured():
    hidden = Figure.of(build(Spec()), ["left_knee", "left_ankle", "right_knee", "right_ankle"])
    assert "does not show" in heights(hidden, [Part("knee", "left")])
    assert "does not show" in on_the_floor(hidden, [Part("foot")])
    bust = Figure.of(build(Spec()), ["pelvis", "left_hip", "right_hip"])
    assert "does not show" in heights(bust, [Part("head"), Part("seat")])


def test_balance_in_any_words(chat: ChatPose):
    conversation = Conversation()
    ask(chat, conversation, "a man standing on one leg")
    turn, _ = ask(chat, conversation, "wud he fall now")
    assert not turn.poses
    assert re.search(r"safely|in balance|would fall|at the edge", turn.reply)


def test_a_change_for_whom_the_talk_was_about(chat: ChatPose, blank):
    people = [somebody(160, "red", "brown"), somebody(800, "blue", "brown")]
    talk, scene = Conversation(), Scene(blank, people)
    turn, _ = ask(chat, talk, "what is the person in blue wearing?", scene)
    assert not turn.poses
    turn, _ = ask(chat, talk, "make her put both hands way up high")
    assert [pose.person_box for pose in turn.poses] == [people[1].box]


def test_a_change_for_nobody_yet_asks_who_is_meant(chat: ChatPose, blank):
    scene = Scene(blank, [somebody(160, "red", "brown"), somebody(800, "blue", "brown")])
    turn, _ = ask(chat, Conversation(), "raise her left arm", scene)
    assert turn.asked_back and not turn.poses


def test_a_change_for_everybody_is_for_everybody(chat: ChatPose, blank):
    people = [somebody(160, "red", "brown"), somebody(800, "blue", "brown")]
    talk, scene = Conversation(), Scene(blank, people)
    ask(chat, talk, "what is the person in blue wearing?", scene)
    turn, _ = ask(chat, talk, "make them all raise both arms")
    assert {pose.person_box for pose in turn.poses} != {people[1].box}


def test_a_question_about_somebody_chosen_is_not_about_another(chat: ChatPose, blank):
    people = [somebody(160, "red", "brown"), somebody(800, "blue", "brown")]
    people[1].rotations = build(Spec(left_arm="up"))
    talk, scene = Conversation(), Scene(blank, people)
    ask(chat, talk, "what is the person in red wearing?", scene)
    turn, _ = ask(chat, talk, "is person 2's left hand higher than his head?")
    assert "The left hand is higher than the head" in turn.reply


def test_clauses_and_hands():
    assert clauses("Warrior two, front knee right") == ["Warrior two", "front knee right"]
    assert clauses("warrior two") == []
    assert clauses("a," * 1000) == ["a"] * 8
    assert unhanded("some left-handed archer") == ("some archer", True)
    assert unhanded("a man writing") == ("a man writing", False)


def test_a_pose_named_in_one_clause(chat: ChatPose):
    turn, _ = ask(chat, Conversation(), "Warrior two, front knee right")
    poses = {pose.id: pose.rotations for pose in load_atlas()}
    np.testing.assert_allclose(turn.poses[0].rotations, poses["yoga_warrior_two"], atol=1e-5)


def test_left_handed_is_the_mirror_image(chat: ChatPose):
    left, _ = ask(chat, Conversation(), "left-handed archer at full draw")
    right, _ = ask(chat, Conversation(), "right-handed archer at full draw")
    ours, other = left.poses[0].rotations, right.poses[0].rotations
    np.testing.assert_allclose(ours, mirror(other), atol=1e-5)
    assert not np.allclose(ours, BodyFinder().standing, atol=0.1)
    named, _ = ask(chat, Conversation(), "a left-handed man raising the right arm")
    up = Figure.of(named.poses[0].rotations)
    assert up.hand("right")[1] > up.hand("left")[1] + 0.3
