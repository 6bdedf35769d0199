"""Train the adapted voice: `python -m chatpose_demo.training.adapter --out FOLDER`.

A LoRA on SmolLM2's upper layers learns to say what geometry knows about a body and to end with
`<POSE>`. Ordinary chat never passes through it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from peft import LoraConfig, get_peft_model
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from chatpose_demo.network.base_model import load_base
from chatpose_demo.network.language import END
from chatpose_demo.studio.corpus import Composer
from chatpose_demo.studio.replies import Reply, ReplyWriter
from chatpose_demo.studio.words import NAMERS, TELLERS, WRITERS, load_words

IGNORED = -100  # torch's ignore_index


@dataclass(frozen=True)
class AdapterConfig:
    """One training run; every number is our choice unless a source is named."""

    writers: tuple[str, ...] = WRITERS + NAMERS + TELLERS
    replies: int = 6000
    steps: int = 260
    batch: int = 8
    rank: int = 16
    alpha: int = 32
    first_layer: int = 16  # of 30: the lower half stays as it is and is not back-propagated
    learning_rate: float = 2e-3
    warmup: int = 10
    seed: int = 0


def collate(tokenizer, replies: list[Reply]) -> tuple[Tensor, Tensor, Tensor]:
    """A left-padded batch, so that all answers end together.

    Returns:
        ids (B, T), mask (B, T) and labels (B, K) of the last K positions, K the longest answer.
    """
    rows = []
    for one in replies:
        prompt = tokenizer(one.prompt, add_special_tokens=False).input_ids
        answer = tokenizer(one.reply + END, add_special_tokens=False).input_ids
        rows.append((prompt, answer))
    longest = max(len(p) + len(a) for p, a in rows)
    ids = torch.full((len(rows), longest), tokenizer.convert_tokens_to_ids(END))
    mask = torch.zeros_like(ids)
    labels = torch.full((len(rows), max(len(a) for _, a in rows)), IGNORED)
    for row, (prompt, answer) in enumerate(rows):
        both = prompt + answer
        ids[row, -len(both) :] = torch.tensor(both)
        mask[row, -len(both) :] = 1
        labels[row, -len(answer) :] = torch.tensor(answer)
    return ids, mask, labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=AdapterConfig.steps)
    parser.add_argument("--writers", nargs="+", default=list(AdapterConfig.writers))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = AdapterConfig(writers=tuple(arguments.writers), steps=arguments.steps)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    composer = Composer([load_words(name) for name in config.writers], rng)
    replies = ReplyWriter(composer).write(config.replies)

    base, tokenizer = load_base(torch.float32)
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        target_modules=[
            *("q_proj", "k_proj", "v_proj", "o_proj"),
            *("gate_proj", "up_proj", "down_proj"),
        ],
        layers_to_transform=list(range(config.first_layer, base.config.num_hidden_layers)),
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, lora)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], config.learning_rate, weight_decay=0.0
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, (step + 1) / config.warmup) * max(0.02, 1 - step / config.steps),
    )
    accelerator = Accelerator()
    model, optimizer, schedule = accelerator.prepare(model, optimizer, schedule)
    checkpoint = arguments.out / "state"
    step = 0
    if (checkpoint / "step.json").exists():
        accelerator.load_state(str(checkpoint))
        step = json.loads((checkpoint / "step.json").read_text())["step"]
    began, mean = time.time(), None
    model.train()
    while step < config.steps:
        draw = np.random.default_rng([config.seed, step])
        chosen = draw.integers(len(replies), size=config.batch)
        batch = collate(tokenizer, [replies[i] for i in chosen])
        ids, mask, labels = (one.to(accelerator.device) for one in batch)
        keep = labels.shape[1] + 1  # the position before each answer token predicts it
        logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=keep).logits[:, :-1]
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        step += 1
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        if step % 10 == 0 or step == config.steps:
            print(f"step {step} loss {mean:.3f} | {time.time() - began:.0f} s", flush=True)
        if step % 100 == 0 or step == config.steps:
            accelerator.save_state(str(checkpoint))
            (checkpoint / "step.json").write_text(json.dumps({"step": step}))
    accelerator.unwrap_model(model).to(torch.float16).save_pretrained(
        arguments.out / "adapter", save_embedding_layers=False
    )
    (arguments.out / "adapter" / "training.json").write_text(json.dumps(asdict(config), indent=1))


if __name__ == "__main__":
    main()
