"""What the paper's model learns from: batches, masks and the loss."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from chatpose_toys import CONFIG, TOKENIZER, collator, mixed

from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.network.llava.model import IGNORE, PoseLlavaOutput
from chatpose_demo.network.llava.prompt import Exchange, make_prompt
from chatpose_demo.pose import matrix_to_6d
from chatpose_demo.training.chatpose.collate import Collator
from chatpose_demo.training.chatpose.objective import loss_sums, measure
from chatpose_demo.training.chatpose.sample import Sample

pytest_plugins = ("fixtures_chatpose",)
pytestmark = pytest.mark.usefixtures("one_thread")

BODY = np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))


def test_only_answers_are_learnt():
    talk = Sample((("What is it?", "A cat."), ("ASSISTANT: sure?", "Yes, it is.")))
    body = Sample((("Show it.", f"Sure, {POSE_TOKEN}."),), rotations=BODY)
    batch = collator()([talk, body])
    learnt = [
        str(TOKENIZER.decode(row[row != IGNORE])).replace(" ", "") for row in batch.labels
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
