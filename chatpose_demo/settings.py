"""Settings of the shared model wrapper, one dataclass."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PoseMode = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Settings:
    """What the wrapper is built from.

    Attributes:
        model: which network answers; "embedded" is the one that ships with the project.
        smpl: path of the user's own SMPL file, or None for $CHATPOSE_SMPL or the embedded body.
        threads: CPU threads of the networks; None lets torch decide.
        max_reply_tokens: a reply is cut here.
    """

    model: Literal["embedded"] = "embedded"
    smpl: str | None = None
    threads: int | None = None
    max_reply_tokens: int = 160  # our choice: the embedded model rambles beyond that


def cache_dir() -> Path:
    """Where converted weights are kept: $CHATPOSE_CACHE, else the user's cache folder."""
    chosen = os.environ.get("CHATPOSE_CACHE")
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(root) / "chatpose-demo"
