"""Conversion of synthetic downloads: every tensor, bit by bit, from every kind of folder."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import fixtures_weights as made
import pytest
import torch
from safetensors.torch import load_file

from chatpose_demo import __main__ as commands
from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.config import config_of, read_config
from chatpose_demo.network.llava.tokenizer import load_tokenizer
from chatpose_demo.weights.convert import convert
from chatpose_demo.weights.plan import make_plan
from chatpose_demo.weights.shards import CheckpointError


@pytest.fixture
def chatpose(tmp_path: Path) -> Path:
    made.write_chatpose(tmp_path / "source")
    made.write_clip(tmp_path / "clip")
    return tmp_path / "source"


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[key].dtype == other[key].dtype and torch.equal(one[key], other[key]) for key in one
    )


def test_every_tensor_of_chatpose_reaches_its_place(tmp_path: Path) -> None:
    source = made.write_chatpose(tmp_path / "source")
    tower = made.write_clip(tmp_path / "clip")
    plan = convert(tmp_path / "source", tmp_path / "out", clip=tmp_path / "clip")
    config = read_config(tmp_path / "out")
    model = build(config, weights=tmp_path / "out", dtype=torch.bfloat16)

    inner, reached = model.llava.model, set()
    for key, value in source.items():
        name = key.removeprefix("model.")
        if key in made.language_shapes(1):
            part, name = (
                (model.llava, key) if key == "lm_head.weight" else (inner.language_model, name)
            )
        elif name.startswith("mm_projector."):
            part = inner.multi_modal_projector
            name = name.replace("mm_projector.0", "linear_1").replace("mm_projector.2", "linear_2")
        elif name.startswith("text_hidden_fcs.0."):
            part, name, value = (
                model.pose_head,
                name.removeprefix("text_hidden_fcs.0."),
                value.float(),
            )
        else:
            continue
        weight = part.get_parameter(name)
        assert weight.dtype == value.dtype and torch.equal(weight, value), key
        reached.add(id(weight))
    for key, value in tower.items():
        weight = inner.vision_tower.get_parameter(key.removeprefix("vision_model."))
        assert torch.equal(weight, value.bfloat16()), key
        reached.add(id(weight))
    assert reached == {id(weight) for weight in model.parameters()}

    assert (config.vocab_size, config.pose_token) == (made.WORDS + 1, "[SEG]")
    assert (config.norm_eps, config.max_positions, config.image_size) == (1e-5, 4096, 28)
    dropped = {rule.pattern: count for rule, count in plan.drops.items()}
    assert sum(dropped.values()) == made.LAYERS + 9 + 6
    tokenizer = load_tokenizer(tmp_path / "out", config)
    told = tokenizer("the sit [SEG].", add_special_tokens=False).input_ids
    assert made.WORDS in told and tokenizer.convert_ids_to_tokens(told)[0] == "▁the"
    # one file for each source shard, and bits as they were: the tower stays fp32 on disk
    stored = tensors_of(tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*.safetensors"))) == 4
    assert stored["model.vision_tower.pre_layrnorm.weight"].dtype == torch.float32
    assert stored["lm_head.weight"].dtype == torch.bfloat16
    assert stored["pose_head.2.bias"].dtype == torch.float32


def test_safetensors_give_the_same(tmp_path: Path, chatpose: Path) -> None:
    made.write_chatpose(tmp_path / "safe", kind="safetensors")
    convert(chatpose, tmp_path / "a", clip=tmp_path / "clip")
    convert(tmp_path / "safe", tmp_path / "b", clip=tmp_path / "clip")
    assert same(tensors_of(tmp_path / "a"), tensors_of(tmp_path / "b"))


def test_bases_of_either_origin_give_the_same(tmp_path: Path) -> None:
    source = made.write_llava_15(tmp_path / "llava")
    made.write_clip(tmp_path / "clip")
    convert(tmp_path / "llava", tmp_path / "a", clip=tmp_path / "clip", base=True, seed=5)
    expected = tensors_of(tmp_path / "a")
    for style in ("old", "new"):
        made.write_llava_hf(tmp_path / style, style)
        convert(tmp_path / style, tmp_path / f"out-{style}", base=True, seed=5)
        assert same(expected, tensors_of(tmp_path / f"out-{style}")), style
        config = read_config(tmp_path / f"out-{style}")
        tokenizer = load_tokenizer(tmp_path / f"out-{style}", config)
        assert len(tokenizer) == made.WORDS + 1
        assert tokenizer.tokenize("the sit") == ["▁the", "▁sit"]
        build(config, weights=tmp_path / f"out-{style}")

    words = source["model.embed_tokens.weight"]
    table = expected["model.language_model.embed_tokens.weight"]
    assert table.shape == (made.WORDS + 1, made.HIDDEN) and torch.equal(table[:-1], words)
    assert torch.equal(table[-1], words.double().mean(0).bfloat16())
    head = expected["pose_head.0.weight"]
    assert head.dtype == torch.float32 and 0 < head.abs().max() <= made.HIDDEN**-0.5
    convert(tmp_path / "llava", tmp_path / "c", clip=tmp_path / "clip", base=True, seed=6)
    assert not torch.equal(tensors_of(tmp_path / "c")["pose_head.0.weight"], head)


def test_the_released_shapes_fit(tmp_path: Path) -> None:
    shapes = made.write_released_13b(tmp_path / "source", tmp_path / "clip")
    plan = make_plan(tmp_path / "source", tmp_path / "clip", base=False, seed=0)
    assert plan.config == config_of("13b")
    head = 5120 * 5120 + 5120 + 144 * 5120 + 144
    assert sum(math.prod(shape) for shape in shapes.values()) == 13_015_874_560 + 31_467_520 + head
    tower = 303_507_456
    assert plan.bytes == 2 * (13_015_874_560 + 31_467_520 + tower) + 4 * head
    assert sum(plan.renames.values()) == len(shapes) + 391 and sum(plan.drops.values()) == 40 + 9


def test_a_tower_inside_llava_is_used(tmp_path: Path) -> None:
    shapes = made.write_released_13b(tmp_path / "llava", tmp_path / "clip")
    shapes = {key: shape for key, shape in shapes.items() if "text_hidden_fcs" not in key}
    for key in ("model.embed_tokens.weight", "lm_head.weight"):
        shapes[key] = (32000, 5120)
    tower = made.tower_shapes(vision=1024, layers=24, inner=4096, places=577)
    shapes |= {f"model.vision_tower.vision_tower.{key}": shape for key, shape in tower.items()}
    made.write_shards(tmp_path / "llava", made.hollow(shapes), 3)
    (tmp_path / "llava" / "added_tokens.json").unlink()
    plan = make_plan(tmp_path / "llava", None, base=True, seed=0)
    assert plan.config == config_of("13b") and len(plan.outputs) == 4
    with pytest.raises(CheckpointError, match="more than once .* leave --clip out"):
        make_plan(tmp_path / "llava", tmp_path / "clip", base=True, seed=0)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", *map(str, arguments)])
    return commands.main()


def test_the_command(
    tmp_path: Path, chatpose: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    clip = ["--clip", tmp_path / "clip"]
    assert run(monkeypatch, "convert", chatpose, *clip, "--dry-run") == 0
    told = capsys.readouterr().out
    for expected in (
        r"9  model\.smplx\..+   (SMPL-X buffers",
        r"model\.mm_projector\.0\.(.+)  ->  model.multi_modal_projector.linear_1.\1",
        "pose_head.0.weight [64, 64]   (to fp32)",
        "model-00004-of-00004.safetensors",
        "from pytorch_model-00003-of-00003.bin",
    ):
        assert expected in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip", "source"]
    assert run(monkeypatch, "convert", chatpose, *clip) == 2
    assert run(monkeypatch, "convert", chatpose, "--out", tmp_path / "out") == 2
    assert "--clip FOLDER" in capsys.readouterr().err
    assert run(monkeypatch, "convert", chatpose, *clip, "--out", tmp_path / "out") == 0
    assert (tmp_path / "out" / "pose_llava.json").exists()
    made.write_llava_hf(tmp_path / "hf", "old")
    assert run(monkeypatch, "convert", tmp_path / "hf", "--base", "--dry-run") == 0
    told = capsys.readouterr().out
    assert f"words cut to LLaMA's {made.WORDS}, and one row added for [SEG]" in told
    assert "fresh pose head, seed 0" in told
