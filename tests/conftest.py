"""Shared by all tests. The page tests run the real app, with the real model, in its own process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Gradio or the model libraries.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import pytest

ROOT = Path(__file__).parents[1]
START_S = 120  # importing everything on a busy two-core machine
AWAY_S = 4.0  # instead of minutes: how long the app under test waits for a lost page
APP = (
    "import runpy, sys; from chatpose_demo.ui import session; "
    f"session.AWAY_S = {AWAY_S}; sys.argv[0] = 'app.py'; "
    "runpy.run_path('app.py', run_name='__main__')"
)


@pytest.fixture(scope="session")
def upload_folder(tmp_path_factory) -> Path:
    """Where the app under test keeps uploads and visitors' files."""
    return tmp_path_factory.mktemp("uploads")


@contextlib.contextmanager
def serving(folder: Path, log_folder: Path, *options: str) -> Iterator[str]:
    """Address of `python app.py OPTIONS`, in a process of its own; it must log no traceback.

    Args:
        folder: where the app keeps uploads and visitors' files.
    """
    log_file, port = log_folder / "app.log", _free_port()
    with log_file.open("w") as log:
        app = subprocess.Popen(
            [sys.executable, "-c", APP, *options, "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"GRADIO_TEMP_DIR": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, app, log_file)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(timeout=20)
    assert "Traceback" not in log_file.read_text(), log_file.read_text()[-3000:]


@pytest.fixture(scope="session")
def app_url(upload_folder: Path, tmp_path_factory) -> Iterator[str]:
    """Address of the app as it ships, started once for all page tests."""
    with serving(upload_folder, tmp_path_factory.mktemp("app")) as url:
        yield url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, app: subprocess.Popen, log_file: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if app.poll() is not None:
            raise RuntimeError(f"the app ended at once:\n{log_file.read_text()[-3000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"the app did not answer:\n{log_file.read_text()[-3000:]}")
