"""The user's SMPL-X file: posed as smplx poses it with hands at rest, dressed, refused when wrong.

The file is synthetic but has SMPL-X's names and shapes: its surface is the embedded body's, with
more vertices, numbered so that smplx's landmarks lie where they should.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import smplx
import torch
from public_files import write_posescript
from smplx.vertex_ids import vertex_ids

from chatpose_demo.body.dress import Dress
from chatpose_demo.body.smpl import EMBEDDED_FILE, Body
from chatpose_demo.body.smpl_file import BodyFileError, read_smpl_file
from chatpose_demo.evaluation.public.__main__ import main
from chatpose_demo.pose import from_axis_angle

torch.set_num_threads(1)

COUNT, SMPL_COUNT = 10475, 6890
# Parents of the 33 joints that SMPL lacks, as SMPLX_NEUTRAL's kintree_table has them.
HEAD_AND_HANDS = [15, 15, 15, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38]
HEAD_AND_HANDS += [21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53]


def _surface() -> tuple[np.ndarray, np.ndarray]:
    """The embedded body's surface with SMPL-X's number of vertices.

    Triangles get a vertex in their middle until there are enough; landmarks have their numbers.

    Returns:
        (10475, 6890) what each vertex is a mean of, and triangles.
    """
    faces = np.load(EMBEDDED_FILE)["f"].astype(np.int64)
    # Neither on face and feet, where triangles decide about brows and shoes.
    height = np.load(EMBEDDED_FILE)["v_template"][faces, 1]
    split = np.flatnonzero((height.max(axis=1) < 0.2) & (height.min(axis=1) > -0.9))
    split = split[: COUNT - SMPL_COUNT]
    mean = np.zeros((COUNT, SMPL_COUNT), np.float32)
    mean[:SMPL_COUNT] = np.eye(SMPL_COUNT)
    middle = np.arange(SMPL_COUNT, COUNT)
    for corner in faces[split].T:
        mean[middle, corner] = 1 / 3
    a, b, c = faces[split].T
    thirds = [np.stack(part, axis=1) for part in ((a, b, middle), (b, c, middle), (c, a, middle))]
    faces = np.concatenate([np.delete(faces, split, axis=0), *thirds])
    landmarks = {x: vertex_ids["smplh"][name] for name, x in vertex_ids["smplx"].items()}
    others = iter(np.setdiff1d(np.arange(COUNT), list(landmarks.values())))
    order = np.array([landmarks[x] if x in landmarks else next(others) for x in range(COUNT)])
    return mean[order], np.argsort(order)[faces]


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """What SMPLX_NEUTRAL.npz (10 + 10 shapes) holds."""
    random = np.random.default_rng(0)
    free = dict(np.load(EMBEDDED_FILE))
    mean, faces = _surface()
    joints = np.zeros((55, COUNT), np.float32)
    whole = mean.argmax(axis=0)  # the vertex that is not a mean of several
    joints[:22, whole] = free["J_regressor"][:22]
    joints[22:, random.integers(0, COUNT, 60)] = 1 / 60
    # The fingers share what the embedded body's hands have, jaw and eyes some of the head.
    old, weights = mean @ free["weights"], np.zeros((COUNT, 55), np.float32)
    weights[:, :22] = old[:, :22]
    for hand, first in ((22, 25), (23, 40)):
        share = random.dirichlet(np.ones(15), COUNT)
        weights[:, first : first + 15] = old[:, hand, None] * share
    weights[:, 22:25] = weights[:, [15]] * random.uniform(0, 0.3, (COUNT, 3))
    weights[:, 15] -= weights[:, 22:25].sum(axis=1)
    parents = np.array([*free["kintree_table"][0, :22], *HEAD_AND_HANDS])
    parents[0] = 2**32 - 1
    return {
        "v_template": mean @ free["v_template"],
        "shapedirs": random.normal(0, 0.003, (COUNT, 3, 20)).astype(np.float32),
        "posedirs": random.normal(0, 0.001, (COUNT, 3, 486)).astype(np.float32),
        "J_regressor": joints,
        "weights": weights,
        "kintree_table": np.array([parents, np.arange(55)], np.uint32),
        "f": faces.astype(np.uint32),
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "hands_meanl": random.normal(0, 0.1, 45),
        "hands_meanr": random.normal(0, 0.1, 45),
        "lmk_faces_idx": np.zeros(51, np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
    }


@pytest.fixture(scope="module")
def file(arrays, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("smplx") / "SMPLX_NEUTRAL.npz"
    joint_names = np.array({"pelvis": 0}, dtype=object)  # a pickled dictionary, as in the true file
    np.savez(path, **arrays, joint2num=joint_names)
    return path


@pytest.fixture(scope="module")
def body(file) -> Body:
    return Body.from_file(file)


def random_rotations(count: int) -> torch.Tensor:
    vectors = np.random.default_rng(1).normal(0, 0.5, (count, 24, 3))
    return torch.from_numpy(from_axis_angle(vectors))


def test_poses_as_smplx_does_with_hands_jaw_and_eyes_at_rest(body, file):
    layer = smplx.SMPLXLayer(str(file), use_pca=False, flat_hand_mean=True, num_betas=10)
    rotations, betas = random_rotations(3), torch.randn(3, 10)
    truth = layer(betas=betas, global_orient=rotations[:, :1], body_pose=rotations[:, 1:22])
    posed = body.pose(rotations, betas)
    assert body.is_smplx and posed.vertices.shape == (3, COUNT, 3)
    torch.testing.assert_close(posed.vertices, truth.vertices, atol=1e-5, rtol=0)
    torch.testing.assert_close(posed.joints[:, :22], truth.joints[:, :22], atol=1e-5, rtol=0)
    torch.testing.assert_close(posed.joints[:, 22:], truth.joints[:, [28, 43]], atol=1e-5, rtol=0)


def test_smpls_hand_joints_move_nothing(body):
    rotations = random_rotations(1)
    still = rotations.clone()
    still[:, 22:] = torch.eye(3)
    moved, rested = body.pose(rotations).vertices, body.pose(still).vertices
    torch.testing.assert_close(moved, rested, atol=1e-6, rtol=0)


def test_a_pickle_of_the_same_is_the_same_body(body, arrays, tmp_path):
    path = tmp_path / "SMPLX_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(arrays, protocol=4))
    rotations = random_rotations(1)
    same = Body.from_file(path).pose(rotations).vertices
    torch.testing.assert_close(same, body.pose(rotations).vertices)


def test_it_wears_the_same_clothes_in_the_same_places(body):
    embedded = Body.embedded()
    ours, theirs = (Dress(one).put_on(one.rest().vertices[0]) for one in (body, embedded))
    colours = np.unique(theirs.colours, axis=0)
    np.testing.assert_array_equal(np.unique(ours.colours, axis=0), colours)
    for colour in colours:
        mine, true = (
            mesh.vertices[(mesh.colours == colour).all(axis=1)] for mesh in (ours, theirs)
        )
        np.testing.assert_allclose(mine.min(axis=0), true.min(axis=0), atol=0.01)
        np.testing.assert_allclose(mine.max(axis=0), true.max(axis=0), atol=0.01)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"v_template": np.zeros((6890, 3))}, "v_template has shape"),
        ({"weights": np.zeros((COUNT, 52))}, "weights has shape"),
        ({"posedirs": np.zeros((COUNT, 3, 207))}, "posedirs has shape"),
        ({"shapedirs": np.zeros((COUNT, 3, 5))}, "5 shapes"),
        ({"f": np.full((4, 3), COUNT)}, "does not exist"),
        ({"kintree_table": np.zeros((2, 55), np.int64)}, "not SMPL-X's"),
        ({"kintree_table": np.zeros((2, 52), np.int64)}, "shape"),  # SMPL-H
    ],
)
def test_what_is_neither_is_refused_in_one_sentence(arrays, tmp_path, change, reason):
    path = tmp_path / "body.npz"
    np.savez(path, **{**arrays, **change})
    with pytest.raises(BodyFileError) as caught:
        read_smpl_file(path)
    told = str(caught.value)
    assert reason in told and "SMPL-X" in told and "smpl-x.is.tue.mpg.de" in told
    assert "\n" not in told and told.count(". ") == 0


def test_public_sets_are_not_scored_on_it(file, tmp_path, capsys):
    write_posescript(tmp_path)
    command = ["posescript", "--data", str(tmp_path), "--model", "embedded", "--smpl", str(file)]
    assert main([*command, "--out", str(tmp_path / "answers.json")]) == 2
    assert "name your SMPL_NEUTRAL file" in capsys.readouterr().err
