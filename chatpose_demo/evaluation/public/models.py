"""The models that can be measured, by the names that the page knows them by."""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import torch
from safetensors import SafetensorError

from chatpose_demo.chat import ChatPose
from chatpose_demo.evaluation.public.asking import Answerer, ChatAnswerer
from chatpose_demo.evaluation.public.store import Record
from chatpose_demo.network.base_model import LanguageModelMissing
from chatpose_demo.settings import ImageWay, ModelName, Quantize, Settings

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from chatpose_demo.network.llava.network import LlavaNetwork


class ModelMissing(Exception):
    """The model's weights or packages are not there; the text is one sentence for the user."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """What names a model and says how it is run."""
    parser.add_argument("--model", choices=get_args(ModelName), help="who answers")
    parser.add_argument("--weights", type=Path, help="folder of the paper's model")
    parser.add_argument("--quantize", choices=get_args(Quantize), help="of the paper's model")
    parser.add_argument(
        "--image-way",
        choices=get_args(ImageWay),
        help="how it gets a photo: the middle square or all of it (default: as it was trained)",
    )
    parser.add_argument("--threads", type=int, help="CPU threads of the networks")


def settings_of(options: argparse.Namespace, smpl: str | None = None) -> Settings:
    """The wrapper's settings for the options of `add_model_options`."""
    return Settings(
        model=options.model,
        smpl=smpl,
        threads=options.threads,
        weights=str(options.weights) if options.weights else None,
        quantize=options.quantize,
        image_way=options.image_way,
    )


def about(settings: Settings) -> Record:
    """What a model's answers depend on; weights that were trained on are other weights.

    Raises:
        ModelMissing: the weights cannot be read.
    """
    return {
        "model": settings.model,
        "weights": str(Path(settings.weights).resolve()) if settings.weights else None,
        "fingerprint": fingerprint_of(settings.weights),
        "quantize": settings.quantize,
        "image_way": settings.image_way,
    }


def fingerprint_of(weights: str | Path | None) -> str | None:
    """Of a folder of weights; None without one, of which loading will tell.

    Raises:
        ModelMissing: the weights cannot be read.
    """
    if weights is None or not Path(weights).is_dir():
        return None
    from chatpose_demo.network.llava.fingerprint import fingerprint

    try:
        return fingerprint(Path(weights))
    except (OSError, SafetensorError) as error:
        raise ModelMissing(f"The weights in {weights} cannot be read ({error}).") from error


def load_chat(settings: Settings) -> ChatPose:
    """The embedded network with its eyes and body, as behind the page.

    Raises:
        ModelMissing: with one sentence for the user.
    """
    try:
        return ChatPose.load(settings)
    except LanguageModelMissing as error:
        raise ModelMissing(str(error)) from error


def load_llava(settings: Settings) -> LlavaNetwork:
    """The paper's model, which needs no eyes; the tiny one's replies are cut as on the page.

    Raises:
        ModelMissing: with one sentence for the user.
    """
    # Heavy to import, and most runs never ask for it.
    from chatpose_demo.network.llava.network import LlavaNetwork
    from chatpose_demo.network.paper import TINY_TOKENS

    if settings.model == "tiny-llava":
        settings = replace(settings, max_llava_tokens=TINY_TOKENS)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        return LlavaNetwork.load(settings)
    except torch.OutOfMemoryError as error:
        raise ModelMissing("The GPU's memory is too small; try --quantize 4bit.") from error
    except (RuntimeError, OSError, ImportError, ValueError, SafetensorError) as error:
        # Of the weights (WeightsError), the tokenizer's and the settings' files, and bitsandbytes.
        log.debug("the paper's model could not be loaded", exc_info=True)
        raise ModelMissing(str(error)) from error


def load_answerer(settings: Settings) -> Answerer:
    """The model behind its way of being asked; raises as the two above."""
    if settings.model == "embedded":
        return ChatAnswerer(load_chat(settings))
    from chatpose_demo.evaluation.public.llava_batch import LlavaAnswerer

    return LlavaAnswerer(load_llava(settings))
