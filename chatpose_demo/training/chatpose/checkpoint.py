"""Stop and go on: everything that a run depends on, in `OUT/state-NUMBER`.

Without sharding only what is trained is stored, not the frozen 13 billion weights. A state counts
from when its `progress.json` is written, which is last.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from safetensors.torch import load_file, save_file
from torch import nn

PROGRESS = "progress.json"
TRAINED = "trained.safetensors"
DEEPSPEED, FSDP = DistributedType.DEEPSPEED, DistributedType.FSDP


class StateError(ValueError):
    """A stored state does not fit the run; one sentence for the user."""


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Name -> parameter, of what is trained."""
    return {name: one for name, one in model.named_parameters() if one.requires_grad}


def keep_only_trained(accelerator: Accelerator) -> None:
    """Let the accelerator's states hold what is trained, instead of the whole model."""
    if accelerator.distributed_type in (DEEPSPEED, FSDP):
        return  # these store their own shards

    def save(models: list[nn.Module], weights: list[dict], folder: str) -> None:
        weights.clear()
        if accelerator.is_main_process:
            parts = trained_parameters(accelerator.unwrap_model(models[0]))
            state = {name: one.detach().cpu().contiguous() for name, one in parts.items()}
            save_file(state, Path(folder) / TRAINED)

    def load(models: list[nn.Module], folder: str) -> None:
        parts = trained_parameters(accelerator.unwrap_model(models.pop()))
        put_trained(parts, load_file(Path(folder) / TRAINED))

    accelerator.register_save_state_pre_hook(save)
    accelerator.register_load_state_pre_hook(load)


def put_trained(parts: dict[str, nn.Parameter], state: dict[str, torch.Tensor]) -> None:
    """Overwrite parameters.

    Raises:
        ValueError: other names or shapes than are trained.
    """
    wrong = parts.keys() ^ state.keys()
    wrong |= {n for n in parts.keys() & state.keys() if parts[n].shape != state[n].shape}
    if wrong:
        few = ", ".join(sorted(wrong)[:4])
        raise ValueError(f"The stored weights are of another training: {len(wrong)}, as {few}")
    with torch.no_grad():
        for name, one in parts.items():
            one.copy_(state[name])


def save_state(accelerator: Accelerator, out: Path, step: int, about: dict[str, Any]) -> None:
    """Store the state after `step` updates; the one before it goes.

    Args:
        about: must be the same when a run goes on.
    """
    folder = out / f"state-{step:06d}"
    if accelerator.distributed_type == DEEPSPEED:
        accelerator.save_state(str(folder), exclude_frozen_parameters=True)
    else:
        accelerator.save_state(str(folder))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        (folder / PROGRESS).write_text(json.dumps({"step": step, "about": about}, indent=1))
        for old in out.glob("state-*"):
            if old != folder:
                shutil.rmtree(old)
    accelerator.wait_for_everyone()


def last_state(out: Path) -> Path | None:
    """The newest whole state of a run."""
    whole = sorted(file.parent for file in out.glob(f"state-*/{PROGRESS}"))
    return whole[-1] if whole else None


def load_state(accelerator: Accelerator, folder: Path, about: dict[str, Any]) -> int:
    """Go on from a state; returns how many updates were made.

    Raises:
        StateError: the state is of a run with other settings.
    """
    progress = json.loads((folder / PROGRESS).read_text())
    told = json.loads(json.dumps(about))
    other = [name for name in told if progress["about"].get(name) != told[name]]
    if other:
        raise StateError(
            f"{folder} is of a run with other settings ({', '.join(other)}); name another --out, "
            "or the same settings."
        )
    if accelerator.distributed_type == DEEPSPEED:
        accelerator.load_state(str(folder), load_module_strict=False)
    else:
        accelerator.load_state(str(folder))
    return int(progress["step"])
