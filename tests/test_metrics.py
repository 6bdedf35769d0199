"""Errors of 3-D bodies: cases worked out by hand, and what must not change or must not pass."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import Body
from chatpose_demo.evaluation.metrics import (
    LSP14_HIPS,
    LSP14_NAMES,
    LSP14_PELVIS,
    SMPL22,
    SMPL24,
    Interval,
    Protocol,
    interval,
    mpjpe,
    mpjre,
    mpve,
    pa_mpjpe,
    procrustes,
    wilson,
)
from chatpose_demo.pose import MIRROR

EVERY = Protocol("all, first aligned", (0, 1, 2, 3), (0,))


@pytest.fixture(scope="module")
def joints() -> np.ndarray:
    """(3, 24, 3) joints of three posed bodies, metres."""
    vectors = 0.4 * np.random.default_rng(1).standard_normal((3, 24, 3))
    rotations = roma.rotvec_to_rotmat(torch.from_numpy(vectors).float())
    return Body.embedded().pose(rotations).joints.double().numpy()


@pytest.fixture(scope="module")
def square() -> np.ndarray:
    """(1, 4, 3) corners of a unit square, metres."""
    return np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]], float)


def test_one_joint_off_by_a_known_step(square):
    moved = square.copy()
    moved[0, 2] += [0.03, 0, 0.04]  # 5 cm on one of four joints
    assert mpjpe(moved, square, EVERY) == pytest.approx([0.05 / 4])


def test_a_whole_body_elsewhere_is_no_error(joints):
    assert mpjpe(joints + [1.0, -2.0, 3.0], joints) == pytest.approx([0, 0, 0], abs=1e-12)


def test_a_root_that_is_off_moves_every_other_joint(joints):
    moved = joints.copy()
    moved[:, 0, 0] += 0.024
    assert mpjpe(moved, joints) == pytest.approx([0.024 * 23 / 24] * 3)


def test_only_the_joints_of_the_protocol_count(joints):
    moved = joints.copy()
    moved[:, 22:] += 0.5  # the hands
    assert mpjpe(moved, joints, SMPL22) == pytest.approx([0, 0, 0])
    assert (mpjpe(moved, joints, SMPL24) > 0.05).all()
    assert pa_mpjpe(moved, joints, SMPL22) == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_two_roots_of_the_lsp_joints_differ():
    true = np.random.default_rng(0).standard_normal((1, 15, 3))
    moved = true.copy()
    moved[0, 14] += [0.01, 0, 0]  # the pelvis alone, which is not scored
    assert mpjpe(moved, true, LSP14_HIPS) == pytest.approx([0])
    assert mpjpe(moved, true, LSP14_PELVIS) == pytest.approx([0.01])
    hips = [LSP14_NAMES[row] for row in LSP14_HIPS.root]
    assert hips == ["right_hip", "left_hip"]


def test_no_similarity_changes_pa(joints):
    rng = np.random.default_rng(2)
    noisy = joints + 0.03 * rng.standard_normal(joints.shape)
    before = pa_mpjpe(noisy, joints)
    for seed in range(5):
        R = Rotation.random(random_state=seed).as_matrix()
        scale, shift = rng.uniform(0.2, 5), rng.standard_normal(3)
        assert pa_mpjpe(scale * noisy @ R.T + shift, joints) == pytest.approx(before, rel=1e-9)
        assert pa_mpjpe(scale * joints @ R.T + shift, joints) == pytest.approx([0] * 3, abs=1e-9)
    assert (before > 0).all() and (before < mpjpe(noisy, joints)).all()


def test_procrustes_finds_the_least_squares_optimum(joints):
    noisy = joints + 0.05 * np.random.default_rng(3).standard_normal(joints.shape)
    a, b = torch.from_numpy(noisy), torch.from_numpy(joints)
    R, shift, scale = roma.rigid_points_registration(a, b, compute_scaling=True)
    reference = scale[:, None, None] * (a @ R.mT) + shift[:, None]
    assert torch.allclose(procrustes(noisy, joints), reference, atol=1e-10)


def test_a_mirrored_body_stays_wrong(joints):
    assert (pa_mpjpe(joints * [-1, 1, 1], joints) > 0.03).all()


def test_swapped_legs_are_punished(joints):
    swapped = joints.copy()
    legs = [1, 2, 4, 5, 7, 8, 10, 11]
    swapped[:, legs] = joints[:, [MIRROR[leg] for leg in legs]]
    assert (mpjpe(swapped, joints) > 0.05).all()
    assert (pa_mpjpe(swapped, joints) > 0.05).all()


def test_points_on_a_line_or_in_one_place():
    line = np.linspace(0, 1, 24)[None, :, None] * np.array([1.0, 2.0, 2.0])
    turned = np.linspace(0, 1, 24)[None, :, None] * np.array([0.0, 0.0, 7.0])
    assert pa_mpjpe(turned, line) == pytest.approx([0], abs=1e-9)
    flat = np.full((1, 24, 3), 4.0)
    to_centre = np.linalg.norm(line - line.mean(axis=1, keepdims=True), axis=-1).mean()
    assert pa_mpjpe(flat, line) == pytest.approx([to_centre])
    assert pa_mpjpe(line, flat) == pytest.approx([0], abs=1e-9)


def test_torch_and_numpy_agree(joints):
    moved = joints + 0.01 * np.random.default_rng(4).standard_normal(joints.shape)
    a, b = torch.from_numpy(moved), torch.from_numpy(joints)
    assert mpjpe(a, b) == pytest.approx(mpjpe(moved, joints))
    assert pa_mpjpe(a, b) == pytest.approx(pa_mpjpe(moved, joints))


@pytest.mark.parametrize(
    "shapes", [((2, 24, 3), (3, 24, 3)), ((24, 3), (24, 3)), ((1, 24, 2),) * 2]
)
def test_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="both must be"):
        mpjpe(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_vertices_about_their_own_root(square):
    pushed = square + 5.0
    pushed[0, 1, 2] += 0.4
    assert mpve(pushed, square, np.full((1, 3), 5.0), np.zeros((1, 3))) == pytest.approx([0.1])


def test_rotation_error_is_the_angle_of_the_turned_joint():
    true = Rotation.random(24, random_state=5).as_matrix()[None]
    turned = true.copy()
    turned[0, 0] = true[0, 0] @ Rotation.from_euler("z", 48, degrees=True).as_matrix()
    turned[0, 7] = true[0, 7] @ Rotation.from_euler("x", -23, degrees=True).as_matrix()
    assert mpjre(turned, true) == pytest.approx([(48 + 23) / 24], abs=1e-5)
    assert mpjre(turned, true, range(1, 24)) == pytest.approx([1.0], abs=1e-5)


def test_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(6)
    inside = 0
    for seed in range(100):
        got = interval(rng.exponential(1.0, 60), seed)
        assert got.low is not None and got.high is not None
        inside += got.low < 1.0 < got.high
    assert 85 <= inside <= 99


def test_interval_repeats_by_seed_and_knows_single_values():
    values = [1.0, 2.0, 4.0]
    assert interval(values, 7) == interval(values, 7)
    assert interval([2.5], 0) == Interval(2.5, None, None)
    assert interval([2.5], 0).text(1000, 0) == "2500"
    assert interval([3.0] * 5, 0) == Interval(3.0, 3.0, 3.0)


def test_copies_of_a_case_make_nothing_surer():
    values = np.random.default_rng(8).standard_normal(12)
    copied, groups = np.repeat(values, 50), np.repeat(np.arange(12), 50).tolist()
    alone, together = interval(values, 0), interval(copied, 0, groups)
    naive = interval(copied, 0)
    assert together.low == pytest.approx(alone.low) and together.high == pytest.approx(alone.high)
    assert naive.high - naive.low < 0.3 * (alone.high - alone.low)  # type: ignore[operator]


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [[1.0], [2.0]]])
def test_interval_refuses(values):
    with pytest.raises(ValueError):
        interval(values, 0)


def test_wilson_by_hand():
    # z = 1.96, p = 8/10: (p + z^2/2n -+ z sqrt(p q / n + z^2 / 4n^2)) / (1 + z^2 / n)
    got = wilson(8, 10)
    assert (got.value, got.low, got.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    nothing, everything = wilson(0, 20), wilson(20, 20)
    assert nothing.low == pytest.approx(0, abs=1e-12) and nothing.high == pytest.approx(
        0.1611, abs=1e-4
    )
    assert everything.high == pytest.approx(1) and everything.low == pytest.approx(
        1 - 0.1611, abs=1e-4
    )
    with pytest.raises(ValueError):
        wilson(3, 2)
    with pytest.raises(ValueError):
        wilson(0, 0)
