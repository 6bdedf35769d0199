"""The command: what it says, what it asks, and how it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from public_files import write_posescript, write_rpe
from short_replies import short

from chatpose_demo.evaluation.public import __main__ as evaluation
from chatpose_demo.evaluation.public import rpe
from chatpose_demo.evaluation.public.__main__ import main
from chatpose_demo.evaluation.public.asking import Answer, overlap
from chatpose_demo.evaluation.public.report import report
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS
from chatpose_demo.evaluation.public.tables import details
from chatpose_demo.network.llava.build import save_folder

ROOT = Path(__file__).parents[1]
pytest_plugins = ("fixtures_public", "fixtures_llava")


def asked(folder: Path, weights: Path, out: Path, *more: str) -> int:
    """The exit code of the paper's model in a tiny size on the set of `write_rpe`."""
    command = ["rpe-refined", "--data", str(folder), "--model", "tiny-llava", "--limit", "2"]
    return main([*command, "--weights", str(weights), "--out", str(out), *more])


def test_weights_that_were_trained_on_are_asked_again(
    tmp_path, body, llava, tokenizer, monkeypatch, capsys
):
    monkeypatch.setattr(evaluation, "load_answerer", short)
    (tmp_path / "set").mkdir()
    write_rpe(tmp_path / "set", body)
    weights, out = tmp_path / "weights", tmp_path / "r.json"
    save_folder(llava, tokenizer, weights)
    assert asked(tmp_path / "set", weights, out) == 0
    assert asked(tmp_path / "set", weights, out) == 0  # the same weights go on
    assert asked(tmp_path / "set", weights, out, "--image-way", "pad") == 2
    assert 'image_way null instead of "pad"' in capsys.readouterr().err
    with torch.no_grad():
        llava.pose_head[0].weight[-1, -1] += 1
    save_folder(llava, tokenizer, weights)
    assert asked(tmp_path / "set", weights, out) == 2
    said = capsys.readouterr().err
    assert "another run (fingerprint" in said and "name another file" in said
    assert asked(tmp_path / "set", weights, tmp_path / "new.json") == 0


def test_forced_bodies_are_counted(tmp_path, body, monkeypatch, capsys):
    write_rpe(tmp_path, body)
    monkeypatch.setattr(
        evaluation,
        "load_answerer",
        lambda settings: (
            lambda samples: [
                Answer("It is <POSE>", sample.rotations, forced="000000" in sample.key)
                for sample in samples
            ]
        ),
    )
    out = tmp_path / "r.json"
    command = ["rpe-refined", "--data", str(tmp_path), "--model", "tiny-llava", "--batch", "1"]
    for _ in range(2):  # asked, then read back
        assert main([*command, "--out", str(out)]) == 0
        result, records = json.loads(out.read_text()), out.with_suffix(".jsonl").read_text()
        forced = sum(json.loads(line)["forced"] for line in records.splitlines()[1:])
        assert 0 < forced == result["forced_bodies"] < result["samples"]
        assert result["forced"]["value"] == forced / result["samples"]
        assert f"made to, where the model gave none: {forced} (" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("tokenizer.json", None, "holds no tokenizer"),
        ("pose_llava.json", '{"size": "tiny", "wings": 2}', "unknown fields: wings"),
        ("model.safetensors", "no tensors", "cannot be read"),
    ],
)
def test_damaged_weights_are_told_in_a_sentence(
    tmp_path, body, llava, tokenizer, capsys, file, change, says
):
    (tmp_path / "set").mkdir()
    write_rpe(tmp_path / "set", body)
    weights = tmp_path / "weights"
    save_folder(llava, tokenizer, weights)
    if change is None:
        (weights / file).unlink()
    else:
        (weights / file).write_text(change)
    assert asked(tmp_path / "set", weights, tmp_path / "r.json") == 2
    said = capsys.readouterr().err
    assert says in said and "Traceback" not in said
    assert not (tmp_path / "r.jsonl").exists()


def test_folders_of_results_are_made_before_the_model_is_loaded(
    tmp_path, body, monkeypatch, capsys
):
    write_rpe(tmp_path, body)
    out, page = tmp_path / "a" / "b" / "r.json", tmp_path / "c" / "r.md"
    loaded = []

    def load(settings):
        assert out.parent.is_dir() and page.parent.is_dir()
        loaded.append(settings)
        return lambda samples: [Answer("<POSE>", sample.rotations) for sample in samples]

    monkeypatch.setattr(evaluation, "load_answerer", load)
    command = ["rpe-refined", "--data", str(tmp_path), "--model", "tiny-llava", "--limit", "1"]
    assert main([*command, "--out", str(out), "--markdown", str(page)]) == 0
    assert loaded and out.exists() and page.exists()
    capsys.readouterr()
    for file, says in [(out / "r.json", "cannot be made"), (out.parent, "is a folder")]:
        assert main([*command, "--out", str(file)]) == 2
        assert main([*command, "--out", str(out), "--markdown", str(file)]) == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 2 and all(str(file) in line and says in line for line in said)
    assert len(loaded) == 1


@pytest.mark.parametrize("name", SETS)
def test_command_without_the_set(name, tmp_path, capsys):
    assert main([name, "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"There is no {tmp_path}") and said.count("\n") == 1
    assert "name the folder" in said


def test_command_says_what_it_found(tmp_path, body, capsys):
    write_rpe(tmp_path, body)
    assert main(["rpe-refined", "--data", str(tmp_path), "--limit", "3"]) == 0
    said = capsys.readouterr().out
    assert "3 samples of 2 people" in said and "behaviour 2, outfit 1" in said
    assert "behaviour/downtown_runForBus_01/00326/000000" in said


def test_command_says_that_weights_are_missing(tmp_path, body, capsys):
    write_rpe(tmp_path, body)
    command = ["rpe-refined", "--data", str(tmp_path), "--model", "chatpose-13b"]
    assert main([*command, "--out", str(tmp_path / "x.json")]) == 2
    assert "--weights" in capsys.readouterr().err
    assert not (tmp_path / "x.jsonl").exists()


def test_help_tells_what_to_put_where(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    for one in SETS.values():
        assert " ".join(one.where.split()) in said


def test_a_missing_answer_counts_as_standing(tmp_path, body):
    write_rpe(tmp_path, body)
    samples = list(rpe.load(tmp_path))
    scorer = Scorer(SETS["rpe-refined"], body, {}, None)
    result = report(scorer, samples, [samples[0].rotations, None, None, None])
    rows = {(row["measure"], row["part"]): row for row in result["rows"]}
    name = "MPJPE (SMPL 22 body joints, pelvis aligned)"
    assert result["answered"]["value"] == 0.25
    assert rows[name, "outfit"]["model"] == rows[name, "outfit"]["standing"]
    assert rows[name, "behaviour"]["model"]["value"] < rows[name, "behaviour"]["standing"]["value"]
    assert rows[name, "all"]["count"] == 4
    printed = f"{rows[name, 'outfit']['model']['value'] * 1000:.1f}"
    assert f"| {name}, mm | outfit | 2 | {printed}" in details(result | {"model": "x", "set": "y"})


def test_overlap_by_hand():
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert overlap((0, 0, 2, 1), (0, 0, 2, 1)) == 1


def test_the_demo_answers_and_goes_on(tmp_path, body, capsys):
    write_rpe(tmp_path, body, source=ROOT / "examples" / "portrait.jpg")
    out = tmp_path / "result.json"
    command = ["rpe-refined", "--data", str(tmp_path), "--model", "embedded", "--out", str(out)]
    assert main([*command, "--limit", "1"]) == 0
    answers = out.with_suffix(".jsonl")
    first = answers.read_text().splitlines()
    assert len(first) == 2
    answers.write_text("\n".join(first) + '\n{"key": "torn')  # the machine stopped here
    assert main([*command, "--limit", "2"]) == 0
    second = answers.read_text().splitlines()
    assert second[:2] == first and len(second) == 3
    result = json.loads(out.read_text())
    assert (result["set"], result["samples"], result["body"]) == ("rpe-refined", 2, "embedded")
    assert {row["part"] for row in result["rows"]} == {"all", "behaviour", "outfit"}
    assert (
        "| MPJPE (SMPL 22 body joints, pelvis aligned), mm | all | 2 |" in capsys.readouterr().out
    )
    assert all(json.loads(line)["reply"] for line in second[1:])
    answers.write_text(answers.read_text().replace('"rpe-refined"', '"3dpw"', 1))
    assert main([*command, "--limit", "2"]) == 2
    assert "another run" in capsys.readouterr().err


def test_captions_are_judged_by_retrieval_too(tmp_path, monkeypatch, capsys):
    write_posescript(tmp_path)
    vectors = np.eye(2)
    np.savez(tmp_path / "v.npz", keys=np.array(["8/0", "5/0"]), texts=vectors, poses=vectors)

    def stubborn(samples):
        return [Answer("<POSE>", sample.rotations) for sample in samples]

    monkeypatch.setattr(evaluation, "load_answerer", lambda settings: stubborn)
    command = ["posescript", "--data", str(tmp_path), "--model", "tiny-llava"]
    files = ["--out", str(tmp_path / "r.json"), "--markdown", str(tmp_path / "r.md")]
    assert main([*command, *files, "--judge", str(tmp_path / "v.npz")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    rows = {(row["measure"], row["part"]): row for row in result["rows"]}
    assert rows["T2P R@1", "full, among 2"]["model"]["value"] == 1
    assert rows["MPJRE (21 body joints)", "all"]["model"]["value"] < 0.1
    assert result["published"]["rows"] and result["judge"] == "vectors of v.npz"
    text = (tmp_path / "r.md").read_text()
    assert text in capsys.readouterr().out
    assert "| **tiny-llava** | full, among 2 | 100.0 [34.2, 100.0] |" in text
    assert "recalls by vectors of v.npz" in text
