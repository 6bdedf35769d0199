"""Training of the paper's model on a tiny LLaVA: masks, loss, resuming, processes, to the end."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType
from chatpose_toys import Toys, recipe, trainer
from safetensors import safe_open
from safetensors.torch import load_file

from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.network.llava.model import IGNORE, PoseLlavaOutput
from chatpose_demo.network.llava.prompt import Exchange, make_prompt
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.pose import matrix_to_6d
from chatpose_demo.training import chatpose
from chatpose_demo.training.chatpose.__main__ import main
from chatpose_demo.training.chatpose.checkpoint import last_state
from chatpose_demo.training.chatpose.collate import Collator
from chatpose_demo.training.chatpose.export import gather_trained, load_export
from chatpose_demo.training.chatpose.objective import loss_sums, measure
from chatpose_demo.training.chatpose.own_words import OwnWords, chat_lines, write_own_words
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.training.chatpose.sample import Sample

CONFIG = config_of("tiny")
TOKENIZER = tiny_tokenizer(CONFIG)
BODY = np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))


def dice() -> np.random.Generator:
    return np.random.default_rng(0)


def collator(**changes) -> Collator:
    return replace(Collator(TOKENIZER, CONFIG, 400, "crop"), **changes)


def mixed() -> list[Sample]:
    """One of each task."""
    return [Toys(task, 3).sample(1, dice()) for task in ("text", "instruction", "image")]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- batches ------------------------------------------------------------------------------------


def test_only_answers_are_learnt():
    talk = Sample((("What is it?", "A cat."), ("ASSISTANT: sure?", "Yes, it is.")))
    body = Sample((("Show it.", f"Sure, {POSE_TOKEN}."),), rotations=BODY)
    batch = collator()([talk, body])
    learnt = [
        TOKENIZER.decode(row[row != IGNORE]).replace(" ", "") for row in batch.labels
    ]  # fmt: skip
    assert learnt == ["Acat.</s>Yes,itis.</s>", "Sure,[SEG].</s>"]
    where = batch.labels != IGNORE
    assert torch.equal(batch.labels[where], batch.input_ids[where])  # not shifted
    assert torch.equal(batch.pose_mask, batch.input_ids == CONFIG.pose_token_id)
    assert batch.pose_mask.sum(1).tolist() == [0, 1]
    assert where[batch.pose_mask].all() and not where[batch.attention_mask == 0].any()
    assert batch.counts().tolist() == [int(where.sum()), 1]


def test_the_prompt_before_an_answer_is_what_is_asked_at_run_time():
    for sample in mixed():
        ids, labels = collator().encode(sample)
        turn = Exchange(sample.messages[0][0], None, (sample.image,) if sample.image else ())
        asked = make_prompt([turn], TOKENIZER, CONFIG).ids
        first = next(place for place, goal in enumerate(labels) if goal != IGNORE)
        assert ids[:first] == asked


def test_a_body_is_read_before_its_token():
    model = build("tiny")
    batch = collator()([mixed()[0]])
    place = int(batch.pose_mask[0].nonzero())

    def read(change: int | None) -> torch.Tensor:
        ids = batch.input_ids.clone()
        if change is not None:
            ids[0, change] = 300
        with torch.no_grad():
            return model(ids, batch.attention_mask, pose_mask=batch.pose_mask).poses_6d

    assert read(None).shape == (1, 144)
    assert torch.equal(read(None), read(place))
    assert not torch.allclose(read(None), read(place - 1))


def test_padding_side_and_a_hidden_photo_change_nothing():
    model = build("tiny")
    words = [sample for sample in mixed() if sample.image is None]

    def sums(how: Collator, samples: list[Sample]) -> torch.Tensor:
        batch = how(samples)
        with torch.no_grad():
            out = model(
                batch.input_ids, batch.attention_mask, batch.pixel_values,
                pose_mask=batch.pose_mask,
            )  # fmt: skip
            found = loss_sums(out, batch)
        return torch.stack([found.text, found.pose])

    usual = sums(collator(), mixed())
    assert torch.allclose(sums(collator(padding_side="left"), mixed()), usual, rtol=1e-4)
    hidden = collator(always_photo=True)
    assert hidden(words).pixel_values is not None and collator()(words).pixel_values is None
    assert torch.allclose(sums(hidden, words), sums(collator(), words), rtol=1e-4)
    assert torch.equal(hidden(mixed()).input_ids, collator()(mixed()).input_ids)


def test_what_is_too_long_is_cut_where_nothing_gets_lost():
    turns = tuple((f"Count to {k}.", "one two three four five six") for k in range(12))
    whole, cut = collator(max_tokens=2000), collator(max_tokens=300)
    ids, labels = cut.encode(Sample(turns))
    kept = len(ids)
    assert kept <= 300 and ids == whole.encode(Sample(turns))[0][:kept]
    assert labels[-1] == ids[-1] == 2  # a whole last turn
    long = "seven " * 400
    ids, labels = cut.encode(Sample((("Count.", long),)))
    assert len(ids) == 300 and labels[-1] == ids[-1]
    with pytest.raises(ValueError, match="300 are allowed"):
        cut.encode(Sample(((long, f"{POSE_TOKEN}."),), rotations=BODY))


# --- loss ---------------------------------------------------------------------------------------


def test_the_loss_is_the_paper_s():
    batch = collator()(mixed())
    truth = matrix_to_6d(batch.rotations).flatten(1)
    logits = torch.full((*batch.input_ids.shape, CONFIG.vocab_size), 0.0)
    out = PoseLlavaOutput(None, logits, truth.clone())
    found = loss_sums(out, batch)
    tokens = float(batch.counts()[0])
    assert found.text.item() == pytest.approx(tokens * math.log(CONFIG.vocab_size), rel=1e-5)
    assert found.pose.item() == pytest.approx(0, abs=1e-5)
    # Turning only the global orientation of one body by half a turn about an axis negates two of
    # its columns; its own mean counts in full beside the mean over the 23 other joints.
    root = batch.rotations[0, 0]
    turned = truth.clone()
    turned[0, :6] = matrix_to_6d(root @ torch.diag(torch.tensor([-1.0, -1.0, 1.0])))
    expected = 2 * root[:, :2].abs().sum() / 9
    found = loss_sums(replace(out, poses_6d=turned), batch)
    assert found.pose.item() == pytest.approx(expected.item(), rel=1e-4)
    told = measure(replace(out, poses_6d=turned), batch, CONFIG.pose_token_id)
    assert told[2:].tolist() == pytest.approx([0, 180, 0], abs=0.1)


def test_a_batch_without_bodies_still_reaches_the_head():
    model = build("tiny", lora=LoraSettings(rank=2, alpha=4))
    batch = collator()([mixed()[1]])
    out = model(batch.input_ids, batch.attention_mask, pose_mask=batch.pose_mask)
    found = loss_sums(out, batch)
    (found.text + found.pose).backward()
    grads = [one.grad for one in model.pose_head.parameters()]
    assert all(grad is not None and not grad.any() for grad in grads)


# --- the run ------------------------------------------------------------------------------------


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
    with pytest.raises(ValueError, match="another recipe"):
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


# --- launching ----------------------------------------------------------------------------------

KINDS = {
    "one_gpu": DistributedType.NO,
    "ddp": DistributedType.MULTI_GPU,
    "zero2": DistributedType.DEEPSPEED,
    "zero3": DistributedType.DEEPSPEED,
    "fsdp": DistributedType.FSDP,
}


@pytest.mark.parametrize("name", KINDS)
def test_accelerate_reads_the_configs(name):
    folder = Path(chatpose.__file__).parent / "configs"
    assert {file.stem for file in folder.iterdir()} == set(KINDS)
    config = load_config_from_file(str(folder / f"{name}.yaml"))
    assert config.distributed_type == KINDS[name]
    assert config.mixed_precision == "bf16"
    stage = {"zero2": 2, "zero3": 3}.get(name)
    assert (config.deepspeed_config or {}).get("zero_stage") == stage


def test_missing_weights_and_data_are_told_in_one_sentence(tmp_path, capsys, monkeypatch):
    for words, told in (
        (["--data", f"mix665k={tmp_path}"], "Put llava_v1_5_mix665k.json"),
        (["--data", "posescript=/nowhere"], "here: /nowhere"),
    ):
        monkeypatch.setattr(sys, "argv", ["chatpose", "--out", str(tmp_path / "run"), *words])
        assert main() == 1
        assert told in capsys.readouterr().err
