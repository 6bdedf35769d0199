"""Weights in, weights out: strict, from safetensors and JSON only."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load_file

from chatpose_demo.network.pose_decoder import DecoderConfig, PoseDecoder
from chatpose_demo.studio.atlas import load_atlas


def assets_dir() -> Path:
    """The project's `assets` folder: beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).resolve().parents[2] / "assets"
    return beside if beside.is_dir() else Path(str(resources.files("chatpose_demo") / "assets"))


def load_decoder(folder: Path) -> PoseDecoder:
    """The trained pose decoder, fp32 in eval mode.

    Raises:
        FileNotFoundError: no decoder in `folder`.
        ValueError: it was trained on another atlas than the one in the package.
    """
    about = json.loads((folder / "pose_decoder.json").read_text())
    if about["atlas"] != [pose.id for pose in load_atlas()]:
        raise ValueError(
            f"{folder}/pose_decoder.json was trained on another pose atlas; "
            "train it again with `python -m chatpose_demo.training.decoder`."
        )
    decoder = PoseDecoder(DecoderConfig(**about["decoder"]))
    state = load_file(folder / "pose_decoder.safetensors")
    decoder.load_state_dict({k: v.to(torch.float32) for k, v in state.items()}, strict=True)
    return decoder.eval().requires_grad_(False)
