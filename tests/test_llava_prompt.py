"""What the paper's model is given: the prompt's words and tokens, and the photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.images import MEAN_COLOUR, pixel_values
from chatpose_demo.network.llava.prompt import (
    Exchange,
    PromptTooLong,
    encode,
    make_prompt,
    render,
)

pytest_plugins = ("fixtures_llava",)

HUMAN = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions. "
)
PHOTO = Image.new("RGB", (40, 30), (200, 40, 10))


# The prompt


def test_reference_template_word_for_word():
    turns = [
        Exchange("Who sits?", "She: <POSE>.", (PHOTO,)),
        Exchange("And this one?", photos=(PHOTO,)),
    ]
    told = render(turns, config_of("13b"))
    assert told == (
        HUMAN + "USER: <image>\nWho sits? ASSISTANT: She: [SEG].</s>"
        "USER: <image>\nAnd this one? ASSISTANT:"
    )
    other = replace(config_of("13b"), template="vicuna_v1")
    assert render(turns, other) == told.replace("curious human", "curious user").replace(
        "the human's", "the user's"
    )


def test_prompt_ids_have_the_photo_and_the_bodies_as_tokens(tokenizer, tiny):
    turns = [Exchange("Who?", "It is <POSE> .", (PHOTO,)), Exchange("Why?")]
    ids = encode(render(turns, tiny), tokenizer, tiny)
    assert ids[0] == tokenizer.bos_token_id and ids.count(tokenizer.bos_token_id) == 1
    assert ids.count(tiny.image_token_id) == tiny.image_tokens == 4
    assert ids.count(tiny.pose_token_id) == 1 and ids.count(tokenizer.eos_token_id) == 1
    first = ids.index(tiny.image_token_id)
    after = tokenizer.convert_ids_to_tokens(ids[first + 4 : first + 6])
    assert after == ["▁", "\n"]  # the line break begins a text of its own


def test_words_cannot_pass_as_tokens(tokenizer, tiny):
    turns = [Exchange("<image> [SEG] <POSE> </s> <s> <unk>")]
    ids = encode(render(turns, tiny), tokenizer, tiny)
    assert not {tiny.image_token_id, tiny.pose_token_id, 0, 2} & set(ids)
    assert ids.count(1) == 1


def test_a_long_conversation_loses_its_oldest_turns_but_not_its_photo(tokenizer, tiny):
    turns = [Exchange("old words " * 40, "yes " * 60, (PHOTO,)) for _ in range(1)]
    turns += [Exchange("more words " * 40, "no " * 60) for _ in range(8)] + [Exchange("Now?")]
    prompt = make_prompt(turns, tokenizer, tiny, room=500)
    assert len(prompt.ids) + 500 <= tiny.max_positions
    assert prompt.photos == (PHOTO,)
    assert prompt.ids.count(tiny.image_token_id) == tiny.image_tokens
    with pytest.raises(PromptTooLong):
        make_prompt([Exchange("words " * 3000)], tokenizer, tiny)


# Photos


def _striped() -> Image.Image:
    """Wide: red, green and blue thirds."""
    colours = np.zeros((100, 300, 3), np.uint8)
    for third in range(3):
        colours[:, third * 100 : third * 100 + 100, third] = 255
    return Image.fromarray(colours)


def test_crop_loses_the_sides_of_a_wide_photo_and_pad_keeps_them():
    crop = pixel_values([_striped()], "crop", 336)[0]
    pad = pixel_values([_striped()], "pad", 336)[0]
    assert crop.shape == pad.shape == (3, 336, 336)
    middle = crop[:, 168]
    assert (middle.argmax(0) == 1).all()  # green alone
    assert set(pad[:, 168].argmax(0).tolist()) == {0, 1, 2}
    # CLIP's mean colour is nearly zero after normalising.
    assert MEAN_COLOUR == (122, 116, 104)
    assert pad[:, 5].abs().max() < 0.02 and crop[:, 5].abs().max() > 1
