"""Conversion of synthetic downloads: strict, bit by bit, resumable, small in memory."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fixtures_weights as made
import pytest
import torch
from safetensors.torch import load_file

from chatpose_demo import __main__ as commands
from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.config import config_of, read_config
from chatpose_demo.network.llava.tokenizer import load_tokenizer
from chatpose_demo.weights import convert as converting
from chatpose_demo.weights.convert import JOURNAL, convert
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


def hashes(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}


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


def in_child(work: Callable[..., None], *arguments: object) -> int | None:
    """Run in a forked process (no second import of torch); its exit code."""

    def alone() -> None:
        torch.set_num_threads(1)  # a thread pool does not survive a fork
        work(*arguments)

    child = multiprocessing.get_context("fork").Process(target=alone)
    child.start()
    child.join(60)
    return child.exitcode


def convert_and_die(source: Path, out: Path, clip: Path) -> None:
    """Killed while the second file is half written."""
    save, calls = converting.save_file, []

    def save_half(tensors: dict, path: Path, **options: Any) -> None:
        save(tensors, path, **options)
        calls.append(path)
        if len(calls) == 2:
            path.write_bytes(path.read_bytes()[:-100])
            os.kill(os.getpid(), signal.SIGKILL)

    converting.save_file = save_half
    convert(source, out, clip=clip)


def test_killed_and_resumed_gives_the_same_bytes(
    tmp_path: Path, chatpose: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole, clip = tmp_path / "out", tmp_path / "whole", tmp_path / "clip"
    convert(chatpose, whole, clip=clip)
    assert in_child(convert_and_die, chatpose, out, clip) == -signal.SIGKILL
    assert list(json.loads((out / JOURNAL).read_text())["finished"]) == [
        "model-00001-of-00004.safetensors"
    ]
    assert not (out / "pose_llava.json").exists()

    written: list[str] = []
    save = converting.save_file
    monkeypatch.setattr(
        converting,
        "save_file",
        lambda t, path, **o: (written.append(path.name), save(t, path, **o)),
    )
    convert(chatpose, out, clip=clip)
    assert [name[:11] for name in written] == ["model-00002", "model-00003", "model-00004"]
    assert hashes(out) == hashes(whole)

    # a finished file that was changed since is made again, and only that one
    written.clear()
    third = out / "model-00003-of-00004.safetensors"
    third.write_bytes(third.read_bytes()[:-1] + b"x")
    convert(chatpose, out, clip=clip)
    assert [name[:11] for name in written] == ["model-00003"] and hashes(out) == hashes(whole)

    other = {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(99)}
    made.write_shards(chatpose, made.chatpose_tensors() | other, 3)
    with pytest.raises(CheckpointError, match="another conversion"):
        convert(chatpose, out, clip=clip)


def test_a_full_disk_is_told_before_work(
    tmp_path: Path, chatpose: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(converting.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CheckpointError, match="GB of free disk and has 0.0 GB"):
        convert(chatpose, tmp_path / "out", clip=tmp_path / "clip")
    assert not list((tmp_path / "out").glob("model*"))


def peak_of_conversion(source: Path, out: Path, clip: Path, told: Path) -> None:
    """Writes by how many bytes this process grew at most."""

    def status(name: str) -> int:
        # VmHWM and not getrusage, whose peak is inherited from the parent
        found = re.search(name + r":\s+(\d+)", Path("/proc/self/status").read_text())
        assert found is not None
        return int(found[1]) * 1024

    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = status("VmRSS")
    convert(source, out, clip=clip)
    told.write_text(str(status("VmHWM") - before))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_below_one_shard(tmp_path: Path) -> None:
    inner, large = 260_000, tmp_path / "large"
    made.write_clip(tmp_path / "clip")
    made.write_chatpose(large)
    tensors = made.chatpose_tensors(inner=8)
    for n in range(made.LAYERS):
        for part, shape in {"gate": (inner, 64), "up": (inner, 64), "down": (64, inner)}.items():
            tensors[f"model.layers.{n}.mlp.{part}_proj.weight"] = torch.zeros(shape).bfloat16()
    made.write_shards(large, tensors, 3)
    config = made.LLAMA_CONFIG | {"intermediate_size": inner}
    made.write_json(large / "config.json", config)
    shards = [file.stat().st_size for file in large.glob("*.bin")]
    assert sum(shards) > 290e6 and 150e6 < max(shards) < 210e6

    told = tmp_path / "peak"
    assert in_child(peak_of_conversion, large, tmp_path / "out", tmp_path / "clip", told) == 0
    assert 0 < int(told.read_text()) < max(shards) + 25e6


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
