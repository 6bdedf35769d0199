"""The paper's model in small: prompt, photos, vectors, frame, and its way to disk and back."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import LlavaForConditionalGeneration

from chatpose_demo.network.llava.build import INDEX, WeightsError, build, save_folder
from chatpose_demo.network.llava.config import config_of, llava_config
from chatpose_demo.network.llava.images import MEAN_COLOUR, pixel_values
from chatpose_demo.network.llava.lora import LoraSettings, merge_lora
from chatpose_demo.network.llava.model import rotations
from chatpose_demo.network.llava.network import to_world
from chatpose_demo.network.llava.prompt import (
    Exchange,
    PromptTooLong,
    encode,
    make_prompt,
    render,
)
from chatpose_demo.network.llava.tokenizer import load_tokenizer
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT, matrix_to_6d

pytest_plugins = ["tests.fixtures_llava"]

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


# The model


def _ids(tiny, *, images: int = 0, poses: tuple[int, ...] = (), length: int = 9) -> torch.Tensor:
    ids = torch.randint(3, 600, (length,), generator=torch.Generator().manual_seed(length))
    ids[list(poses)] = tiny.pose_token_id
    image = torch.full((images * tiny.image_tokens,), tiny.image_token_id)
    return torch.cat([torch.tensor([1]), image, ids])[None]


def test_the_body_is_read_one_place_before_its_token(llava, tiny):
    ids = _ids(tiny, images=1, poses=(3, 7))
    pixels = torch.randn(1, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        out = llava(ids, pixel_values=pixels)
        inner = llava.llava.model.language_model(
            inputs_embeds=llava.embed(ids, pixels), output_hidden_states=True
        )
    where = [5 + 3 - 1, 5 + 7 - 1]
    wanted = llava.pose_head(inner.hidden_states[-1][0, where])
    torch.testing.assert_close(out.poses_6d, wanted, atol=1e-6, rtol=1e-5)
    # the vector is after the final norm: the one that the output layer reads
    told = llava.llava.lm_head(inner.hidden_states[-1])
    torch.testing.assert_close(out.logits, told, atol=1e-5, rtol=1e-5)


def test_padding_and_masks_leave_bodies_and_loss_as_they_are(llava, tiny):
    short, long = _ids(tiny, poses=(4,)), _ids(tiny, poses=(2, 8), length=14)
    ids = torch.full((2, long.shape[1]), 0)
    ids[0, : short.shape[1]], ids[1] = short[0], long[0]
    mask = torch.ones_like(ids)
    mask[0, short.shape[1] :] = 0
    labels = ids.masked_fill(mask == 0, -100)
    with torch.no_grad():
        both = llava(ids, mask, labels=labels)
        alone = [llava(one, labels=one) for one in (short, long)]
        one = llava(ids, mask, pose_mask=(ids == tiny.pose_token_id) & (labels.cumsum(1) > 0))
    torch.testing.assert_close(both.poses_6d, torch.cat([a.poses_6d for a in alone]))
    assert both.loss_text is not None and one.loss_text is None
    counts = [short.shape[1] - 1, long.shape[1] - 1]
    mean = sum(a.loss_text * n for a, n in zip(alone, counts, strict=True)) / sum(counts)
    torch.testing.assert_close(both.loss_text, mean)


def test_photos_go_in_as_in_transformers_own_forward(llava, tiny):
    """With one more row in the vocabulary, transformers' LLaVA runs the same prompt itself."""
    config = llava_config(replace(tiny, vocab_size=tiny.vocab_size + 1))
    config.image_token_index = tiny.image_token_id
    stock = LlavaForConditionalGeneration(config).eval()
    state = llava.llava.state_dict()
    for key in ("model.language_model.embed_tokens.weight", "lm_head.weight"):
        state[key] = torch.cat([state[key], torch.zeros(1, tiny.hidden)])
    stock.load_state_dict(state, strict=True)
    ids = _ids(tiny, images=2, poses=(1,))
    pixels = torch.randn(2, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours = llava(ids, pixel_values=pixels).logits
        theirs = stock(input_ids=ids, pixel_values=pixels).logits[..., :-1]
        swapped = llava(ids, pixel_values=pixels.flip(0)).logits
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    assert (swapped - ours)[0, -1].abs().max() > 1e-3
    with pytest.raises(ValueError, match="8 image places for 1 photos"):
        llava(ids, pixel_values=pixels[:1])


def test_the_head_stays_fp32_under_autocast(llava, tiny):
    ids = _ids(tiny, poses=(3,))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert llava(ids).poses_6d.dtype == torch.float32


# Rotations and their frame


def test_six_numbers_are_column_one_then_column_two():
    six_d = torch.tensor([[0.0, 2.0, 0.0, -1.0, 0.5, 0.0]]).repeat(24, 1).flatten()
    quarter = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(rotations(six_d), quarter.expand(24, 3, 3))


def test_an_upright_body_of_the_camera_frame_stands_upright_in_the_world():
    camera = torch.eye(3).repeat(24, 1, 1)
    camera[0] = torch.diag(torch.tensor([1.0, -1.0, -1.0]))  # y down, facing the camera
    camera[JOINT["left_elbow"]] = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    world = to_world(matrix_to_6d(camera).flatten())
    joints = joints_of(world)
    assert joints[JOINT["head"]][1] > joints[JOINT["pelvis"]][1] + 0.3
    assert joints[JOINT["left_shoulder"]][0] > joints[JOINT["right_shoulder"]][0] + 0.1
    np.testing.assert_allclose(world[0], np.eye(3), atol=1e-6)  # faces +z
    np.testing.assert_allclose(world[1:], camera[1:].numpy(), atol=1e-6)


# To disk and back


@pytest.fixture
def folder(llava, tokenizer, tmp_path) -> Path:
    save_folder(llava, tokenizer, tmp_path / "weights", shard="200KB")
    return tmp_path / "weights"


def test_what_is_saved_comes_back_bit_for_bit(llava, tokenizer, tiny, folder):
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    back = build("tiny", weights=folder)
    assert back.config == tiny
    before, after = llava.state_dict(), back.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert not any(weight.requires_grad for weight in back.parameters())
    text = "USER: Sit [SEG] . Café 日 ASSISTANT:"
    assert load_tokenizer(folder, tiny)(text)["input_ids"] == tokenizer(text)["input_ids"]
    half = build("tiny", weights=folder, dtype=torch.bfloat16)
    assert half.llava.lm_head.weight.dtype == torch.bfloat16
    assert half.pose_head[0].weight.dtype == torch.float32


def _edit(folder: Path, change) -> None:
    """Rewrite the shard of the head's last bias."""
    index = json.loads((folder / INDEX).read_text())
    file = folder / index["weight_map"]["pose_head.2.bias"]
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.pop("pose_head.2.bias"), "missing: pose_head.2.bias"),
        (lambda t: t.update(stray=torch.zeros(1)), "unknown: stray"),
        (
            lambda t: t.update({"pose_head.2.bias": torch.zeros(143)}),
            r"another shape: pose_head.2.bias \(143,\) for \(144,\)",
        ),
        (
            lambda t: t.update({"model.language_model.embed_tokens.weight": torch.zeros(601, 64)}),
            "twice: model.language_model.embed_tokens.weight",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(folder, change, told):
    _edit(folder, change)
    with pytest.raises(WeightsError, match=told) as error:
        build("tiny", weights=folder)
    assert "python -m chatpose_demo convert" in str(error.value)


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(WeightsError, match="chatpose_demo convert"):
        build("13b")
    with pytest.raises(WeightsError, match="is not there"):
        build("tiny", weights=tmp_path / "nothing")
    with pytest.raises(WeightsError, match="holds the tiny model, not 13b"):
        build("13b", weights=folder)
    gone = sorted(folder.glob("model-*.safetensors"))[1]
    gone.unlink()
    with pytest.raises(WeightsError, match=gone.name):
        build("tiny", weights=folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match="tokenizer.model"):
        load_tokenizer(folder, config_of("tiny"))


@pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed"
)
def test_quantising_without_its_package_says_so(folder):
    with pytest.raises(WeightsError, match="pip install bitsandbytes"):
        build("tiny", weights=folder, quantize="4bit")


def test_the_tokenizer_must_agree_with_the_weights(folder, tiny):
    with pytest.raises(ValueError, match="at 600, the weights have it at 601"):
        load_tokenizer(folder, replace(tiny, vocab_size=602))


# Adapters


def test_lora_trains_the_language_model_and_the_head_and_merges_away(tokenizer, tiny, tmp_path):
    model = build("tiny", lora=LoraSettings(rank=4))
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert len([n for n in trained if "lora_" in n]) == 2 * 2 * tiny.layers
    assert all("language_model" in n or n.startswith("pose_head") for n in trained)
    assert {n for n in trained if "lora_" not in n} == {
        f"pose_head.{layer}.{part}" for layer in (0, 2) for part in ("weight", "bias")
    }
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.3)
        ids = _ids(tiny, poses=(2,))
        adapted = model(ids)
        with pytest.raises(ValueError, match="Merge"):
            save_folder(model, tokenizer, tmp_path)
        merge_lora(model)
        save_folder(model, tokenizer, tmp_path)
        merged = build("tiny", weights=tmp_path)(ids)
        plain = build("tiny")(ids)
    torch.testing.assert_close(merged.poses_6d, adapted.poses_6d, atol=1e-5, rtol=1e-4)
    assert (plain.poses_6d - adapted.poses_6d).abs().max() > 1e-3


def test_nothing_of_it_is_imported_unless_asked_for():
    code = "import sys, chatpose_demo.chat; print([m for m in sys.modules if '.llava' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
