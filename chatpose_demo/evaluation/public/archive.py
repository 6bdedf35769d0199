"""Read `.npz` files whose fields are plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.sample import PublicSetError


def read_npz(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> dict:
    """The named arrays of the file; an optional one that is missing is left out.

    Raises:
        PublicSetError: the file is damaged, lacks a field, or hides a pickle in one.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in required if name not in archive]
            names = [*required, *optional]
            fields = {name: archive[name] for name in names if name in archive}
    except Exception as error:  # damaged bytes make the decoder raise almost any exception
        raise PublicSetError(f"{path} cannot be read as plain arrays ({error}).") from error
    if missing:
        raise PublicSetError(f"{path} has no {', '.join(missing)}.")
    return fields


def as_text(value: object) -> str:
    """A string that numpy or Python 2 may have kept as bytes."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
