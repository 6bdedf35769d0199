"""Who is named by number, who is told to change, and what the eyes cannot see of anybody."""

from __future__ import annotations

import numpy as np
import pytest
from test_chat import ask, moved, somebody
from visitor import person

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.network.beyond_sight import about_hidden, beyond_sight
from chatpose_demo.network.by_number import by_number
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.perception.person import POSTURES
from chatpose_demo.studio.rig import PART_JOINTS, Spec, build, legs

pytest_plugins = ("fixtures_network",)

# In no order: the second from the left comes first.
ROW = [person((x, 0, x + 50, 100)) for x in (200, 400, 0)]


@pytest.fixture
def three(blank) -> Scene:
    people = [
        somebody(250, "red", "blond", pose=Spec(left_arm="up")),
        somebody(640, "blue", "black", "sitting", Spec(**legs("sit"))),
        somebody(1030, "white", "brown"),
    ]
    return Scene(blank, people)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("show me person 1", 2),
        ("what is person two wearing?", 0),
        ("Person #3 please", 1),
        ("person 4", None),
        ("compare person 1 and person 2", None),
        ("who is next to person 2?", None),
        ("everybody but person 2", None),
        ("not person 1", None),
        ("the person 2nd from the left", None),
        ("a person with 3 dogs", None),
    ],
)
def test_people_are_numbered_from_the_left(text: str, index: int | None):
    assert by_number(text, ROW) == index


def test_a_number_points(chat: ChatPose, three: Scene):
    for number in (1, 2, 3):
        turn, _ = ask(chat, Conversation(), f"show me person {number}", three)
        assert turn.pointed == [number - 1]
    talk = Conversation()
    turn, _ = ask(chat, talk, "what is person 3 wearing?", three)
    assert "white" in turn.reply and "red" not in turn.reply and turn.about == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("what is she holding?", "hold"),
        ("what does he have in his left hand?", "hold"),
        ("why has he got his arm up?", "why"),
        ("is the man happy?", "feel"),
        ("what is she looking at?", "look at"),
        ("who's the taller one", "tall"),
        ("whos faster, him or the orange one?", "fast"),
        ("what is the taller one doing?", ""),
        ("what is the woman holding the bag wearing?", ""),
        ("who is there?", ""),
        ("what is he doing?", ""),
    ],
)
def test_what_no_photo_tells(text: str, what: str):
    found = beyond_sight(text)
    assert what in found if what else found == ""


def test_what_is_hidden_is_not_made_up(chat: ChatPose, three: Scene):
    turn, _ = ask(chat, Conversation(), "what is person 1 holding?", three)
    assert turn.poses == [] and turn.reply.startswith("I cannot see what people hold")
    assert "left arm raised" in turn.reply
    assert "person 2" not in turn.reply and "Person 2" not in turn.reply
    one = about_hidden("why", three.people[1:2], None)
    assert "person 1 is sitting" in one


def test_who_seems_to_sit_is_said_to_sit():
    who = person((0, 0, 50, 100))
    who.rotations = build(Spec(**legs("half_squat")))
    assert seen_doing(who).posture == "standing with bent knees"
    who.appearance.postures[POSTURES.index("sitting")] = 0.9
    assert seen_doing(who).posture == "sitting"


def test_arms_that_nobody_saw_are_not_told_of():
    who = person((0, 0, 50, 100))
    who.rotations = build(Spec(left_arm="up"))
    assert "left arm" in seen_doing(who).sentence()
    who.unseen_joints = ("left_shoulder", "left_elbow", "left_wrist", "left_hand")
    assert "left arm" not in seen_doing(who).sentence()


# Changes


@pytest.mark.parametrize("bodies", [0, 1])
def test_a_change_is_for_whom_one_clicked(chat: ChatPose, three: Scene, bodies: int):
    talk = Conversation()
    if bodies:
        ask(chat, talk, "show me person 1", three)
    turn, _ = ask(chat, talk, "raise the right arm", None if bodies else three, picked=1)
    assert turn.pointed == [1] and turn.poses[0].source == "edit"
    before = turn.poses[0].with_(rotations=three.people[1].rotations)
    assert "right_shoulder" in moved(before, turn.poses[0]) <= set(PART_JOINTS["right_arm"])


def test_a_change_goes_on_with_the_shown_body(chat: ChatPose, three: Scene):
    talk = Conversation()
    ask(chat, talk, "show me person 2", three)
    ask(chat, talk, "raise the right arm", picked=1)
    turn, _ = ask(chat, talk, "raise the left arm", picked=1)
    right = [joint for joint in PART_JOINTS["right_arm"] if joint.endswith("shoulder")]
    assert set(right) <= moved(talk.poses[0], turn.poses[0])


def test_the_only_person_is_told_to_change(chat: ChatPose, blank):
    alone = Scene(blank, [somebody(640, "blue", "black")])
    turn, _ = ask(chat, Conversation(), "raise her left arm", alone)
    assert turn.pointed == [0] and turn.poses[0].person_box == alone.people[0].box
    assert turn.poses[0].photo_size == alone.image.size
    other, _ = ask(chat, Conversation(), "a woman who raises her left arm", alone)
    assert other.pointed == [None]
    assert np.isfinite(other.poses[0].rotations).all()
