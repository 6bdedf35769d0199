"""The page's own logic, without a browser."""

from __future__ import annotations

import threading
import time
import warnings

import pytest
from PIL import Image, ImageChops
from visitor import answered, person, shown

from chatpose_demo.conversation import Scene
from chatpose_demo.ui import boxes
from chatpose_demo.ui import session as visitors
from chatpose_demo.ui.examples import load_examples
from chatpose_demo.ui.session import FORGET_AFTER_S, Session, SessionStore
from chatpose_demo.ui.transcript import messages, reply_text
from chatpose_demo.ui.uploads import take_photo
from chatpose_demo.ui.views import status_line
from chatpose_demo.ui.worker import ModelNotLoaded, Waiting, Worker


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path)


# The chat


def test_chips_are_numbered_through_the_conversation(session):
    answered(session, "a", "One <POSE> and two <POSE>.", 2)
    answered(session, "b", "<POSE>", 1)
    texts = [m["content"] for m in messages(session)[0] if m["role"] == "assistant"]
    assert "<POSE>" not in "".join(texts)
    assert [f"body {n}<" in "".join(texts) for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert texts[1].count("body 3") == 1


@pytest.mark.parametrize("cut", range(1, len("<POSE>")))
def test_half_a_tag_is_held_back(session, cut):
    exchange = answered(session, "a", "Here: " + "<POSE>"[:cut], 0)
    assert reply_text(exchange, 0) == "Here:"


def test_a_lone_less_than_in_the_middle_stays(session):
    exchange = answered(session, "a", "1 < 2 and <b>bold</b>", 0)
    assert reply_text(exchange, 0) == "1 < 2 and <b>bold</b>"


def test_every_message_knows_its_exchange(session):
    session.set_photo(Scene(Image.new("RGB", (64, 64))))
    answered(session, "with photo", "yes", 0)
    answered(session, "without", "no", 0)
    shown_messages, owner = messages(session)
    assert [m["role"] for m in shown_messages] == ["user", "user", "assistant", "user", "assistant"]
    assert owner == [0, 0, 0, 1, 1]


# The photo and the status


def test_photo_taken_off_the_page_is_not_shown(session):
    session.set_photo(Scene(Image.new("RGB", (64, 64))))
    answered(session, "a", "b", 0)
    session.set_photo(None)
    assert session.scene is None and session.conversation.scene is not None
    assert "still knows its photo" in status_line(session)


def test_status_names_body_person_origin_and_notices(session):
    exchange = answered(session, "a", "<POSE>", 1)
    exchange.bodies = [shown(subject="person 2, in the red top", source="photo")]
    exchange.notices = ["left arm not visible"]
    session.shown = exchange.bodies[0]
    line = status_line(session)
    assert line == (
        "**Body 1**: person 2, in the red top, read from the photo. Left arm not visible."
    )
    answered(session, "b", "just words", 0)
    assert status_line(session).endswith("No body in this reply.")


# Visitors


def gone_soon(folder) -> bool:
    """Whether the folder disappears within two seconds."""
    end = time.monotonic() + 2
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not folder.exists()


def test_visitors_do_not_mix_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "LINGER_S", 0.3)
    store = SessionStore(tmp_path / "visitors")
    one, two = store.of("one"), store.of("two")
    assert store.of("one") is one and one is not two and one.folder != two.folder
    one.save_photo(Image.new("RGB", (8, 8)))
    one.stop = threading.Event()
    running = one.stop
    store.drop("one")
    # The reply under way ends, and what it still has to write finds its folder.
    assert running.is_set() and one.save_photo(Image.new("RGB", (8, 8)))
    assert gone_soon(one.folder) and two.folder.exists()
    store.drop("never seen")


def test_a_page_that_comes_back_finds_its_chat(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "AWAY_S", 0.5)
    monkeypatch.setattr(visitors, "LINGER_S", 0.0)
    store = SessionStore(tmp_path)
    one = store.of("one")
    one.stop = running = threading.Event()
    store.away("one")
    store.away("one")
    assert running.is_set(), "nobody reads that reply any more"
    assert store.of("one") is one
    time.sleep(0.8)
    assert one.folder.exists() and not one.left
    store.away("one")
    assert gone_soon(one.folder) and one.left
    assert store.of("one") is not one
    store.away("never seen")


def test_nothing_is_left_when_the_app_ends(tmp_path):
    store = SessionStore(tmp_path / "visitors")
    here, left = store.of("here"), store.of("left")
    store.drop("left")
    assert left.folder.exists()
    store.close()
    assert not here.folder.exists() and not left.folder.exists()


def test_session_hash_is_never_a_path(tmp_path):
    root = tmp_path / "visitors"
    folder = SessionStore(root).of("../../escape").folder
    assert folder.parent == root and "escape" not in folder.name


def test_silent_visitors_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "LINGER_S", 0.0)
    store = SessionStore(tmp_path)
    old = store.of("old")
    old.last_seen -= FORGET_AFTER_S + 1
    store.of("new")
    assert gone_soon(old.folder)


# The worker


@pytest.fixture
def worker():
    running = Worker(lambda: "model")
    running.start()
    return running


def test_jobs_run_in_one_thread_from_start_to_end(worker):
    def job(model):
        for _ in range(3):
            yield model, threading.current_thread().name

    assert list(worker.stream(job, threading.Event())) == [("model", "model")] * 3


def test_a_failing_job_raises_here_and_the_next_one_runs(worker):
    def broken(model):
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(worker.stream(broken, threading.Event()))
    assert list(worker.stream(lambda model: iter([2]), threading.Event())) == [2]


def test_stop_ends_the_stream_and_the_job(worker):
    stop, made = threading.Event(), []

    def endless(model):
        while not stop.is_set():
            made.append(1)
            yield len(made)
            time.sleep(0.01)

    for number in worker.stream(endless, stop):
        if number == 3:
            stop.set()
    time.sleep(0.1)
    count = len(made)
    time.sleep(0.1)
    assert len(made) == count < 20
    assert list(worker.stream(lambda model: iter("x"), threading.Event())) == ["x"]


def test_waiting_visitors_hear_that_the_model_loads():
    gate = threading.Event()
    slow = Worker(lambda: gate.wait(20))
    slow.start()
    stream = slow.stream(lambda model: iter(["done"]), threading.Event())
    first = next(stream)
    assert isinstance(first, Waiting) and first.loading and slow.loading_seconds is not None
    gate.set()
    assert [item for item in stream if not isinstance(item, Waiting)] == ["done"]
    assert slow.loading_seconds is None


def test_a_model_that_does_not_load_is_reported_to_every_question():
    def load():
        raise FileNotFoundError("no weights here")

    broken = Worker(load)
    broken.start()
    for _ in range(2):
        with pytest.raises(ModelNotLoaded, match="no weights here"):
            list(broken.stream(lambda model: iter([1]), threading.Event()))
    assert isinstance(broken.fault, FileNotFoundError)


# People on the photo


def test_click_finds_the_smaller_box_then_the_nearer_one():
    big, small = person((0, 0, 200, 400)), person((50, 50, 100, 200))
    apart = person((400, 0, 450, 100))
    people = [big, small, apart]
    assert boxes.person_at(people, 75, 100, 600) == 1
    assert boxes.person_at(people, 10, 390, 600) == 0
    assert boxes.person_at(people, 395, 50, 600) == 2
    assert boxes.person_at(people, 300, 300, 600) is None


def test_names_say_what_is_sure():
    assert boxes.choices([person((0, 0, 1, 1), "red"), person((0, 0, 1, 1))]) == ["1 red top", "2"]


def test_boxes_are_drawn_on_a_copy_and_the_choice_shows():
    photo = Image.new("RGB", (640, 480), (90, 120, 90))
    people = [person((40, 60, 200, 460), "red"), person((150, 50, 400, 470), "blue")]
    plain, chosen = boxes.draw(photo, people, None), boxes.draw(photo, people, 1)
    assert photo.getcolors() == [(640 * 480, (90, 120, 90))]
    assert ImageChops.difference(photo, plain).getbbox() is not None
    assert boxes.INK.chosen in {colour for _, colour in chosen.getcolors(1 << 20)}
    assert boxes.INK.chosen not in {colour for _, colour in plain.getcolors(1 << 20)}


def test_a_crowd_at_one_place_can_be_drawn():
    crowd = [person((300 + i, 200, 340 + i, 300), "white") for i in range(12)]
    assert boxes.draw(Image.new("RGB", (640, 480)), crowd, 3).size == (640, 480)


# Examples and uploads


def test_examples_are_there():
    examples = load_examples()
    assert len(examples) >= 4 and all(example.text for example in examples)
    assert all(example.photo is None or example.photo.is_file() for example in examples)


def test_a_path_outside_the_upload_folder_is_refused(tmp_path, session, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    private = tmp_path / "private.png"
    Image.new("RGB", (64, 64)).save(private)
    with warnings.catch_warnings(record=True):
        assert not take_photo(str(private), session)
    assert private.exists() and session.scene is None
