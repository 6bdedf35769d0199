"""What `doctor` says: exact sizes, estimates, advice, and the state of folders."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import fixtures_weights as made
import pytest

from chatpose_demo import __main__ as commands
from chatpose_demo.network.llava.config import SIZES, config_of, read_config, write_config
from chatpose_demo.weights import doctor
from chatpose_demo.weights.convert import JOURNAL, convert
from chatpose_demo.weights.doctor import report
from chatpose_demo.weights.memory import GIB, KINDS, Estimate, Machine, advice, estimate, parts_of

# LLaMA's own counts, for 32,000 words; the pose token is one row more in both vocabularies.
LANGUAGE = {"13b": 13_015_864_320 + 2 * 5120, "7b": 6_738_415_616 + 2 * 4096}
NOTHING = Machine((), 8 * GIB, 4 * GIB)


@pytest.mark.parametrize(("size", "layers"), [("13b", 40), ("7b", 32)])
def test_counts_at_the_real_size(size: str, layers: int) -> None:
    hidden, inner = SIZES[size].hidden, SIZES[size].intermediate
    vision, projector, language, head = parts_of(config_of(size))
    assert language.parameters == LANGUAGE[size]
    assert vision.parameters == 303_507_456  # CLIP ViT-L/14-336, image half
    assert projector.parameters == (1024 * hidden + hidden) + (hidden * hidden + hidden)
    assert head.parameters == (hidden * hidden + hidden) + (hidden * 144 + 144)
    assert language.shrinkable == layers * (4 * hidden**2 + 3 * hidden * inner)
    assert not (vision.shrinkable or projector.shrinkable or head.shrinkable)
    assert [part.dtype for part in (vision, projector, language, head)] == ["bf16"] * 3 + ["fp32"]


@pytest.fixture(scope="module")
def estimates() -> tuple[Estimate, ...]:
    config = config_of("13b")
    parts = parts_of(config)
    return tuple(estimate(config, parts, kind) for kind in KINDS)


def test_estimates_of_the_paper_model(estimates: tuple[Estimate, ...]) -> None:
    bf16, eight, four = estimates
    others, head = 31_467_520 + 303_507_456, 26_956_944
    assert bf16.weights == 2 * (LANGUAGE["13b"] + others) + 4 * head
    assert bf16.cache == 2 * 40 * 2048 * 5120 * 2  # keys and values, layers, places, width, bf16
    linear = 40 * (4 * 5120**2 + 3 * 5120 * 13824)
    rows = 40 * (5 * 5120 + 2 * 13824)
    assert eight.weights == bf16.weights - linear + 4 * rows
    assert four.weights == pytest.approx(bf16.weights - 1.484 * linear, rel=1e-3)


@pytest.mark.parametrize(
    ("gpus", "memory", "told"),
    [
        ([80], 64, "One GPU holds it in bf16"),
        ([24, 24], 64, "The 2 GPUs together .* bf16"),
        ([14.5, 14.5], 16, "--quantize 4bit"),  # 29 together, but the context stands on both
        ([20], 64, "--quantize 8bit"),
        ([15], 64, "--quantize 4bit"),
        ([6], 40, "No GPU here has the 10.5 GiB .* on the CPU"),
        ([], 40, "no GPU here that torch .* on the CPU"),
        ([9], 22, "only a part of it"),
        ([6], 8, "cannot run it"),
        ([], 8, "cannot run it"),
    ],
)
def test_advice(
    gpus: list[float], memory: float, told: str, estimates: tuple[Estimate, ...]
) -> None:
    here = tuple(("GPU", int(gpu * GIB), int(gpu * GIB)) for gpu in gpus)
    machine = Machine(here, int(memory * GIB), int(memory * GIB))
    text = advice(estimates, machine)
    assert re.search(told, text), text


def test_the_report_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATPOSE_SMPL", raising=False)
    text = report("chatpose-13b", None, Machine((("Test GPU", 24 * GIB, 20 * GIB),), GIB, GIB))
    for expected in (
        "13,377,806,480 parameters",
        "language    13,015,874,560  bf16",
        "head            26,956,944  fp32",
        "2,048 tokens",
        "GPU 0: Test GPU, 24.0 GiB, 20.0 free",
        "--quantize 8bit",
        "YaoFeng/CHATPOSE-V0",
        "openai/clip-vit-large-patch14-336",
        "llava-hf/llava-1.5-13b-hf",
        "Llama 2 Community License",
        "--clip downloads/clip-vit-large-patch14-336",
        "Body: the embedded one",
        "https://smpl.is.tue.mpg.de",
        "https://smpl-x.is.tue.mpg.de",
    ):
        assert expected in text
    for package in ("bitsandbytes", "deepspeed", "spaces"):
        assert f"    {package}: " in text
    smaller = report("chatpose-7b", None, NOTHING)
    assert "CHATPOSE-V0" not in smaller and "llava-hf/llava-1.5-7b-hf" in smaller
    assert "not published" in smaller and "cannot run it" in smaller


def test_packages_are_told_without_importing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "spaces":
            raise metadata.PackageNotFoundError
        return "1.2.3"

    monkeypatch.setattr(doctor.metadata, "version", version)
    text = report("tiny-llava", None, NOTHING)
    assert "bitsandbytes: 1.2.3" in text and "spaces: not installed (pip install spaces)" in text


def test_the_state_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A small model under the real name, so that complete weights can be looked at.
    made.write_chatpose(tmp_path / "source")
    made.write_clip(tmp_path / "clip")
    made.write_llava_hf(tmp_path / "hf", "old")
    out, base = tmp_path / "out", tmp_path / "base"
    convert(tmp_path / "source", out, clip=tmp_path / "clip")
    convert(tmp_path / "hf", base, base=True)
    small = replace(read_config(out), size="13b")
    for folder in (out, base):
        write_config(small, folder)
    monkeypatch.setattr(doctor, "config_of", lambda size: small)

    def state(folder: Path) -> str:
        return report("chatpose-13b", folder, NOTHING)

    assert "complete: 77 tensors in 4 files" in state(out)
    assert "base for training" not in state(out) and "base for training" in state(base)
    told = state(tmp_path / "source")
    assert "a download of CHATPOSE-V0" in told and f"convert {tmp_path / 'source'} --out" in told
    assert "a download of llava-hf/llava-1.5" in state(tmp_path / "hf")
    assert "There is no folder" in state(tmp_path / "nowhere")
    assert "llava-hf/llava-1.5" in state(tmp_path)  # an empty place: what to download

    half = tmp_path / "half"
    shutil.copytree(out, half)
    (half / "model-00002-of-00004.safetensors").unlink()
    assert "lacks model-00002-of-00004.safetensors" in state(half)
    (half / "pose_llava.json").unlink()
    assert (half / JOURNAL).exists() and "that was stopped" in state(half)

    monkeypatch.setattr(doctor, "config_of", config_of)
    write_config(replace(small, size="7b"), out)
    assert "these are the 7b weights, not 13b" in state(out)


def test_the_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "SMPL_NEUTRAL.pkl").write_bytes(b"nothing")
    monkeypatch.setenv("CHATPOSE_SMPL", str(tmp_path / "SMPL_NEUTRAL.pkl"))
    assert "SMPL_NEUTRAL.pkl is not a usable SMPL" in report("tiny-llava", None, NOTHING)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "doctor", "--model", "tiny-llava"])
    assert commands.main() == 0
    told = capsys.readouterr().out
    assert "they are random" in told and "GiB" not in told
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "doctor", "--model", "chatpose-70b"])
    assert commands.main() == 2
    assert "chatpose-13b" in capsys.readouterr().err
