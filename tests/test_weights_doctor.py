"""What `doctor` says: exact sizes, estimates, and advice on answering and training."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from transformers import LlavaForConditionalGeneration
from transformers.quantizers.quantizers_utils import should_convert_module

from chatpose_demo import __main__ as commands
from chatpose_demo.body.smpl import EMBEDDED_FILE
from chatpose_demo.network.llava.build import PRECISE
from chatpose_demo.network.llava.config import SIZES, config_of, llava_config
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.weights import doctor
from chatpose_demo.weights.memory import GIB, KINDS, Estimate, Machine, advice, estimate, parts_of
from chatpose_demo.weights.training_memory import training_advice, training_estimate

# LLaMA's own counts, for 32,000 words; the pose token is one row more in both vocabularies.
LANGUAGE = {"13b": 13_015_864_320 + 2 * 5120, "7b": 6_738_415_616 + 2 * 4096}
NOTHING = Machine((), 8 * GIB, 4 * GIB)


def report(model: str, machine: Machine = NOTHING, smpl: str | None = None) -> str:
    return doctor.report(model, None, machine, smpl).text


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


def test_the_report_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATPOSE_SMPL", raising=False)
    monkeypatch.chdir(tmp_path)
    text = report("chatpose-13b", Machine((("Test GPU", 24 * GIB, 20 * GIB),), GIB, GIB))
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
    smaller = report("chatpose-7b")
    assert "CHATPOSE-V0" not in smaller and "llava-hf/llava-1.5-7b-hf" in smaller
    assert "not published" in smaller and "cannot run it" in smaller


def test_packages_are_told_without_importing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "spaces":
            raise metadata.PackageNotFoundError
        return "1.2.3"

    monkeypatch.setattr(doctor.metadata, "version", version)
    text = report("tiny-llava")
    assert "bitsandbytes: 1.2.3" in text and "spaces: not installed (pip install spaces)" in text


@pytest.mark.parametrize(
    ("gpus", "memory", "told"),
    [
        ([80], 64, "one_gpu.yaml --num_processes 1 .* --batch 16 --accumulation 2 "),
        ([38], 64, "one_gpu.yaml .* --batch 8 --accumulation 4 "),
        ([80, 80], 64, "ddp.yaml --num_processes 2 .* --batch 16 "),
        ([8, 80], 64, "CUDA_VISIBLE_DEVICES=1 accelerate .*one_gpu.yaml"),
        ([22, 22], 64, "fsdp.yaml --num_processes 2 .* --batch 4 --accumulation 8 "),
        ([22, 22], 32, "49.7 GiB of main memory are not free"),
        ([22], 64, "too small to train"),
        ([], 64, "training takes a GPU"),
    ],
)
def test_advice_on_training(gpus: list[float], memory: float, told: str) -> None:
    here = tuple(("GPU", int(gpu * GIB), int(gpu * GIB)) for gpu in gpus)
    machine = Machine(here, int(memory * GIB), int(memory * GIB))
    text = "\n".join(training_advice(config_of("13b"), machine, Path("weights/13b-base")))
    assert re.search(told, text), text
    assert ("--size 13b --weights weights/13b-base" in text) == ("accelerate" in text)


def test_memory_to_train() -> None:
    need = training_estimate(config_of("13b"), Recipe())
    head = 26_956_944
    assert need.frozen == 2 * (13_377_806_480 - head)
    # rank 128 in two square layers of each of 40: fp32 weight, gradient and two moments
    assert need.trained == 16 * (head + 40 * 2 * 128 * (5120 + 5120))
    assert need.spread(4, 1) > need.whole(4)  # gathered layers lie beside the spread ones
    assert need.spread(4, 8) < need.frozen / 8 + need.trained / 8 + 8 * GIB


def test_a_torch_without_cuda_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    assert "is a build without CUDA" in report("chatpose-7b")
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    assert "without CUDA" not in report("chatpose-7b")


def test_bits_shrink_the_language_model_alone() -> None:
    with torch.device("meta"):
        llava = LlavaForConditionalGeneration(llava_config("tiny"))
    linear = [name for name, one in llava.named_modules() if isinstance(one, torch.nn.Linear)]
    shrunk = {name for name in linear if should_convert_module(name, PRECISE)}
    assert shrunk == {name for name in linear if name.startswith("model.language_model.")}
    assert any("vision_tower" in name for name in linear) and shrunk


def test_the_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "SMPL_NEUTRAL.pkl").write_bytes(b"nothing")
    monkeypatch.setenv("CHATPOSE_SMPL", str(tmp_path / "SMPL_NEUTRAL.pkl"))
    assert "SMPL_NEUTRAL.pkl is not a usable SMPL" in report("tiny-llava")
    mine = report("tiny-llava", smpl=str(EMBEDDED_FILE))
    assert f"Body: {EMBEDDED_FILE}, usable" in mine


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    for variable in ("CHATPOSE_SMPL", "CHATPOSE_WEIGHTS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "doctor", "--model", "tiny-llava"])
    assert commands.main() == 0
    told = capsys.readouterr().out
    assert "they are random" in told and "GiB" not in told
    assert "fp32" in told and "bf16" not in told  # as it is served
    monkeypatch.setattr(sys, "argv", ["-", "doctor", "--model", "tiny-llava", "--smpl", "no.pkl"])
    assert commands.main() == 1 and "Body: no.pkl" in capsys.readouterr().out
    mine = ["-", "doctor", "--model", "tiny-llava", "--smpl", str(EMBEDDED_FILE)]
    monkeypatch.setattr(sys, "argv", mine)
    assert commands.main() == 0
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "doctor", "--model", "chatpose-70b"])
    assert commands.main() == 2
    assert "chatpose-13b" in capsys.readouterr().err
