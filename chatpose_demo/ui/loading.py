"""A small badge that says how far the model's load is."""

from __future__ import annotations

import html
import re

import gradio as gr

from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.worker import NotReady, Worker

_COMMAND = re.compile("`(.+?)`")
READY = '<span class="dot"></span>Ready. Photos stay on the machine that runs this page.'


class LoadBadge:
    """Shown in the header; asks once a second until the load has ended."""

    def __init__(self, worker: Worker[Engine]) -> None:
        self._worker = worker
        self._line = gr.HTML(self.text(), elem_id="loadstate", container=False)
        self._timer = gr.Timer(1.0)

    def text(self) -> str:
        """The badge as HTML."""
        seconds = self._worker.loading_seconds
        if seconds is not None:
            return f'<span class="dot loading"></span>Loading the model… {seconds:.0f} s'
        fault = self._worker.fault
        if isinstance(fault, NotReady):
            told = _COMMAND.sub(r"<code>\1</code>", html.escape(str(fault)))
            return f'<span class="dot fault"></span>{told}'
        if fault is not None:
            return '<span class="dot fault"></span>The model could not be loaded; see the log.'
        return READY

    def wire(self) -> None:
        """Start asking."""
        self._timer.tick(
            self._tick,
            None,
            [self._line, self._timer],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def _tick(self) -> tuple[str, gr.Timer]:
        return self.text(), gr.Timer(active=self._worker.loading_seconds is not None)
