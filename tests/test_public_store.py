"""Answers survive a killed run, and several processes give what one gives."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from public_files import write_rpe
from short_replies import short

from chatpose_demo.evaluation.public import __main__ as evaluation
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample, unique
from chatpose_demo.evaluation.public.share import Share, answer_all
from chatpose_demo.evaluation.public.store import Answers

HERE = Path(__file__).parent
pytest_plugins = ("fixtures_public",)


def doubled(asked: list[str]):
    """An answer that counts letters, and remembers whom it was asked about."""

    def answer(keys: list[str]) -> list[dict]:
        asked.extend(keys)
        return [{"key": key, "said": 2 * len(key)} for key in keys]

    return answer


def test_only_what_is_left_is_asked(tmp_path):
    answers, asked = Answers(tmp_path / "run.json", {"model": "a"}), []
    answer_all(["x", "yy"], doubled(asked), answers, Share(), batch=2)
    found = answer_all(["zzz", "yy", "x"], doubled(asked), answers, Share(), batch=2)
    assert asked == ["x", "yy", "zzz"]
    assert [one["said"] for one in found.values()] == [6, 4, 2]


def test_a_torn_line_is_asked_again_and_nothing_else_changes(tmp_path):
    answers = Answers(tmp_path / "run.json", {"model": "a"})
    answer_all(["x", "yy"], doubled([]), answers, Share(), batch=1)
    whole = answers.file(0).read_bytes()
    for cut in range(len(whole)):
        answers.file(0).write_bytes(whole[:cut])
        asked: list[str] = []
        found = answer_all(["x", "yy"], doubled(asked), answers, Share(), batch=1)
        assert answers.file(0).read_bytes() == whole, cut
        assert [one["said"] for one in found.values()] == [2, 4]


def test_a_run_that_dies_keeps_its_batches(tmp_path):
    answers = Answers(tmp_path / "run.json", {"model": "a"})

    def dies(keys: list[str]) -> list[dict]:
        if "cc" in keys:
            raise KeyboardInterrupt
        return doubled([])(keys)

    with pytest.raises(KeyboardInterrupt):
        answer_all(["aa", "bb", "cc"], dies, answers, Share(), batch=1)
    assert set(answers.read()) == {"aa", "bb"}


def test_files_of_another_run_and_damaged_lines_are_refused(tmp_path):
    path = tmp_path / "run.json"
    answer_all(["x"], doubled([]), Answers(path, {"model": "a"}), Share(), batch=1)
    with pytest.raises(PublicSetError, match='another run .model "a" instead of "b"'):
        Answers(path, {"model": "b"}).read()
    with pytest.raises(PublicSetError, match="another run .crop null instead of 2"):
        Answers(path, {"model": "a", "crop": 2}).read()
    answers = Answers(path, {"model": "a"})
    answers.file(0).write_text(answers.file(0).read_text() + "{oh\n")
    with pytest.raises(PublicSetError, match="damaged line"):
        answers.read()


def test_files_of_all_processes_and_no_others_are_read(tmp_path):
    answers = Answers(tmp_path / "run.json", {"model": "a"})
    for rank, key in ((0, "x"), (1, "yy"), (12, "zzz")):
        answers.append(rank, [[{"key": key}]])
    Answers(tmp_path / "run.old.json", {"model": "b"}).append(0, [[{"key": "no"}]])
    Answers(tmp_path / "other.json", {"model": "b"}).append(1, [[{"key": "no"}]])
    assert set(answers.read()) == {"x", "yy", "zzz"}


def test_a_key_that_comes_twice_is_refused():
    one = Sample(key="a", group="", person="")
    with pytest.raises(PublicSetError, match="two records for a"):
        unique([one, one])


def processes(count: int, command: list[str]) -> None:
    """Run the command by so many processes that know of each other as torchrun's do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    told["PYTHONPATH"] = str(HERE.parent)  # the package need not be installed
    running = [
        subprocess.Popen(
            [sys.executable, str(HERE / "short_replies.py"), *command],
            env=os.environ | told | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=HERE.parent,
        )
        for rank in range(count)
    ]
    assert [one.wait(timeout=300) for one in running] == [0] * count


def rounded(value):
    """The same JSON with five significant digits."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def test_two_processes_give_the_numbers_of_one(tmp_path, body, monkeypatch):
    write_rpe(tmp_path, body)
    command = ["rpe-refined", "--data", str(tmp_path), "--model", "tiny-llava", "--batch", "1"]
    processes(2, [*command, "--out", str(tmp_path / "two.json")])
    files = [tmp_path / "two.jsonl", tmp_path / "two.1.jsonl"]
    assert [len(file.read_text().splitlines()) for file in files] == [3, 3]  # 2 of 4, and headers
    monkeypatch.setattr(evaluation, "load_answerer", short)
    assert evaluation.main([*command, "--out", str(tmp_path / "one.json")]) == 0
    assert not (tmp_path / "one.1.jsonl").exists()
    two, one = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("two", "one"))
    # Two processes share the cores otherwise, which changes the order of sums.
    assert rounded(one) == rounded(two)
    assert evaluation.main([*command, "--out", str(tmp_path / "two.json")]) == 0  # alone goes on
    assert len(files[0].read_text().splitlines()) == 3
