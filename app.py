"""Start the ChatPose Demo: `python app.py`, then open the address that it prints."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import subprocess
import sys
from dataclasses import replace
from typing import get_args

# Before Gradio and the model libraries are imported: nothing is reported, nothing is fetched.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from chatpose_demo.network.zerogpu import spaces_package

# ZeroGPU: before anything touches CUDA. Elsewhere the package is not there.
SPACES = spaces_package()

from chatpose_demo.network.base_model import INSTALL, PACKAGE
from chatpose_demo.settings import (
    MODEL_VARIABLE,
    WEIGHTS_VARIABLE,
    ImageWay,
    ModelName,
    Quantize,
    Settings,
    weights_folder,
)
from chatpose_demo.ui.blocks import build, launch
from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.served import Served, served
from chatpose_demo.ui.worker import Worker
from chatpose_demo.weights.journal import UNTRAINED, has_untrained_head


def main() -> None:
    """Read the options, load the model in the background, serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model",
        choices=get_args(ModelName),
        default=os.environ.get(MODEL_VARIABLE, "embedded"),
        help="the embedded one, or the paper's: see docs/PAPER_MODEL.md",
    )
    parser.add_argument(
        "--weights",
        metavar="PATH",
        help="folder of the paper's model, made by `python -m chatpose_demo convert`",
    )
    parser.add_argument("--quantize", choices=get_args(Quantize), help="of the paper's model")
    parser.add_argument(
        "--image-way",
        choices=get_args(ImageWay),
        help="how the paper's model gets a photo: its middle square, or all of it",
    )
    parser.add_argument(
        "--smpl", metavar="PATH", help="your own SMPL_NEUTRAL or SMPLX_NEUTRAL, .npz or .pkl"
    )
    parser.add_argument("--port", type=int, help="default: the first free one from 7860 on")
    parser.add_argument("--threads", type=int, help="CPU threads of the model")
    parser.add_argument(
        "--share", action="store_true", help="also open a public address (leaves this machine)"
    )
    options = parser.parse_args()
    if options.model not in get_args(ModelName):  # argparse checks what is typed, no default
        known = ", ".join(get_args(ModelName))
        parser.error(f"{MODEL_VARIABLE} is {options.model!r}; it may be {known}")
    if options.model == "embedded" and (options.weights or options.quantize or options.image_way):
        parser.error("--weights, --quantize and --image-way are for the paper's model: add --model")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    if os.environ.get("SPACE_ID") and importlib.util.find_spec(PACKAGE) is None:
        # A Space installs requirements.txt, where one package cannot be told to come alone.
        subprocess.run([sys.executable, "-m", *INSTALL], check=True)
    settings = Settings(
        model=options.model,
        smpl=options.smpl,
        threads=options.threads,
        weights=options.weights or os.environ.get(WEIGHTS_VARIABLE),
        quantize=options.quantize,
        image_way=options.image_way,
    )
    worker = Worker(lambda: Engine.load(settings))
    if SPACES is not None:
        worker.load()  # here and now: ZeroGPU takes over what is on CUDA when the page is served
    worker.start()
    demo = build(worker, _served(settings))
    url = launch(demo, port=options.port, share=options.share)
    print(
        f"\nChatPose Demo is at {url}\nThe model loads meanwhile. Stop with Ctrl-C.\n", flush=True
    )
    demo.block_thread()


def _served(settings: Settings) -> Served:
    """What the page says about the model; with a warning where bodies would be random."""
    page, folder = served(settings), weights_folder(settings)
    if folder is None or not has_untrained_head(folder):
        return page
    return replace(page, about=f"{page.about} {UNTRAINED}")


if __name__ == "__main__":
    main()
