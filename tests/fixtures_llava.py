"""A tiny LLaVA with a pose head, large enough in its weights that every token matters."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaTokenizer

from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.config import PoseLlavaConfig, config_of
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer


def lively(model: PoseLlava) -> PoseLlava:
    """Weights so large that attention is not flat and words depend on what came before."""
    with torch.no_grad():
        for name, weight in model.llava.named_parameters():
            if weight.dim() > 1:
                weight.mul_(3.0 if "vision" in name else 6.0)
    return model


@pytest.fixture(scope="session")
def tiny() -> PoseLlavaConfig:
    """The tiny configuration."""
    return config_of("tiny")


@pytest.fixture(scope="session")
def tokenizer(tiny: PoseLlavaConfig) -> LlamaTokenizer:
    """The tiny configuration's tokenizer."""
    return tiny_tokenizer(tiny)


@pytest.fixture
def llava() -> PoseLlava:
    """A fresh tiny model, free to be changed by a test."""
    return lively(build("tiny"))
