"""Weights in, weights out: strict, from safetensors and JSON only."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load_file

from chatpose_demo.network.pose_decoder import DecoderConfig, PoseDecoder
from chatpose_demo.network.several import Decoder, SeveralDecoders
from chatpose_demo.studio.atlas import load_atlas


def assets_dir() -> Path:
    """The project's `assets` folder: beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).resolve().parents[2] / "assets"
    return beside if beside.is_dir() else Path(str(resources.files("chatpose_demo") / "assets"))


def decoder_files(folder: Path) -> list[Path]:
    """The descriptions of a folder's decoders: pose_decoder.json, pose_decoder_2.json, ...

    Raises:
        FileNotFoundError: there is none.
    """
    found = sorted(folder.glob("pose_decoder*.json"))
    if not found:
        raise FileNotFoundError(f"there is no pose_decoder.json in {folder}")
    return found


def load_decoder(folder: Path) -> Decoder:
    """The trained pose decoder, or several as one; fp32 in eval mode.

    Raises:
        FileNotFoundError: no decoder in `folder`.
        ValueError: it was trained on another atlas than the one in the package.
    """
    found = [_load_one(file) for file in decoder_files(folder)]
    decoder = found[0] if len(found) == 1 else SeveralDecoders(found)
    return decoder.eval().requires_grad_(False)


def _load_one(file: Path) -> PoseDecoder:
    about = json.loads(file.read_text())
    if about["atlas"] != [pose.id for pose in load_atlas()]:
        raise ValueError(
            f"{file} was trained on another pose atlas; "
            "train it again with `python -m chatpose_demo.training.decoder`."
        )
    decoder = PoseDecoder(DecoderConfig(**about["decoder"]))
    state = load_file(file.with_suffix(".safetensors"))
    decoder.load_state_dict({k: v.to(torch.float32) for k, v in state.items()}, strict=True)
    return decoder
