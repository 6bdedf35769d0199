"""Start the ChatPose Demo: `python app.py`, then open the address that it prints."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import subprocess
import sys

# Before Gradio and the model libraries are imported: nothing is reported, nothing is fetched.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from chatpose_demo.network.base_model import INSTALL, PACKAGE
from chatpose_demo.settings import Settings
from chatpose_demo.ui.blocks import build, launch
from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.worker import Worker


def main() -> None:
    """Read the options, load the model in the background, serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["embedded"], default="embedded")
    parser.add_argument("--smpl", metavar="PATH", help="your own SMPL_NEUTRAL.npz or .pkl")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860 on")
    parser.add_argument("--threads", type=int, help="CPU threads of the model")
    parser.add_argument(
        "--share", action="store_true", help="also open a public address (leaves this machine)"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    if os.environ.get("SPACE_ID") and importlib.util.find_spec(PACKAGE) is None:
        # A Space installs requirements.txt, where one package cannot be told to come alone.
        subprocess.run([sys.executable, "-m", *INSTALL], check=True)
    settings = Settings(model=options.model, smpl=options.smpl, threads=options.threads)
    worker = Worker(lambda: Engine.load(settings))
    worker.start()
    demo = build(worker)
    url = launch(demo, port=options.port, share=options.share)
    print(
        f"\nChatPose Demo is at {url}\nThe model loads meanwhile. Stop with Ctrl-C.\n", flush=True
    )
    demo.block_thread()


if __name__ == "__main__":
    main()
