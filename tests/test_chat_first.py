"""What people type first, and what they try next, on the weights that ship with the project."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation
from chatpose_demo.geometry.describe import describe
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT

pytest_plugins = ("fixtures_network",)


def ask(
    chat: ChatPose, talk: Conversation, text: str, brought_back: int | None = None
) -> tuple[str, list[np.ndarray]]:
    """The reply's words and bodies."""
    turn = talk.ask(text)
    turn.shown = brought_back
    list(chat.reply(talk, "auto"))
    return turn.reply, [pose.rotations for pose in turn.poses]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a man standing", "standing"),
        ("show me a standing person", "standing"),
        ("a man kneeling", "kneeling"),
        ("kneel on one knee", "kneeling on the"),
        ("show me someone sitting on a chair", "sitting"),
        ("sit", "sitting"),
        ("a person with both arms up", "both arms raised overhead"),
        ("raise your left arm", "the left arm"),
        ("a woman lying on her back", "lying on the back"),
        ("squat", "squat"),
    ],
)
def test_plain_first_lines(chat: ChatPose, text: str, said: str):
    _, bodies = ask(chat, Conversation(), text)
    assert len(bodies) == 1
    assert said in describe(bodies[0], joints_of(bodies[0])).sentence(5)


def test_another_one_after_a_body_in_words(chat: ChatPose):
    talk = Conversation()
    _, first = ask(chat, talk, "kneeling on both knees, hands behind the back")
    _, second = ask(chat, talk, "show me another")
    assert len(second) == 1 and not np.allclose(first[0], second[0])


def test_undo_twice_goes_back_two_steps(chat: ChatPose):
    talk = Conversation()
    _, first = ask(chat, talk, "a man standing")
    for text in ("raise the left arm", "sit down", "undo", "undo"):
        _, bodies = ask(chat, talk, text)
    assert np.array_equal(bodies[0], first[0])


def test_numbers_are_taken_at_their_word(chat: ChatPose):
    talk = Conversation()
    _, first = ask(chat, talk, "a man standing")
    _, bent = ask(chat, talk, "Flex the right elbow to exactly 90 degrees.")
    figure = Figure.of(bent[0])
    assert abs(figure.bend("right", "elbow") - 90) < 1
    assert (bent[0] != first[0]).any((1, 2)).sum() == 1
    words, _ = ask(chat, talk, "how far is the right elbow bent?")
    assert "90°" in words
    words, far = ask(chat, talk, "set the right knee to 200 degrees")
    assert "150°" in words and len(far) == 1


def test_a_change_that_is_none_is_admitted(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "a man standing with both arms up")
    words, bodies = ask(chat, talk, "raise both arms straight up")
    assert not bodies and words


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("what can you do?", "photo"),
        ("how do I download this?", "GLB"),
        ("is my photo stored anywhere?", "deleted"),
        ("who made you?", "ChatPose"),
    ],
)
def test_questions_about_the_program_get_facts(chat: ChatPose, text: str, fact: str):
    words, bodies = ask(chat, Conversation(), text)
    assert fact in words and not bodies


def test_a_body_that_was_brought_back_is_changed(chat: ChatPose):
    talk = Conversation()
    _, first = ask(chat, talk, "a man sitting on a chair")
    ask(chat, talk, "a man kneeling")
    _, changed = ask(chat, talk, "raise the left arm", brought_back=0)
    same = (changed[0] == first[0]).all((1, 2))
    assert same[JOINT["left_knee"]] and not same[JOINT["left_shoulder"]]
    assert talk.poses[-1].made_from == 0
    _, undone = ask(chat, talk, "undo")
    assert len(undone) == 1
