"""Reading body files: SMPL's own layout, where they are looked for, bad ones are refused."""

import os
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from bodies import random_rotations
from scipy import sparse

from chatpose_demo.body.smpl import EMBEDDED_FILE, SMPL_VARIABLE, Body
from chatpose_demo.body.smpl_file import BodyFileError, read_smpl_file

pytest_plugins = ("fixtures_body",)
torch.set_num_threads(1)


def as_smpl_pickle(arrays: dict[str, np.ndarray], path: Path) -> Path:
    """Write what SMPL's authors write: chumpy objects, sparse regressor, Python 2 module names."""

    class Ch:
        def __init__(self, x):
            self.x = x

    class Select:
        def __init__(self, a, idxs, preferred_shape):
            self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape

    package, ch, reordering = (
        types.ModuleType(name) for name in ("chumpy", "chumpy.ch", "chumpy.reordering")
    )
    Ch.__module__, Ch.__qualname__, ch.Ch = "chumpy.ch", "Ch", Ch
    Select.__module__, Select.__qualname__ = "chumpy.reordering", "Select"
    reordering.Select = Select
    modules = {module.__name__: module for module in (package, ch, reordering)}
    many_shapes = np.concatenate([arrays["shapedirs"]] * 2, axis=2).astype(np.float64)
    content = {
        "v_template": Ch(arrays["v_template"].astype(np.float64)),
        "shapedirs": Select(
            Ch(many_shapes),
            np.arange(many_shapes.size).reshape(many_shapes.shape)[..., :10].ravel(),
            (6890, 3, 10),
        ),
        "posedirs": Ch(arrays["posedirs"].astype(np.float64)),
        "J_regressor": sparse.csc_matrix(arrays["J_regressor"].astype(np.float64)),
        "weights": Ch(arrays["weights"].astype(np.float64)),
        "kintree_table": arrays["kintree_table"].astype(np.uint32),
        "f": arrays["f"],
        "bs_style": "lbs",
    }
    sys.modules.update(modules)
    try:
        dumped = pickle.dumps(content, protocol=2)
    finally:
        for name in modules:
            del sys.modules[name]
    path.write_bytes(dumped.replace(b"numpy._core.", b"numpy.core."))
    return path


def test_reads_smpls_own_pickle_layout_without_chumpy(body, file_arrays, tmp_path):
    assert "chumpy" not in sys.modules
    path = as_smpl_pickle(file_arrays, tmp_path / "SMPL_NEUTRAL.pkl")
    users = Body.from_file(path)
    assert not users.is_embedded and body.is_embedded
    rotations, betas = random_rotations(2), torch.randn(2, 10)
    torch.testing.assert_close(
        users.pose(rotations, betas).vertices,
        body.pose(rotations, betas).vertices,
        atol=1e-5,
        rtol=0,
    )
    np.testing.assert_array_equal(users.faces, body.faces)


def test_resolve_prefers_path_then_variable_then_embedded(file_arrays, tmp_path, monkeypatch):
    monkeypatch.delenv(SMPL_VARIABLE, raising=False)
    assert Body.resolve(None).is_embedded
    path = tmp_path / "mine.npz"
    np.savez(path, **file_arrays)
    monkeypatch.setenv(SMPL_VARIABLE, str(path))
    assert not Body.resolve(None).is_embedded
    monkeypatch.setenv(SMPL_VARIABLE, str(tmp_path / "nowhere.npz"))
    assert not Body.resolve(path).is_embedded
    with pytest.raises(BodyFileError, match="cannot be opened"):
        Body.resolve(None)


class _Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    "attack",
    [
        lambda mark: _Call(os.system, f"touch '{mark}'"),
        lambda mark: _Call(eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: _Call(getattr, _Call(type, os.system), "__call__"),
        lambda mark: {"v_template": _Call(Path.touch, mark)},
        lambda mark: {"f": _Call(np.load, str(mark), None, True)},
    ],
    ids=["os.system", "eval", "getattr", "nested", "np.load"],
)
def test_a_pickle_that_runs_code_is_refused(attack, protocol, tmp_path):
    mark = tmp_path / "the code ran"
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(attack(mark), protocol=protocol))
    with pytest.raises(BodyFileError, match="asks to run"):
        read_smpl_file(path)
    assert not mark.exists()


def test_a_sparse_matrix_with_wild_indices_is_refused(file_arrays, tmp_path):
    matrix = sparse.csc_matrix(file_arrays["J_regressor"])
    matrix.indices = matrix.indices.copy()
    matrix.indices[5] = 2**30
    content = {**file_arrays, "J_regressor": matrix}
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(BodyFileError, match="damaged"):
        read_smpl_file(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"posedirs": None}, "has no posedirs"),
        ({"v_template": np.zeros((10475, 3))}, "v_template has shape"),  # SMPL-X
        ({"shapedirs": np.zeros((6890, 3, 4))}, "4 shapes"),
        ({"f": np.full((10, 3), 6890)}, "does not exist"),
        ({"f": np.zeros((10, 3))}, "triangles"),
        ({"weights": np.full((6890, 24), np.nan)}, "not finite"),
        ({"kintree_table": np.zeros((2, 24), np.int64)}, "joint tree"),
        ({"weights": np.array(["a"])}, "damaged"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where_to_get_a_right_one(
    file_arrays, tmp_path, change, reason
):
    arrays = {**file_arrays, **change}
    path = tmp_path / "body.npz"
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(BodyFileError) as caught:
        read_smpl_file(path)
    message = str(caught.value)
    assert reason in message and "\n" not in message
    assert message.startswith("body.npz") and "v_template" in message
    assert "smpl.is.tue.mpg.de" in message


def test_damaged_files_never_raise_anything_else(file_arrays, tmp_path):
    random = np.random.default_rng(0)
    pickled = as_smpl_pickle(file_arrays, tmp_path / "whole.pkl").read_bytes()
    zipped = EMBEDDED_FILE.read_bytes()
    candidates = [b"", b"P", b"PK", b"\x80", random.bytes(4000), b"PK" + random.bytes(4000)]
    candidates += [pickled[: int(share * len(pickled))] for share in (0.001, 0.3, 0.999)]
    candidates += [zipped[: int(share * len(zipped))] for share in (0.01, 0.5, 0.999)]
    for _ in range(20):
        flipped = bytearray(zipped)
        for place in random.integers(0, len(flipped), 30):
            flipped[place] ^= int(random.integers(1, 256))
        candidates.append(bytes(flipped))
    path = tmp_path / "damaged"
    for content in candidates:
        path.write_bytes(content)
        with pytest.raises(BodyFileError):
            read_smpl_file(path)
