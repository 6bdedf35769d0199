"""The form of a conversion: the tensors and files of its result, and how they are told."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch

from chatpose_demo.network.llava.config import PoseLlavaConfig
from chatpose_demo.weights.names import Drop, Rename, Table
from chatpose_demo.weights.source import Words

Way = Literal["copy", "head", "rows", "fresh"]


@dataclass(frozen=True)
class Piece:
    """One tensor of the result.

    Attributes:
        name: its key in our layout.
        source: its key in the source shard; None for a fresh one.
        way: "copy" bit by bit; "head" to fp32; "rows" cut to LLaMA's words, one row added;
            "fresh" drawn by the seed.
        shape, dtype: in the result.
    """

    name: str
    source: str | None
    way: Way
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """Size in the result."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Output:
    """One file of the result, made from at most one source shard (None: fresh tensors)."""

    name: str
    source: Path | None
    pieces: tuple[Piece, ...]

    @property
    def bytes(self) -> int:
        """Size of its tensors."""
        return sum(piece.bytes for piece in self.pieces)


@dataclass(frozen=True)
class Plan:
    """A whole conversion.

    Attributes:
        table: the family of the source.
        renames, drops: how many keys each rule decides about.
        seed: of fresh tensors.
    """

    table: Table
    config: PoseLlavaConfig
    words: Words
    outputs: tuple[Output, ...]
    renames: Counter[Rename]
    drops: Counter[Drop]
    seed: int

    @property
    def bytes(self) -> int:
        """Size of the result."""
        return sum(output.bytes for output in self.outputs)

    def digest(self) -> str:
        """Names this conversion: the same for the same sources, sizes and settings."""
        told = {
            "config": asdict(self.config),
            "seed": self.seed,
            "files": [
                [
                    output.name,
                    [output.source.name, output.source.stat().st_size] if output.source else None,
                    [
                        [piece.name, piece.source, piece.way, piece.shape, str(piece.dtype)]
                        for piece in output.pieces
                    ],
                ]
                for output in self.outputs
            ],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def told(self) -> str:
        """The table of `--dry-run`."""
        lines = [f"{self.table.name} -> {self.config.size}, {self.bytes / 1e9:,.2f} GB", "renamed"]
        for rule, count in self.renames.items():
            lines.append(f"  {count:5}  {rule.pattern}  ->  {rule.target}   ({rule.source})")
        lines.append("dropped" if self.drops else "dropped: nothing")
        for drop, count in self.drops.items():
            lines.append(f"  {count:5}  {drop.pattern}   ({drop.why})")
        ways: dict[Way, str] = {
            "rows": f"words cut to LLaMA's {len(self.words.ids):,}, and one row added for "
            f"{self.config.pose_token}: their mean",
            "head": "to fp32",
            "fresh": f"fresh pose head, seed {self.seed}",
        }
        lines.append("changed or added")
        for output in self.outputs:
            for piece in output.pieces:
                if piece.way != "copy":
                    lines.append(f"  {piece.name} {list(piece.shape)}   ({ways[piece.way]})")
        lines.append("files")
        for output in self.outputs:
            origin = output.source.name if output.source else "fresh"
            lines.append(
                f"  {output.name}  {output.bytes / 1e9:,.2f} GB, {len(output.pieces)} tensors "
                f"from {origin}"
            )
        return "\n".join(lines)
