"""The paper's model made ready to answer: what it needs is told, it is loaded, and placed."""

from __future__ import annotations

import logging
from dataclasses import replace

import torch

from chatpose_demo.network.chosen import NamesTheChosen
from chatpose_demo.network.interface import CannotLoad, PoseNetwork
from chatpose_demo.network.llava.build import WeightsError
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.network import SIZE_OF, LlavaNetwork
from chatpose_demo.network.zerogpu import OnZeroGpu, spaces_package
from chatpose_demo.settings import Settings, weights_folder
from chatpose_demo.weights.journal import UNTRAINED, has_untrained_head
from chatpose_demo.weights.memory import (
    CONTEXT,
    GIB,
    KINDS,
    advice,
    estimate,
    parts_of,
    this_machine,
)

log = logging.getLogger(__name__)
TINY_TOKENS = 64  # our choice: a dry run shows that words come; it has nothing to say


def load_paper_model(settings: Settings) -> PoseNetwork:
    """The network that the settings name, ready to serve.

    Weights that are not named are looked for where the doctor's commands put them.

    Raises:
        CannotLoad: weights or a package are missing, or the memory is too small.
    """
    size = SIZE_OF[settings.model]
    folder = weights_folder(settings)
    if folder is not None:
        settings = replace(settings, weights=str(folder))
    if size == "tiny":
        settings = replace(settings, max_llava_tokens=TINY_TOKENS)
    spaces = spaces_package()
    if size != "tiny":
        log.info(needs(settings))
    try:
        network = LlavaNetwork.load(settings)
        if folder is not None and has_untrained_head(folder):
            log.warning("%s: %s", folder, UNTRAINED)
    except (WeightsError, OSError, ImportError, ValueError) as error:
        # The last three are of the tokenizer's files and of what quantisation imports.
        raise CannotLoad(str(error)) from error
    except torch.OutOfMemoryError as error:
        raise CannotLoad(f"The GPU's memory is too small. {needs(settings)}") from error
    if spaces is None:
        return NamesTheChosen(network)
    if torch.cuda.is_available() and network.model.device.type == "cpu":
        network.model.to("cuda")
    return NamesTheChosen(OnZeroGpu(network, spaces))


def needs(settings: Settings) -> str:
    """What the model takes in memory and what this machine should do, in three sentences."""
    config = config_of(SIZE_OF[settings.model])
    parts = parts_of(config)
    all_kinds = tuple(estimate(config, parts, kind) for kind in KINDS)
    one = next(e for e in all_kinds if e.kind == (settings.quantize or "bf16"))
    weights, cache, working = (part / GIB for part in (one.weights, one.cache, one.working))
    return (
        f"{settings.model} in {one.kind} takes about {one.total / GIB:.1f} GiB: weights "
        f"{weights:.1f}, a conversation of {CONTEXT:,} tokens {cache:.1f}, working memory "
        f"{working:.1f}. {advice(all_kinds, this_machine())}"
    )
