"""A conversion that is stopped goes on; it needs little memory and looks at the disk first."""

from __future__ import annotations

import hashlib
import json
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

from chatpose_demo.weights import convert as converting
from chatpose_demo.weights.convert import convert
from chatpose_demo.weights.journal import JOURNAL
from chatpose_demo.weights.shards import CheckpointError


@pytest.fixture
def chatpose(tmp_path: Path) -> Path:
    made.write_chatpose(tmp_path / "source")
    made.write_clip(tmp_path / "clip")
    return tmp_path / "source"


def hashes(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}


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
