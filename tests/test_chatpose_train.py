"""Training of the paper's model on a tiny LLaVA: resuming, processes, what a run leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from chatpose_toys import TOKENIZER, Toys, collator, dice, mixed, recipe, toys, trainer
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.training.chatpose.checkpoint import last_state
from chatpose_demo.training.chatpose.export import gather_trained, load_export
from chatpose_demo.training.chatpose.own_words import OwnWords, chat_lines, write_own_words
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.training.chatpose.sample import DataError, Sample

pytest_plugins = ("fixtures_chatpose",)
pytestmark = pytest.mark.usefixtures("one_thread")


def test_recipe_is_the_paper_s_and_its_rate_warms_up_and_falls():
    paper = Recipe()
    assert (paper.lora.rank, paper.lora.alpha, paper.lora.dropout) == (128, 256, 0.05)
    assert (paper.text_weight, paper.pose_weight, paper.learning_rate) == (1.0, 0.1, 3e-4)
    rates = [paper.rate(step) for step in (0, 99, 100, 7550, 15_000)]
    assert rates == pytest.approx([3e-6, 3e-4, 3e-4, 1.5e-4, 0])


def test_only_adapters_and_head_learn():
    run = trainer(recipe(batch=2))
    before = {name: one.clone() for name, one in run.plain.state_dict().items()}
    run.step()
    after = run.plain.state_dict()
    moved = {name for name, one in after.items() if not torch.equal(one, before[name])}
    assert moved and all("lora_B" in name or "pose_head" in name for name in moved)
    assert len([name for name in moved if "pose_head" in name]) == 4


def test_resuming_equals_never_having_stopped(tmp_path):
    wanted = recipe(batch=3, accumulation=2, dropout=0.2, held_out=1)
    whole = trainer(wanted)
    told = [whole.step()["loss"] for _ in range(4)]
    first = trainer(wanted)
    begun = [first.step()["loss"] for _ in range(2)]
    first.save(tmp_path)
    state = last_state(tmp_path)
    assert state is not None and state.name == "state-000002"
    size = (state / "trained.safetensors").stat().st_size
    assert size < 0.6 * sum(one.nbytes for one in first.plain.state_dict().values())
    torch.manual_seed(99)
    second = trainer(wanted)
    second.resume(state)
    second.evaluate()  # looking does not change what is learnt
    went_on = [second.step()["loss"] for _ in range(2)]
    assert begun + went_on == told
    ends = [gather_trained(run.accelerator, run.model) for run in (whole, second)]
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    second.save(tmp_path)
    assert [one.name for one in tmp_path.glob("state-*")] == ["state-000004"]
    other = trainer(replace(wanted, learning_rate=1e-3))
    with pytest.raises(ValueError, match=r"\(learning_rate\);"):
        other.resume(state.with_name("state-000004"))


def test_two_processes_equal_one_with_the_doubled_batch(tmp_path):
    program = Path(__file__).with_name("chatpose_toys.py")
    subprocess.run(
        [sys.executable, str(program), str(tmp_path)],
        check=True,
        cwd=program.parents[1],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(program.parents[1])},
        timeout=300,
    )
    with safe_open(tmp_path / "pair.safetensors", "pt") as stored:
        assert stored.metadata() == {"processes": "2"}
    pair = load_file(tmp_path / "pair.safetensors")
    for name in ("alone", "passes"):
        other = load_file(tmp_path / f"{name}.safetensors")
        assert pair.keys() == other.keys()
        for key in pair:
            assert torch.allclose(pair[key], other[key], rtol=1e-3, atol=2e-5), (name, key)
    fresh = trainer(recipe())
    start = gather_trained(fresh.accelerator, fresh.model)
    assert (pair["pose_head.2.weight"] - start["pose_head.2.weight"]).abs().max() > 1e-3


def test_checkpointed_activations_give_the_same_update():
    ends = []
    for checkpointing in (False, True):
        run = trainer(recipe(batch=2, checkpointing=checkpointing, dropout=0.2))
        run.step()
        ends.append(gather_trained(run.accelerator, run.model))
    for name in ends[0]:
        assert torch.allclose(ends[0][name], ends[1][name], atol=1e-6), name


def test_bf16_computes_alike_and_learns_in_fp32(monkeypatch):
    exact = trainer(recipe(batch=4)).step()
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    run = trainer(recipe(batch=4))
    rounded = run.step()
    assert exact["loss"] != rounded["loss"] == pytest.approx(exact["loss"], rel=0.02)
    kinds = {one.dtype for one in run.plain.parameters() if one.requires_grad}
    assert kinds == {torch.float32}
    assert run.plain.llava.lm_head.weight.dtype == torch.bfloat16


def test_export_gives_the_trained_model_back(tmp_path):
    wanted = recipe(batch=2, lora=LoraSettings(rank=4, alpha=8, train_vocabulary=True))
    run = trainer(wanted)
    run.step()
    run.export(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} >= {
        "adapter_model.safetensors", "adapter_config.json", "pose_head.safetensors",
        "vocabulary.safetensors", "training.json",
    }  # fmt: skip
    fresh = build("tiny", lora=wanted.lora)
    load_export(fresh, tmp_path)
    batch = collator()(mixed())
    inputs = (batch.input_ids, batch.attention_mask, batch.pixel_values)
    with torch.no_grad():
        outs = [one.eval()(*inputs, pose_mask=batch.pose_mask) for one in (run.plain, fresh)]
    assert torch.allclose(outs[0].logits, outs[1].logits, atol=1e-5)
    assert torch.allclose(outs[0].poses_6d, outs[1].poses_6d, atol=1e-5)
    with pytest.raises(ValueError, match=r"another training|other LoRA"):
        load_export(build("tiny", lora=LoraSettings(rank=2, alpha=4)), tmp_path)


def test_own_words_are_the_untrained_model_s(tmp_path):
    model = build("tiny", lora=LoraSettings(rank=2, alpha=4))
    lines = chat_lines(3)
    assert len(lines) == 3
    write_own_words(model, TOKENIZER, lines[:2], tmp_path / "a.jsonl")
    data = OwnWords([tmp_path / "a.jsonl"])
    assert [data.sample(row, dice()).messages[0][0] for row in range(len(data))] == lines[:2]


def test_own_words_go_on_behind_the_last_whole_answer(tmp_path):
    model, lines = build("tiny", lora=LoraSettings(rank=2, alpha=4)), chat_lines(3)
    file, part = tmp_path / "a.jsonl", tmp_path / "a.part"
    kept = json.dumps({"line": lines[0], "answer": "said before the stop"}) + "\n"
    part.write_text(kept + json.dumps({"line": lines[1], "answer": "cut"})[:-4])
    write_own_words(model, TOKENIZER, lines, file)
    written = file.read_text().splitlines(keepends=True)
    assert written[0] == kept and not part.exists()
    assert [json.loads(line)["line"] for line in written] == lines
    file.rename(part)
    write_own_words(model, TOKENIZER, lines[1:], file)  # other lines: nothing of it fits
    assert file.read_text().splitlines(keepends=True) == written[1:]


class Faulty(Toys):
    """Rows whose photo is missing, or whose words are too long for their body."""

    def __init__(self, fault: str) -> None:
        super().__init__("image", 5)
        self.fault = fault

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        found = super().sample(row, rng)
        if self.fault == "missing":
            raise DataError("There is no photo: no/photo.jpg")
        if self.fault == "broken":
            Image.open(Path(__file__))
        question, answer = found.messages[0]
        return replace(found, messages=((question + " seven" * 400, answer),))


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("missing", r"^There is no photo: no/photo\.jpg$"),
        ("broken", "^cannot identify image file .*py'$"),
        ("too long", "400 are allowed"),
    ],
)
def test_faulty_data_are_told_in_one_sentence(fault, told, workers):
    run = trainer(recipe(batch=1), toys() | {"image": [Faulty(fault)]}, workers=workers)
    with pytest.raises(DataError, match=told) as stopped:
        for _ in range(4):
            run.step()
    assert "Traceback" not in str(stopped.value)
