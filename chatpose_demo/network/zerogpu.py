"""Answering on ZeroGPU, where a process gets a GPU only while a decorated function runs.

The package `spaces` is there on such a Space and nowhere else. It runs the function in a child
process, so only what can be pickled goes in and comes out: a question, words and bodies.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from typing import Any

from chatpose_demo.network.interface import AskBack, Body, PoseNetwork, Question, Words


def spaces_package() -> Any | None:
    """The package, or None where it is not installed.

    It must be imported before CUDA is used, and models must be on CUDA before the page is served.
    """
    if "spaces" not in sys.modules and importlib.util.find_spec("spaces") is None:
        return None
    return importlib.import_module("spaces")


class OnZeroGpu:
    """A network whose answers are computed while the Space lends a GPU."""

    def __init__(self, network: PoseNetwork, spaces: Any) -> None:
        def reply(question: Question) -> Iterator[Words | Body | AskBack]:
            yield from network.answer(question, lambda: False)

        # A visitor's quota is checked against the time asked for: 60 s by default, which a reply
        # of 512 tokens does not reach.
        self._reply = spaces.GPU(reply)

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        """Stream the reply to one question; a stop is heard between its parts."""
        parts = self._reply(question)
        try:
            for part in parts:
                yield part
                if stopped():
                    return
        finally:
            parts.close()
