"""The model in a thread of its own.

Gradio resumes a streaming handler on a different thread after every `yield`, which breaks
thread-local contexts such as `torch.inference_mode` and every lock. So one thread loads the model
and runs all jobs from start to end; handlers only read what it puts into a queue.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)
Model = TypeVar("Model")

POLL_S = 0.25  # our choice: how often a waiting handler looks whether it should tell its visitor


class ModelNotLoaded(RuntimeError):
    """The model could not be loaded; the text is what the loader said."""


class NotReady(RuntimeError):
    """What a loader raises when something is missing; its sentence tells visitors what helps."""


@dataclass(frozen=True)
class Waiting:
    """Nothing new yet. `loading`: the model itself is not ready."""

    seconds: float
    loading: bool


class _End:
    pass


@dataclass
class _Job:
    run: Callable[[Any], Iterator[Any]]
    stop: threading.Event
    output: queue.Queue = field(default_factory=queue.Queue)
    # Whose request it is: the job runs in it, because a GPU that is lent is lent to a visitor.
    context: contextvars.Context = field(default_factory=contextvars.copy_context)


class Worker(Generic[Model]):
    """Loads one model in the background, then runs jobs on it one after the other."""

    def __init__(self, load: Callable[[], Model]) -> None:
        self._load = load
        self._jobs: queue.Queue[_Job] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self._started = 0.0
        self._ready = threading.Event()
        self._model: Model | None = None
        self._fault: Exception | None = None

    def start(self) -> None:
        """Begin to load, if that has not been done; returns at once."""
        self._started = time.monotonic()
        self._thread.start()

    def load(self) -> None:
        """Load in the caller's thread, before `start`."""
        try:
            self._model = self._load()
        except NotReady as fault:
            log.error("%s", fault)
            self._fault = fault
        except Exception as fault:
            log.exception("the model could not be loaded")
            self._fault = fault
        self._ready.set()

    @property
    def loading_seconds(self) -> float | None:
        """How long the load has been running; None when it has ended."""
        return None if self._ready.is_set() else time.monotonic() - self._started

    @property
    def fault(self) -> Exception | None:
        """Why the model could not be loaded, if so."""
        return self._fault

    def stream(self, run: Callable[[Model], Iterator[Any]], stop: threading.Event) -> Iterator[Any]:
        """Run `run(model)` in the model's thread and hand on what it yields.

        Yields `Waiting` about every second while there is nothing. Ends early, without waiting for
        the model, when `stop` is set; `run` should watch the same event.

        Raises:
            ModelNotLoaded: there is no model.
            Exception: whatever the job raised.
        """
        job = _Job(run, stop)
        self._jobs.put(job)
        began = told = time.monotonic()
        while not stop.is_set():
            try:
                item = job.output.get(timeout=POLL_S)
            except queue.Empty:
                if time.monotonic() - told >= 1:
                    told = time.monotonic()
                    yield Waiting(told - began, loading=not self._ready.is_set())
                continue
            if isinstance(item, _End):
                return
            if isinstance(item, Exception):
                raise item
            yield item

    def _work(self) -> None:
        if not self._ready.is_set():
            self.load()
        while True:
            job = self._jobs.get()
            if not job.stop.is_set():
                job.context.run(self._run, job)

    def _run(self, job: _Job) -> None:
        try:
            if self._model is None:
                raise ModelNotLoaded(str(self._fault)) from self._fault
            for item in job.run(self._model):
                job.output.put(item)
                if job.stop.is_set():
                    break
        except Exception as fault:
            job.output.put(fault)
        finally:
            job.output.put(_End())
