"""What a conversion refuses: faulty, wrong, hostile and finished folders, each by name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import fixtures_weights as made
import pytest
import torch

from chatpose_demo.weights.convert import convert
from chatpose_demo.weights.plan import make_plan
from chatpose_demo.weights.shards import CheckpointError


@pytest.fixture
def chatpose(tmp_path: Path) -> Path:
    made.write_chatpose(tmp_path / "source")
    made.write_clip(tmp_path / "clip")
    return tmp_path / "source"


def drop(key: str) -> Callable[[Path], None]:
    def change(source: Path) -> None:
        tensors = made.chatpose_tensors()
        del tensors[key]
        made.write_shards(source, tensors, 3)

    return change


def put(key: str, value: torch.Tensor) -> Callable[[Path], None]:
    return lambda source: made.write_shards(source, made.chatpose_tensors() | {key: value}, 3)


def twice(source: Path) -> None:
    (source / "pytorch_model.bin.index.json").unlink()
    torch.save({"model.norm.weight": torch.zeros(made.HIDDEN)}, source / "pytorch_model-x.bin")


def cut(source: Path) -> None:
    file = source / "pytorch_model-00002-of-00003.bin"
    file.write_bytes(file.read_bytes()[:-500])


def settings(**changed: object) -> Callable[[Path], None]:
    told = made.LLAMA_CONFIG | changed
    return lambda source: made.write_json(source / "config.json", told)


def without(name: str) -> Callable[[Path], None]:
    return lambda source: (source / name).unlink()


def tokens(**added: int) -> Callable[[Path], None]:
    return lambda source: made.write_json(source / "added_tokens.json", added)


def promise(source: Path) -> None:
    path = source / "pytorch_model.bin.index.json"
    told = json.loads(path.read_text())
    told["weight_map"]["model.layers.9.new"] = "pytorch_model-00001-of-00003.bin"
    made.write_json(path, told)


FAULTS = {
    "unknown": (put("model.hmr.weight", torch.zeros(3)), r"model\.hmr\.weight"),
    "no place": (put("model.layers.3.mlp.up_proj.weight", torch.zeros(3)), r"layers\.3\.mlp"),
    "missing": (drop("model.layers.1.mlp.up_proj.weight"), r"lacks .*layers\.1\.mlp\.up_proj"),
    "half a head": (drop("model.text_hidden_fcs.0.2.bias"), r"lacks pose_head\.2\.bias"),
    "shape": (put("model.norm.weight", torch.zeros(65)), r"model\.norm\.weight has the shape"),
    "kind": (put("model.norm.weight", torch.zeros(64).long()), r"norm\.weight holds .*int64"),
    "nested": (
        lambda source: torch.save({"state": {}}, source / "pytorch_model-00003-of-00003.bin"),
        "else than tensors",
    ),
    "twice": (twice, r"norm\.weight more than once"),
    "cut off": (cut, "00002-of-00003.bin is damaged"),
    "file missing": (without("pytorch_model-00003-of-00003.bin"), "incomplete.*00003"),
    "index": (promise, r"promises model\.layers\.9\.new"),
    "no config": (without("config.json"), "no config.json"),
    "no tokenizer": (without("tokenizer.model"), "no tokenizer.model and no tokenizer.json"),
    "pose token": (tokens(a=made.WORDS, b=made.WORDS + 1), "exactly one added token"),
    "other projector": (settings(mm_projector_type="linear"), "mm_projector_type = 'linear'"),
    "grouped heads": (settings(num_key_value_heads=2), "num_key_value_heads = 2"),
    "other rope": (settings(rope_theta=5e5), "rope_theta.: 500000"),
    "other layers": (settings(num_hidden_layers=2), r"no place for: model\.layers\.2"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(name: str, tmp_path: Path, chatpose: Path) -> None:
    change, told = FAULTS[name]
    change(chatpose)
    with pytest.raises(CheckpointError, match=told):
        convert(chatpose, tmp_path / "out", clip=tmp_path / "clip")
    assert not (tmp_path / "out").exists()


def test_wrong_commands_are_refused(tmp_path: Path, chatpose: Path) -> None:
    with pytest.raises(CheckpointError, match="--clip FOLDER"):
        make_plan(chatpose, None, base=False, seed=0)
    with pytest.raises(CheckpointError, match="leave --base out"):
        make_plan(chatpose, tmp_path / "clip", base=True, seed=0)
    made.write_llava_hf(tmp_path / "hf", "old")
    with pytest.raises(CheckpointError, match="add --base"):
        make_plan(tmp_path / "hf", None, base=False, seed=0)
    with pytest.raises(CheckpointError, match="none of the checkpoints"):
        make_plan(tmp_path / "clip", None, base=False, seed=0)
    with pytest.raises(CheckpointError, match="holds no weights"):
        make_plan(tmp_path, None, base=False, seed=0)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="not empty"):
        convert(chatpose, tmp_path / "full", clip=tmp_path / "clip")
    assert os.listdir(tmp_path / "full") == ["diary.txt"]


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


def test_a_hostile_pickle_is_refused(tmp_path: Path, chatpose: Path) -> None:
    trap = tmp_path / "trap"
    torch.save({"lm_head.weight": Hostile(trap)}, chatpose / "pytorch_model-00002-of-00003.bin")
    with pytest.raises(CheckpointError, match=r"asks to run \w+\.system") as refusal:
        convert(chatpose, tmp_path / "out", clip=tmp_path / "clip")
    assert "\n" not in str(refusal.value) and not trap.exists()


def test_a_converted_folder_needs_no_conversion(tmp_path: Path, chatpose: Path) -> None:
    convert(chatpose, tmp_path / "out", clip=tmp_path / "clip")
    with pytest.raises(CheckpointError, match="already converted.*--weights") as refusal:
        convert(tmp_path / "out", tmp_path / "again")
    assert "--base" not in str(refusal.value)
