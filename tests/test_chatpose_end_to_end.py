"""The training command from its first step to a reply of the model that it leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from chatpose_demo.network.interface import Body, Question, Words
from chatpose_demo.network.llava.build import build, save_folder
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.network.paper import load_paper_model
from chatpose_demo.settings import Settings
from chatpose_demo.training import chatpose
from chatpose_demo.training.chatpose import train
from chatpose_demo.training.chatpose.__main__ import main, parse, run
from chatpose_demo.training.chatpose.checkpoint import PROGRESS
from chatpose_demo.training.chatpose.export import HEAD
from chatpose_demo.training.chatpose.objective import Sums, loss_sums
from chatpose_demo.training.chatpose.train import Trainer

ROOT = Path(__file__).parents[1]
STEPS, EVERY, KILLED = 4, 2, 3
SHORT = f"--steps {STEPS} --every {EVERY} --batch 2 --accumulation 1 --rank 4 --held-out 1".split()
SHORT += ["--learning-rate", "0.5"]  # so large that few steps of the warm-up are seen
LORA_LAYERS = {"q_proj", "v_proj"}  # LISA

# The configs are for GPUs; this lets the launched processes take CPUs instead.
ON_CPUS = """
import os, runpy
os.environ["ACCELERATE_USE_CPU"] = "true"
runpy.run_module("chatpose_demo.training.chatpose", run_name="__main__")
"""


class Killed(Exception):
    """The machine is switched off."""


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """Weights to start from, as `convert` leaves them."""
    folder, model = tmp_path_factory.mktemp("base"), build("tiny", seed=7)
    save_folder(model, tiny_tokenizer(model.config), folder)
    return folder


@pytest.fixture(scope="module")
def finished(base, tmp_path_factory) -> Path:
    """A whole run on the studio's three tasks, pictures rendered on the way, and merged."""
    out = tmp_path_factory.mktemp("finished")
    run(parse(["--out", str(out), "--weights", str(base), *SHORT, "--merge"]))
    return out


def test_the_merged_folder_answers_as_the_page_asks_it(base, finished):
    before, head = load_file(base / "model.safetensors"), load_file(finished / "adapter" / HEAD)
    after = load_file(finished / "merged" / "model.safetensors")
    assert before.keys() == after.keys()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert all(torch.equal(after[f"pose_head.{name}"], one) for name, one in head.items())
    assert {f"pose_head.{name}" for name in head} < moved
    assert {name.rsplit(".", 2)[1] for name in moved if "pose_head" not in name} == LORA_LAYERS
    network = load_paper_model(Settings(model="tiny-llava", weights=str(finished / "merged")))
    photo = Image.new("RGB", (60, 80), (90, 120, 30))
    question = Question("What is the pose of this person?", image=photo, mode="always")
    parts = list(network.answer(question, lambda: False))
    assert any(isinstance(part, Words) for part in parts)
    body = next(part for part in parts if isinstance(part, Body))
    turned = body.rotations @ body.rotations.transpose(0, 2, 1)
    assert body.rotations.shape == (24, 3, 3)
    assert np.allclose(turned, np.eye(3), atol=1e-5)


def test_a_killed_run_goes_on_to_the_same_end(base, finished, tmp_path, capsys, monkeypatch):
    command = ["chatpose", "--out", str(tmp_path), "--weights", str(base), *SHORT]
    monkeypatch.setattr(sys, "argv", command)
    step = Trainer.step

    def killed(self: Trainer) -> dict[str, float]:
        if self.count == KILLED:
            raise Killed
        return step(self)

    monkeypatch.setattr(Trainer, "step", killed)
    with pytest.raises(Killed):
        main()
    monkeypatch.setattr(Trainer, "step", step)
    assert [file.parent.name for file in tmp_path.glob(f"*/{PROGRESS}")] == ["state-000002"]
    assert main() == 0
    ends = [load_file(out / "adapter" / HEAD) for out in (finished, tmp_path)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    logs = [(out / "log.jsonl").read_text().splitlines() for out in (finished, tmp_path)]
    assert logs[0] == logs[1]
    assert [json.loads(line)["step"] for line in logs[0]] == [2, 4]
    said = capsys.readouterr().out
    assert said.count("image: ") == 2 and "50% of the samples" in said
    # the same command, finished already, with weights that are not the ones it began with
    monkeypatch.setattr(sys, "argv", [*command, "--weights", str(finished / "merged")])
    assert main() == 1
    assert "(weights);" in capsys.readouterr().err


def ask_for_too_much() -> None:
    torch.empty(2**60, dtype=torch.uint8)  # more than any machine can address; fails at once


def say_that_the_gpu_is_full() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize(
    ("fill", "when", "kept"),
    [
        (ask_for_too_much, KILLED, "goes on from {out}/state-000002;"),
        (say_that_the_gpu_is_full, 1, "Nothing of the run is saved yet."),
    ],
)
def test_full_memory_is_told_in_one_line(fill, when, kept, base, tmp_path, capsys, monkeypatch):
    command = ["chatpose", "--out", str(tmp_path), "--weights", str(base), *SHORT]
    monkeypatch.setattr(sys, "argv", [*command, "--shares", "1", "0", "0"])
    passes = []

    def filled(*given: Any) -> Sums:
        passes.append(given)
        if len(passes) == when:
            fill()
        return loss_sums(*given)

    monkeypatch.setattr(train, "loss_sums", filled)
    assert main() == 1
    told = capsys.readouterr().err.splitlines()[-1]  # before it, loading shows its progress
    assert "memory is full" in told and "--batch" in told and kept.format(out=tmp_path) in told
    assert len(passes) == when


def test_other_errors_of_torch_are_not_taken_for_a_full_memory(base, tmp_path, monkeypatch):
    command = ["chatpose", "--out", str(tmp_path), "--weights", str(base), *SHORT]
    monkeypatch.setattr(sys, "argv", [*command, "--shares", "1", "0", "0"])
    monkeypatch.setattr(train, "loss_sums", lambda *_: torch.zeros(2) @ torch.zeros(3))
    with pytest.raises(RuntimeError, match="size"):
        main()


def test_accelerate_launches_two_processes_with_a_ready_config(base, tmp_path):
    config = Path(chatpose.__file__).parent / "configs" / "ddp.yaml"
    where = ["--config_file", str(config), "--num_processes", "2", "--main_process_port", "0"]
    what = ["--out", str(tmp_path), "--weights", str(base), *SHORT, "--shares", "1", "0", "0"]
    program = tmp_path / "on_cpus.py"
    program.write_text(ON_CPUS)
    launcher = [sys.executable, "-m", "accelerate.commands.launch"]
    quiet = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [*launcher, *where, str(program), *what],
        check=True,
        cwd=ROOT,
        env=os.environ | quiet,
        timeout=300,
    )
    about = json.loads((tmp_path / "adapter" / "training.json").read_text())
    assert (about["processes"], about["steps"]) == (2, STEPS)
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == STEPS / EVERY


def test_the_documented_two_processes_are_two(base, tmp_path):
    text = (ROOT / "docs" / "TRAIN_PAPER_MODEL.md").read_text(encoding="utf-8")
    told = re.search(r"Two processes on the CPU: `(.+?)`", text, re.DOTALL)
    assert told is not None
    setting, *command = told[1].split()
    name, _, value = setting.partition("=")
    quiet = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    what = ["--out", str(tmp_path), "--weights", str(base), *SHORT, "--shares", "1", "0", "0"]
    torchrun = [sys.executable, "-m", "torch.distributed.run"]  # torchrun may not be on the path
    assert command[0] == "torchrun"
    subprocess.run(
        [*torchrun, *command[1:], *what],
        check=True,
        cwd=ROOT,
        env=os.environ | quiet | {name: value},
        timeout=300,
    )
    about = json.loads((tmp_path / "adapter" / "training.json").read_text())
    assert (about["processes"], about["steps"]) == (2, STEPS)
