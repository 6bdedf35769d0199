"""The paper's model asked in batches says what it says when it is asked alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from chatpose_demo.evaluation.public.asking import PAPER, PLAIN
from chatpose_demo.evaluation.public.llava_batch import LlavaAnswerer
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.network.interface import Body
from chatpose_demo.network.llava.generate import LEAD_IN, Speech, lead_in, steps
from chatpose_demo.network.llava.images import pixel_values
from chatpose_demo.network.llava.network import LlavaNetwork, to_world
from chatpose_demo.network.llava.prompt import Prompt

pytest_plugins = ("fixtures_llava",)


@pytest.fixture
def network(llava, tokenizer) -> LlavaNetwork:
    with torch.no_grad():  # so that bodies come early in some replies
        llava.llava.lm_head.weight[llava.config.pose_token_id] *= 3
    return LlavaNetwork(llava, tokenizer, max_tokens=24)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """Questions and captions of many lengths, with and without photos."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(4):
        file = tmp_path / f"{number}.png"
        Image.fromarray(rng.integers(0, 256, (40 + 9 * number, 60, 3), np.uint8)).save(file)
        text = "" if number % 2 else "Who sits? " * (number + 1)
        box = (5.0, 5.0, 30.0, 35.0)
        found.append(Sample(key=f"p{number}", group="", person="", text=text, image=file, box=box))
    found += [
        Sample(key=f"c{number}", group="", person="", caption="She runs. " * (1 + 3 * number))
        for number in range(2)
    ]
    return found


def alone(network: LlavaNetwork, prompt: Prompt) -> tuple[list[int], np.ndarray]:
    """Tokens before the first body, and that body, of the loop that the page runs."""
    config = network.model.config
    photos = prompt.photos
    pixels = pixel_values(photos, network.image_way, config.image_size) if photos else None
    speech = Speech("always", network.max_tokens)
    tokens = []
    words = lead_in(network.tokenizer)
    for step in steps(network.model, prompt.ids, pixels, speech, words=words):
        if step.six_d is not None:
            return tokens, to_world(step.six_d)
        tokens.append(step.token)
    raise AssertionError("no body")


def test_batches_are_as_one_by_one(network, samples):
    answerer = LlavaAnswerer(network)
    prompts = [network.prompt(answerer._question(sample)) for sample in samples]
    together = answerer._speak(prompts)
    assert len({len(prompt.ids) for prompt in prompts}) > 3  # padding of many lengths
    for prompt, reply, answer in zip(prompts, together, answerer(samples), strict=True):
        tokens, rotations = alone(network, prompt)
        assert reply.tokens == tokens
        assert np.abs(answer.rotations - rotations).max() < 2e-4
    assert len({len(reply.tokens) for reply in together}) > 1  # some end earlier than others


def test_who_was_forced_is_told(network, samples):
    """Bodies that the model meant are not counted as forced, and the others are."""
    free = [
        LlavaNetwork(network.model, network.tokenizer, 24).answer(question, lambda: False)
        for question in (
            replace(LlavaAnswerer(network)._question(one), mode="auto") for one in samples
        )
    ]
    meant = [any(isinstance(part, Body) for part in parts) for parts in free]
    answers = LlavaAnswerer(network)(samples)
    for own, answer in zip(meant, answers, strict=True):
        assert own or answer.forced
        assert answer.forced == answer.reply.endswith(f"{LEAD_IN} <POSE>")
    assert {answer.forced for answer in answers} == {True, False}


def test_padding_would_show(network, samples):
    """The check above is worth something: other neighbours' bodies are far away."""
    together = LlavaAnswerer(network)(samples)
    for one, other in zip(together, together[1:], strict=False):
        assert np.abs(one.rotations - other.rotations).max() > 0.05


def test_a_question_that_is_too_long_gets_no_body(network, samples):
    endless = Sample(key="x", group="", person="", text="word " * 5000)
    first, too_long, second = LlavaAnswerer(network)([samples[0], endless, samples[4]])
    assert too_long.rotations is None and "too long" in too_long.reply
    assert first.rotations is not None and second.rotations is not None
    assert LlavaAnswerer(network)([endless])[0].rotations is None


def test_what_is_asked():
    asks = Sample(key="", group="", person="", text="Who {sits}?", caption="He sits.")
    tells = Sample(key="", group="", person="", caption="He {sits}.")
    shows = Sample(key="", group="", person="", image=Path("x.jpg"))
    assert PAPER.question(asks) == PLAIN.question(asks) == "Who {sits}?"
    assert PLAIN.question(tells) == "He {sits}."
    assert PAPER.question(tells).startswith("There is a person: He {sits}. ")
    assert "SMPL pose" in PAPER.question(shows)
