"""What `doctor` says about a folder that is named, the tiny model's too, and its exit status."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import fixtures_weights as made
import pytest
import torch

from chatpose_demo import __main__ as commands
from chatpose_demo.network.llava.build import build, save_folder
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.network.paper import load_paper_model
from chatpose_demo.settings import Settings
from chatpose_demo.weights.convert import convert

torch.set_num_threads(1)
RANDOM = "random"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty place to work in, where nothing is named."""
    for variable in ("CHATPOSE_WEIGHTS", "CHATPOSE_SMPL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tiny() -> Path:
    save_folder(build("tiny"), tiny_tokenizer(config_of("tiny")), Path("my tiny"))
    return Path("my tiny")


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Runs the command; its exit status and what it printed."""

    def run(model: str, *options: object) -> tuple[int, str]:
        words = ["-", "doctor", "--model", model, *map(str, options)]
        monkeypatch.setattr(sys, "argv", words)
        return commands.main(), capsys.readouterr().out

    return run


def test_a_tiny_folder_is_checked(doctor, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = doctor("tiny-llava", "--weights", tiny)
    assert status == 0 and "complete: " in text and RANDOM not in text
    (line,) = (line for line in text.splitlines() if "app.py" in line)
    assert shlex.split(line)[-4:] == ["--model", "tiny-llava", "--weights", str(tiny)]
    load_paper_model(Settings(model="tiny-llava", weights=str(tiny)))  # what that line does

    monkeypatch.setenv("CHATPOSE_WEIGHTS", str(tiny))  # served by it, too
    status, text = doctor("tiny-llava")
    assert status == 0 and "complete: " in text and RANDOM not in text

    (tiny / "model.safetensors").write_bytes(b"cut")
    status, text = doctor("tiny-llava", "--weights", tiny)
    assert status == 1 and "damaged or cut off" in text and "app.py" not in text


def test_a_tiny_folder_is_no_large_one(doctor, tiny: Path) -> None:
    status, text = doctor("chatpose-13b", "--weights", tiny)
    assert status == 1 and "these are the tiny weights, not 13b" in text
    assert "app.py" not in text and "accelerate" not in text
    (line,) = (line for line in text.splitlines() if "doctor --model" in line)
    status, text = doctor(*shlex.split(line)[5:])
    assert status == 0 and "complete: " in text


def test_wrong_names(doctor) -> None:
    Path("README.md").touch()
    Path("empty").mkdir()
    for model in ("tiny-llava", "chatpose-13b"):
        for name, fault in (
            ("nowhere", "There is no folder nowhere."),
            ("README.md", "README.md is a file"),
            ("empty", "empty holds no weights"),
        ):
            status, text = doctor(model, "--weights", name)
            assert status == 1 and fault in text
            assert (RANDOM in text) == (model == "tiny-llava")  # what works without a name


def test_the_status_is_about_what_was_named(doctor, tiny: Path) -> None:
    assert doctor("chatpose-13b")[0] == 0  # nothing is here, and nothing was named
    assert doctor("tiny-llava", "--weights", tiny, "--smpl", "no.pkl")[0] == 1
    made.write_llava_hf(Path("hf"), "old")
    status, text = doctor("chatpose-13b", "--weights", "hf")
    assert status == 1 and "a download of" in text  # it must be converted before it is used
    convert(Path("hf"), Path("other size"), base=True)
    status, text = doctor("chatpose-13b", "--weights", "other size")
    assert status == 1 and "weights, not 13b" in text
