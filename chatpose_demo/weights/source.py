"""What a downloaded folder says about its model: the configuration and the tokenizer."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformers import CLIPVisionConfig, LlamaConfig, LlamaTokenizer, LlavaConfig
from transformers.convert_slow_tokenizer import import_protobuf
from transformers.tokenization_utils_base import generate_merges

from chatpose_demo.network.llava.config import SIZES, PoseLlavaConfig
from chatpose_demo.network.llava.tokenizer import load_tokenizer
from chatpose_demo.weights.shards import CheckpointError

# What PoseLlavaConfig has no field for, because every LLaVA-1.5 has it so.
_TEXT_FIXED: dict[str, Any] = {
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}
_VISION_FIXED: dict[str, Any] = {"hidden_act": "quick_gelu", "num_channels": 3}
_SOURCE_FIXED: dict[str, tuple[Any, ...]] = {  # by either family's name; absent is fine
    "mm_projector_type": ("mlp2x_gelu",),
    "mm_vision_select_layer": (-2,),
    "mm_vision_select_feature": ("patch",),
    "projector_hidden_act": ("gelu",),
    "vision_feature_layer": (-2,),
    "vision_feature_select_strategy": ("default",),
}
_DIMENSIONS = (
    "hidden", "layers", "heads", "intermediate", "vocab_size",
    "vision_hidden", "vision_layers", "vision_heads", "vision_intermediate", "image_size", "patch",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """LLaMA's vocabulary without added tokens.

    Attributes:
        ids: piece -> id.
        merges: pairs of pieces, the first one to be joined first.
        added: the tokens that were added after it, text -> id.
    """

    ids: dict[str, int]
    merges: list[tuple[str, str]]
    added: dict[str, int]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path.parent} has no {path.name}; download it too.") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged: it is not JSON.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} is damaged: it holds no JSON object.")
    return content


# Configuration


def read_source_config(
    source: Path, clip: Path | None, vocab_size: int, pose_token: str
) -> PoseLlavaConfig:
    """The configuration that the folders' `config.json` describe.

    Args:
        source: a folder of one of the three families.
        clip: the folder of the vision tower, or None where it is inside.
        vocab_size: rows with the pose token's.

    Raises:
        CheckpointError: no config.json, or it describes something else than a LLaVA-1.5.
    """
    told = read_json(source / "config.json")
    for name, allowed in _SOURCE_FIXED.items():
        if told.get(name, allowed[0]) not in allowed:
            raise _other(source, name, told[name], allowed[0])
    text, vision = _parts(told, None if clip is None else read_json(clip / "config.json"))
    _check(source, text, _TEXT_FIXED | {"num_key_value_heads": text.num_attention_heads})
    rope = {"rope_theta": 10000.0, "rope_type": "default"}  # LlamaConfig default; Vicuna v1.5
    _check(source, text, {"rope_parameters": rope})
    _check(clip or source, vision, _VISION_FIXED)
    config = PoseLlavaConfig(
        size="",
        hidden=text.hidden_size,
        layers=text.num_hidden_layers,
        heads=text.num_attention_heads,
        intermediate=text.intermediate_size,
        vocab_size=vocab_size,
        max_positions=text.max_position_embeddings,
        norm_eps=text.rms_norm_eps,
        vision_hidden=vision.hidden_size,
        vision_layers=vision.num_hidden_layers,
        vision_heads=vision.num_attention_heads,
        vision_intermediate=vision.intermediate_size,
        image_size=vision.image_size,
        patch=vision.patch_size,
        pose_token=pose_token,
    )
    return replace(config, size=_size(config))


def _parts(told: dict[str, Any], clip: dict[str, Any] | None) -> tuple[Any, Any]:
    """Language and vision configurations, with transformers' defaults where nothing is told."""
    nested = LlavaConfig.from_dict(told) if "text_config" in told else None
    text = LlamaConfig.from_dict(told) if nested is None else nested.text_config
    if clip is not None:
        vision = CLIPVisionConfig.from_dict(clip.get("vision_config", clip))
    elif nested is not None:
        vision = nested.vision_config
    else:  # LLaVA-1.5 names its tower by a hub address only: CLIP ViT-L/14-336
        large = SIZES["13b"]
        vision = CLIPVisionConfig(
            hidden_size=large.vision_hidden,
            num_hidden_layers=large.vision_layers,
            num_attention_heads=large.vision_heads,
            intermediate_size=large.vision_intermediate,
            image_size=large.image_size,
            patch_size=large.patch,
        )
    return text, vision


def _check(folder: Path, config: Any, fixed: dict[str, Any]) -> None:
    for name, value in fixed.items():
        if getattr(config, name) != value:
            raise _other(folder, name, getattr(config, name), value)


def _other(folder: Path, name: str, found: Any, wanted: Any) -> CheckpointError:
    return CheckpointError(
        f"{folder} is no LLaVA-1.5: its config.json has {name} = {found!r}, not {wanted!r}."
    )


def _size(config: PoseLlavaConfig) -> str:
    """The name that `build` asks for, by the dimensions alone."""
    for name, known in SIZES.items():
        if all(getattr(config, field) == getattr(known, field) for field in _DIMENSIONS):
            return name
    return f"{config.layers}x{config.hidden}"


# Tokenizer


def read_words(folder: Path) -> Words:
    """The vocabulary of `tokenizer.model` (SentencePiece) or `tokenizer.json`.

    Raises:
        CheckpointError: neither is there, or it is damaged.
    """
    added = folder / "added_tokens.json"
    tokens = {text: int(id) for text, id in read_json(added).items()} if added.exists() else {}
    if (folder / "tokenizer.model").exists():
        return Words(*_sentencepiece(folder / "tokenizer.model"), tokens)
    if (folder / "tokenizer.json").exists():
        return Words(*_fast_tokenizer(folder / "tokenizer.json"), tokens)
    raise CheckpointError(
        f"{folder} has no tokenizer.model and no tokenizer.json; download it too."
    )


def _sentencepiece(path: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    # Read by its protobuf description, so that the package sentencepiece is not needed.
    model: Any = vars(import_protobuf())["ModelProto"]()  # the class is made at import
    try:
        model.ParseFromString(path.read_bytes())
    except Exception as error:  # protobuf's own class differs between its versions
        raise CheckpointError(f"{path} is damaged or no SentencePiece model.") from error
    ids = {piece.piece: index for index, piece in enumerate(model.pieces)}
    special = [piece.piece for piece in model.pieces if piece.type != 1]  # 1: an ordinary piece
    # SentencePiece joins by score. LLaMA's ids have nearly the same order, but runs of spaces,
    # which were given low ids and the lowest scores.
    scores = {piece.piece: piece.score for piece in model.pieces}
    return ids, generate_merges(ids, vocab_scores=scores, skip_tokens=special)


def _fast_tokenizer(path: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    try:
        model = read_json(path)["model"]
        pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
        return dict(model["vocab"]), [(left, right) for left, right in pairs]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged or no BPE tokenizer.") from error


def write_tokenizer(words: Words, config: PoseLlavaConfig, folder: Path) -> None:
    """Write the vocabulary and the pose token in the form that the network reads.

    Raises:
        CheckpointError: the pose token does not get the id that its row has.
    """
    LlamaTokenizer(words.ids, words.merges, legacy=True).save_pretrained(folder)
    try:
        load_tokenizer(folder, config).save_pretrained(folder)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
