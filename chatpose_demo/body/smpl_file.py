"""Read an SMPL or SMPL-X body file into plain arrays, without chumpy or running foreign code.

SMPL's own files are Python 2 pickles that mention chumpy and scipy classes. Unpickling normally
may call anything the file names; the reader here knows a short list of data classes, puts inert
stand-ins in place of chumpy's and scipy's, and refuses everything else.
"""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from chatpose_demo.body.smplx_file import NUM_SMPLX_VERTICES, as_smpl, is_smplx
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS, PARENTS

NUM_VERTICES = 6890
NUM_POSE_FEATURES = 207  # 23 joints x 9 entries of (R - I)

_REQUIRED = (
    "v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f",
)  # fmt: skip


class BodyFileError(ValueError):
    """The file is not a usable SMPL body; the message says why, in one sentence for users."""


@dataclass(frozen=True)
class SmplArrays:
    """What a body file holds; V is 6890 for SMPL, 10475 for SMPL-X (see `smplx_file`).

    Attributes:
        v_template: (V, 3) float32 rest vertices, metres, y up, facing +z.
        shapedirs: (V, 3, 10) float32 vertex offsets per beta.
        posedirs: (V, 3, 207) float32 vertex offsets per entry of R - I.
        J_regressor: (24, V) float32 joints from rest vertices.
        weights: (V, 24) float32 skinning weights, rows sum to 1.
        kintree_table: (2, 24) int64, row 0 = parents (the root's entry is -1).
        f: (F, 3) int64 triangles.
    """

    v_template: np.ndarray
    shapedirs: np.ndarray
    posedirs: np.ndarray
    J_regressor: np.ndarray
    weights: np.ndarray
    kintree_table: np.ndarray
    f: np.ndarray


def read_smpl_file(path: str | Path) -> SmplArrays:
    """Read and check an SMPL or SMPL-X body, `.npz` or `.pkl` (recognised by content, not by name).

    Raises:
        BodyFileError: the file is missing, damaged, unsafe, or neither.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
    except OSError as error:
        raise _fault(path, f"it cannot be opened ({error.strerror})") from error
    try:
        raw = _read_npz(path) if is_zip else _read_pickle(path)
        arrays = {name: _plain(raw[name]) for name in _REQUIRED if name in raw}
    except _Refused as error:
        raise _fault(path, f"it asks to run {error}, which a body file has no need for") from error
    except Exception as error:  # damaged bytes make the decoders raise almost any exception
        raise _fault(path, "it is damaged or of another kind") from error
    missing = [name for name in _REQUIRED if name not in arrays]
    if missing:
        raise _fault(path, f"it has no {', '.join(missing)}")
    if not is_smplx(arrays):
        return _checked(path, arrays, NUM_VERTICES)
    try:
        arrays = as_smpl(arrays)
    except ValueError as error:
        raise _fault(path, str(error)) from error
    return _checked(path, arrays, NUM_SMPLX_VERTICES)


def _fault(path: Path, reason: str) -> BodyFileError:
    return BodyFileError(
        f"{path.name} is not a usable SMPL or SMPL-X body: {reason}; expected the arrays "
        f"{', '.join(_REQUIRED)} of SMPL_NEUTRAL or SMPLX_NEUTRAL (.npz or .pkl), free to "
        "registered researchers at https://smpl.is.tue.mpg.de and https://smpl-x.is.tue.mpg.de."
    )


def _checked(path: Path, arrays: dict[str, np.ndarray], vertices: int) -> SmplArrays:
    """Bring the arrays to fixed types and refuse those of another body family."""
    shapes = {
        "v_template": (vertices, 3),
        "posedirs": (vertices, 3, NUM_POSE_FEATURES),
        "J_regressor": (NUM_JOINTS, vertices),
        "weights": (vertices, NUM_JOINTS),
        "kintree_table": (2, NUM_JOINTS),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise _fault(path, f"{name} has shape {arrays[name].shape} instead of {shape}")
    shapedirs, faces = arrays["shapedirs"], arrays["f"]
    if shapedirs.ndim != 3 or shapedirs.shape[:2] != (vertices, 3):
        raise _fault(path, f"shapedirs has shape {shapedirs.shape}")
    if shapedirs.shape[2] < NUM_BETAS:
        raise _fault(path, f"shapedirs has {shapedirs.shape[2]} shapes, fewer than {NUM_BETAS}")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu" or not len(faces):
        raise _fault(path, "f does not hold triangles")
    if faces.min() < 0 or faces.max() >= vertices:
        raise _fault(path, "a triangle names a vertex that does not exist")
    parents = tuple(arrays["kintree_table"][0, 1:].tolist())
    if parents != PARENTS[1:]:
        raise _fault(path, "its joint tree is not SMPL's")
    floats = {
        name: np.ascontiguousarray(arrays[name], dtype=np.float32)
        for name in ("v_template", "posedirs", "J_regressor", "weights")
    }
    floats["shapedirs"] = np.ascontiguousarray(shapedirs[..., :NUM_BETAS], dtype=np.float32)
    for name, array in floats.items():
        if not np.isfinite(array).all():
            raise _fault(path, f"{name} holds a number that is not finite")
    tree = np.array([PARENTS, range(NUM_JOINTS)], np.int64)
    return SmplArrays(**floats, kintree_table=tree, f=faces.astype(np.int64))


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        present = {name.removesuffix(".npy") for name in archive.namelist()}
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in _REQUIRED if name in present}


def _read_pickle(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        content = _DataUnpickler(file, encoding="latin1").load()
    if not isinstance(content, dict):
        raise pickle.UnpicklingError("the pickle is not a dictionary")
    return content


class _Refused(pickle.UnpicklingError):
    """The pickle names something outside the list of data classes."""


class _Inert:
    """Stands in for a class of chumpy or scipy: keeps the saved state, runs nothing."""

    def __init__(self, *_args: Any) -> None:
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Chumpy(_Inert):
    """chumpy.ch.Ch (state `x`) or chumpy.reordering.Select (a view: `a`, `idxs`)."""

    def plain(self) -> np.ndarray:
        state = self.state if isinstance(self.state, dict) else {"x": self.state}
        if "x" in state:
            return _plain(state["x"])
        source, picked = _plain(state["a"]).ravel(), np.asarray(state["idxs"], np.int64)
        return source[picked].reshape(tuple(state["preferred_shape"]))


class _CompressedColumns(_Inert):
    """scipy.sparse.csc_matrix."""

    build = staticmethod(sparse.csc_matrix)

    def plain(self) -> np.ndarray:
        shape = self.state.get("_shape", self.state.get("shape"))
        parts = tuple(self.state[name] for name in ("data", "indices", "indptr"))
        matrix = self.build(parts, shape=shape)
        matrix.check_format(full_check=True)  # indices from a file must not leave the matrix
        return matrix.toarray()


class _CompressedRows(_CompressedColumns):
    """scipy.sparse.csr_matrix."""

    build = staticmethod(sparse.csr_matrix)


_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),  # how Python 3 writes bytes in protocol 2
    ("copyreg", "_reconstructor"),
    ("builtins", "object"),
    ("collections", "OrderedDict"),
}
_PYTHON2_NAMES = {"copy_reg": "copyreg", "__builtin__": "builtins"}
_STAND_INS = {"csc_matrix": _CompressedColumns, "csr_matrix": _CompressedRows}


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "chumpy":
            return _Chumpy
        if module.startswith("scipy.sparse") and name in _STAND_INS:
            return _STAND_INS[name]
        module = _PYTHON2_NAMES.get(module, module).replace("numpy.core.", "numpy._core.")
        if (module, name) not in _ALLOWED:
            raise _Refused(f"{module}.{name}")
        if module.startswith("numpy._core.") and not hasattr(np, "_core"):
            module = module.replace("numpy._core.", "numpy.core.")
        return super().find_class(module, name)


def _plain(value: Any) -> np.ndarray:
    """A numeric array from an array or a stand-in."""
    array = value.plain() if isinstance(value, (_Chumpy, _CompressedColumns)) else value
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise pickle.UnpicklingError(f"not numbers: {array.dtype}")
    return array
