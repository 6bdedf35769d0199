"""Which weights a folder holds, told without reading all of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import safe_open

from chatpose_demo.network.llava.build import HEAD
from chatpose_demo.network.llava.config import SETTINGS_FILE
from chatpose_demo.network.llava.tokenizer import FILES


def fingerprint(folder: Path) -> str:
    """16 hexadecimal digits that any training changes, wherever the folder lies.

    They are made of every tensor's name, type and shape, of the whole pose head (every training
    changes it), of each other tensor's first row, and of the files that settings and tokenizer
    are read from. So little is read that 26 GB take no longer than their headers.

    Raises:
        OSError: the folder cannot be read.
        safetensors.SafetensorError: a file of it is damaged.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.name in (SETTINGS_FILE, *FILES):
            digest.update(file.name.encode() + file.read_bytes())
        elif file.suffix == ".safetensors":
            with safe_open(file, framework="pt") as stored:
                for key in sorted(stored.keys()):
                    digest.update(_part(stored, key))
    return digest.hexdigest()[:16]


def _part(stored: safe_open, key: str) -> bytes:
    tensor = stored.get_slice(key)
    shape = tensor.get_shape()
    whole = key.startswith(HEAD) or not shape
    rows = stored.get_tensor(key) if whole else tensor[:1]
    return f"{key} {tensor.get_dtype()} {shape}".encode() + _raw(rows)


def _raw(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()
