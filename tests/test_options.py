"""Which follow-ups a reply offers, and when."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image
from visitor import answered, person, shown

from chatpose_demo.conversation import Scene
from chatpose_demo.ui.boxes import brief_name
from chatpose_demo.ui.handlers import STOPPED, Handlers
from chatpose_demo.ui.options import (
    ANOTHER,
    BALANCE,
    COMPARE,
    DESCRIBE,
    EVERYONE,
    MIRROR,
    MOST_CANDIDATES,
    offered,
)
from chatpose_demo.ui.session import Session, SessionStore
from chatpose_demo.ui.transcript import MEANT, messages
from chatpose_demo.ui.worker import Worker


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path)


def labels(session: Session) -> list[str]:
    return [option.label for option in offered(session)]


def photo_of(count: int) -> Scene:
    colours = ["red", "blue", "green", "yellow", "purple"]
    people = [person((i * 60, 0, i * 60 + 40, 90), colours[i % 5]) for i in range(count)]
    return Scene(Image.new("RGB", (640, 100)), people)


def asked_back(session: Session, count: int, candidates: tuple[int, ...]):
    session.set_photo(photo_of(count))
    exchange = answered(session, "The man, please", "Which one do you mean?", 0)
    exchange.turn.asked_back, exchange.turn.candidates = True, candidates
    return exchange


# A reply with a body


def test_a_body_from_words_can_be_another_one(session):
    answered(session, "someone sitting", "<POSE>", 1, source="text")
    assert labels(session) == [DESCRIBE, MIRROR, ANOTHER, BALANCE]
    assert all(option.text == option.label for option in offered(session))


def test_a_changed_body_is_compared_and_has_no_other(session):
    answered(session, "someone sitting", "<POSE>", 1, source="text")
    answered(session, "raise the arm", "<POSE>", 1, source="edit")
    assert labels(session) == [DESCRIBE, MIRROR, COMPARE, BALANCE]


def test_never_more_than_four(session):
    for _ in range(2):
        answered(session, "someone sitting", "<POSE>", 1, source="text")
    assert labels(session) == [DESCRIBE, MIRROR, ANOTHER, COMPARE]


@pytest.mark.parametrize(("count", "everyone"), [(1, False), (2, True), (6, True), (7, False)])
def test_everyone_is_offered_when_a_reply_can_show_them(session, count, everyone):
    session.set_photo(photo_of(count))
    answered(session, "the woman", "<POSE>", 1, source="photo")
    assert (EVERYONE in labels(session)) == everyone


def test_everyone_is_not_offered_again_nor_for_words(session):
    session.set_photo(photo_of(3))
    exchange = answered(session, "all of them", "<POSE>" * 3, 3, source="photo")
    assert EVERYONE not in labels(session)
    exchange.bodies = [shown(source="text")]
    assert EVERYONE not in labels(session)


def test_a_new_photo_takes_the_people_away(session):
    session.set_photo(photo_of(3))
    answered(session, "the woman", "<POSE>", 1, source="photo")
    session.set_photo(photo_of(2))
    assert EVERYONE not in labels(session) and MIRROR in labels(session)
    session.set_photo(None)
    assert EVERYONE not in labels(session)


def test_words_alone_offer_nothing(session):
    assert offered(session) == []
    answered(session, "hello", "Hello!", 0)
    assert offered(session) == []


# Only once it is complete


def test_nothing_while_asked_or_answered(session):
    exchange = answered(session, "someone sitting", "<POSE>", 1, source="text")
    session.waiting = exchange
    assert offered(session) == []
    session.waiting, session.stop = None, object()
    assert offered(session) == []


def test_nothing_after_a_stop_or_a_fault(session):
    exchange = answered(session, "someone sitting", "<POSE>", 1, source="text")
    exchange.trouble = STOPPED
    assert offered(session) == []
    exchange.trouble, exchange.complete = "", False
    assert offered(session) == []


def test_only_the_last_message_carries_them(session):
    answered(session, "someone sitting", "<POSE>", 1, source="text")
    answered(session, "someone standing", "<POSE>", 1, source="text")
    first, last = (m for m in messages(session)[0] if m["role"] == "assistant")
    assert "options" not in first
    assert [option["value"] for option in last["options"]] == labels(session)
    session.ask("and now?")
    assert not any("options" in message for message in messages(session)[0])


def test_undo_brings_the_earlier_ones_back(session):
    answered(session, "someone sitting", "<POSE>", 1, source="text")
    answered(session, "hello", "Hello!", 0)
    session.take_back(1)
    assert MIRROR in labels(session)


# Asked back


def test_each_candidate_is_one_option_from_left_to_right(session):
    asked_back(session, 3, (2, 0))
    first, second = offered(session)
    assert (first.label, first.picked) == ("Person 1, on the far left", 0)
    assert (second.label, second.picked) == ("Person 3, on the far right", 2)
    assert first.text == second.text == "The man, please"


def test_a_crowd_is_told_apart_by_clothes(session):
    asked_back(session, 12, tuple(range(12)))
    assert len(offered(session)) == MOST_CANDIDATES
    assert len(set(labels(session))) == MOST_CANDIDATES
    assert labels(session)[1] == "Person 2, blue top"


def test_without_candidates_or_with_another_photo_there_is_nobody_to_choose(session):
    exchange = asked_back(session, 3, ())
    assert offered(session) == []
    exchange.turn.candidates = (0, 1)
    assert len(offered(session)) == 2
    session.set_photo(photo_of(2))
    assert offered(session) == []


def test_the_only_person_has_a_plain_name():
    assert brief_name([person((0, 0, 1, 1), "red")], 0) == "the person in the photo"


# Clicking one


def click(store: SessionStore, label: str) -> None:
    # The handler answers with updates for these components; any hashable parts will do.
    names = ("chat", "box", "view", "status", "photo", "who", "bodies", "glb", "json", "npz")
    parts = SimpleNamespace(**{name: name for name in names})
    handlers = Handlers(parts, Worker(lambda: None), store, [])  # type: ignore[arg-type]
    event = gr.SelectData(None, {"index": 0, "value": label})
    handlers.ask_option(event, SimpleNamespace(session_hash="one"))  # type: ignore[arg-type]


def test_a_candidate_asks_the_same_question_about_that_person(tmp_path):
    store = SessionStore(tmp_path)
    session = store.of("one")
    asked_back(session, 3, (0, 1))
    click(store, "Person 2, in the middle")
    turn = session.conversation.turns[-1]
    assert (turn.text, turn.picked) == ("The man, please", 1)
    assert session.busy and offered(session) == []
    question = [m["content"] for m in messages(session)[0] if m["role"] == "user"][-1]
    assert question == f"The man, please{MEANT}person 2, in the middle"


def test_a_follow_up_means_nobody_in_particular(tmp_path):
    store = SessionStore(tmp_path)
    session = store.of("one")
    session.set_photo(photo_of(3))
    answered(session, "the woman", "<POSE>", 1, source="photo")
    session.picked = 2
    click(store, MIRROR)
    turn = session.conversation.turns[-1]
    assert (turn.text, turn.picked) == (MIRROR, None)


def test_what_is_not_offered_is_not_asked(tmp_path):
    store = SessionStore(tmp_path)
    session = store.of("one")
    answered(session, "someone sitting", "<POSE>", 1, source="text")
    click(store, "Person 1, on the far left")
    assert len(session.conversation.turns) == 1 and not session.busy
