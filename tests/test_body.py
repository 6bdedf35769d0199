"""The body model: SMPL arithmetic, reading body files, refusing bad ones, dressing, drawing."""

import hashlib
import os
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.spatial import KDTree

from chatpose_demo.body.dress import REGIONS, Dress, Outfit, default_colours
from chatpose_demo.body.render import contact_sheet, render
from chatpose_demo.body.smpl import EMBEDDED_FILE, EMBEDDED_SHA256, SMPL_VARIABLE, Body
from chatpose_demo.body.smpl_file import BodyFileError, read_smpl_file
from chatpose_demo.pose import JOINT, MIRROR, PARENTS, from_axis_angle, mirror

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


@pytest.fixture(scope="module")
def dress(body: Body) -> Dress:
    return Dress(body)


@pytest.fixture(scope="module")
def file_arrays() -> dict[str, np.ndarray]:
    return dict(np.load(EMBEDDED_FILE))


def random_rotations(count: int, seed: int = 0) -> torch.Tensor:
    vectors = np.random.default_rng(seed).normal(0, 0.4, (count, 24, 3))
    return torch.from_numpy(from_axis_angle(vectors))


def test_embedded_file_is_the_recorded_one():
    assert hashlib.sha256(EMBEDDED_FILE.read_bytes()).hexdigest() == EMBEDDED_SHA256


def test_rest_pose_is_template_plus_shape(body, file_arrays):
    betas = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    expected = file_arrays["v_template"] + np.einsum(
        "vcs,bs->bvc", file_arrays["shapedirs"], betas.numpy()
    )
    shaped = body.rest(betas)
    np.testing.assert_allclose(shaped.vertices.numpy(), expected, atol=1e-6)
    joints = np.einsum("jv,bvc->bjc", file_arrays["J_regressor"], expected)
    np.testing.assert_allclose(shaped.joints.numpy(), joints, atol=1e-5)
    np.testing.assert_allclose(
        body.rest().vertices[0].numpy(), file_arrays["v_template"], atol=1e-6
    )


def test_stands_upright_facing_forward(body):
    vertices, joints = (item[0] for item in body.rest())
    assert joints[JOINT["head"], 1] > joints[JOINT["pelvis"], 1] > joints[JOINT["left_foot"], 1]
    assert joints[JOINT["left_foot"], 2] > joints[JOINT["left_ankle"], 2] + 0.05
    assert joints[JOINT["left_wrist"], 0] > 0.5 > -0.5 > joints[JOINT["right_wrist"], 0]
    assert 1.5 < vertices[:, 1].max() - vertices[:, 1].min() < 2.0
    corners = vertices[body.faces.astype(np.int64)]
    volume = torch.linalg.det(corners).sum() / 6
    assert 0.04 < volume < 0.12  # cubic metres; positive only if faces look outwards


def test_a_batch_equals_one_by_one(body):
    rotations, betas = random_rotations(64), torch.randn(64, 10)
    together = body.pose(rotations, betas)
    assert together.vertices.shape == (64, 6890, 3) and together.joints.shape == (64, 24, 3)
    assert together.vertices.dtype == torch.float32
    for index in (0, 31, 63):
        alone = body.pose(rotations[index : index + 1], betas[index : index + 1])
        torch.testing.assert_close(alone.vertices[0], together.vertices[index], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.joints[0], together.joints[index], atol=1e-5, rtol=0)


def test_joint_tree_is_the_project_tree(body):
    assert tuple(body.parents.tolist()) == PARENTS
    for joint in (JOINT["left_shoulder"], JOINT["right_knee"]):
        vectors = np.zeros((24, 3), np.float32)
        vectors[joint] = (0.3, 0.5, -0.7)
        moved = body.pose(torch.from_numpy(from_axis_angle(vectors))[None]).joints[0]
        distance = (moved - body.rest().joints[0]).norm(dim=-1)
        below = [j for j in range(24) if joint in ancestors(j)]
        assert all(distance[j] > 0.05 for j in below)
        assert all(distance[j] < 1e-6 for j in range(24) if j not in below)


def ancestors(joint: int) -> list[int]:
    chain = []
    while PARENTS[joint] >= 0:
        joint = PARENTS[joint]
        chain.append(joint)
    return chain


def test_a_mirrored_pose_gives_the_mirrored_body(body, file_arrays):
    rotations = random_rotations(2, seed=3)
    flip = torch.tensor([-1.0, 1.0, 1.0])
    plain = body.pose(rotations)
    flipped = body.pose(torch.from_numpy(mirror(rotations.numpy())))
    torch.testing.assert_close(
        flipped.joints, plain.joints[:, list(MIRROR)] * flip, atol=2e-3, rtol=0
    )
    partner = torch.from_numpy(file_arrays["mirror"].astype(np.int64))
    gap = (flipped.vertices - plain.vertices[:, partner] * flip).norm(dim=-1)
    assert gap.max() < 5e-3, f"{gap.max():.4f} m"


def test_gradients_reach_the_pose(body):
    rotations = random_rotations(1).requires_grad_()
    body.pose(rotations).joints[0, JOINT["left_hand"]].sum().backward()
    assert rotations.grad is not None
    assert rotations.grad[0, JOINT["left_shoulder"]].abs().sum() > 0
    assert rotations.grad[0, JOINT["right_shoulder"]].abs().sum() == 0


def test_on_floor(body):
    posed = body.pose(random_rotations(3)).vertices + torch.tensor([4.0, -2.0, 1.0])
    standing = body.on_floor(posed)
    torch.testing.assert_close(standing[..., 1].amin(dim=1), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(standing, body.on_floor(standing), atol=1e-5, rtol=0)
    shift = posed - standing
    assert (shift - shift[:, :1]).abs().max() < 1e-5  # every vertex moved alike


@pytest.mark.parametrize("shape", [(1, 23, 3, 3), (24, 3, 3), (1, 24, 3)])
def test_wrong_shapes_are_refused(body, shape):
    with pytest.raises(ValueError, match="rotations must be"):
        body.pose(torch.zeros(shape))
    with pytest.raises(ValueError, match="betas must be"):
        body.pose(torch.eye(3).expand(2, 24, 3, 3), torch.zeros(1, 10))


# --- body files ---------------------------------------------------------------------------------


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


# --- dressing and drawing -----------------------------------------------------------------------


def test_dress_covers_the_body_in_any_pose(body, dress):
    rest = dress.put_on(body.rest().vertices[0])
    assert len(rest.vertices) < 10_000  # keeps the GLB under 400 kB
    label_colours = {tuple(c) for c in rest.colours.round(4).tolist()}
    assert len(label_colours) == len(REGIONS)
    with torch.no_grad():
        bare = body.pose(random_rotations(1)).vertices[0].numpy()
    worn = dress.put_on(bare)
    assert np.isfinite(worn.vertices).all()
    np.testing.assert_allclose(np.linalg.norm(worn.normals, axis=1), 1, atol=1e-3)
    # The clothes stay near the skin: cloth a few centimetres, shoe caps bridge the toes.
    distance, _ = KDTree(bare).query(worn.vertices)
    assert distance.max() < 0.06


def test_hems_are_level_and_nothing_bare_lies_between(body, dress):
    outfit = Outfit()
    mesh = dress.put_on(body.rest().vertices[0], outfit)
    floor = mesh.vertices[:, 1].min()
    height = mesh.vertices[:, 1] - floor

    def rows_of(colour):
        return np.isclose(mesh.colours, colour, atol=1e-4).all(axis=1)

    trousers, shirt, skin = (rows_of(c) for c in (outfit.trousers, outfit.shirt, outfit.skin))
    ankle = height[trousers].min()
    hem = height[shirt].min()
    assert 0.08 < ankle < 0.2
    # No skin from below the shirt's hem down to the shoes: arms are level in the T pose.
    assert height[skin].min() > hem
    for low, where in ((ankle, trousers), (hem, shirt)):
        ring = height[where & (height < low + 0.02)]
        assert ring.size > 20 and np.ptp(ring) < 0.02


def test_eyes_are_painted_where_the_face_is_one_surface(body):
    """SMPL has no separate eyeballs: join ours to the skin and the eyes must still be there."""
    joined = Body.embedded()
    vertices = joined.rest().vertices[0].numpy()
    left, right = vertices[2800], vertices[6260]
    skin = int(np.argmin(np.abs(vertices - [0, left[1], left[2]]).sum(axis=1)))
    bridge = np.array([[2800, skin, 6260]], np.int32)
    joined.faces = np.concatenate([joined.faces, bridge])
    outfit = Outfit()
    mesh = Dress(joined).put_on(vertices, outfit)
    for colour in (outfit.eyes, outfit.iris, outfit.pupil):
        place = mesh.vertices[np.isclose(mesh.colours, colour, atol=1e-4).all(axis=1)]
        for eye in (left, right):
            near = np.linalg.norm(place - eye, axis=1)
            assert near.min() < 0.015
        assert (
            np.minimum(
                np.linalg.norm(place - left, axis=1), np.linalg.norm(place - right, axis=1)
            ).max()
            < 0.03
        )


def test_outfit_changes_only_colours(body, dress):
    vertices = body.rest().vertices[0]
    red = dress.put_on(vertices, Outfit(shirt=(0.8, 0.1, 0.1)))
    plain = dress.put_on(vertices)
    np.testing.assert_array_equal(red.vertices, plain.vertices)
    changed = (red.colours != plain.colours).any(axis=1)
    assert 0.1 < changed.mean() < 0.4
    colours = default_colours(body)
    assert colours.shape == (6890, 3) and colours.min() >= 0 and colours.max() <= 1


def test_render_shows_the_front_and_both_sides(body, dress):
    mesh = dress.put_on(body.on_floor(body.rest().vertices)[0])
    front, left, back = (
        np.asarray(render(*mesh, size=(128, 128), azimuth_degrees=a)) for a in (0, 90, 180)
    )
    assert front.shape == (128, 128, 3)
    body_pixels = [(np.ptp(p.astype(int), axis=2) > 25).sum() for p in (front, left, back)]
    assert body_pixels[0] > 1.5 * body_pixels[1] > 0  # the arms point at the camera from the side
    # The T pose is symmetric: only the light tells left from right.
    assert (np.abs(front.astype(int) - front[:, ::-1]) > 60).mean() < 0.02
    assert not np.array_equal(front, back)


def test_render_hides_what_is_behind():
    """A small red triangle behind a large green one is invisible; in front it is visible."""
    big = np.array([[-1, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)
    small = big * 0.3 + [0, 0.4, 0]
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    colours = np.repeat(np.array([[0.1, 0.8, 0.1], [0.9, 0.1, 0.1]], np.float32), 3, axis=0)
    reds = []
    for depth in (-0.3, 0.3):
        vertices = np.concatenate([big, small + [0, 0, depth]])
        picture = np.asarray(render(vertices, faces, colours, size=(96, 96))).astype(int)
        reds.append((picture[..., 0] > picture[..., 1] + 60).sum())
    assert reds[0] == 0 and reds[1] > 100


def test_contact_sheet_size_and_errors(body):
    colours = default_colours(body)
    picture = render(body.rest().vertices[0].numpy(), body.faces, colours, size=(64, 80))
    sheet = contact_sheet([picture] * 5, list("abcde"), columns=3)
    assert sheet.width == 3 * 64 and sheet.height > 2 * 80
    with pytest.raises(ValueError, match="labels"):
        contact_sheet([picture], [], columns=2)
