"""The paper's model in small: vectors, photos, frame, adapters."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import LlavaForConditionalGeneration

from chatpose_demo.network.llava.build import build, save_folder
from chatpose_demo.network.llava.config import llava_config
from chatpose_demo.network.llava.lora import LoraSettings, merge_lora
from chatpose_demo.network.llava.model import rotations
from chatpose_demo.network.llava.network import to_world
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT, matrix_to_6d

pytest_plugins = ("fixtures_llava",)


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
