"""The paper's model behind the project's interface: questions, history, bodies, photos."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

from chatpose_demo.chat import ChatPose, Done, PoseReady, Text
from chatpose_demo.conversation import Conversation
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import Body, Question, Words
from chatpose_demo.network.llava.network import LlavaNetwork
from chatpose_demo.settings import Settings

pytest_plugins = ("fixtures_llava",)


@pytest.fixture(scope="module")
def network() -> LlavaNetwork:
    return LlavaNetwork.load(Settings(model="tiny-llava", max_llava_tokens=6))


def _answer(network, **question) -> list[Words | Body]:
    return list(network.answer(Question(**question), threading.Event().is_set))


def test_bodies_say_where_they_come_from(network):
    photo = Image.new("RGB", (60, 40), (10, 90, 200))
    told = _answer(network, text="Sit", mode="always")
    seen = _answer(network, text="Who?", image=photo, photos=[(0, photo)], mode="always")
    assert isinstance(told[-1], Body) and told[-1].source == "text"
    assert isinstance(seen[-1], Body) and seen[-1].source == "photo"
    assert seen[-1].person is None and seen[-1].rotations.shape == (24, 3, 3)
    assert not any(isinstance(p, Body) for p in _answer(network, text="Sit", mode="never"))


def test_history_holds_its_bodies_and_photos_where_they_were(network, tiny):
    photo = Image.new("RGB", (60, 40), (10, 90, 200))
    question = Question(
        text="And now?",
        history=[("Hello", "Hi."), ("Who?", "It is.")],
        replies=["Hi.", "It is <POSE>."],
        image=photo,
        photos=[(1, photo), (2, photo)],
    )
    prompt = network.prompt(question)
    ids, tokenizer = prompt.ids, network.tokenizer
    assert len(prompt.photos) == 2
    text = tokenizer.decode([i for i in ids if i != tiny.image_token_id])
    order = [text.index(word) for word in ("Hello", "Who?", "[SEG]", "And now?")]
    assert order == sorted(order)
    places = [at for at, token in enumerate(ids) if token == tiny.image_token_id]
    body = ids.index(tiny.pose_token_id)
    assert places[3] < body < places[4]
    # The reply alone, as the model spoke it, is inside the prompt token by token.
    reply = tokenizer("It is [SEG].", add_special_tokens=False)["input_ids"]
    start = body - reply.index(tiny.pose_token_id)
    assert ids[start : start + len(reply)] == reply


def test_a_question_that_cannot_fit_is_answered_in_words(network):
    parts = _answer(network, text="words " * 3000)
    assert len(parts) == 1 and isinstance(parts[0], Words) and "too long" in parts[0].text


def test_the_wrapper_speaks_with_the_network_that_the_settings_name():
    chat = ChatPose.load(Settings(model="tiny-llava", max_llava_tokens=5))
    assert not isinstance(chat.network, EmbeddedNetwork)
    conversation = Conversation()
    for text in ("Show me someone who sits.", "And another one?"):
        conversation.ask(text)
        events = list(chat.reply(conversation, mode="always"))
        assert any(isinstance(event, PoseReady) for event in events)
        assert any(isinstance(event, Text) for event in events)
        assert isinstance(events[-1], Done)
    question = chat._question(conversation, "auto")
    assert question.replies[0].count("<POSE>") == 1 and "<POSE>" not in question.history[0][1]


def test_the_way_of_the_photo_can_be_chosen(network, tiny):
    photo = Image.new("RGB", (90, 30), (0, 0, 0))
    photo.paste((255, 255, 255), (0, 0, 20, 30))  # only "pad" sees the left end
    bodies = {}
    for way in ("crop", "pad", None):
        one = LlavaNetwork(network.model, network.tokenizer, 2, way)
        bodies[way] = _answer(one, text="Who?", image=photo, mode="always")[-1].rotations
    assert (bodies["crop"] == bodies[None]).all() and tiny.image_way == "crop"
    assert abs(bodies["crop"] - bodies["pad"]).max() > 1e-4
