"""How large the model is and what it needs, computed without loading anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import psutil
import torch
from torch import nn
from transformers import LlavaForConditionalGeneration
from transformers.quantizers.quantizers_utils import should_convert_module

from chatpose_demo.network.llava.build import PRECISE
from chatpose_demo.network.llava.config import PoseLlavaConfig, llava_config
from chatpose_demo.network.llava.model import PoseLlava

GIB = 1 << 30
CONTEXT = 2048  # tokens; our choice: one photo (576) and a long conversation
Kind = Literal["bf16", "8bit", "4bit"]
KINDS: tuple[Kind, ...] = ("bf16", "8bit", "4bit")
# Bytes of a quantised weight. bitsandbytes LLM.int8: one, and an fp32 scale for each output row.
# nf4 with double quantisation: half, an 8-bit scale for 64 weights, an fp32 one for 256 scales.
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
WORKING = 1.5 * GIB  # our choice: the GPU's own context, activations, logits, allocator gaps


@dataclass(frozen=True)
class Part:
    """One part of the network: parameters, of them those in layers that 8/4 bits shrink."""

    name: str
    dtype: str
    parameters: int
    shrinkable: int
    shrinkable_rows: int


@dataclass(frozen=True)
class Estimate:
    """Bytes that answering takes."""

    kind: Kind
    weights: float
    cache: float
    working: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.cache + self.working


@dataclass(frozen=True)
class Machine:
    """Memory in bytes: of each GPU (name, total, free) and of the computer (total, available)."""

    gpus: tuple[tuple[str, int, int], ...]
    memory: int
    available: int


@lru_cache
def parts_of(config: PoseLlavaConfig) -> tuple[Part, ...]:
    """Counts at the real size, from a model on the meta device."""
    with torch.device("meta"):
        model = PoseLlava(config, LlavaForConditionalGeneration(llava_config(config)))
    llava, dtype = model.llava, "fp32" if config.size == "tiny" else "bf16"  # LlavaNetwork.load
    # bitsandbytes replaces the Linear layers that `build` does not ask to keep (PRECISE).
    shrinkable = [
        module
        for name, module in llava.named_modules()
        if isinstance(module, nn.Linear) and should_convert_module(name, PRECISE)
    ]
    inner = llava.model
    return (
        _part("vision", dtype, [inner.vision_tower], shrinkable),
        _part("projector", dtype, [inner.multi_modal_projector], shrinkable),
        _part("language", dtype, [inner.language_model, llava.lm_head], shrinkable),
        _part("head", "fp32", [model.pose_head], shrinkable),
    )


def _part(name: str, dtype: str, modules: list[nn.Module], shrinkable: list[nn.Linear]) -> Part:
    layers = {layer for module in modules for layer in module.modules()}
    smaller = [layer for layer in shrinkable if layer in layers]
    return Part(
        name,
        dtype,
        sum(weight.numel() for module in modules for weight in module.parameters()),
        sum(layer.weight.numel() for layer in smaller),
        sum(layer.out_features for layer in smaller),
    )


def estimate(config: PoseLlavaConfig, parts: tuple[Part, ...], kind: Kind) -> Estimate:
    """What weights of `kind` and a conversation of `CONTEXT` tokens take."""
    weights = 0.0
    for part in parts:
        kept = part.parameters - part.shrinkable
        weights += kept * (4 if part.dtype == "fp32" else 2)
        if kind == "bf16":
            weights += part.shrinkable * 2
        elif kind == "8bit":
            weights += part.shrinkable + part.shrinkable_rows * 4
        else:
            weights += part.shrinkable * _NF4
    cache = 2 * config.layers * config.hidden * CONTEXT * 2  # keys and values, bf16
    return Estimate(kind, weights, cache, WORKING)


def this_machine() -> Machine:
    """What this computer has."""
    gpus = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        gpus.append((torch.cuda.get_device_name(index), total, free))
    memory = psutil.virtual_memory()
    return Machine(tuple(gpus), memory.total, memory.available)


def advice(estimates: tuple[Estimate, ...], machine: Machine) -> str:
    """Which form to choose here, in one or two sentences; the more exact one is preferred.

    Args:
        estimates: one for each of `KINDS`, in that order.
    """
    full, small = estimates[0], estimates[-1]
    free = [gpu[2] for gpu in machine.gpus]
    best = max(free, default=0)
    if full.total <= best:
        return "One GPU holds it in bf16, the exact form: no --quantize."
    # Layers are spread, but the context and the activations stand on every GPU.
    if len(free) > 1 and full.weights + full.cache + len(free) * full.working <= sum(free):
        return f"The {len(free)} GPUs together hold it in bf16, the exact form: no --quantize."
    for one in estimates[1:]:
        if one.total <= best:
            return f"One GPU holds it in {one.kind}: --quantize {one.kind}."
    if machine.available >= full.total:
        no_gpu = (
            f"No GPU here has the {small.total / GIB:.1f} GiB free that 4bit takes"
            if free
            else "There is no GPU here that torch can use"
        )
        return f"{no_gpu}, but the main memory holds it in bf16: it runs on the CPU, slowly."
    if free and full.total <= best + machine.available:
        return (
            "A GPU holds only a part of it in bf16; the rest waits in the main memory, which is "
            f"slow. A GPU with {small.total / GIB:.1f} GiB free would hold all of it in 4bit."
        )
    return (
        f"This machine cannot run it: it takes a GPU with {small.total / GIB:.1f} GiB free (4bit), "
        f"or {full.total / GIB:.1f} GiB of free main memory (bf16 on the CPU, slow). The embedded "
        "model needs none of this."
    )
