"""The loop: one process or many, on CPU or GPUs, by accelerate."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.utils.data import DataLoader
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.training.chatpose.checkpoint import (
    FSDP,
    keep_only_trained,
    load_state,
    save_state,
    trained_parameters,
)
from chatpose_demo.training.chatpose.collate import Batch, Collator
from chatpose_demo.training.chatpose.export import export, gather_trained
from chatpose_demo.training.chatpose.mixing import Mixture, Shares, mixtures
from chatpose_demo.training.chatpose.objective import MEASURES, loss_sums, measure
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.training.chatpose.sample import DataError, DataSet, Task

ZERO3 = 3


class Trainer:
    """Holds model, stream and optimiser; `step` makes one update.

    Args:
        model: see `model_for`.
        data: the data sets of each task.
        workers: processes that load data, per training process.
        origin: weights and data by name: what the recipe does not tell of a run, and what must
            not change when it goes on.
    """

    def __init__(
        self,
        model: PoseLlava,
        tokenizer: PreTrainedTokenizerBase,
        recipe: Recipe,
        data: Mapping[Task, Sequence[DataSet]],
        accelerator: Accelerator,
        workers: int = 0,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        self.origin = dict(origin or {})
        self.tokenizer, self.recipe = tokenizer, recipe
        self.accelerator, self.workers = accelerator, workers
        self.config = model.config
        self.train, self.test = mixtures(data, recipe.shares, recipe.seed, recipe.held_out)
        optimizer = torch.optim.AdamW(
            list(trained_parameters(model).values()),
            lr=recipe.learning_rate,
            betas=recipe.betas,
            weight_decay=recipe.weight_decay,
        )
        self.model, self.optimizer = accelerator.prepare(model, optimizer)
        keep_only_trained(accelerator)
        set_seed(recipe.seed, device_specific=True)  # dropout differs between processes
        self.count = 0
        self._batches: Iterator[Batch] | None = None

    @property
    def plain(self) -> PoseLlava:
        """The model without accelerate's wrapping."""
        return self.accelerator.unwrap_model(self.model)

    @property
    def about(self) -> dict[str, Any]:
        """What must not change when the run goes on."""
        return {
            "model": self.config.size,
            **asdict(self.recipe),
            "processes": self.accelerator.num_processes,
            "rows": self.train.rows(),
            **self.origin,
        }

    def _loader(self, stream: Mixture, shares: Shares) -> Iterator[Batch]:
        zero3 = getattr(self.accelerator.state.deepspeed_plugin, "zero_stage", 0) == ZERO3
        collator = Collator(
            self.tokenizer,
            self.config,
            self.recipe.max_tokens,
            self.config.image_way,
            always_photo=zero3 or self.accelerator.distributed_type == FSDP,
        )
        loader = DataLoader(
            stream,
            batch_sampler=shares,
            collate_fn=collator,
            num_workers=self.workers,
            # else torch's own generator would be used up, and a resumed run would differ
            generator=torch.Generator().manual_seed(self.recipe.seed),
        )
        return _told(loader)

    def _next(self) -> Batch:
        if self._batches is None:
            accelerator, batch = self.accelerator, self.recipe.batch
            done = self.count * self.recipe.accumulation * batch * accelerator.num_processes
            shares = Shares(done, batch, accelerator.process_index, accelerator.num_processes)
            self._batches = self._loader(self.train, shares)
        return next(self._batches).to(self.accelerator.device)

    def _forward(self, batch: Batch) -> Any:
        return self.model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            pixel_values=batch.pixel_values,
            pose_mask=batch.pose_mask,
        )

    def step(self) -> dict[str, float]:
        """One update.

        The losses are means over all tokens and bodies of the update, whichever process and pass
        they fall into, so that the number of processes changes nothing.
        """
        recipe, accelerator = self.recipe, self.accelerator
        self.model.train()
        batches = [self._next() for _ in range(recipe.accumulation)]
        counts = torch.stack([batch.counts() for batch in batches]).sum(0)
        tokens, bodies = (max(1.0, count) for count in self._total(counts).tolist())
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.rate(self.count)
        told = torch.zeros(2, dtype=torch.float64)
        for batch in batches:
            with accelerator.accumulate(self.model):
                sums = loss_sums(self._forward(batch), batch)
                loss = (
                    recipe.text_weight * sums.text / tokens
                    + recipe.pose_weight * sums.pose / bodies
                )
                # accelerate and its back ends take the mean over processes and passes
                accelerator.backward(loss * accelerator.num_processes * recipe.accumulation)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(
                        trained_parameters(self.model).values(), recipe.clip
                    )
                self.optimizer.step()
                self.optimizer.zero_grad()
            told += torch.stack([sums.text, sums.pose]).detach().double().cpu()
        self.count += 1
        text, pose = (self._total(told) / torch.tensor([tokens, bodies])).tolist()
        return self._losses(text, pose) | {"rate": recipe.rate(self.count - 1)}

    def _losses(self, text: float, pose: float) -> dict[str, float]:
        whole = self.recipe.text_weight * text + self.recipe.pose_weight * pose
        return {"loss": whole, "text": text, "pose": pose}

    def _total(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes."""
        # fp32: not every device has fp64; sums of some thousand tokens fit exactly
        sent = values.float().to(self.accelerator.device)
        whole: Any = self.accelerator.reduce(sent, "sum")
        return whole.double().cpu()

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Losses, mean angles and the share of pose tokens that are said, on held-out rows.

        Teacher-forced: the true words stand before each body. Every process makes the same number
        of passes. Empty where nothing is held out.
        """
        if not self.test.tasks:
            return {}
        accelerator, batch = self.accelerator, self.recipe.batch
        self.model.eval()
        wanted = sum(len(part.rows) for parts in self.test.parts.values() for part in parts)
        together = batch * accelerator.num_processes
        shares = Shares(
            0, batch, accelerator.process_index, accelerator.num_processes,
            batches=math.ceil(wanted / together),
        )  # fmt: skip
        counts = torch.zeros(2, dtype=torch.float64)
        sums = torch.zeros(len(MEASURES), dtype=torch.float64)
        for one in self._loader(self.test, shares):
            moved = one.to(accelerator.device)
            sums += measure(self._forward(moved), moved, self.config.pose_token_id)
            counts += one.counts()
        counts, sums = self._total(counts).clamp(min=1.0), self._total(sums)
        text, pose = float(sums[0] / counts[0]), float(sums[1] / counts[1])
        means = (sums[2:] / counts[1]).tolist()
        return self._losses(text, pose) | dict(zip(MEASURES[2:], means, strict=True))

    def save(self, out: Path) -> None:
        """Store the state to go on from."""
        save_state(self.accelerator, out, self.count, self.about)

    def resume(self, folder: Path) -> None:
        """Go on from a state.

        Raises:
            StateError: it is of a run with other settings.
        """
        self.count = load_state(self.accelerator, folder, self.about)
        self._batches = None

    def export(self, folder: Path) -> None:
        """Write the adapter and the head; every process must call it."""
        trained = gather_trained(self.accelerator, self.model)
        if self.accelerator.is_main_process:
            export(self.plain, trained, folder, self.about | {"steps": self.count})
        self.accelerator.wait_for_everyone()

    def log(self, out: Path, kind: str, values: Mapping[str, float]) -> None:
        """Print and keep numbers; the main process does."""
        if self.accelerator.is_main_process:
            numbers = " ".join(f"{name} {value:.4g}" for name, value in values.items())
            print(f"step {self.count} {kind}: {numbers}", flush=True)
            with (out / "log.jsonl").open("a", encoding="utf-8") as file:
                line = {"step": self.count, "kind": kind} | dict(values)
                file.write(json.dumps(line) + "\n")


def _told(loader: DataLoader[Any]) -> Iterator[Batch]:
    """The batches; what goes wrong with data becomes one sentence, from a worker as well.

    Raises:
        DataError: a file is missing or broken, or a sample is too long.
    """
    try:
        yield from loader
    except (DataError, OSError, ValueError) as error:
        # A worker sends its whole traceback, which ends in "package.Class: the sentence".
        sentence = str(error).splitlines()[-1]
        if "in DataLoader worker process" in str(error):
            sentence = sentence.partition(": ")[2]
        raise DataError(sentence) from error
