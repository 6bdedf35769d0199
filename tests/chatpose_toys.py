"""Toy data and runs for the tests of the paper's training; also the program of two processes.

`python tests/chatpose_toys.py FOLDER` trains twice over the same stream: by two processes (gloo),
then by one with the doubled batch, and writes what they end with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.state import AcceleratorState, GradientState, PartialState
from PIL import Image
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation
from torch.multiprocessing.spawn import start_processes

from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.training.chatpose.collate import Collator
from chatpose_demo.training.chatpose.export import gather_trained
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.training.chatpose.sample import Sample, Task
from chatpose_demo.training.chatpose.start import Start, make_accelerator, model_for
from chatpose_demo.training.chatpose.train import Trainer

CONFIG = config_of("tiny")
TOKENIZER = tiny_tokenizer(CONFIG)
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
STEPS = 3


class Toys:
    """Rows of one task: words of different lengths, random bodies, plain photos."""

    def __init__(self, task: Task, count: int) -> None:
        self.task, self.count = task, count

    def __len__(self) -> int:
        return self.count

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        own = np.random.default_rng([row, len(self.task)])
        words = " ".join(own.choice(WORDS, size=int(own.integers(1, 9))))
        if self.task == "instruction":
            return Sample(((f"Count {words}.", f"{words}."), ("Again!", words.upper())))
        body = Rotation.from_rotvec(0.6 * own.standard_normal((24, 3))).as_matrix()
        image = None
        if self.task == "image":
            red, green, blue = (int(part) for part in own.integers(0, 255, 3))
            image = Image.new("RGB", (40, 30), (red, green, blue))
        messages = ((f"Show {words}.", f"It is {POSE_TOKEN}, {words}."),)
        return Sample(messages, image, body.astype(np.float32))


def toys() -> dict[Task, list[Toys]]:
    return {
        "text": [Toys("text", 11)],
        "instruction": [Toys("instruction", 7)],
        "image": [Toys("image", 9), Toys("image", 5)],
    }  # fmt: skip


def dice(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def collator(**changes) -> Collator:
    return replace(Collator(TOKENIZER, CONFIG, 400, "crop"), **changes)


def mixed() -> list[Sample]:
    """One of each task."""
    return [Toys(task, 3).sample(1, dice()) for task in ("text", "instruction", "image")]


def recipe(**changes) -> Recipe:
    """Small and quick; without dropout unless asked for."""
    lora = LoraSettings(rank=4, alpha=8, dropout=changes.pop("dropout", 0.0))
    usual: dict[str, Any] = {
        "steps": 6, "batch": 4, "accumulation": 1, "learning_rate": 1e-2, "warmup": 2,
        "max_tokens": 400, "held_out": 0,
    }  # fmt: skip
    return Recipe(lora=changes.pop("lora", lora), **(usual | changes))


def trainer(
    wanted: Recipe,
    data=None,
    prepare: Callable[[PoseLlava], None] = lambda model: None,
    workers: int = 0,
    origin: dict | None = None,
) -> Trainer:
    """A tiny LLaVA with a fresh accelerator; `prepare` may change its weights first."""
    for state in (AcceleratorState, PartialState, GradientState):
        state._reset_state()
    start, accelerator = Start("tiny"), make_accelerator(wanted)
    model = model_for(start, wanted, accelerator)
    prepare(model)
    tokenizer = start.tokenizer()
    return Trainer(model, tokenizer, wanted, data or toys(), accelerator, workers, origin)


def train(wanted: Recipe, file: Path) -> None:
    """Some updates; the main process writes the losses and the trained weights."""
    run = trainer(wanted)
    losses = [run.step()["loss"] for _ in range(STEPS)]
    weights = gather_trained(run.accelerator, run.model)
    if run.accelerator.is_main_process:
        about = {"processes": str(run.accelerator.num_processes)}
        save_file(weights | {"losses": torch.tensor(losses)}, file, metadata=about)


def one_of_two(rank: int, folder: Path, batch: int) -> None:
    """What each of the two processes does."""
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": 29617}
    os.environ |= {name: str(value) for name, value in names.items()}
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1", "ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "lo",
    }  # fmt: skip
    torch.set_num_threads(1)
    train(recipe(batch=batch), folder / "pair.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = Path(sys.argv[1])
    start_processes(one_of_two, args=(out, 4), nprocs=2, start_method="fork")
    train(recipe(batch=8), out / "alone.safetensors")
    train(recipe(batch=2, accumulation=4), out / "passes.safetensors")
