"""What a run starts from: the launcher's processes and the model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import is_deepspeed_available, parse_flag_from_env
from transformers import PreTrainedTokenizerBase
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from chatpose_demo.network.llava.build import WeightsError, build
from chatpose_demo.network.llava.config import PoseLlavaConfig, config_of
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.network.llava.tokenizer import load_tokenizer, tiny_tokenizer
from chatpose_demo.training.chatpose.checkpoint import DEEPSPEED, FSDP, trained_parameters
from chatpose_demo.training.chatpose.recipe import Recipe


class LaunchError(RuntimeError):
    """What the launcher asks for cannot be had here; one sentence for the user."""


@dataclass(frozen=True)
class Start:
    """What training starts from.

    Attributes:
        size: "13b", "7b" or "tiny"; or a configuration.
        weights: a folder in this project's layout; None: random, for tiny models only.
    """

    size: str | PoseLlavaConfig
    weights: Path | None = None

    def model(self, recipe: Recipe, dtype: torch.dtype, device: str | None = None) -> PoseLlava:
        """With untrained adapters in it.

        Raises:
            WeightsError: the weights are missing or of another model.
        """
        try:
            return build(
                self.size,
                weights=self.weights,
                device_map=device if self.weights else None,
                dtype=dtype,
                lora=recipe.lora,
                seed=recipe.seed,
            )
        except (OSError, ValueError) as error:  # transformers': a broken file
            raise WeightsError(f"The model cannot be loaded: {error}") from error

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The one that belongs to the weights.

        Raises:
            WeightsError: it, or a package that reads it, is missing, or it does not fit.
        """
        config = config_of(self.size) if isinstance(self.size, str) else self.size
        if self.weights is None:
            return tiny_tokenizer(config)
        try:
            return load_tokenizer(self.weights, config)
        except (OSError, ImportError, ValueError) as error:
            raise WeightsError(str(error)) from error


def make_accelerator(recipe: Recipe) -> Accelerator:
    """As `accelerate launch` says; without it bf16 on a GPU, fp32 on a CPU.

    Raises:
        LaunchError: DeepSpeed is wanted and missing, or there are processes that do not know of
            each other.
    """
    if parse_flag_from_env("ACCELERATE_USE_DEEPSPEED") and not is_deepspeed_available():
        raise LaunchError(
            "The launcher's configuration asks for DeepSpeed, which is not installed: "
            "`pip install deepspeed`, or take the configuration fsdp.yaml, which needs no package."
        )
    launched = "ACCELERATE_MIXED_PRECISION" in os.environ
    precision = None if launched else ("bf16" if torch.cuda.is_available() else "no")
    accelerator = Accelerator(mixed_precision=precision)
    accelerator.gradient_accumulation_steps = recipe.accumulation  # whatever the launcher said
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != accelerator.num_processes:
        raise LaunchError(
            f"{started} processes were started, but each would train by itself, because torch "
            "finds no GPU here. Start the command by itself, without the launcher."
        )
    # The launcher starts one process all the same.
    for_gpu = launched and not parse_flag_from_env("ACCELERATE_USE_CPU")
    if for_gpu and accelerator.device.type == "cpu":
        accelerator.print(
            "The launcher's configuration is for a GPU, but torch finds none here: "
            "training runs on the CPU.",
            flush=True,
        )
    plugin = accelerator.state.deepspeed_plugin
    if plugin is not None:
        plugin.deepspeed_config |= {
            "train_micro_batch_size_per_gpu": recipe.batch,
            "gradient_accumulation_steps": recipe.accumulation,
            "gradient_clipping": recipe.clip,
        }
        # Whole models are built here, and DeepSpeed spreads them afterwards. While transformers
        # knows of ZeRO-3 it spreads whatever is built, which no loading, exporting or merging of
        # this project could read.
        unset_hf_deepspeed_config()
    return accelerator


def model_for(start: Start, recipe: Recipe, accelerator: Accelerator) -> PoseLlava:
    """The model as this run needs it: bf16 where it computes in bf16, what is trained in fp32."""
    bf16 = accelerator.mixed_precision == "bf16"
    spread = accelerator.distributed_type in (DEEPSPEED, FSDP)  # these move the weights themselves
    device = None if spread else str(accelerator.device)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)  # the same adapters in every process
        model = start.model(recipe, torch.bfloat16 if bf16 else torch.float32, device)
    for one in trained_parameters(model).values():
        one.data = one.data.float()  # small updates get lost in bf16
    if recipe.checkpointing:
        model.llava.model.language_model.activation_checkpointing_enable(
            activation_checkpointing_kwargs={"use_reentrant": False}
        )
    return model
