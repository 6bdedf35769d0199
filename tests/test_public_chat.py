"""The chat checks on a model whose replies are known."""

from __future__ import annotations

import json
from argparse import Namespace

import numpy as np
import pytest
from PIL import Image

from chatpose_demo.evaluation.public import chat_checks, models, tables
from chatpose_demo.evaluation.public.chat_checks import Line, Talk, judge, lines, shared_words
from chatpose_demo.evaluation.public.share import Share
from chatpose_demo.network.interface import Body, Question, Words
from chatpose_demo.network.llava.network import LlavaNetwork
from chatpose_demo.network.paper import TINY_TOKENS
from chatpose_demo.settings import Settings

EYE = np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))


class Parrot:
    """Repeats the question; shows a body after a photo, and when "pose" is said."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    def answer(self, question, stopped):
        self.asked.append(question)
        yield Words(question.text.upper())
        if question.image is not None or "pose" in question.text:
            yield Body(EYE, "text", "somebody")


def talk(base=None) -> Talk:
    return Talk(Parrot(), (), Image.new("RGB", (8, 8)), base)


LINES = [
    Line("a/ordinary/0", "hello you", False, "none"),
    Line("a/ordinary/1", "what a photo", False, "photo"),
    Line("a/requests/0", "a pose please", True, "none"),
    Line("a/requests/1", "bend it", True, "pose"),
]


def test_false_and_missed_bodies_by_hand():
    talked = talk(lambda text: "HELLO there")
    records = {line.key: talked.answer(line) for line in LINES}
    table = {name: one.value for name, one in judge(LINES, records).items()}
    assert table == {
        "false bodies": 0.5,
        "false bodies, at the start": 0.0,
        "false bodies, after a photo": 1.0,
        "missed bodies": 0.5,
        "missed bodies, at the start": 0.0,
        "missed bodies, after a body": 1.0,
        "replies as the base's": 0.0,
        "words as the base's": 0.5,
    }
    assert [record["base"] for record in records.values()] == ["HELLO there", None, None, None]


def test_without_a_base_nothing_is_compared():
    talked = talk()
    table = judge(LINES, {line.key: talked.answer(line) for line in LINES})
    assert not any("base" in name for name in table)


def test_what_comes_before_a_line():
    talked = talk()
    for line in LINES:
        talked.answer(line)
    plain, photo, _, pose = talked.network.asked
    assert plain.image is None and not plain.history and not plain.bodies
    assert photo.image is talked.photo
    assert len(pose.history) == len(pose.bodies) == 1 and pose.replies[0].endswith("<POSE>")
    assert all(one.mode == "auto" for one in talked.network.asked)


@pytest.mark.parametrize(
    ("a", "b", "share"), [("a b c", "a b c", 1), ("a b", "c d", 0), ("a b c d", "a x c d", 0.75)]
)
def test_shared_words_by_hand(a, b, share):
    assert shared_words(a, b) == share


def test_all_frozen_lines_are_asked_and_a_run_goes_on(tmp_path, monkeypatch, capsys):
    every = lines()
    assert len(every) == len({line.key for line in every}) == 770
    assert {line.context for line in every} == {"none", "photo", "pose"}
    parrot = talk()
    out = tmp_path / "new" / "chat.json"

    def load(settings, base):
        assert out.parent.is_dir()  # before a large model is loaded
        return parrot

    monkeypatch.setattr(chat_checks, "load_talk", load)
    options = Namespace(
        model="embedded",
        weights=None,
        quantize=None,
        image_way=None,
        threads=None,
        base=None,
        limit=10,
        out=out,
    )
    chat_checks.run(options, Share())
    assert len(parrot.network.asked) == 10
    chat_checks.run(Namespace(**vars(options) | {"limit": 20}), Share())
    assert len(parrot.network.asked) < 30  # what both have was not asked again
    assert json.loads(options.out.read_text())["lines"] == 20
    assert "false bodies" in capsys.readouterr().out
    assert tables.main([str(options.out)]) == 0
    assert "### embedded on chat" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "most"),
    [("tiny-llava", TINY_TOKENS), ("chatpose-13b", Settings().max_llava_tokens)],
)
def test_only_the_tiny_model_s_replies_are_cut_short(monkeypatch, tmp_path, model, most):
    seen = []
    monkeypatch.setattr(LlavaNetwork, "load", lambda settings: seen.append(settings))
    settings = Settings(model=model, weights="w")
    models.load_llava(settings)
    chat_checks.load_talk(settings, tmp_path)  # the model and its base
    assert [one.max_llava_tokens for one in seen] == [most] * 3
