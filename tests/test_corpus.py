"""The training text: complete, valid, repeatable, and free of the frozen test lines."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.parts import OPTIONS
from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.network.pose_decoder import ACTS, EARLIER, INTENTS, REGIONS
from chatpose_demo.network.prompts import body_facts
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.topics import APP_TOPICS, NOT_APP, TOPICS
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.bodies import (
    NAMED_BODIES,
    RELATIVE,
    RISING,
    SHOWN,
    SHOWN_ARMS,
    SHOWN_LEGS,
)
from chatpose_demo.studio.corpus import Composer, compose
from chatpose_demo.studio.examples import Example, of_somebody
from chatpose_demo.studio.references import PREDICATE_KEYS
from chatpose_demo.studio.replies import ReplyWriter
from chatpose_demo.studio.words import (
    ASKERS,
    BORDERERS,
    CHATTERS,
    LISTERS,
    NAMERS,
    REQUESTERS,
    WRITERS,
    Words,
    load_words,
)
from chatpose_demo.training.decoder import TrainConfig, corpus


@pytest.fixture(scope="module")
def writers() -> list[Words]:
    return [load_words(name) for name in WRITERS + NAMERS]


@pytest.fixture(scope="module")
def chatters() -> list[Words]:
    return [load_words(name) for name in CHATTERS + REQUESTERS + BORDERERS + LISTERS + ASKERS]


SIZES = {
    "captions": 1500,
    "edits": 1500,
    "combined": 200,
    "people": 1500,
    "varied": 300,
    "first": 300,
    "hard": 300,
}
FEW = {
    "captions": 40,
    "edits": 40,
    "combined": 20,
    "people": 40,
    "varied": 10,
    "hard": 10,
    "first": 20,
}


@pytest.fixture(scope="module")
def sample(writers: list[Words], chatters: list[Words]) -> list[Example]:
    return compose(Composer(writers, np.random.default_rng(3), chatters), **SIZES)


def having(writers: list[Words], table: str, key: str) -> int:
    """How many writers wrote something for a key."""
    return sum(bool(getattr(words, table).get(key)) for words in writers)


def test_every_key_has_several_writers(writers: list[Words], chatters: list[Words]):
    parts = {f"{p}{m}.{s}" for m in ("", "!") for p, ss in SHOWN.items() for s in ss}
    parts = {key.replace("facing", "face") for key in parts} - {f"whole.{RISING}"}
    for mark in ("", "!"):
        parts |= {f"{part}{mark}.{state}" for part in ("arm", "arms") for state in SHOWN_ARMS}
        parts |= {f"leg{mark}.{state}" for state in SHOWN_LEGS}
    parts |= {f"rel.{move}" for move in RELATIVE}
    acts = {"another", "imagine", "half", "combine", "back", "again"}
    acts |= {f"body.{name}" for name in NAMED_BODIES}
    topics = {*TOPICS} - {NOT_APP}
    frames = {"ask_person", "ask_text", "ask_edit", "ask_again", "photo_talk", "body_talk"}
    tables = {
        "parts": parts,
        "refs": set(PREDICATE_KEYS),
        "acts": acts,
        "talk": topics,
    }
    writers = [*writers, *chatters]
    for table, keys in (tables | {"requests": frames}).items():
        for key in keys:
            assert having(writers, table, key) >= 2, (table, key)


def test_every_atlas_pose_has_eight_phrases_of_two_writers(writers: list[Words]):
    for pose in load_atlas():
        own = [words.atlas[pose.id] for words in writers if pose.id in words.atlas]
        assert len(own) >= 2 and sum(map(len, own)) >= 8, pose.id


def test_writers_know_only_poses_of_the_atlas(writers: list[Words]):
    known = {pose.id for pose in load_atlas()}
    for words in writers:
        assert set(words.atlas) <= known, words.writer


def test_frames_have_their_slots(writers: list[Words]):
    for words in writers:
        for key, slot in (("ask_person", "{ref}"), ("ask_text", "{d}"), ("ask_edit", "{e}")):
            assert all(slot in f for f in words.requests.get(key, ())), (words.writer, key)


def test_the_same_seed_gives_the_same_text(writers: list[Words]):
    def composed(seed: int) -> list[Example]:
        return compose(Composer(writers, np.random.default_rng(seed)), **FEW)

    first = composed(5)
    assert first == composed(5)
    assert first[:40] != composed(6)[:40]


def test_meanings_are_valid_names(sample: list[Example]):
    poses = {"", *(pose.id for pose in load_atlas())}
    for one in sample:
        assert one.text.strip() and one.intent in INTENTS
        assert one.atlas is None or one.atlas in poses
        for value, names in (
            (one.earlier, EARLIER),
            (one.other, EARLIER),
            (one.act, ACTS),
            (one.region, REGIONS),
            (one.topic, TOPICS),
        ):
            assert value is None or value in names, one
        for who in (one.person, one.second):
            if who is not None:
                assert {*who.needs, *who.bans, *who.anchor} <= set(FEATURES), one
                assert who.relation in RELATIONS and (who.relation != "none") >= bool(who.anchor)
        for part, option in (one.parts or {}).items():
            assert option in OPTIONS[part][1:], one


def test_no_slot_is_left_open(sample: list[Example]):
    assert [one.text for one in sample if re.search(r"[{}|]", one.text)] == []


def test_every_kind_of_turn_is_there(sample: list[Example]):
    assert {one.intent for one in sample} == set(INTENTS)
    assert {one.earlier for one in sample} >= set(EARLIER)
    assert {one.act for one in sample} >= set(ACTS)
    assert {one.topic for one in sample} >= set(TOPICS)
    relations = {one.person.relation for one in sample if one.person}
    assert relations == set(RELATIONS)
    for part, options in OPTIONS.items():
        used = {(one.parts or {}).get(part) for one in sample}
        # "prop", "upright" and the like are never asked for by name.
        assert len(used & set(options)) >= len(options) - 4, part


def test_sides_in_the_text_are_sides_in_the_meaning(sample: list[Example]):
    for one in sample:
        arms = {part for part in one.parts or {} if part in ("left_arm", "right_arm")}
        if one.intent == "text" and one.atlas == "" and arms == set(one.parts or {}) and arms:
            words = normalised(one.text).split()
            for side in ("left", "right"):
                if len(arms) == 1 and f"{side}_arm" in arms:
                    other = "right" if side == "left" else "left"
                    assert side in words or other not in words, one


@pytest.mark.parametrize("name", CHATTERS)
def test_chatters_write_ordinary_lines_only(name: str):
    words = load_words(name)
    assert len(words.chat) > 100
    assert set(words.requests) <= {"photo_talk", "body_talk"}
    assert not (words.parts or words.refs or words.atlas)


@pytest.mark.parametrize("name", REQUESTERS)
def test_requesters_write_whole_requests_only(name: str):
    words = load_words(name)
    assert set(words.requests) == {"text", "person", "edit"}
    assert min(map(len, words.requests.values())) > 100
    assert not (words.parts or words.refs or words.chat or words.atlas)


@pytest.mark.parametrize("name", BORDERERS)
def test_borderers_write_both_kinds(name: str):
    words = load_words(name)
    # Not all were asked for people in photos and for questions about the shown body.
    assert set(words.requests) >= {"text", "edit", "photo_talk"}
    assert set(words.requests) <= {"text", "person", "edit", "photo_talk", "body_talk"}
    assert min(map(len, words.requests.values())) >= 20 and len(words.chat) > 100
    assert not (words.parts or words.refs or words.atlas)


@pytest.mark.parametrize("name", LISTERS)
def test_listers_name_every_pose_plainly(name: str):
    words = load_words(name)
    assert set(words.atlas) == {pose.id for pose in load_atlas()}
    assert all(len(names) == 4 for names in words.atlas.values())
    assert not (words.parts or words.refs or words.chat or words.requests)


def test_no_frozen_line_is_training_text():
    small = TrainConfig(captions=900, edits=900, combined=100, people=900, varied=100, hard=200)
    examples = corpus(small)
    assert len(examples) > 20_000
    assert not {normalised(one.text) for one in examples} & frozen_texts()


def test_few_frozen_lines_were_written_twice(writers: list[Words], chatters: list[Words]):
    """Some short lines occur to everybody; many would mean that somebody had looked."""
    lines = [line for words in (*writers, *chatters) for line in words.chat]
    for words in (*writers, *chatters):
        for table in (words.parts, words.requests, words.atlas, words.acts, words.talk):
            lines += [phrase for phrases in table.values() for phrase in phrases]
    twice = {normalised(line) for line in lines} & frozen_texts()
    assert len(twice) < 0.06 * len(frozen_texts()), sorted(twice)


def test_replies_say_what_their_facts_say(writers: list[Words]):
    writer = ReplyWriter(Composer(writers, np.random.default_rng(2)))
    for one in writer.write(60):
        assert one.reply.count("<POSE>") == 1
        assert "{" not in one.reply and one.facts in one.prompt
        told = one.facts.split(": ", 1)[1].split(". Not visible")[0].rstrip(".")
        assert told in one.reply, one


def test_facts_name_the_limbs_that_are_hidden():
    pose = load_atlas()[0]
    words = describe(pose.rotations, joints_of(pose.rotations))
    facts = body_facts(words, "photo", ("left_wrist", "left_knee", "right_knee"))
    assert facts.startswith("Body (seen in the photo): ")
    assert facts.endswith("Not visible: the left arm and the legs.")


@pytest.mark.parametrize("name", ASKERS)
def test_askers_ask_about_the_program(name: str):
    words = load_words(name)
    assert set(words.talk) == {*APP_TOPICS} - {NOT_APP}
    assert min(map(len, words.talk.values())) >= 9 and len(words.chat) == 60


def test_descriptions_are_told_of_somebody_as_often_as_not(sample: list[Example]):
    said = [one.text for one in sample if one.intent == "text" and one.atlas == ""]
    somebody = re.compile(r"\b(?:an?|someone|somebody)\b", re.IGNORECASE)
    assert 0.3 < np.mean([bool(somebody.search(text)) for text in said]) < 0.7
    rng = np.random.default_rng(0)
    told = {of_somebody(rng, "kneeling on both knees") for _ in range(60)}
    assert len(told) > 15 and all(text.endswith("kneeling on both knees") for text in told)
    assert of_somebody(rng, "she is kneeling") == "she is kneeling"
    assert of_somebody(rng, "her back bowed").startswith(("a woman", "a girl", "a lady"))
