"""The files of a checkpoint, one at a time, as mapped memory: nothing is read before it is used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch.serialization import get_unsafe_globals_in_checkpoint

_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_PATTERNS = ("model*.safetensors", "pytorch_model*.bin")  # safetensors first, where both lie


class CheckpointError(ValueError):
    """Downloaded weights cannot be used; the message says why, in a sentence for users."""


_NAMED = 5  # so many names fit in a sentence


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True)
class Entry:
    """One tensor of a shard, without its content."""

    shape: tuple[int, ...]
    dtype: torch.dtype


def shard_paths(folder: Path) -> list[Path]:
    """The shards of the checkpoint in `folder`: those its index names, else what the names say.

    Raises:
        CheckpointError: no checkpoint is there, or the index names a file that is not.
    """
    if folder.is_file():
        raise CheckpointError(f"{folder} is a file; weights are named by the folder they lie in.")
    if not folder.is_dir():
        raise CheckpointError(f"There is no folder {folder}.")
    for name in _INDEXES:
        if (folder / name).is_file():
            return _indexed(folder, name)
    for pattern in _PATTERNS:
        if found := sorted(folder.glob(pattern)):
            return found
    raise CheckpointError(f"{folder} holds no weights: neither {' nor '.join(_PATTERNS)} is there.")


def _indexed(folder: Path, name: str) -> list[Path]:
    files = sorted(set(weight_map(folder / name).values()))
    inside = [Path(file).name == file for file in files]
    if not all(inside):
        raise CheckpointError(
            f"{name} names {files[inside.index(False)]}, which is not a plain name."
        )
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder} is incomplete: {name} names {', '.join(missing)}, which "
            f"{'is' if len(missing) == 1 else 'are'} not there."
        )
    return [folder / file for file in files]


def weight_map(index: Path) -> dict[str, str]:
    """Key -> file name of an index file.

    Raises:
        CheckpointError: the file is damaged.
    """
    try:
        return dict(json.loads(index.read_text())["weight_map"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{index.name} is damaged or no index of weights.") from error


def read_shard(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of one shard, mapped: pages come from the disk when they are touched.

    A `.bin` file is a pickle, so torch's restricted unpickler reads it: nothing that the file
    names is ever called.

    Raises:
        CheckpointError: the file is damaged, hostile, or holds something else than named tensors.
    """
    try:
        content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    except (SafetensorError, OSError, EOFError) as error:
        raise CheckpointError(f"{path.name} is damaged or cut off: {error}.") from error
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise CheckpointError(f"{path.name} holds something else than tensors with names.")
    return content


def entries(path: Path) -> dict[str, Entry]:
    """Names, shapes and dtypes of one shard."""
    return {
        key: Entry(tuple(tensor.shape), tensor.dtype) for key, tensor in read_shard(path).items()
    }


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)


def _pickled(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # damaged bytes make the decoders raise almost any exception
        if asked := _foreign(path):
            raise CheckpointError(
                f"{path.name} asks to run {', '.join(asked)}, which weights have no need for: it "
                "was not opened."
            ) from error
        raise CheckpointError(
            f"{path.name} is damaged, cut off, or not a file that torch 1.6 or newer has written."
        ) from error


def _foreign(path: Path) -> list[str]:
    """What the pickle names outside torch's list of data classes."""
    try:
        return sorted(get_unsafe_globals_in_checkpoint(path))
    except Exception:  # not readable as a checkpoint at all
        return []
