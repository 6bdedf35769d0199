"""Published weights -> this project's folder layout, one shard at a time.

Peak memory stays below one shard and a few tensors: shards are mapped, and a tensor that only
changes its name is written from the mapped pages. A conversion that was stopped goes on where it
was: a small journal names the finished files with size and sha256.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tqdm import tqdm

from chatpose_demo.network.llava.build import HEAD, INDEX
from chatpose_demo.network.llava.config import PoseLlavaConfig, write_config
from chatpose_demo.network.llava.model import pose_head
from chatpose_demo.weights.journal import JOURNAL, replace_file
from chatpose_demo.weights.pieces import Output, Piece, Plan
from chatpose_demo.weights.plan import make_plan
from chatpose_demo.weights.shards import CheckpointError, read_shard
from chatpose_demo.weights.source import read_json, write_tokenizer

_SPARE = 100_000_000  # our choice: bytes beside the tensors: tokenizer, index, headers
_ROWS = 4096  # our choice: rows that are averaged at a time


def convert(
    source: Path, out: Path, *, clip: Path | None = None, base: bool = False, seed: int = 0
) -> Plan:
    """Convert a downloaded folder; a second call finishes what a first one began.

    Tensors keep their bits and dtype, but for the pose head, which becomes fp32, and the rows
    that a base gets for its pose token.

    Args:
        source, clip, base, seed: see `make_plan`.
        out: an empty or new folder, or one that the same conversion has begun.

    Raises:
        CheckpointError: the source is not usable, `out` holds something else, or the disk is full.
    """
    plan = make_plan(source, clip, base, seed)
    asked = {"source": str(source), "clip": str(clip) if clip else None, "base": base, "seed": seed}
    journal = _Journal.open(out, plan, asked)
    open_files = [output for output in plan.outputs if not journal.has(output)]
    needed = sum(output.bytes for output in open_files) + _SPARE
    free = shutil.disk_usage(out).free
    if free < needed:
        raise CheckpointError(
            f"{out} needs {needed / 1e9:.1f} GB of free disk and has {free / 1e9:.1f} GB."
        )
    with tqdm(total=plan.bytes, unit="B", unit_scale=True) as bar:
        bar.update(plan.bytes - sum(output.bytes for output in open_files))
        for output in open_files:
            bar.set_description(output.name)
            _write(output, plan, out)
            journal.add(output)
            bar.update(output.bytes)
    _write_index(plan, out)
    write_tokenizer(plan.words, plan.config, out)
    write_config(plan.config, out)  # last: the folder counts as weights from here on
    return plan


@dataclass
class _Journal:
    """Which files are finished: name -> {"size", "sha256"}; and what `convert` was asked for."""

    folder: Path
    family: str
    plan: str
    asked: dict[str, Any]
    finished: dict[str, dict[str, int | str]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, plan: Plan, asked: dict[str, Any]) -> _Journal:
        journal = cls(folder, plan.table.name, plan.digest(), asked)
        path = folder / JOURNAL
        if path.exists():
            told = read_json(path)
            if told.get("plan") != journal.plan:
                raise CheckpointError(
                    f"{folder} holds another conversion (other sources or settings); name an "
                    "empty folder."
                )
            journal.finished = told["finished"]
        elif folder.exists() and any(folder.iterdir()):
            raise CheckpointError(f"{folder} is not empty; name an empty or new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        journal._save()
        return journal

    def has(self, output: Output) -> bool:
        path, told = self.folder / output.name, self.finished.get(output.name)
        return (
            told is not None
            and path.exists()
            and path.stat().st_size == told["size"]
            and _sha256(path) == told["sha256"]
        )

    def add(self, output: Output) -> None:
        path = self.folder / output.name
        self.finished[output.name] = {"size": path.stat().st_size, "sha256": _sha256(path)}
        self._save()

    def _save(self) -> None:
        content = {
            "family": self.family,
            "asked": self.asked,
            "plan": self.plan,
            "finished": self.finished,
        }
        replace_file(self.folder / JOURNAL, json.dumps(content, indent=1).encode())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(output: Output, plan: Plan, folder: Path) -> None:
    """Write one file of the result, under another name until it is whole."""
    tensors = read_shard(output.source) if output.source else {}
    if output.source is None:
        tensors = _fresh(plan.config, plan.seed)
    made = {piece.name: _made(piece, tensors) for piece in output.pieces}
    part = folder / (output.name + ".part")
    save_file(made, part, metadata={"format": "pt"})
    os.replace(part, folder / output.name)


def _fresh(config: PoseLlavaConfig, seed: int) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = pose_head(config.hidden, config.head_out)
    return {HEAD + key: value for key, value in head.state_dict().items()}


def _made(piece: Piece, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    tensor = tensors[piece.source or piece.name]
    if piece.way == "rows":
        return _with_mean_row(tensor[: piece.shape[0] - 1])
    tensor = tensor.to(piece.dtype).contiguous()
    # A view of something larger, as some writers leave them, may not be saved as it is.
    alone = tensor.untyped_storage().nbytes() == tensor.nbytes
    return tensor if alone else tensor.clone()


def _with_mean_row(words: torch.Tensor) -> torch.Tensor:
    """(V, H) -> (V + 1, H): the new word starts as the average word."""  # our choice
    total = torch.zeros(words.shape[1], dtype=torch.float64)
    for rows in words.split(_ROWS):
        total += rows.double().sum(0)
    return torch.cat([words, (total / len(words)).to(words.dtype)[None]])


def _write_index(plan: Plan, folder: Path) -> None:
    places = {piece.name: output.name for output in plan.outputs for piece in output.pieces}
    index = {"metadata": {"total_size": plan.bytes}, "weight_map": dict(sorted(places.items()))}
    replace_file(folder / INDEX, (json.dumps(index, indent=1) + "\n").encode())
