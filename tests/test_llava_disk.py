"""The paper's model on its way to disk and back, and what is refused there."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from chatpose_demo.network.llava.build import INDEX, WeightsError, build, save_folder
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.tokenizer import load_tokenizer

pytest_plugins = ("fixtures_llava",)


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
