"""The small file that a conversion leaves beside its weights: where from, and what is finished.

The page reads it at its start, so nothing heavy is imported here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

JOURNAL = "conversion.json"
TRAINED_FAMILY = "CHATPOSE-V0"  # of the checkpoints that are converted, the one that says bodies
UNTRAINED = "Its pose head is untrained (a base for training): its bodies mean nothing."


def read_journal(folder: Path) -> dict[str, Any]:
    """What `folder`'s conversion noted; empty where there is none, or it cannot be read."""
    try:
        told = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def has_untrained_head(folder: Path) -> bool:
    """Whether the weights were converted from a LLaVA, which got a random pose head.

    A trained and merged model is a new folder without a journal.
    """
    return read_journal(folder).get("family", TRAINED_FAMILY) != TRAINED_FAMILY


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file so that a reader sees the old one or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)
