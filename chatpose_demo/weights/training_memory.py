"""What training takes on each GPU, and which of the ready accelerate configurations fits."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatpose_demo.network.llava.config import PoseLlavaConfig
from chatpose_demo.training.chatpose.recipe import Recipe
from chatpose_demo.weights.memory import GIB, WORKING, Machine, parts_of

CONFIGS = "chatpose_demo/training/chatpose/configs"
_ADAM = 16  # bytes of what is trained: fp32 weight, gradient and two moments
_LOGIT = 12  # bytes of a logit: bf16, fp32, its gradient in both
_LAYER = 4  # bytes of a number inside the layer that is computed twice: bf16, and its gradient


@dataclass(frozen=True)
class TrainingEstimate:
    """Bytes of LoRA training with activations computed twice.

    Attributes:
        frozen: the weights in bf16.
        trained: adapters and head, their gradients and Adam's moments.
        layer: of the frozen weights, those that FSDP gathers at a time: two layers and the
            vocabulary.
        sample: activations of one sample of the recipe's longest length.
    """

    frozen: float
    trained: float
    layer: float
    sample: float

    def whole(self, batch: int) -> float:
        """On each GPU, where every GPU holds the whole model."""
        return self.frozen + self.trained + batch * self.sample + WORKING

    def spread(self, batch: int, gpus: int) -> float:
        """On each GPU, where weights, gradients and moments are spread."""
        rest = self.layer + batch * self.sample + WORKING
        return (self.frozen + self.trained) / gpus + rest


def training_estimate(config: PoseLlavaConfig, recipe: Recipe) -> TrainingEstimate:
    """By the counts alone; nothing is loaded."""
    parts = {part.name: part.parameters for part in parts_of(config)}
    head = parts.pop("head")
    adapters = config.layers * len(recipe.lora.targets) * recipe.lora.rank * 2 * config.hidden
    layer = 4 * config.hidden**2 + 3 * config.hidden * config.intermediate
    words = config.vocab_size * config.hidden
    inside = 8 * config.hidden + 4 * config.intermediate  # of a token: attention and MLP
    kept = config.layers * config.hidden * 2  # of a token: what each layer starts from, bf16
    token = kept + config.vocab_size * _LOGIT + inside * _LAYER
    return TrainingEstimate(
        frozen=sum(parts.values()) * 2,
        trained=(adapters + head) * _ADAM,
        layer=2 * (2 * layer + words),
        sample=recipe.max_tokens * token,
    )


def training_advice(config: PoseLlavaConfig, machine: Machine, weights: Path) -> list[str]:
    """What training takes, which configuration fits here, and its command.

    Args:
        weights: the base.
    """
    recipe = Recipe()
    need = training_estimate(config, recipe)
    return [
        f"Memory to train (GiB, estimated): {need.whole(recipe.batch) / GIB:.1f} on each GPU with "
        f"the recipe's {recipe.batch} samples at a time, {need.whole(1) / GIB:.1f} with one;",
        f"    spread over 8 GPUs by FSDP {need.spread(recipe.batch, 8) / GIB:.1f} and "
        f"{need.spread(1, 8) / GIB:.1f}, and in main memory a copy of the weights for each GPU, "
        f"{8 * need.frozen / GIB:.1f}",
        *_choice(need, recipe, machine, config.size, weights),
    ]


def _choice(
    need: TrainingEstimate, recipe: Recipe, machine: Machine, size: str, weights: Path
) -> list[str]:
    free = [gpu[2] for gpu in machine.gpus]
    if not free:
        return ["    -> training takes a GPU; there is none here that torch can use."]
    many, rest = len(free), f"--size {size} --weights {shlex.quote(str(weights))} --out runs/{size}"
    if many > 1 and (batch := _batch(recipe, need.whole, min(free))):
        told = (
            "    -> every GPU holds the whole model: ddp.yaml (or zero2.yaml, the reference's way)"
        )
        return [told, _command("ddp", many, recipe, batch, rest)]
    if batch := _batch(recipe, need.whole, max(free)):
        told = "    -> one GPU holds the whole model: one_gpu.yaml"
        only = f"CUDA_VISIBLE_DEVICES={free.index(max(free))} " if many > 1 else ""
        return [told, _command("one_gpu", 1, recipe, batch, rest, only)]
    batch = _batch(recipe, lambda batch: need.spread(batch, many), min(free))
    if many == 1 or not batch:
        return ["    -> this machine's GPUs are too small to train it."]
    if many * need.frozen > machine.available:
        short = f"{many * need.frozen / GIB:.1f} GiB of main memory"
        return [f"    -> the GPUs together would hold it, but {short} are not free."]
    told = "    -> the GPUs together hold it: fsdp.yaml (or zero3.yaml, by DeepSpeed)"
    return [told, _command("fsdp", many, recipe, batch, rest)]


def _batch(recipe: Recipe, need: Callable[[int], float], free: float) -> int:
    """The largest batch that fits and divides the recipe's; 0 if none does."""
    divisors = (batch for batch in range(recipe.batch, 0, -1) if recipe.batch % batch == 0)
    return next((batch for batch in divisors if need(batch) <= free), 0)


def _command(config: str, gpus: int, recipe: Recipe, batch: int, rest: str, only: str = "") -> str:
    accumulation = recipe.batch * recipe.accumulation // batch  # the same samples per update
    return (
        f"      {only}accelerate launch --config_file {CONFIGS}/{config}.yaml "
        f"--num_processes {gpus} -m chatpose_demo.training.chatpose {rest} "
        f"--batch {batch} --accumulation {accumulation} --merge"
    )
