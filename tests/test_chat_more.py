"""What a pose chat should also do: edit on and on, talk of bodies, find people by relations."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from test_chat import ask, moved, somebody, words_of

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.network.parts import heading
from chatpose_demo.perception.person import POSTURES, Looks
from chatpose_demo.pose import JOINT_NAMES, Pose, mirror
from chatpose_demo.studio.rig import PART_JOINTS, Spec, legs

pytest_plugins = ("fixtures_network",)

ARMS = {*PART_JOINTS["left_arm"], *PART_JOINTS["right_arm"]}


@pytest.fixture
def four(blank: Image.Image) -> Scene:
    """Red with a hat, blue on the sofa, white, and a child in red; left to right."""
    people = [
        somebody(150, "red", "blond", pose=Spec(left_arm="up")),
        somebody(450, "blue", "black", "sitting", Spec(**legs("sit"))),
        somebody(760, "white", "brown", pose=Spec(right_arm="side")),
        somebody(1080, "red", "grey", pose=Spec(left_arm="hip", right_arm="hip")),
    ]
    looks = [
        Looks(worn={"hat": 0.9}, female=0.95, age=30),
        Looks(near={"sofa": 0.9}, female=0.05, age=35),
        Looks(female=0.9, age=28),
        Looks(female=0.1, age=70),
    ]
    for person, look in zip(people, looks, strict=True):
        person.looks = look
    people[3].appearance.postures[POSTURES.index("hand on hip")] = 0.9  # as the eyes would say
    return Scene(blank, people)


def bodies(talk: Conversation) -> list[Pose]:
    return talk.poses


def yaw(pose: Pose) -> float:
    """Degrees; positive turns to the viewer's right."""
    ahead = heading(pose.rotations[0])[:, 2]
    return float(np.degrees(np.arctan2(ahead[0], ahead[2])))


def test_five_edits_leave_the_rest_alone(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "a person sitting on a chair")
    steps = {
        "raise the left arm straight up": "left_arm",
        "now put the right hand on the hip": "right_arm",
        "turn the head to the left": "head",
        "stretch the right arm out to the side": "right_arm",
        "lower the left arm": "left_arm",
    }
    for text, part in steps.items():
        before = bodies(talk)[-1]
        turn, _ = ask(chat, talk, text)
        assert len(turn.poses) == 1, text
        changed = moved(before, turn.poses[0])
        assert changed and changed <= set(PART_JOINTS[part]), (text, changed)
    assert words_of(bodies(talk)[-1]).posture.startswith("sitting")


def test_mirror_and_back(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "somebody standing with the left arm raised straight up")
    turn, _ = ask(chat, talk, "mirror it")
    first, flipped = bodies(talk)
    assert np.allclose(mirror(first.rotations), flipped.rotations, atol=1e-6)
    assert "the right arm raised overhead" in words_of(flipped).details
    turn, _ = ask(chat, talk, "go back to the first one")
    assert moved(first, turn.poses[0]) == set()


def test_half_as_much(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "someone standing with the arms hanging down")
    ask(chat, talk, "raise the left arm straight up")
    turn, _ = ask(chat, talk, "only half as much please")
    assert len(turn.poses) == 1
    assert moved(bodies(talk)[0], turn.poses[0]) <= set(PART_JOINTS["left_arm"])
    arm = "the left arm"
    assert not any("overhead" in one for one in words_of(turn.poses[0]).details if arm in one)


def test_half_of_nothing_is_said(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "someone standing with the arms hanging down")
    turn, _ = ask(chat, talk, "only half as much please")
    assert turn.poses == [] and "Nothing has been changed" in turn.reply


def test_another_one_differs_and_repeats(chat: ChatPose):
    seen = []
    for _ in range(2):
        talk = Conversation()
        ask(chat, talk, "someone who just missed the bus")
        turn, _ = ask(chat, talk, "show me another one")
        turn, _ = ask(chat, talk, "and another one")
        first, second, third = bodies(talk)
        assert moved(first, second) and moved(second, third) and moved(first, third)
        seen.append(third)
    assert np.array_equal(seen[0].rotations, seen[1].rotations)


def test_arms_of_one_body_on_another(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "someone standing with both arms raised straight up")
    ask(chat, talk, "a person kneeling on both knees, hands on the hips")
    turn, _ = ask(chat, talk, "put the arms of the first one on the second")
    mixed, (first, second) = turn.poses[0], bodies(talk)[:2]
    for index, name in enumerate(JOINT_NAMES):
        source = first if name in ARMS else second
        assert np.array_equal(mixed.rotations[index], source.rotations[index]), name


@pytest.mark.parametrize(("words", "wanted"), [("seen from behind", 180), ("facing left", -90)])
def test_facing(chat: ChatPose, words: str, wanted: float):
    turn, _ = ask(chat, Conversation(), f"a man standing with crossed arms, {words}")
    assert abs((yaw(turn.poses[0]) - wanted + 180) % 360 - 180) < 15


def test_everyone_at_once(chat: ChatPose, four: Scene):
    turn, _ = ask(chat, Conversation(), "show me all of them", four)
    assert turn.pointed == [0, 1, 2, 3]
    turn, _ = ask(chat, Conversation(), "everybody in red please", four)
    assert turn.pointed == [0, 3]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("what pose is the one on the sofa in?", 1),
        ("show me the person to the right of the man in blue", 2),
        ("the woman with the hat", 0),
        ("show me the one who is not standing", 1),
        ("what pose is the old man in?", 3),
    ],
)
def test_relations_things_and_exclusion(chat: ChatPose, four: Scene, text: str, index: int):
    turn, _ = ask(chat, Conversation(), text, four)
    assert turn.pointed == [index], (turn.reply, turn.pointed)


def test_people_are_told_by_how_they_hold_themselves(chat: ChatPose, four: Scene):
    turn, _ = ask(chat, Conversation(), "Who has both hands on the hips? Show me the body.", four)
    assert turn.pointed == [3]
    # What tells who is meant changes nothing of what the photo shows.
    assert turn.poses[0].source == "photo"
    assert np.array_equal(turn.poses[0].rotations, four.people[3].rotations)


def test_but_with_changes_who_is_shown(chat: ChatPose, four: Scene):
    turn, _ = ask(chat, Conversation(), "the one in white, but with both arms up", four)
    assert turn.pointed == [2] and turn.poses[0].source == "edit"


def test_things_that_nobody_saw_are_said(chat: ChatPose, four: Scene):
    turn, _ = ask(chat, Conversation(), "show me the woman next to the stairs", four)
    assert "stairs" in turn.reply


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("how many people are in the photo?", ("four",)),
        ("what is the man on the sofa wearing?", ("blue", "black")),
        ("is anybody wearing a hat?", ("person 1",)),
        ("is there anyone in green?", ("nobody",)),
    ],
)
def test_questions_about_the_photo_want_words(chat, four: Scene, text: str, told: tuple[str, ...]):
    turn, _ = ask(chat, Conversation(), text, four)
    assert turn.poses == []
    for word in told:
        assert word in turn.reply.lower(), turn.reply


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("which knee is bent more?", ("right",)),
        ("which hand is higher?", ("left",)),
        ("what touches the floor?", ("left foot",)),
        ("could it fall over?", ("weight",)),
        ("describe the pose in detail", ("left arm", "right knee")),
    ],
)
def test_questions_about_the_body_are_measured(chat: ChatPose, text: str, told: tuple[str, ...]):
    talk = Conversation()
    first, _ = ask(
        chat,
        talk,
        "someone standing with the right knee lifted and the left arm raised straight up",
    )
    assert len(first.poses) == 1
    turn, _ = ask(chat, talk, text)
    assert turn.poses == []
    for word in told:
        assert word in turn.reply.lower(), turn.reply


def test_two_bodies_are_compared(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "someone standing with the arms hanging down")
    ask(chat, talk, "raise the left arm straight up")
    turn, _ = ask(chat, talk, "what is the difference between the two bodies?")
    assert turn.poses == [] and "left arm" in turn.reply.lower()
