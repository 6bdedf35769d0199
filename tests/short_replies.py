"""The evaluation's command with replies of a few tokens, for tests that start processes."""

from __future__ import annotations

import sys

from chatpose_demo.evaluation.public import __main__ as command
from chatpose_demo.evaluation.public import models
from chatpose_demo.evaluation.public.asking import Answerer
from chatpose_demo.evaluation.public.llava_batch import LlavaAnswerer
from chatpose_demo.settings import Settings


def short(settings: Settings) -> Answerer:
    """The model that the settings name, cut at six tokens."""
    network = models.load_llava(settings)
    network.max_tokens = 6
    return LlavaAnswerer(network)


if __name__ == "__main__":
    command.load_answerer = short
    sys.exit(command.main())
