"""What the batch command passes on to the model."""

from __future__ import annotations

import sys

import pytest

from chatpose_demo import __main__ as command
from chatpose_demo.network.interface import CannotLoad


def told(monkeypatch, tmp_path, *options: str) -> int:
    """The exit code of a batch of one line with these options."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "turns": [{"text": "hello"}]}\n')
    line = ["chatpose_demo", "batch", str(source), "--out", str(tmp_path / "out.jsonl"), *options]
    monkeypatch.setattr(sys, "argv", line)
    return command.main()


def test_how_the_paper_s_model_runs_is_passed_on(monkeypatch, tmp_path, capsys):
    seen = []

    def load(settings):
        seen.append(settings)
        raise CannotLoad("no such weights")

    monkeypatch.setattr(command.ChatPose, "load", load)
    options = ["--model", "chatpose-13b", "--weights", "w", "--quantize", "4bit"]
    assert told(monkeypatch, tmp_path, *options, "--image-way", "pad") == 2
    assert (seen[0].model, seen[0].weights) == ("chatpose-13b", "w")
    assert (seen[0].quantize, seen[0].image_way) == ("4bit", "pad")
    assert capsys.readouterr().err == "no such weights\n"


@pytest.mark.parametrize("option", [["--quantize", "8bit"], ["--image-way", "pad"]])
def test_the_embedded_model_has_no_such_options(monkeypatch, tmp_path, capsys, option):
    with pytest.raises(SystemExit):
        told(monkeypatch, tmp_path, *option)
    assert "add --model" in capsys.readouterr().err
