"""Going back on the page: undo, other words, another photo, an earlier body."""

from __future__ import annotations

import threading

import pytest
from PIL import Image
from visitor import answered, person

from chatpose_demo.conversation import Scene
from chatpose_demo.ui import boxes
from chatpose_demo.ui.session import Session
from chatpose_demo.ui.views import highlighted


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path)


def test_undo_gives_photo_and_choice_back(session):
    scene = Scene(Image.new("RGB", (64, 64)))
    session.set_photo(scene)
    session.picked = 0
    exchange = answered(session, "who?", "<POSE>", 1)
    session.shown = exchange.bodies[0]
    assert session.scene is scene and session.draft is None and session.picked is None
    session.take_back(0)
    assert session.draft is scene and session.picked == 0
    assert session.shown is None and session.conversation.turns == []


def test_reopening_drops_what_came_later_and_spares_the_old_turn(session):
    first = answered(session, "a", "<POSE>", 1)
    answered(session, "b", "<POSE>", 1)
    stop = session.stop = threading.Event()
    session.reopen(0, "c")
    assert stop.is_set()
    first.turn.reply += " late token"
    (turn,) = session.conversation.turns
    assert (turn.text, turn.reply) == ("c", "")
    assert session.waiting is session.exchanges[0] and session.bodies == []


def test_new_words_are_about_whom_one_chose_since(session):
    session.set_photo(Scene(Image.new("RGB", (64, 64)), [person((0, 0, 9, 9))] * 3))
    session.picked = 0
    answered(session, "who is this?", "<POSE>", 1)
    session.picked = 2
    session.reopen(0, "what is this one doing?")
    assert session.conversation.turns[-1].picked == 2 and session.picked is None
    session.picked = 1
    session.reopen(0)  # the same words again: whom they were about before
    assert session.conversation.turns[-1].picked == 2 and session.picked == 1


def two_photos(session: Session) -> tuple[Scene, Scene]:
    """A question about the fifth person of one photo, and another photo with one person."""
    crowd = Scene(
        Image.new("RGB", (640, 480)), [person((i * 90, 20, i * 90 + 60, 400)) for i in range(6)]
    )
    other = Scene(Image.new("RGB", (640, 480)), [person((20, 20, 90, 400))])
    session.set_photo(crowd)
    session.picked = 4
    exchange = answered(session, "who?", "<POSE>", 1)
    exchange.turn.pointed = [4]
    session.shown = exchange.bodies[0]
    assert highlighted(session) == 4
    return crowd, other


def test_another_photo_frames_nobody_of_the_one_before(session):
    _, other = two_photos(session)
    session.set_photo(other)
    assert highlighted(session) is None
    session.ask("and who is that?")
    assert session.scene is other and highlighted(session) is None
    assert boxes.draw(other.image, other.people or [], highlighted(session))


def test_a_choice_does_not_outlive_its_photo(session):
    crowd, other = two_photos(session)
    session.set_photo(other)
    session.take_back(0)
    assert session.scene is other and session.picked is None
    session.set_photo(crowd)
    answered(session, "a", "b", 0)
    session.set_photo(other)
    answered(session, "c", "d", 0)
    session.picked = 0
    session.reopen(0, "e")
    assert session.scene is crowd and session.picked is None


def test_a_body_that_was_brought_back_is_what_a_question_is_about(session):
    first = answered(session, "a", "<POSE>", 1).bodies[0]
    answered(session, "b", "<POSE>", 1)
    session.shown = first
    assert session.ask("raise its left arm").turn.shown == 0
    session.waiting = None
    session.reopen(2)
    assert session.exchanges[2].turn.shown == 0
