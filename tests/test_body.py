"""The body model: SMPL arithmetic, its frame, batches, gradients, wrong shapes."""

import hashlib

import numpy as np
import pytest
import torch
from bodies import random_rotations

from chatpose_demo.body.smpl import EMBEDDED_FILE, EMBEDDED_SHA256
from chatpose_demo.pose import JOINT, MIRROR, PARENTS, from_axis_angle, mirror

pytest_plugins = ("fixtures_body",)
torch.set_num_threads(1)


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
