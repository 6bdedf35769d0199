"""The pose value and its algebra: 6D numbers, mirror images, angles."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch

from chatpose_demo.pose import (
    JOINT,
    JOINT_NAMES,
    MIRROR,
    NUM_JOINTS,
    PARENTS,
    Pose,
    from_axis_angle,
    geodesic_degrees,
    matrix_from_6d,
    matrix_to_6d,
    mirror,
)


def random_rotations(*shape: int, seed: int = 0) -> torch.Tensor:
    """Uniform rotation matrices of shape (*shape, 3, 3)."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return roma.random_rotmat(shape)


def test_six_numbers_and_back_give_the_same_rotation():
    rotations = random_rotations(50, 24)
    assert torch.allclose(matrix_from_6d(matrix_to_6d(rotations)), rotations, atol=1e-5)


def test_six_numbers_are_the_first_column_and_then_the_second():
    rotation = random_rotations(1)[0]
    numbers = matrix_to_6d(rotation)
    assert torch.equal(numbers[:3], rotation[:, 0])
    assert torch.equal(numbers[3:], rotation[:, 1])


def test_any_six_numbers_give_a_proper_rotation():
    numbers = torch.randn(200, 6, generator=torch.Generator().manual_seed(1))
    rotations = matrix_from_6d(numbers)
    identity = torch.eye(3).expand(200, 3, 3)
    assert torch.allclose(rotations @ rotations.transpose(-1, -2), identity, atol=1e-5)
    assert torch.allclose(torch.linalg.det(rotations), torch.ones(200), atol=1e-5)


def test_mirror_twice_is_exactly_the_same_pose():
    rotations = random_rotations(5, 24).numpy()
    assert np.array_equal(mirror(mirror(rotations)), rotations)
    assert not np.allclose(mirror(rotations), rotations)


def test_mirror_swaps_sides_and_turns_the_other_way():
    vectors = np.zeros((24, 3), np.float32)
    vectors[JOINT["left_elbow"]] = (0.1, 0.2, 0.3)
    vectors[JOINT["head"]] = (0.4, 0.5, 0.6)
    mirrored = Pose(mirror(from_axis_angle(vectors))).axis_angle()
    expected = np.zeros_like(vectors)
    expected[JOINT["right_elbow"]] = (0.1, -0.2, -0.3)
    expected[JOINT["head"]] = (0.4, -0.5, -0.6)
    assert np.allclose(mirrored, expected, atol=1e-6)


def test_mirror_partners_have_mirrored_parents():
    for joint in range(1, NUM_JOINTS):
        assert PARENTS[MIRROR[joint]] == MIRROR[PARENTS[joint]]
    middle = {JOINT_NAMES[j] for j in range(NUM_JOINTS) if MIRROR[j] == j}
    assert middle == {"pelvis", "spine1", "spine2", "spine3", "neck", "head"}


@pytest.mark.parametrize("degrees", [0.0, 1.0, 37.0, 90.0, 179.0])
def test_geodesic_is_the_angle_between_rotations(degrees: float):
    start = random_rotations(1, seed=3)
    axis = torch.nn.functional.normalize(torch.tensor([[1.0, -2.0, 0.5]]))
    turned = roma.rotvec_to_rotmat(axis * np.radians(degrees)) @ start
    assert geodesic_degrees(start, turned).item() == pytest.approx(degrees, abs=0.05)
    assert geodesic_degrees(turned, start).item() == pytest.approx(degrees, abs=0.05)


def test_axis_angle_round_trip():
    vectors = np.random.default_rng(0).normal(0, 0.7, (24, 3)).astype(np.float32)
    assert np.allclose(Pose(from_axis_angle(vectors)).axis_angle(), vectors, atol=1e-5)


def test_a_pose_refuses_what_is_not_one():
    with pytest.raises(ValueError, match="24, 3, 3"):
        Pose(np.zeros((23, 3, 3)))
    broken = np.tile(np.eye(3), (24, 1, 1))
    broken[4, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        Pose(broken)


def test_with_changes_a_copy_only():
    pose = Pose(np.tile(np.eye(3), (24, 1, 1)), subject="somebody")
    other = pose.with_(source="edit")
    assert (pose.source, other.source, other.subject) == ("text", "edit", "somebody")
    assert pose.rotations.dtype == np.float32
