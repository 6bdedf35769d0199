"""What a run leaves behind: `adapter_model.safetensors` and `adapter_config.json` in peft's form,
`pose_head.safetensors`, and, if they were trained, `vocabulary.safetensors`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.llava.build import save_folder
from chatpose_demo.network.llava.lora import merge_lora
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.training.chatpose.checkpoint import (
    DEEPSPEED,
    FSDP,
    put_trained,
    trained_parameters,
)

ADAPTER = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
HEAD = "pose_head.safetensors"
VOCABULARY = "vocabulary.safetensors"
ABOUT = "training.json"
_LLAVA, _HEAD = "llava.", "pose_head."


def gather_trained(accelerator: Accelerator, model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Name -> fp32 CPU tensor of what is trained; every process must call it.

    Only the main process gets something where weights are spread over processes.
    """
    plain = accelerator.unwrap_model(model)
    names = list(trained_parameters(plain))
    if accelerator.distributed_type in (DEEPSPEED, FSDP):
        # ZeRO-3 gives the other processes None
        whole: Any = accelerator.get_state_dict(model) or {}
    else:
        whole = dict(plain.named_parameters())
    return {
        name: whole[name].detach().float().cpu().contiguous() for name in names if name in whole
    }


def export(
    model: PoseLlava, trained: dict[str, torch.Tensor], folder: Path, about: dict[str, Any]
) -> None:
    """Write the adapter, the head and how they were trained.

    Args:
        model: tells the adapter's form; its weights are not read.
        trained: see `gather_trained`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    llava = {k.removeprefix(_LLAVA): v for k, v in trained.items() if k.startswith(_LLAVA)}
    adapter: dict[str, torch.Tensor] = get_peft_model_state_dict(
        model.llava, state_dict=llava, save_embedding_layers=False
    )
    save_file(adapter, folder / ADAPTER)
    model.llava.peft_config["default"].save_pretrained(folder)
    head = {k.removeprefix(_HEAD): v for k, v in trained.items() if k.startswith(_HEAD)}
    save_file(head, folder / HEAD)
    words = {k: v for k, v in llava.items() if "lora_" not in k}
    (folder / VOCABULARY).unlink(missing_ok=True)
    if words:
        save_file(words, folder / VOCABULARY)
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n")


def load_export(model: PoseLlava, folder: Path) -> None:
    """Put an exported adapter and head into a model built with the same LoRA settings.

    Raises:
        ValueError: they are of another model or other settings.
    """
    parts = trained_parameters(model)
    head = {f"{_HEAD}{name}": one for name, one in load_file(folder / HEAD).items()}
    words = load_file(folder / VOCABULARY) if (folder / VOCABULARY).exists() else {}
    words = {f"{_LLAVA}{name}": one for name, one in words.items()}
    plain = {name: one for name, one in parts.items() if "lora_" not in name}
    put_trained(plain, head | words)
    adapter = load_file(folder / ADAPTER)
    wanted = get_peft_model_state_dict(model.llava, save_embedding_layers=False)
    shapes = {name: one.shape for name, one in wanted.items()}
    if {name: one.shape for name, one in adapter.items()} != shapes:
        raise ValueError(f"{folder / ADAPTER} was trained with other LoRA settings.")
    set_peft_model_state_dict(model.llava, adapter)


def merge(
    model: PoseLlava, tokenizer: PreTrainedTokenizerBase, exported: Path, folder: Path
) -> None:
    """Write a full weights folder: the model with the exported adapter and head in it.

    Args:
        model: freshly built with the run's LoRA settings; it is changed.
    """
    load_export(model, exported)
    merge_lora(model)
    save_folder(model, tokenizer, folder)
