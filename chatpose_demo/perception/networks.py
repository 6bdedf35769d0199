"""Opens the converted networks with onnxruntime, once per process and only when first needed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "perception"
# Measured on an idle two-core host: MoveNet at 512 takes 115 ms with one thread, 64 ms with two.
# Our choice not to take more: the language model wants the other cores.
MAX_THREADS = 2


@cache
def open_network(name: str) -> onnxruntime.InferenceSession:
    """The session of `assets/perception/<name>.onnx`. `run` of a session is thread-safe.

    Raises:
        FileNotFoundError: the file is not part of this installation.
    """
    path = ASSETS / f"{name}.onnx"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; build it with tools/convert_perception.py or reinstall."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, min(MAX_THREADS, os.cpu_count() or 1))
    options.inter_op_num_threads = 1
    # Spinning threads would steal time from the language model that runs next to us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena for each network is a little faster, but each keeps its largest need for good
    # (`benchmarks/speed.py` prints the peak memory).
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_network(name: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """All outputs of a network, by name, for its one input."""
    session = open_network(name)
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {"image": image})
    return {key: np.asarray(value) for key, value in zip(names, values, strict=True)}
