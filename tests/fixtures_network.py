"""The embedded network, loaded once for all tests that name this plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from chatpose_demo.body.smpl import Body
from chatpose_demo.chat import ChatPose
from chatpose_demo.network.base_model import load_base
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.language import Language
from chatpose_demo.network.several import Decoder
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.settings import Settings


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder of the weights that the project ships."""
    return assets_dir() / "network"


@pytest.fixture(scope="session")
def network() -> EmbeddedNetwork:
    """Both voices and the trained pose decoder, as the demo loads them; replies kept short."""
    return EmbeddedNetwork.load(Settings(max_reply_tokens=48))


@pytest.fixture(scope="session")
def language(network: EmbeddedNetwork) -> Language:
    """The language side of the network."""
    return network.language


@pytest.fixture(scope="session")
def plain_fp32() -> Language:
    """The base model alone, in fp32, where a computation in another order gives the same words."""
    base, tokenizer = load_base(torch.float32)
    return Language(base, tokenizer)


@pytest.fixture(scope="session")
def decoder(network: EmbeddedNetwork) -> Decoder:
    """The trained pose decoder."""
    return network.decoder


@pytest.fixture(scope="session")
def chat(network: EmbeddedNetwork) -> ChatPose:
    """The demo's wrapper on the shipped weights."""
    return ChatPose(Body.resolve(None), Eyes(), network)


@pytest.fixture(scope="session")
def blank() -> Image.Image:
    """A grey picture of the size in which the synthetic scenes are laid out."""
    return Image.new("RGB", (1280, 800), (128, 128, 128))
