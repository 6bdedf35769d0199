"""What a conversion will do, tensor by tensor, decided before a byte is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import torch

from chatpose_demo.network.llava.build import HEAD, expected_shapes
from chatpose_demo.network.llava.config import SETTINGS_FILE, PoseLlavaConfig
from chatpose_demo.weights.names import (
    CHATPOSE_V0,
    CLIP,
    Drop,
    Rename,
    Table,
    recognise,
    renamed,
    target,
)
from chatpose_demo.weights.pieces import Output, Piece, Plan
from chatpose_demo.weights.shards import (
    CheckpointError,
    Entry,
    entries,
    listed,
    shard_paths,
    weight_map,
)
from chatpose_demo.weights.source import Words, read_source_config, read_words

POSE_TOKEN = PoseLlavaConfig.pose_token  # of a fresh base; a trained checkpoint tells its own
VOCABULARY = ("model.language_model.embed_tokens.weight", "lm_head.weight")


def make_plan(source: Path, clip: Path | None, base: bool, seed: int) -> Plan:
    """Look at names and shapes alone and decide about every tensor.

    Args:
        source: a folder of one of the families in `names`.
        clip: folder of CLIP ViT-L/14-336, where the source has no vision tower.
        base: the source has no pose head; make a fresh one, for training.
        seed: of that head.

    Raises:
        CheckpointError: a key is unknown, missing or there twice, or a shape is wrong.
    """
    if (source / SETTINGS_FILE).exists():
        raise CheckpointError(
            f"{source} is already converted; nothing is left to do. It is used as it is: "
            f"--weights {source}."
        )
    shards = {path: entries(path) for path in shard_paths(source)}
    _check_index(source, shards)
    table = recognise(key for shard in shards.values() for key in shard)
    if base and table is CHATPOSE_V0:
        raise CheckpointError(f"{source} already has a pose head; leave --base out.")
    if not base and table is not CHATPOSE_V0:
        raise CheckpointError(
            f"{source} is a {table.name} without a pose head, so it cannot say bodies. As a base "
            "for training it can be converted: add --base."
        )
    words = read_words(source)
    token = POSE_TOKEN if base else _pose_token(source, words)
    config = read_source_config(source, clip, len(words.ids) + 1, token)

    towers = {path: entries(path) for path in shard_paths(clip)} if clip else {}
    renames: Counter[Rename] = Counter()
    drops: Counter[Drop] = Counter()
    files: list[tuple[Path | None, list[Piece]]] = [
        (path, _pieces(path, found, names, renames, drops))
        for names, group in ((table, shards), (CLIP, towers))
        for path, found in group.items()
    ]
    if base:
        files = [(path, _with_pose_row(pieces, len(words.ids))) for path, pieces in files]
        files.append((None, _fresh_head(config)))
    _check(source, [piece for _, pieces in files for piece in pieces], config)

    kept = [(path, pieces) for path, pieces in files if pieces]
    outputs = tuple(
        Output(f"model-{place:05}-of-{len(kept):05}.safetensors", path, tuple(pieces))
        for place, (path, pieces) in enumerate(kept, 1)
    )
    return Plan(table, config, words, outputs, renames, drops, seed)


def _check_index(source: Path, shards: dict[Path, dict[str, Entry]]) -> None:
    """What the index promises must be in the files."""
    for index in source.glob("*.index.json"):
        promised = weight_map(index)
        files = {path.name: found for path, found in shards.items()}
        if not set(promised.values()) <= set(files):
            continue  # the index of the other form of the same weights
        absent = [key for key, file in promised.items() if key not in files[file]]
        if absent:
            raise CheckpointError(
                f"{source} is damaged: {index.name} promises {listed(absent)}, which the files "
                "do not hold."
            )


def _pose_token(source: Path, words: Words) -> str:
    found = [text for text, id in words.added.items() if id == len(words.ids)]
    if len(found) != 1 or len(words.added) != 1:
        raise CheckpointError(
            f"{source} should have exactly one added token, the pose token with id "
            f"{len(words.ids)}; its added_tokens.json has {words.added or 'none'}."
        )
    return found[0]


def _pieces(
    path: Path,
    found: dict[str, Entry],
    table: Table,
    renames: Counter[Rename],
    drops: Counter[Drop],
) -> list[Piece]:
    pieces: list[Piece] = []
    unknown: list[str] = []
    for key, entry in found.items():
        rule = renamed(table, key)
        if rule is None:
            unknown.append(key)
        elif isinstance(rule, Drop):
            drops[rule] += 1
        else:
            renames[rule] += 1
            name = target(rule, key)
            way, dtype = ("head", torch.float32) if name.startswith(HEAD) else ("copy", entry.dtype)
            pieces.append(Piece(name, key, way, entry.shape, dtype))
    if unknown:
        raise CheckpointError(
            f"{path.name} holds what no {table.name} should: {listed(unknown)}. Nothing was "
            "converted, because a wrong guess would make a model that answers nonsense."
        )
    return pieces


def _with_pose_row(pieces: list[Piece], words: int) -> list[Piece]:
    changed = []
    for piece in pieces:
        if piece.name in VOCABULARY:
            rows, hidden = piece.shape
            if rows < words:
                raise CheckpointError(f"{piece.source} has {rows} rows for {words} words.")
            piece = replace(piece, way="rows", shape=(words + 1, hidden))
        changed.append(piece)
    return changed


def _fresh_head(config: PoseLlavaConfig) -> list[Piece]:
    shapes = {
        "0.weight": (config.hidden, config.hidden),
        "0.bias": (config.hidden,),
        "2.weight": (config.head_out, config.hidden),
        "2.bias": (config.head_out,),
    }
    return [Piece(HEAD + key, None, "fresh", s, torch.float32) for key, s in shapes.items()]


def _check(source: Path, pieces: list[Piece], config: PoseLlavaConfig) -> None:
    """Exactly the model's tensors, each once, each of its shape, each of real numbers."""
    expected = expected_shapes(config)
    twice = [name for name, count in Counter(p.name for p in pieces).items() if count > 1]
    if twice:
        origins = [str(piece.source) for piece in pieces if piece.name == twice[0]]
        inside = any("vision_tower" in name for name in twice)
        raise CheckpointError(
            f"{source} gives {listed(twice)} more than once (from {' and '.join(origins)})."
            + (" It has its own vision tower: leave --clip out." if inside else "")
        )
    got = {piece.name: piece for piece in pieces}
    if extra := sorted(got.keys() - expected.keys()):
        keys = [str(got[name].source) for name in extra]
        raise CheckpointError(f"{source} holds what the network has no place for: {listed(keys)}.")
    if missing := [name for name in expected if name not in got]:
        towerless = all(name.startswith("model.vision_tower.") for name in missing)
        raise CheckpointError(
            f"{source} lacks {listed(missing)}."
            + (
                " Its vision tower comes from a folder of openai/clip-vit-large-patch14-336: add "
                "--clip FOLDER."
                if towerless
                else ""
            )
        )
    for name, piece in got.items():
        if piece.shape != expected[name]:
            raise CheckpointError(
                f"{piece.source} has the shape {piece.shape}; the configuration of {source} "
                f"asks for {expected[name]}."
            )
        if not piece.dtype.is_floating_point:
            raise CheckpointError(f"{piece.source} holds {piece.dtype}, not real numbers.")
