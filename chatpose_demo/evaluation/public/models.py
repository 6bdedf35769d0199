"""The models that can be measured, by the names that the page knows them by."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import torch

from chatpose_demo.chat import ChatPose
from chatpose_demo.evaluation.public.asking import Answerer, ChatAnswerer
from chatpose_demo.evaluation.public.store import Record
from chatpose_demo.network.base_model import LanguageModelMissing
from chatpose_demo.settings import ModelName, Quantize, Settings

if TYPE_CHECKING:
    from chatpose_demo.network.llava.network import LlavaNetwork


class ModelMissing(Exception):
    """The model's weights or packages are not there; the text is one sentence for the user."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """What names a model and says how it is run."""
    parser.add_argument("--model", choices=get_args(ModelName), help="who answers")
    parser.add_argument("--weights", type=Path, help="folder of the paper's model")
    parser.add_argument("--quantize", choices=get_args(Quantize), help="of the paper's model")
    parser.add_argument("--threads", type=int, help="CPU threads of the networks")


def settings_of(options: argparse.Namespace, smpl: str | None = None) -> Settings:
    """The wrapper's settings for the options of `add_model_options`."""
    return Settings(
        model=options.model,
        smpl=smpl,
        threads=options.threads,
        weights=str(options.weights) if options.weights else None,
        quantize=options.quantize,
    )


def about(settings: Settings) -> Record:
    """What a model's answers depend on."""
    weights = str(Path(settings.weights).resolve()) if settings.weights else None
    return {"model": settings.model, "weights": weights, "quantize": settings.quantize}


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
    """The paper's model, which needs no eyes.

    Raises:
        ModelMissing: with one sentence for the user.
    """
    # Heavy to import, and most runs never ask for it.
    from chatpose_demo.network.llava.build import WeightsError
    from chatpose_demo.network.llava.network import LlavaNetwork

    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        return LlavaNetwork.load(settings)
    except WeightsError as error:
        raise ModelMissing(str(error)) from error


def load_answerer(settings: Settings) -> Answerer:
    """The model behind its way of being asked; raises as the two above."""
    if settings.model == "embedded":
        return ChatAnswerer(load_chat(settings))
    from chatpose_demo.evaluation.public.llava_batch import LlavaAnswerer

    return LlavaAnswerer(load_llava(settings))
