"""How the training of the paper's model is started: launchers, spread weights, what is missing."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType, is_deepspeed_available
from chatpose_toys import recipe, toys, trainer
from transformers.integrations import deepspeed as belief

from chatpose_demo.network.llava.build import INDEX, build, save_folder
from chatpose_demo.network.llava.config import SETTINGS_FILE, config_of
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.training import chatpose
from chatpose_demo.training.chatpose import start as starting
from chatpose_demo.training.chatpose.__main__ import main
from chatpose_demo.training.chatpose.export import gather_trained
from chatpose_demo.training.chatpose.mixing import mixtures
from chatpose_demo.training.chatpose.sample import DataError
from chatpose_demo.training.chatpose.start import LaunchError, make_accelerator

KINDS = {
    "one_gpu": DistributedType.NO,
    "ddp": DistributedType.MULTI_GPU,
    "zero2": DistributedType.DEEPSPEED,
    "zero3": DistributedType.DEEPSPEED,
    "fsdp": DistributedType.FSDP,
}


@pytest.fixture
def weights(tmp_path) -> Path:
    """A folder of tiny random weights."""
    model = build("tiny")
    save_folder(model, tiny_tokenizer(model.config), tmp_path / "weights")
    return tmp_path / "weights"


@pytest.mark.parametrize("name", KINDS)
def test_accelerate_reads_the_configs(name):
    folder = Path(chatpose.__file__).parent / "configs"
    assert {file.stem for file in folder.iterdir()} == set(KINDS)
    config = load_config_from_file(str(folder / f"{name}.yaml"))
    assert config.distributed_type == KINDS[name]
    assert config.mixed_precision == "bf16"
    stage = {"zero2": 2, "zero3": 3}.get(name)
    assert (getattr(config, "deepspeed_config", None) or {}).get("zero_stage") == stage


def test_processes_that_do_not_know_of_each_other_are_refused(monkeypatch):
    trainer(recipe())  # a fresh state, of one process
    monkeypatch.setenv("WORLD_SIZE", "8")
    with pytest.raises(LaunchError, match="8 processes were started"):
        make_accelerator(recipe())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_configuration_for_a_gpu_on_a_machine_without_one_is_told(capsys, monkeypatch):
    told = []
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")  # as `accelerate launch` does
    for use_cpu in (None, "False", "True"):  # ddp.yaml with one process, one_gpu.yaml, --cpu
        if use_cpu is not None:
            monkeypatch.setenv("ACCELERATE_USE_CPU", use_cpu)
        trainer(recipe())
        told.append(capsys.readouterr().out)
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION")
    monkeypatch.delenv("ACCELERATE_USE_CPU")
    trainer(recipe())  # without the launcher; also forgets its precision
    told.append(capsys.readouterr().out)
    assert ["training runs on the CPU" in out for out in told] == [True, True, False, False]


class SaysZero3:
    """What accelerate registers with transformers, which keeps a weak reference only."""

    def is_zero3(self) -> bool:
        return True


def test_models_are_built_whole_under_zero_3(monkeypatch):
    plugin = SimpleNamespace(deepspeed_config={})
    state = SimpleNamespace(deepspeed_plugin=plugin)
    accelerator = SimpleNamespace(state=state, num_processes=1)
    told = SaysZero3()
    monkeypatch.setattr(belief, "_hf_deepspeed_config_weak_ref", None)  # restored afterwards
    monkeypatch.setattr(starting, "Accelerator", lambda **_: accelerator)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    belief.set_hf_deepspeed_config(told)
    assert belief.is_deepspeed_zero3_enabled()
    make_accelerator(recipe(batch=3, accumulation=5))
    assert not belief.is_deepspeed_zero3_enabled()
    assert plugin.deepspeed_config["train_micro_batch_size_per_gpu"] == 3
    assert plugin.deepspeed_config["gradient_accumulation_steps"] == 5


def test_other_processes_gather_nothing_where_weights_are_spread():
    model = trainer(recipe()).plain
    other = SimpleNamespace(
        unwrap_model=lambda model: model,
        distributed_type=DistributedType.DEEPSPEED,
        get_state_dict=lambda model: None,  # what accelerate gives there
    )
    assert gather_trained(other, model) == {}  # type: ignore[arg-type]


def test_another_start_or_other_data_are_refused_by_name(tmp_path):
    wanted, origin = recipe(batch=1), {"weights": "a", "data": ["studio"]}
    first = trainer(wanted, origin=origin)
    first.step()
    first.save(tmp_path)
    state = tmp_path / "state-000001"
    trainer(wanted, origin=origin).resume(state)
    more = toys()
    more["text"] += more["image"]
    for run, told in (
        (trainer(wanted, origin=origin | {"weights": "b"}), r"\(weights\);"),
        (trainer(wanted, origin=origin | {"data": ["chat"]}), r"\(data\);"),
        (trainer(wanted, more, origin=origin), r"other settings \(rows\);"),
        (trainer(replace(wanted, steps=9, seed=1), origin=origin), r"\(steps, seed\);"),
    ):
        with pytest.raises(ValueError, match=told):
            run.resume(state)


def test_no_task_is_left_out_without_a_word():
    data = toys()
    data["instruction"] = []
    with pytest.raises(DataError, match="no data for instruction"):
        mixtures(data, {"text": 1, "instruction": 1, "image": 2}, 0, 0)
    stream, _ = mixtures(data, {"text": 1, "instruction": 0, "image": 3}, 0, 0)
    assert stream.told() == [
        "text: 11 rows, 25% of the samples",
        "image: 14 rows, 75% of the samples",
    ]
    with pytest.raises(DataError, match="all --shares are 0"):
        mixtures(data, {}, 0, 0)


def told_by_the_command(words: list[str], capsys, monkeypatch) -> str:
    """What the command says when it ends with 1."""
    monkeypatch.setattr(sys, "argv", ["chatpose", *words])
    assert main() == 1
    return capsys.readouterr().err


@pytest.mark.skipif(bool(is_deepspeed_available()), reason="DeepSpeed is installed")
def test_deepspeed_that_is_missing_is_told_in_one_sentence(tmp_path, capsys, monkeypatch):
    launched = {"USE_DEEPSPEED": "true", "DEEPSPEED_ZERO_STAGE": "2", "MIXED_PRECISION": "bf16"}
    for name, value in launched.items():
        monkeypatch.setenv(f"ACCELERATE_{name}", value)
    told = told_by_the_command(["--out", str(tmp_path / "run")], capsys, monkeypatch)
    assert "`pip install deepspeed`" in told and told.count("\n") == 1


def test_missing_data_are_told_in_one_sentence(tmp_path, capsys, monkeypatch):
    for words, told in (
        (["--data", f"mix665k={tmp_path}"], "Put llava_v1_5_mix665k.json"),
        (["--data", "posescript=/nowhere"], "here: /nowhere"),
        (["--data", "chat", "--size", "7b"], "7b model needs its weights"),
    ):
        out = ["--out", str(tmp_path / "run")]
        assert told in told_by_the_command([*out, *words], capsys, monkeypatch)


def test_unreadable_weights_are_told_in_one_sentence(weights, tmp_path, capsys, monkeypatch):
    words = ["--out", str(tmp_path / "run"), "--weights", str(weights)]
    settings, index = weights / SETTINGS_FILE, weights / INDEX
    kept = settings.read_text(), index.read_text()
    shorter = replace(config_of("tiny"), vocab_size=500)
    tiny_tokenizer(shorter).save_pretrained(weights)
    assert "[SEG] at 499" in told_by_the_command(words, capsys, monkeypatch)
    index.write_text("{")
    assert "cannot be loaded" in told_by_the_command(words, capsys, monkeypatch)
    index.write_text(kept[1])
    settings.write_text('{"size": "tiny", "hidden_size": 3}')
    assert "hidden_size" in told_by_the_command(words, capsys, monkeypatch)
    settings.write_text(kept[0])
    (weights / "tokenizer.json").unlink()
    assert "holds no tokenizer" in told_by_the_command(words, capsys, monkeypatch)
