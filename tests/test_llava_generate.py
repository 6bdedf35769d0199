"""Speaking with the cache against computing everything again; forced, forbidden, stopped."""

from __future__ import annotations

import pytest
import torch
from accelerate import cpu_offload

from chatpose_demo.network.base_model import POSE_TOKEN
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
from chatpose_demo.training.chatpose.templates import ANSWERS

pytest_plugins = ("fixtures_llava",)

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
