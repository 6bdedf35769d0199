"""Sentences that writers wrote whole: their meanings are known, and versions keep to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chatpose_demo.network.parts import OPTIONS
from chatpose_demo.network.worn_words import worn_colours
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.references import COLOUR_WORDS, HAIR_WORDS
from chatpose_demo.studio.told import (
    Change,
    change_of,
    mirrored,
    person_of,
    recoloured,
    told,
    turned_round,
)
from chatpose_demo.studio.words import BEGINNERS, FINDERS, MOODERS, SEERS, TELLERS, load_words


@pytest.mark.parametrize("name", TELLERS)
def test_tellers_wrote_for_known_meanings(name: str):
    words = load_words(name)
    assert sum(map(len, words.edits.values())) == 240
    assert sum(map(len, words.people.values())) in (239, 240)
    assert len(words.chat) == 120 and len(words.slots) == 14
    examples = list(told(words, np.random.default_rng(0)))
    assert {one.intent for one in examples} == {"edit", "person", "text"}
    for one in examples:
        assert set(one.parts or ()) <= set(OPTIONS)


def test_telling_is_repeatable():
    words = load_words(TELLERS[0])
    first, second = (list(told(words, np.random.default_rng(3))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "key", ["left_arm=flying", "wing=up", "left_arm", "head=up; was head=higher", "; was wing=up"]
)
def test_unknown_changes_are_refused(key: str):
    with pytest.raises(ValueError):
        change_of(key)


@pytest.mark.parametrize("key", ["top plaid", "sitting; above hat", "sitting; not top"])
def test_unknown_people_are_refused(key: str):
    with pytest.raises(ValueError):
        person_of(key)


def test_meaning_of_a_person():
    who = person_of("top red, sitting; not hat; behind female, glasses")
    assert who.needs == ("top red", "sitting") and who.bans == ("hat",)
    assert who.relation == "behind" and who.anchor == ("female", "glasses")
    assert person_of("; left sitting").needs == ()


def test_mirroring_twice_gives_the_sentence_back():
    tried = 0
    for name in TELLERS:
        for key, lines in load_words(name).edits.items():
            for line in lines:
                other = mirrored(line, change_of(key))
                if other is None:
                    continue
                assert other != (line, change_of(key))
                back = mirrored(*other)  # None where "left?" has become "right?"
                assert back is None or back == (line, change_of(key))
                tried += back is not None
    assert tried > 500


def test_what_is_not_mirrored():
    for text, parts in (
        ("bend right over", {"torso": "bend_deep"}),
        ("raise the other arm", {"left_arm": "up"}),
        ("sit, right leg over left", {"legs": "sit_crossed"}),
        ("Right now raise the left arm", {"left_arm": "up"}),
    ):
        assert mirrored(text, Change(parts)) is None
    assert mirrored("Left-hand fist up", Change({"left_arm": "up"})) == (
        "Right-hand fist up",
        Change({"right_arm": "up"}),
    )


def test_words_without_a_side_turn_with_the_body_they_were_typed_at():
    down = Change({"left_arm": "down"}, {"left_arm": "up", "head": "left"})
    turned = Change({"right_arm": "down"}, {"right_arm": "up", "head": "right"})
    assert mirrored("put it down again", down) == ("put it down again", turned)
    # Where the body is the same from both sides, the side would come from nowhere.
    assert mirrored("raise it", Change({"left_arm": "up"}, {})) is None
    assert mirrored("legs crossed", Change({"legs": "cross"}, {"legs": "sit_crossed"})) is None


@pytest.mark.parametrize("name", SEERS)
def test_seers_wrote_for_a_body_they_saw(name: str):
    words = load_words(name)
    changes = [change_of(key) for key, lines in words.edits.items() for _ in lines]
    asked = sum(map(len, words.talk.values()))
    assert len(changes) == 150 and len(words.chat) + asked >= 50
    assert all(one.before is not None for one in changes)
    examples = [one for one in told(words, np.random.default_rng(0)) if one.act == "change"]
    assert {one.intent for one in examples} == {"edit"}
    # The same words for a body and its mirror image, and the other side is meant.
    meant: dict[str, set[str]] = {}
    for one in examples:
        meant.setdefault(one.text, set()).update(one.parts or ())
    assert sum({"left_arm", "right_arm"} <= parts for parts in meant.values()) > 20


def test_other_colours_stand_in_the_sentence():
    rng = np.random.default_rng(1)
    tables = {"top": COLOUR_WORDS, "bottom": COLOUR_WORDS, "hair": HAIR_WORDS}
    line, who = "the ginger one in the navy coat", person_of("hair red, top blue")
    seen = set()
    for _ in range(30):
        text, other = recoloured(rng, line, who)
        for need in other.needs:
            kind, _, colour = need.partition(" ")
            assert any(word in text for word in tables[kind][colour]), (text, need)
        assert "ginger" not in text or "hair red" in other.needs
        seen.add(text)
    assert len(seen) > 20


def test_colours_that_cannot_be_told_apart_stay():
    line, who = "black top, black trousers", person_of("top black, bottom black")
    assert recoloured(np.random.default_rng(0), line, who)[0] == line


@pytest.mark.parametrize("name", SEERS[6:])
def test_wishes_are_for_known_poses_with_and_without_a_body(name: str):
    words = load_words(name)
    assert len(words.wishes) >= 55
    known = {pose.id for pose in load_atlas()}
    every = list(told(words, np.random.default_rng(0)))
    wished = [one for one in every if one.act == "imagine"]
    assert {one.atlas for one in wished} <= known and len(wished) >= 30
    assert {(one.intent, one.body) for one in wished} == {("edit", True)}
    asked = [one for one in every if one.intent == "text" and one.atlas is None]
    assert len(asked) >= 30 and {one.body for one in asked} == {False}


def test_a_wish_says_whether_a_body_is_there():
    with pytest.raises(ValueError, match="later yoga_tree"):
        wishes = {"later yoga_tree": ["a tree"]}
        list(told(replace(load_words("abel"), wishes=wishes), np.random.default_rng(0)))


@pytest.mark.parametrize("name", FINDERS)
def test_finders_point_at_people_only(name: str):
    words = load_words(name)
    assert not (words.chat or words.edits or words.atlas or words.parts)
    assert sum(map(len, words.people.values())) > 140
    found = [one.person for one in told(words, np.random.default_rng(0))]
    assert sum(bool(who.bans) for who in found) > 150
    assert sum(who.relation != "none" for who in found) > 150


def test_questions_turn_round_with_all_their_sides():
    text, who = turned_round(
        "Second from the left, behind the rightmost one",
        person_of("second from left; behind rightmost"),
    )
    assert text == "Second from the right, behind the leftmost one"
    assert who.needs == ("second from right",) and who.anchor == ("leftmost",)
    assert turned_round(*turned_round(text, who))[0] == text
    assert turned_round("the one right next to the car", person_of("; beside near car")) is None
    assert turned_round("the first in line", person_of("leftmost")) is None


@pytest.mark.parametrize("name", TELLERS + FINDERS)
def test_other_colours_are_labelled_as_they_are_said(name: str):
    rng = np.random.default_rng(1)
    for key, lines in load_words(name).people.items():
        who, line = person_of(key), lines[0]
        before = set(worn_colours(line))
        if not before or before - {*who.needs, *who.bans, *who.anchor}:
            continue  # grammar alone reads the writer's own line otherwise
        text, other = recoloured(rng, line, who)
        assert set(worn_colours(text)) <= {*other.needs, *other.bans, *other.anchor}, text


@pytest.mark.parametrize("name", BEGINNERS)
def test_beginners_ask_for_a_first_body(name: str):
    words = load_words(name)
    assert sum(map(len, words.bodies.values())) == 170
    examples = list(told(words, np.random.default_rng(0)))
    assert {one.intent for one in examples} == {"text"} and len(examples) > 300
    named = {one.atlas for one in examples} - {""}
    assert len(named) == 60 and named <= {pose.id for pose in load_atlas()}
    assert all(one.parts for one in examples if one.atlas == "")


@pytest.mark.parametrize("name", MOODERS)
def test_mooders_ask_for_moods_and_talk_of_them(name: str):
    words = load_words(name)
    assert sum(map(len, words.bodies.values())) == 144 and len(words.chat) == 60
    examples = list(told(words, np.random.default_rng(0)))
    first = [one for one in examples if one.intent == "text"]
    now = [one for one in examples if one.intent == "edit"]
    assert len(first) + len(now) == len(examples) and len(first) >= 144 and len(now) >= 50
    assert {one.atlas for one in examples} <= {pose.id for pose in load_atlas()}
    assert all(one.body and one.act == "imagine" for one in now)
