"""Read a pickle of plain data and numpy arrays without running anything that it names."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from chatpose_demo.evaluation.public.sample import PublicSetError

_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),  # how Python 3 writes bytes in protocol 2
}


class _Refused(pickle.UnpicklingError):
    """The pickle names something outside the list."""


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core.", "numpy._core.")
        if (module, name) not in _ALLOWED:
            raise _Refused(f"{module}.{name}")
        if module.startswith("numpy._core.") and not hasattr(np, "_core"):
            module = module.replace("numpy._core.", "numpy.core.")
        return super().find_class(module, name)


def read_arrays(path: Path) -> dict[str, Any]:
    """The dictionary of a pickle written by Python 2 or 3.

    Raises:
        PublicSetError: it is damaged, no dictionary, or asks for code.
    """
    try:
        with path.open("rb") as file:
            content = _ArrayUnpickler(file, encoding="latin1").load()
    except _Refused as error:
        raise PublicSetError(
            f"{path} asks to run {error}, which a file of numbers has no need for; it was not read."
        ) from error
    except Exception as error:  # damaged bytes make the decoder raise almost any exception
        raise PublicSetError(f"{path} is damaged or not a pickle of arrays.") from error
    if not isinstance(content, dict):
        raise PublicSetError(f"{path} does not hold a dictionary.")
    return content
