"""What `doctor` finds in folders, and that each command it prints runs as it stands."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import fixtures_weights as made
import pytest
import torch
from conftest import ROOT

from chatpose_demo import __main__ as commands
from chatpose_demo.network.llava.config import SIZES
from chatpose_demo.network.paper import load_paper_model
from chatpose_demo.settings import Settings
from chatpose_demo.training.chatpose.__main__ import parse
from chatpose_demo.weights.convert import convert
from chatpose_demo.weights.doctor import report
from chatpose_demo.weights.downloads import BASES, TOWER, TRAINED
from chatpose_demo.weights.journal import JOURNAL, UNTRAINED
from chatpose_demo.weights.memory import GIB, Machine

torch.set_num_threads(1)
GPUS = Machine((("GPU", 24 * GIB, 20 * GIB),) * 2, 64 * GIB, 60 * GIB)
ANSWER, BASE = Path("weights/13b"), Path("weights/13b-base")


@pytest.fixture(autouse=True)
def small_13b(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty place to work in, where the synthetic downloads' size is the 13B one."""
    small = replace(
        SIZES["13b"],
        hidden=made.HIDDEN,
        layers=made.LAYERS,
        heads=made.HEADS,
        intermediate=made.INNER,
        vocab_size=made.WORDS + 1,
        vision_hidden=made.VISION,
        vision_layers=made.TOWER_LAYERS,
        vision_heads=2,
        vision_intermediate=made.TOWER_INNER,
        image_size=28,
    )
    monkeypatch.setitem(SIZES, "13b", small)
    monkeypatch.delenv("CHATPOSE_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)


def told(weights: Path | str | None = None, model: str = "chatpose-13b") -> str:
    return report(model, None if weights is None else Path(weights), GPUS).text


def conversions(text: str) -> list[list[str]]:
    begin = "      python -m chatpose_demo convert "
    return [shlex.split(line) for line in text.splitlines() if line.startswith(begin)]


def run(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> int:
    monkeypatch.setattr(sys, "argv", words[2:])
    return commands.main()


def fetched(text: str) -> list[str]:
    lines = [line.split() for line in text.splitlines()]
    return [words[2] for words in lines if words[:2] == ["hf", "download"]]


def test_its_commands_lead_from_nothing_to_both_models(monkeypatch: pytest.MonkeyPatch) -> None:
    trained, tower, base = (one.repository for one in (TRAINED, TOWER, BASES["13b"]))
    assert fetched(told()) == [trained, tower, base]
    first = conversions(told())
    made.write_chatpose(TRAINED.folder)
    assert fetched(told()) == [tower, base]
    made.write_clip(TOWER.folder)
    made.write_llava_hf(BASES["13b"].folder, "old")
    assert fetched(told()) == []
    assert conversions(told()) == first  # what was printed before the downloads holds after them
    assert [run(monkeypatch, words) for words in first] == [0, 0]

    text = told()
    assert conversions(text) == [] and text.count("complete: 77 tensors") == 2
    assert text.count(UNTRAINED) == 1 and text.index(UNTRAINED) > text.index(f"from: {BASE}")
    assert "      python app.py --model chatpose-13b\n" in text
    load_paper_model(Settings(model="chatpose-13b"))  # what that line does
    (launch,) = (line.strip() for line in text.splitlines() if "accelerate launch" in line)
    words = shlex.split(launch)
    assert words[:2] == ["accelerate", "launch"] and words[4:6] == ["--num_processes", "2"]
    assert words[3].endswith("ddp.yaml") and (ROOT / words[3]).is_file()
    options = parse(words[words.index("chatpose_demo.training.chatpose") + 1 :])
    assert (options.size, options.weights) == ("13b", BASE)
    assert options.batch * options.accumulation == 32


def test_a_llava_without_tower_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_llava_15(Path("my llava"))
    text = told("my llava")
    assert "a download of liuhaotian/llava-v1.5" in text and fetched(text) == [TOWER.repository]
    made.write_clip(TOWER.folder)
    (words,) = conversions(told("my llava"))
    assert words[-3:] == ["--clip", str(TOWER.folder), "--base"] and str(BASE) in words
    assert run(monkeypatch, words) == 0
    # another base would not go into the same folder
    made.write_llava_hf(Path("other"), "new")
    (words,) = conversions(told("other"))
    assert "weights/13b-base-2" in words and run(monkeypatch, words) == 0


def test_a_base_where_the_app_looks_is_told(caplog: pytest.LogCaptureFixture) -> None:
    made.write_llava_hf(Path("hf"), "old")
    convert(Path("hf"), ANSWER, base=True)
    text = told()
    assert text.index(UNTRAINED) < text.index(f"from: {BASE}")
    assert "--out weights/13b-2 --clip" in text
    assert "python app.py --model chatpose-13b --weights weights/13b-2" in text
    load_paper_model(Settings(model="chatpose-13b"))
    assert f"{ANSWER}: {UNTRAINED}" in caplog.text


def test_the_size_is_the_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_chatpose(Path("source"))
    made.write_clip(TOWER.folder)
    text = told("source", "chatpose-7b")
    assert "This is a 13b model; chatpose-7b needs 7b weights." in text
    (words,) = conversions(text)
    assert str(ANSWER) in words and run(monkeypatch, words) == 0
    text = told(ANSWER, "chatpose-7b")
    assert "these are the 13b weights, not 7b" in text
    assert f"doctor --model chatpose-13b --weights {ANSWER}" in text
    for wrong in ("source", ANSWER):  # neither can be served or trained as the other size
        assert "--model chatpose-7b --weights" not in told(wrong, "chatpose-7b")
        assert "--size 7b" not in told(wrong, "chatpose-7b")


def test_faulty_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_chatpose(TRAINED.folder)
    made.write_clip(TOWER.folder)
    convert(TRAINED.folder, ANSWER, clip=TOWER.folder)
    (ANSWER / "model-00002-of-00004.safetensors").unlink()
    assert "lacks model-00002-of-00004.safetensors" in told()
    assert run(monkeypatch, conversions(told())[0]) == 0 and "complete" in told()

    for name in ("pose_llava.json", "model-00001-of-00004.safetensors"):
        (ANSWER / name).unlink()
    text = told()
    assert "a conversion that was stopped" in text
    assert run(monkeypatch, conversions(text)[0]) == 0 and "complete" in told()

    file = ANSWER / "model-00003-of-00004.safetensors"
    file.write_bytes(file.read_bytes()[:5])
    assert "damaged or cut off" in told()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (ANSWER / name).unlink()
    assert "holds no tokenizer" in told()
    shutil.rmtree(ANSWER)
    (TRAINED.folder / "pytorch_model-00003-of-00003.bin").unlink()
    assert "incomplete" in told() and TRAINED.repository in fetched(told())
    assert "There is no folder nowhere" in told("nowhere") and fetched(told("nowhere"))


def test_the_variable_names_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_chatpose(Path("source"))
    made.write_clip(Path("clip"))
    convert(Path("source"), Path("mine"), clip=Path("clip"))
    assert json.loads((Path("mine") / JOURNAL).read_text())["asked"]["source"] == "source"
    monkeypatch.setenv("CHATPOSE_WEIGHTS", "mine")
    text = told()
    assert "Weights: mine ($CHATPOSE_WEIGHTS)" in text and "complete" in text
    assert "python app.py --model chatpose-13b --weights mine" in text
