"""Slips of the keys are mended; what is right, rare or a name stays as it is."""

from __future__ import annotations

import pytest
from test_chat import ask

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, read_lines
from chatpose_demo.network.language import Language
from chatpose_demo.network.spelling import SETTINGS, Spelling, writers_words

pytest_plugins = ("fixtures_network",)


@pytest.fixture(scope="module")
def spelling(language: Language) -> Spelling:
    return Spelling(language)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lok at his watch", "look at his watch"),
        ("the standng one", "the standing one"),
        ("teh man in the yellow trosers", "the man in the yellow trousers"),
        ("Wich hand is hihger?", "which hand is higher?"),
        ("Teh woman on the left", "The woman on the left"),
        ("a man wiht his arms crosed, sitting", "a man with his arms crossed, sitting"),
        ("sooooo cool", "so cool"),
    ],
)
def test_slips_are_mended(spelling: Spelling, text: str, meant: str):
    mended = spelling.mended(text)
    assert mended.lower() == meant.lower()
    assert mended[0].isupper() == text[0].isupper()


@pytest.mark.parametrize(
    "text",
    [
        "raise the left arm",
        "a barista pouring latte art",
        "adho mukha svanasana",
        "now shoryuken with right fist",
        "add a Trendelenburg sign",
        "Show me an SMPL body",
        "a cow chewing the cud",
        "left_elbow = 90",
        "isn't she sitting cross-legged?",
        "",
        "?!",
        "42",
    ],
)
def test_the_rest_stays(spelling: Spelling, text: str):
    assert spelling.mended(text) == text


def test_mending_again_changes_nothing(spelling: Spelling):
    once = spelling.mended("a womn stnding on one leg")
    assert once != "a womn stnding on one leg"
    assert spelling.mended(once) == once


def test_another_language_is_left_alone(spelling: Spelling):
    text = "ein Mensch kniet nieder und bindet seinen linken Schnuersenkel gemuetlich"
    assert spelling.mended(text) == text


def test_a_slip_in_a_line_without_spaces_is_cheap(spelling: Spelling):
    long = "hihger " + "1" * 1990
    assert spelling.mended(long).endswith("1" * 1990)


def test_lines_of_others_hardly_change(spelling: Spelling):
    lines = [one["text"] for one in read_lines("edits", DEVELOPMENT)]
    assert {"arm", "knee", "crouching"} <= writers_words(SETTINGS.writers)
    changed = [line for line in lines if spelling.mended(line) != line]
    assert len(changed) <= 0.02 * len(lines)


def test_a_misspelt_change_is_made(chat: ChatPose):
    right, wrong = Conversation(), Conversation()
    ask(chat, right, "a man standing")
    ask(chat, wrong, "a man standing")
    meant, _ = ask(chat, right, "lower both arms and turn the head to the left")
    typed, _ = ask(chat, wrong, "lower both arms and trn the haed to the left")
    assert (meant.poses[0].rotations == typed.poses[0].rotations).all()
    assert typed.text == "lower both arms and trn the haed to the left"  # shown as it was typed
