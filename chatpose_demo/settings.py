"""Settings of the shared model wrapper, one dataclass."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PoseMode = Literal["auto", "always", "never"]
ModelName = Literal["embedded", "chatpose-13b", "chatpose-7b", "tiny-llava"]
Quantize = Literal["8bit", "4bit"]
ImageWay = Literal["crop", "pad"]

MODEL_VARIABLE, WEIGHTS_VARIABLE = (
    "CHATPOSE_MODEL",
    "CHATPOSE_WEIGHTS",
)  # for want of a command line


@dataclass(frozen=True)
class Settings:
    """What the wrapper is built from.

    Attributes:
        model: which network answers; "embedded" is the one that ships with the project,
            "tiny-llava" the paper's architecture with random weights, for trying it out.
        smpl: path of the user's own SMPL file, or None for $CHATPOSE_SMPL or the embedded body.
        threads: CPU threads of the networks; None lets torch decide.
        max_reply_tokens: a reply of the embedded model is cut here.
        weights: folder of the paper's model, made by `python -m chatpose_demo convert`.
        quantize: load the paper's model in 8 or 4 bits; needs bitsandbytes and a GPU.
        image_way: how the paper's model gets a photo: its middle square ("crop") or all of it
            ("pad"); None takes what its weights were trained with.
        max_llava_tokens: a reply of the paper's model is cut here.
    """

    model: ModelName = "embedded"
    smpl: str | None = None
    threads: int | None = None
    max_reply_tokens: int = 160  # our choice: the embedded model rambles beyond that
    weights: str | None = None
    quantize: Quantize | None = None
    image_way: ImageWay | None = None
    max_llava_tokens: int = 512  # reference, main_chat.py


def usual_weights(model: ModelName) -> Path | None:
    """Where the doctor's commands put a released model's weights; None for the other models."""
    size = model.removeprefix("chatpose-")
    return Path("weights") / size if size != model else None


def weights_folder(settings: Settings) -> Path | None:
    """The weights that the model is read from: those named, else those in the usual place."""
    if settings.model == "embedded":
        return None
    if settings.weights is not None:
        return Path(settings.weights)
    usual = usual_weights(settings.model)
    return usual if usual is not None and usual.is_dir() else None


def cache_dir() -> Path:
    """Where converted weights are kept: $CHATPOSE_CACHE, else the user's cache folder."""
    chosen = os.environ.get("CHATPOSE_CACHE")
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(root) / "chatpose-demo"
