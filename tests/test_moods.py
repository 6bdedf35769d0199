"""Moods as wishes: the test sets, and some of the lines that first visitors try."""

from __future__ import annotations

import pytest
from test_chat import ask

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, SECOND, read_lines
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.studio.atlas import load_atlas

pytest_plugins = ("fixtures_network",)


@pytest.mark.parametrize("folder", [DEVELOPMENT, SECOND])
def test_mood_sets_hold_wishes_and_talk(folder):
    lines = read_lines("moods", folder)
    wishes = [one for one in lines if "ids" in one]
    talk = [one for one in lines if "context" in one]
    assert (len(wishes), len(talk)) == (70, 50) and len(wishes) + len(talk) == len(lines)
    poses = {pose.id for pose in load_atlas()}
    assert all(one["ids"] and set(one["ids"]) <= poses for one in wishes)
    assert {one["context"] for one in talk} == {"none", "pose"}
    assert len({one["text"].lower() for one in lines}) == len(lines)


@pytest.mark.parametrize("text", ["something relaxed", "can you do confident?", "a furious man"])
def test_a_mood_becomes_a_body(chat: ChatPose, text: str):
    turn, _ = ask(chat, Conversation(), text)
    assert POSE_TOKEN in turn.reply


@pytest.mark.parametrize("text", ["I feel so sad today.", "why do people get angry?"])
def test_talk_of_moods_stays_talk(chat: ChatPose, text: str):
    turn, _ = ask(chat, Conversation(), text)
    assert POSE_TOKEN not in turn.reply


def test_another_mood_is_another_subject(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "something melancholic")
    turn, _ = ask(chat, talk, "make her angry instead")
    assert turn.poses[0].source == "edit" and "angry" in turn.poses[0].subject
    turn, _ = ask(chat, talk, "raise the left arm")
    assert "angry" in turn.poses[0].subject
