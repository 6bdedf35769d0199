"""Speaking with the cache against computing everything again; forced, forbidden, stopped."""

from __future__ import annotations

import threading

import pytest
import torch
from accelerate import cpu_offload
from PIL import Image

from chatpose_demo.chat import ChatPose, Done, PoseReady, Text
from chatpose_demo.conversation import Conversation
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import Body, Question, Words
from chatpose_demo.network.llava.config import EOS
from chatpose_demo.network.llava.generate import (
    LEAD_IN,
    Demand,
    Speech,
    Step,
    Writer,
    lead_in,
    speak,
    steps,
)
from chatpose_demo.network.llava.network import LlavaNetwork
from chatpose_demo.settings import Settings
from chatpose_demo.training.chatpose.templates import ANSWERS

pytest_plugins = ["tests.fixtures_llava"]

LENGTH = 14


def _prompt(tiny, images: int) -> tuple[list[int], torch.Tensor | None]:
    words = torch.randint(3, 600, (12,), generator=torch.Generator().manual_seed(5)).tolist()
    ids = [1, *words[:4]]
    for count in range(images):
        ids += [tiny.image_token_id] * tiny.image_tokens + words[4 + count : 7 + count]
    pixels = torch.randn(images, 3, 28, 28, generator=torch.Generator().manual_seed(9))
    return ids + words[8:], pixels if images else None


@torch.no_grad()
def _again(model, ids, pixels, length) -> tuple[list[int], list[torch.Tensor]]:
    """The reference's way: the whole sequence for every token, all hidden states."""
    sequence, bodies = list(ids), []
    for _ in range(length):
        out = model.llava.model.language_model(
            inputs_embeds=model.embed(torch.tensor([sequence]), pixels),
            output_hidden_states=True,
            use_cache=False,
        )
        vector = out.hidden_states[-1][0, -1]
        token = int(model.llava.lm_head(vector).argmax())
        if token == EOS:
            break
        sequence.append(token)
        if token == model.config.pose_token_id:
            bodies.append(model.pose_head(vector))
    return sequence[len(ids) :], bodies


def _say_pose_for(model, token: int) -> None:
    """From now on the pose token is said wherever `token` would have been."""
    with torch.no_grad():
        rows = model.llava.lm_head.weight
        rows[model.config.pose_token_id] = rows[token] * 1.01
        rows[token] *= -1


def _spoken(model, ids, pixels, words=(), **speech) -> list[Step]:
    return list(steps(model, ids, pixels, Speech(max_tokens=LENGTH, **speech), words=words))


@pytest.mark.parametrize("images", [0, 1, 2])
def test_the_cache_gives_the_tokens_and_every_body_of_the_full_recomputation(llava, tiny, images):
    ids, pixels = _prompt(tiny, images)
    _say_pose_for(llava, _spoken(llava, ids, pixels, mode="never")[3].token)
    tokens, bodies = _again(llava, ids, pixels, LENGTH)
    assert len(set(tokens)) > 5 and bodies, "a dull model would prove nothing"
    spoken = _spoken(llava, ids, pixels)
    assert [step.token for step in spoken] == tokens
    ours = [step.six_d for step in spoken if step.six_d is not None]
    assert len(ours) == len(bodies)
    torch.testing.assert_close(torch.stack(ours), torch.stack(bodies), atol=2e-5, rtol=1e-4)
    # Reading the whole reply at once, as training does, gives the same bodies.
    whole = torch.tensor([ids + tokens])
    read = llava(whole, pixel_values=pixels).poses_6d
    torch.testing.assert_close(torch.stack(ours), read, atol=2e-5, rtol=1e-4)


def test_several_bodies_in_one_reply(llava, tiny):
    ids, pixels = _prompt(tiny, 1)
    for place in (2, 7):  # turn the token's row towards the states of these places
        said = [step.token for step in _spoken(llava, ids, pixels)][:place]
        with torch.no_grad():
            whole = llava.embed(torch.tensor([ids + said]), pixels)
            toward = llava.hidden_states(whole)[0, -1]
            llava.llava.lm_head.weight[tiny.pose_token_id] += 0.15 * toward
    spoken = _spoken(llava, ids, pixels)
    said = [step.token for step in spoken]
    ours = torch.stack([step.six_d for step in spoken if step.six_d is not None])
    assert 2 <= said.count(tiny.pose_token_id) == len(ours) < len(said)
    assert (ours[0] - ours[1]).abs().max() > 1e-3
    read = llava(torch.tensor([ids + said]), pixel_values=pixels).poses_6d
    torch.testing.assert_close(ours, read, atol=2e-5, rtol=1e-4)


def test_sampling_repeats_with_its_seed(llava, tiny):
    ids, _ = _prompt(tiny, 0)
    one, two, other = (
        [step.token for step in _spoken(llava, ids, None, temperature=3.0, seed=seed)]
        for seed in (3, 3, 4)
    )
    assert one == two != other


def test_the_very_first_token_may_be_a_body(llava, tiny):
    ids, pixels = _prompt(tiny, 1)
    _say_pose_for(llava, _spoken(llava, ids, pixels, mode="never")[0].token)
    first = _spoken(llava, ids, pixels)[0]
    assert first.token == tiny.pose_token_id and first.six_d is not None
    with torch.no_grad():
        vector = llava.hidden_states(llava.embed(torch.tensor([ids]), pixels))[0, -1]
    torch.testing.assert_close(first.six_d, llava.pose_head(vector), atol=2e-5, rtol=1e-4)


def _end_after(model, ids, count: int) -> list[int]:
    """Make the model end after `count` tokens; returns them."""
    before = [step.token for step in _spoken(model, ids, None, mode="never")]
    assert before[count] not in before[:count], "would end earlier"
    with torch.no_grad():
        rows = model.llava.lm_head.weight
        rows[EOS] = rows[before[count]] * 1.01
    return before[:count]


def test_a_demanded_body_comes_in_a_learnt_form_where_the_model_would_end(llava, tiny):
    ids, _ = _prompt(tiny, 0)
    said, words = _end_after(llava, ids, 1), [7, 8, 9]
    assert [step.token for step in _spoken(llava, ids, None)] == said
    forced = _spoken(llava, ids, None, words, mode="always")
    assert [step.token for step in forced] == [*said, *words, tiny.pose_token_id]
    assert all(step.six_d is None for step in forced[:-1])
    before = llava.embed(torch.tensor([ids + said + words]), None)
    vector = llava.hidden_states(before)[0, -1]
    torch.testing.assert_close(forced[-1].six_d, llava.read_poses(vector), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("words", [[], [7, 8]])
def test_a_demanded_body_takes_the_end_of_a_cut_reply(llava, tiny, words):
    ids, _ = _prompt(tiny, 0)
    free = [step.token for step in _spoken(llava, ids, None, mode="never")]
    forced = [step.token for step in _spoken(llava, ids, None, words, mode="always")]
    ending = [*words, tiny.pose_token_id]
    assert len(free) == LENGTH and forced == [*free[: -len(ending)], *ending]


def test_words_without_room_are_left_out_of_a_forced_ending():
    for length in (1, 2, 3):
        demand = Demand(600, [7, 8], length)
        assert [demand.heed(count, 5) for count in range(length)][-1] == 600
        assert demand.forced and demand.done


def test_a_forced_ending_has_a_form_that_training_teaches(llava, tokenizer, tiny):
    assert f"{LEAD_IN} {POSE_TOKEN}." in ANSWERS
    learnt = tokenizer(f"He runs. {LEAD_IN} {tiny.pose_token}", add_special_tokens=False)
    ending = [*lead_in(tokenizer), tiny.pose_token_id]
    assert learnt["input_ids"][-len(ending) :] == ending
    _end_after(llava, ids := _prompt(tiny, 0)[0], 3)
    parts = list(speak(llava, tokenizer, ids, None, Speech("always", LENGTH)))
    *said, last = parts
    assert isinstance(last, torch.Tensor)
    assert "".join(map(str, said)).endswith(f" {LEAD_IN}")


def test_a_demanded_body_that_comes_by_itself_is_not_doubled(llava, tiny):
    ids, _ = _prompt(tiny, 0)
    _say_pose_for(llava, _spoken(llava, ids, None, mode="never")[2].token)
    auto = [step.token for step in _spoken(llava, ids, None)]
    assert tiny.pose_token_id in auto[:-1]
    assert [step.token for step in _spoken(llava, ids, None, mode="always")] == auto


def test_a_forbidden_body_is_never_said(llava, tiny):
    ids, _ = _prompt(tiny, 0)
    _say_pose_for(llava, _spoken(llava, ids, None, mode="never")[0].token)
    assert tiny.pose_token_id in [step.token for step in _spoken(llava, ids, None)]
    never = _spoken(llava, ids, None, mode="never")
    assert len(never) == LENGTH and all(step.token != tiny.pose_token_id for step in never)
    assert all(step.six_d is None for step in never)


def test_stop_ends_the_reply_between_two_tokens(llava, tiny):
    ids, _ = _prompt(tiny, 0)
    heard: list[Step] = []
    for step in steps(llava, ids, None, Speech(mode="always"), lambda: len(heard) >= 3):
        heard.append(step)
    assert len(heard) == 3 and all(step.six_d is None for step in heard)


def test_weights_that_wait_elsewhere_speak_the_same(llava, tiny):
    """As with `device_map`: every layer's weights come in when it is its turn."""
    ids, pixels = _prompt(tiny, 1)
    before = _spoken(llava, ids, pixels, mode="always")
    cpu_offload(llava.llava, torch.device("cpu"))
    assert all(weight.is_meta for weight in llava.llava.parameters())
    after = _spoken(llava, ids, pixels, mode="always")
    assert [step.token for step in after] == [step.token for step in before]
    assert after[-1].six_d is not None and before[-1].six_d is not None
    torch.testing.assert_close(after[-1].six_d, before[-1].six_d)


# Tokens to text


def test_letters_of_several_bytes_come_whole_and_nothing_is_lost(tokenizer):
    text = "Café 日本, then  two spaces.\nDone"
    writer = Writer(tokenizer)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    pieces = [writer.write(token) for token in ids]
    assert "".join(pieces) + writer.finish() == text
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)
    assert pieces[0] == "C"[: len(pieces[0])]


def test_a_word_after_a_body_keeps_its_space(llava, tokenizer, tiny):
    """The model is made to recite a reply: each token's state points at the next one."""
    ids = tokenizer("It is [SEG] and so [SEG].", add_special_tokens=False)["input_ids"]
    reply = [*ids, EOS]
    said = iter(reply)
    llava.llava.lm_head.register_forward_hook(
        lambda *_: torch.nn.functional.one_hot(torch.tensor(next(said)), tiny.vocab_size).float()
    )
    parts = list(speak(llava, tokenizer, [1], None, Speech()))
    told = "".join(part if isinstance(part, str) else "<POSE>" for part in parts)
    assert told == "It is<POSE> and so<POSE>."


# Behind the project's interface


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
