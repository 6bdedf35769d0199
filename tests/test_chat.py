"""Whole conversations through the demo's wrapper, on the weights that ship with the project."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image

from chatpose_demo.chat import ChatPose, Done, Event, Notice, PoseReady, Progress, Text
from chatpose_demo.conversation import Conversation, Scene, Turn
from chatpose_demo.evaluation.frozen_set import person_of
from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.perception.person import COLOUR_NAMES, HAIR_NAMES, POSTURES, Person
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT, JOINT_NAMES, Pose
from chatpose_demo.settings import PoseMode
from chatpose_demo.studio.rig import PART_JOINTS, Spec, build, legs

pytest_plugins = ("fixtures_network",)


def somebody(x: float, top: str, hair: str, posture: str = "standing", pose: Spec | None = None):
    """A person of a photo who is surely so."""

    def sure(names: tuple[str, ...], name: str) -> list[float]:
        return [float(one == name) for one in names]

    look = {"top": sure(COLOUR_NAMES, top), "bottom": sure(COLOUR_NAMES, "black")}
    look |= {"hair": sure(HAIR_NAMES, hair), "postures": sure(POSTURES, posture)}
    person = person_of({"box": [x - 90, 250, x + 90, 700], **look})
    person.rotations = build(pose or Spec())
    return person


@pytest.fixture
def three(blank: Image.Image) -> Scene:
    """Red, blue and white, left to right, each in a pose of their own."""
    people: list[Person] = [
        somebody(250, "red", "blond", pose=Spec(left_arm="up")),
        somebody(640, "blue", "black", "sitting", Spec(**legs("sit"))),
        somebody(1030, "white", "brown", pose=Spec(right_arm="side")),
    ]
    return Scene(blank, people)


def ask(
    chat: ChatPose,
    talk: Conversation,
    text: str,
    scene: Scene | None = None,
    mode: PoseMode = "auto",
    picked: int | None = None,
) -> tuple[Turn, list[Event]]:
    """The next turn of a conversation, answered; checks what must hold for every reply."""
    turn = talk.ask(text, picked=picked)
    turn.scene = scene
    events = list(chat.reply(talk, mode))
    assert isinstance(events[-1], Done) and events[-1].asked_back == turn.asked_back
    assert [one.pose for one in events if isinstance(one, PoseReady)] == turn.poses
    said = "".join(
        one.text if isinstance(one, Text) else POSE_TOKEN
        for one in events
        if isinstance(one, Text | PoseReady)
    )
    assert said.strip() == turn.reply != ""
    assert len(turn.pointed) == len(turn.poses) == turn.reply.count(POSE_TOKEN)
    return turn, events


def words_of(pose: Pose):
    return describe(pose.rotations, joints_of(pose.rotations))


def moved(before: Pose, after: Pose) -> set[str]:
    """Names of the joints that are not bit-for-bit the same."""
    same = (before.rotations == after.rotations).all((1, 2))
    return {name for name, kept in zip(JOINT_NAMES, same, strict=True) if not kept}


@pytest.fixture
def seated(chat: ChatPose) -> Conversation:
    """A conversation that has shown somebody sitting with the right arm up."""
    talk = Conversation()
    ask(chat, talk, "a person sitting on a chair with the right arm raised straight up")
    return talk


def test_both_voices_are_there(chat: ChatPose):
    assert chat.network.language.speaker is not chat.network.language.base


def test_words_become_a_body(seated: Conversation):
    turn = seated.turns[0]
    assert len(turn.poses) == 1 and turn.poses[0].source == "text" and turn.pointed == [None]
    words = words_of(turn.poses[0])
    assert words.posture.startswith("sitting")
    assert "the right arm raised overhead" in words.details


@pytest.mark.parametrize(
    "text",
    [
        "someone kneeling on both knees",
        "show me a person standing with both hands on the hips",
        "a man doing a handstand",
        "how would someone waiting for the bus stand?",
    ],
)
def test_a_reply_says_what_the_body_does_and_ends_with_it(chat: ChatPose, text: str):
    turn, _ = ask(chat, Conversation(), text)
    assert turn.reply.endswith(POSE_TOKEN)
    assert words_of(turn.poses[0]).posture in turn.reply


def test_an_edit_moves_what_it_names_and_nothing_else(chat: ChatPose, seated: Conversation):
    turn, _ = ask(chat, seated, "now raise the left arm straight up")
    before, after = seated.turns[0].poses[0], turn.poses[0]
    assert after.source == "edit" and after.subject == before.subject
    assert moved(before, after) and moved(before, after) <= set(PART_JOINTS["left_arm"])
    joints = joints_of(after.rotations)
    assert joints[JOINT["left_wrist"]][1] > joints[JOINT["left_shoulder"]][1] + 0.2


def test_the_same_but_sitting(chat: ChatPose):
    talk = Conversation()
    first, _ = ask(chat, talk, "someone standing with the left arm stretched out to the side")
    second, _ = ask(chat, talk, "the same, but sitting")
    assert words_of(second.poses[0]).posture.startswith("sitting")
    arms = set(PART_JOINTS["left_arm"]) | set(PART_JOINTS["right_arm"])
    assert not moved(first.poses[0], second.poses[0]) & arms


def test_a_question_about_a_photo_that_is_not_there(chat: ChatPose):
    turn, _ = ask(chat, Conversation(), "what pose is the woman in the red coat in?")
    assert turn.poses == [] and "no photo" in turn.reply


@pytest.mark.parametrize("text", ["hello, how are you?", "thanks a lot!", "what is 3D?"])
def test_an_ordinary_line_gets_no_body(chat: ChatPose, text: str):
    turn, _ = ask(chat, Conversation(), text)
    assert turn.poses == [] and POSE_TOKEN not in turn.reply


def test_bodies_can_be_forbidden_and_demanded(chat: ChatPose):
    turn, _ = ask(chat, Conversation(), "show me somebody sitting", mode="never")
    assert turn.poses == []
    turn, _ = ask(chat, Conversation(), "hello", mode="always")
    assert len(turn.poses) == 1


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("what pose is the woman in the red top in?", 0),
        ("show me the one in the blue shirt", 1),
        ("the person on the far right please", 2),
        ("pose of the one who is sitting", 1),
    ],
)
def test_words_point_at_a_person(chat: ChatPose, three: Scene, text: str, index: int):
    turn, _ = ask(chat, Conversation(), text, three)
    assert turn.pointed == [index] and not turn.asked_back
    pose, person = turn.poses[0], three.people[index]
    assert pose.source == "photo" and pose.person_box == person.box
    assert np.array_equal(pose.rotations, person.rotations)
    assert f"person {index + 1}" in pose.subject
    assert turn.reply.endswith(POSE_TOKEN) and words_of(pose).posture in turn.reply


def test_nobody_who_fits_is_asked_about(chat: ChatPose, three: Scene):
    turn, _ = ask(chat, Conversation(), "show me the man in the green hoodie", three)
    assert turn.poses == [] and turn.asked_back
    for word in ("person 1", "person 2", "person 3", "red", "blue", "white"):
        assert word in turn.reply


def test_several_who_fit_are_asked_about(chat: ChatPose, blank: Image.Image):
    twins = Scene(blank, [somebody(x, c, "brown") for x, c in ((250, "red"), (1030, "red"))])
    turn, _ = ask(chat, Conversation(), "what is the person in red doing? show me", twins)
    assert turn.poses == [] and turn.asked_back
    assert "far left" in turn.reply and "far right" in turn.reply


def test_the_talk_goes_on_to_the_neighbour(chat: ChatPose, three: Scene):
    talk = Conversation()
    first, _ = ask(chat, talk, "what pose is the man in the blue shirt in?", three)
    second, _ = ask(chat, talk, "and the person to the right of him?")
    third, _ = ask(chat, talk, "now the one in the red top")
    assert [first.pointed, second.pointed, third.pointed] == [[1], [2], [0]]


def test_the_talk_goes_on_from_words_without_a_body(chat: ChatPose, three: Scene):
    talk = Conversation()
    first, _ = ask(chat, talk, "what is the person in the blue shirt wearing?", three)
    second, _ = ask(chat, talk, "show me the person to the right of him")
    assert (first.pointed, first.about) == ([], 1)
    assert second.pointed == [2]


def test_a_click_says_who_is_meant(chat: ChatPose, three: Scene):
    for index in range(3):
        turn, _ = ask(chat, Conversation(), "show me her", three, picked=index)
        assert turn.pointed == [index]


def test_an_edit_keeps_person_and_box(chat: ChatPose, three: Scene):
    talk = Conversation()
    first, _ = ask(chat, talk, "show me the one in the blue shirt", three)
    second, _ = ask(chat, talk, "now raise her left arm")
    assert second.poses[0].source == "edit"
    assert second.poses[0].person_box == first.poses[0].person_box == three.people[1].box
    assert moved(first.poses[0], second.poses[0]) <= set(PART_JOINTS["left_arm"])


def test_what_the_photo_does_not_show_is_noticed(chat: ChatPose, three: Scene):
    three.people[0].unseen_joints = ("left_knee", "right_knee", "left_ankle", "right_ankle")
    turn, events = ask(chat, Conversation(), "the woman in the red top please", three)
    notices = [one.text for one in events if isinstance(one, Notice)]
    assert turn.pointed == [0]
    assert notices == ["The legs are not visible; shown at rest."]


def test_an_empty_photo_is_looked_at_once_and_said_to_be_empty(chat: ChatPose, blank: Image.Image):
    talk = Conversation()
    turn, events = ask(chat, talk, "what pose is the man in?", Scene(blank))
    assert isinstance(events[0], Progress)
    assert talk.scene is not None and talk.scene.people == []
    assert turn.poses == [] and "cannot find a person" in turn.reply
    _, events = ask(chat, talk, "show me the woman on the left")
    assert not any(isinstance(one, Progress) for one in events)


def test_a_new_photo_starts_anew(chat: ChatPose, three: Scene, blank: Image.Image):
    talk = Conversation()
    ask(chat, talk, "show me the one in the blue shirt", three)
    other = Scene(blank, [somebody(300, "green", "grey"), somebody(900, "yellow", "black")])
    turn, _ = ask(chat, talk, "show me the person in the yellow shirt", other)
    assert turn.pointed == [1] and turn.poses[0].person_box == other.people[1].box


def test_stop_ends_the_reply_and_keeps_what_was_said(chat: ChatPose):
    talk, stop, heard = Conversation(), threading.Event(), 0
    turn = talk.ask("Tell me a long story about a dancer in Paris.")
    for event in chat.reply(talk, "never", stop):
        heard += isinstance(event, Text)
        if heard == 3:
            stop.set()
    assert isinstance(event, Done) and heard == 3
    assert turn.reply and turn.poses == []


def test_the_first_body_can_be_taken_again(chat: ChatPose, seated: Conversation):
    ask(chat, seated, "now lower both arms")
    turn, _ = ask(chat, seated, "go back to the first one")
    assert moved(seated.turns[0].poses[0], turn.poses[0]) == set()


def test_replies_repeat_exactly(chat: ChatPose, three: Scene):
    text = "what pose is the woman in the red top in?"
    once, _ = ask(chat, Conversation(), text, three)
    again, _ = ask(chat, Conversation(), text, three)
    assert once.reply == again.reply
    assert np.array_equal(once.poses[0].rotations, again.poses[0].rotations)
