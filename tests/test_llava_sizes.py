"""The benchmark of the real sizes runs on the tiny one, and refuses them without a GPU."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "llava_sizes.py"


@pytest.fixture
def program(monkeypatch) -> ModuleType:
    """The benchmark on a machine without a GPU; its cases still run in processes of their own."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spec = importlib.util.spec_from_file_location("llava_sizes", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_number_of_the_tiny_size_is_measured(program, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["llava_sizes.py", "--model", "tiny-llava"])
    assert program.main() == 0
    first, empty, titles, rule, row = capsys.readouterr().out.splitlines()
    assert "CPU" in first and torch.__version__ in first and empty == ""
    assert titles.count("|") == rule.count("|") == row.count("|") == 10
    name, form, *cells = (cell.strip() for cell in row.strip("|").split("|"))
    assert (name, form) == ("tiny-llava", "fp32")
    told = dict(zip(titles.strip("| ").split(" | ")[2:], map(float, cells), strict=True))
    assert all(value > 0 for value in told.values())
    assert 0.1 < told["peak GiB"] < 8  # a process that has loaded torch


@pytest.mark.parametrize("names", [[], ["--model", "tiny-llava", "chatpose-7b"]])
def test_real_sizes_are_refused_without_a_gpu(program, monkeypatch, capsys, names):
    monkeypatch.setattr(sys, "argv", ["llava_sizes.py", *names])
    assert program.main() == 2
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1 and "need a GPU" in said.err


def test_what_failed_stands_in_the_table(program):
    told = program.row("chatpose-13b", "bf16", "out of memory", {"step": 2.0, "step_peak": 40.0})
    cells = told.strip("| ").split(" | ")
    assert cells == ["chatpose-13b", "bf16", "out of memory", *"––––", "2", "40"]


def test_the_sample_that_is_trained_on_has_its_length_and_one_body(program):
    config = program.SIZES["tiny"]
    batch = program.sample(config, 200)
    assert batch.input_ids.shape == (1, 200) and batch.counts().tolist() == [program.LEARNT, 1]
    assert int((batch.input_ids == config.image_token_id).sum()) == config.image_tokens
