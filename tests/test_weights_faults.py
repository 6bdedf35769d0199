"""Weights that cannot be loaded are told in a sentence; untrained ones are told on the page; and
the tokenizer joins pieces as SentencePiece does.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import fixtures_weights as made
import pytest
from conftest import ROOT
from transformers import BitsAndBytesConfig, LlamaTokenizer

from chatpose_demo.network.interface import CannotLoad
from chatpose_demo.network.llava import build as building
from chatpose_demo.network.llava.build import WeightsError, build, save_folder
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.network.paper import load_paper_model
from chatpose_demo.settings import Settings
from chatpose_demo.weights.journal import JOURNAL, UNTRAINED
from chatpose_demo.weights.source import read_words


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    save_folder(build("tiny"), tiny_tokenizer(config_of("tiny")), tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture(scope="module")
def app() -> ModuleType:
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_faults_of_a_folder_are_sentences(tiny: Path) -> None:
    settings = tiny / "pose_llava.json"
    whole = settings.read_text()
    for damaged in (json.dumps(json.loads(whole) | {"news": 1}), "{", "{}"):
        settings.write_text(damaged)
        with pytest.raises(WeightsError, match=r"pose_llava\.json is damaged"):
            build("tiny", weights=tiny)
        with pytest.raises(CannotLoad):
            load_paper_model(Settings(model="tiny-llava", weights=str(tiny)))
    settings.write_text(whole)
    (tiny / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match="holds no tokenizer"):
        build("tiny", weights=tiny)


def test_what_bitsandbytes_cannot_do_is_told(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel for this GPU")

    monkeypatch.setattr(building._Llava, "from_pretrained", refuse)
    monkeypatch.setattr(building, "_quantization", lambda *_: BitsAndBytesConfig(load_in_4bit=True))
    with pytest.raises(WeightsError, match="in 4bit: no kernel"):
        build("tiny", weights=tiny, quantize="4bit")
    with pytest.raises(RuntimeError) as other:  # a fault of ours keeps its traceback
        build("tiny", weights=tiny)
    assert not isinstance(other.value, WeightsError)


def test_a_wrong_variable_is_refused_at_once(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setenv("CHATPOSE_MODEL", "chatpose13b")
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    assert "CHATPOSE_MODEL is 'chatpose13b'; it may be embedded, chatpose-13b" in (
        capsys.readouterr().err
    )


def test_the_page_says_that_bodies_mean_nothing(
    app: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "weights" / "13b"
    folder.mkdir(parents=True)
    plain = Settings(model="chatpose-13b")
    for settings in (plain, Settings(model="chatpose-13b", weights=str(folder))):
        made.write_json(folder / JOURNAL, {"family": "llava-hf/llava-1.5"})
        assert app._served(settings).about.endswith(UNTRAINED)
        made.write_json(folder / JOURNAL, {"family": "CHATPOSE-V0"})
        assert UNTRAINED not in app._served(settings).about
    made.write_json(folder / JOURNAL, {"family": "llava-hf/llava-1.5"})
    assert not app._served(Settings(weights=str(folder))).about  # the embedded model reads none


def test_runs_of_spaces_are_joined_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As in LLaMA's vocabulary: a low id, and the lowest score of all.
    pieces = [*made.PIECES[:259], "▁▁", *made.PIECES[259:]]
    monkeypatch.setattr(made, "PIECES", pieces)
    made.write_sentencepiece(tmp_path, scores={"▁▁": -1e9})
    words = read_words(tmp_path)
    tokenizer = LlamaTokenizer(words.ids, words.merges, legacy=True)
    assert tokenizer.tokenize("a  the") == ["▁a", "▁", "▁the"]
    assert tokenizer.tokenize("a   the") == ["▁a", "▁▁", "▁the"]
