"""Landmarks -> SMPL rotations, on bodies whose rotations are known."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import Body
from chatpose_demo.perception.balance import balance
from chatpose_demo.perception.camera import fit_camera
from chatpose_demo.perception.fit import (
    backward_bend_degrees,
    fit,
    forbid_backward_bends,
)
from chatpose_demo.perception.person import POSTURES
from chatpose_demo.perception.postures import postures
from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics, skeleton
from chatpose_demo.perception.unseen import rest_unseen
from chatpose_demo.pose import JOINT, R_WORLD_CAMERA, from_axis_angle

SEEN = np.ones(33)


def random_bodies(count: int, seed: int) -> np.ndarray:
    """(count, 24, 3, 3) natural poses: bent knees and elbows, arms near the body, any heading."""
    rng = np.random.default_rng(seed)
    spread = np.zeros((24, 1))
    for name, degrees in (("hip", 30), ("shoulder", 35)):
        spread[[JOINT[f"left_{name}"], JOINT[f"right_{name}"]]] = degrees
    spread[[JOINT["neck"], JOINT["head"], JOINT["spine1"]]] = 8
    vectors = rng.normal(size=(count, 24, 3)) * np.radians(spread)
    vectors[:, JOINT["left_shoulder"], 2] -= 0.9
    vectors[:, JOINT["right_shoulder"], 2] += 0.9
    for side, sign in (("left", -1), ("right", 1)):
        vectors[:, JOINT[f"{side}_knee"], 0] = np.abs(rng.normal(size=count)) * 0.8
        vectors[:, JOINT[f"{side}_elbow"], 1] = sign * np.abs(rng.normal(size=count))
    vectors[:, 0] = rng.normal(size=(count, 3)) * [0.15, 0.9, 0.1]
    return from_axis_angle(vectors)


def landmarks_of(rotations: np.ndarray) -> np.ndarray:
    """(B, 33, 3) landmarks in the camera frame about the hips, where the fit expects them."""
    joints, turned = (x.numpy() for x in kinematics(torch.as_tensor(rotations)))
    marks = np.zeros((len(rotations), 33, 3))
    for number, (joint, offset) in skeleton().landmarks.items():
        marks[:, number] = joints[:, joint] + turned[:, joint] @ offset
    marks -= marks[:, [23, 24]].mean(1, keepdims=True)
    return marks @ R_WORLD_CAMERA.T


def test_kinematics_agrees_with_the_body():
    rotations = torch.as_tensor(random_bodies(4, seed=1))
    ours = kinematics(rotations)[0]
    body = Body.embedded().pose(rotations).joints
    torch.testing.assert_close(ours, body, atol=1e-4, rtol=0)


@pytest.mark.parametrize("noise_cm, limit_cm", [(0, 2.0), (2, 4.5)])
def test_known_poses_come_back(noise_cm, limit_cm):
    truth = random_bodies(24, seed=2)
    noise = np.random.default_rng(3).normal(size=(24, 33, 3)) * noise_cm / 100
    found = fit(landmarks_of(truth) + noise, np.ones((24, 33)))
    a, b = (kinematics(torch.as_tensor(r))[0].numpy() for r in (truth, found))
    limbs = list(JOINT_OF_LANDMARK.values())
    error = np.linalg.norm((a - a[:, :1] - b + b[:, :1])[:, limbs], axis=-1).mean() * 100
    assert error < limit_cm
    # Standing in the T pose would be far worse: the test can fail.
    flat = np.tile(np.eye(3, dtype=np.float32), (24, 24, 1, 1))
    c = kinematics(torch.as_tensor(flat))[0].numpy()
    assert np.linalg.norm((a - a[:, :1] - c + c[:, :1])[:, limbs], axis=-1).mean() * 100 > 20


def test_batch_equals_single():
    marks = landmarks_of(random_bodies(3, seed=4))
    together = fit(marks, np.ones((3, 33)))
    alone = np.concatenate([fit(m[None], SEEN[None]) for m in marks])
    # One line search serves the batch, so paths differ a little; the bodies must not.
    a, b = (kinematics(torch.as_tensor(r))[0].numpy() for r in (together, alone))
    assert np.linalg.norm(a - b, axis=-1).max() < 0.03


def test_fit_of_nobody_and_of_degenerate_landmarks():
    assert fit(np.zeros((0, 33, 3)), np.zeros((0, 33))).shape == (0, 24, 3, 3)
    for marks in (np.zeros((1, 33, 3)), np.ones((1, 33, 3)) * 1e3):
        rotations = fit(marks, np.zeros((1, 33)))
        assert np.isfinite(rotations).all()
        np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-3)


def test_joints_never_bend_backwards():
    rng = np.random.default_rng(5)
    wild = fit(rng.normal(size=(16, 33, 3)) * 0.4, np.ones((16, 33)))
    assert max(max(backward_bend_degrees(r).values()) for r in wild) <= 2.0


@pytest.mark.parametrize("name, axis, sign", [
    ("left_knee", 0, -1), ("right_knee", 0, -1), ("left_elbow", 1, 1), ("right_elbow", 1, -1),
])  # fmt: skip
def test_backward_bend_is_seen_and_straightened(name, axis, sign):
    vectors = np.zeros((24, 3), np.float32)
    vectors[JOINT[name], axis] = sign * np.radians(30)
    rotations = from_axis_angle(vectors)
    assert backward_bend_degrees(rotations)[JOINT[name]] == pytest.approx(30, abs=1)
    assert backward_bend_degrees(forbid_backward_bends(rotations))[JOINT[name]] < 0.1
    natural = from_axis_angle(-vectors)
    np.testing.assert_allclose(forbid_backward_bends(natural), natural, atol=1e-6)


def test_camera_puts_the_body_where_it_was():
    rotations = random_bodies(1, seed=6)[0]
    joints = kinematics(torch.as_tensor(rotations[None]))[0][0].numpy()
    scale, tx, ty = 180.0, 1.4, 2.2
    pixels = np.zeros((33, 2))
    for number, joint in JOINT_OF_LANDMARK.items():
        x, y, _ = joints[joint]
        pixels[number] = scale * (x + tx), scale * (ty - y)
    assert fit_camera(rotations, pixels, SEEN) == pytest.approx((scale, tx, ty), rel=1e-3)


def test_balance_rights_a_leaning_body_and_keeps_the_picture():
    upright = landmarks_of(from_axis_angle(np.zeros((1, 24, 3), np.float32)))[0]
    leaning = upright.copy()
    leaning[:, 2] += 0.4 * upright[:, 1]
    righted = balance(leaning, SEEN)
    np.testing.assert_allclose(righted[:, :2], leaning[:, :2])
    slope = (righted[[11, 12], 2].mean() - righted[[27, 28], 2].mean()) / 1.3
    assert abs(slope) < 0.08
    blind = SEEN.copy()
    blind[27:] = 0
    np.testing.assert_array_equal(balance(leaning, blind), leaning)


def test_unseen_legs_stand_and_follow_a_sitting_partner():
    lean = from_axis_angle(np.zeros((24, 3), np.float32))
    lean[0] = Rotation.from_rotvec([0.4, 0, 0]).as_matrix()
    marks = landmarks_of(lean[None])[0]
    hidden = SEEN.copy()
    hidden[25:] = 0
    rested, unseen = rest_unseen(lean, marks, hidden, hips_seen=True)
    joints = kinematics(torch.as_tensor(rested[None]))[0][0].numpy()
    for side in ("left", "right"):
        thigh = joints[JOINT[f"{side}_hip"]] - joints[JOINT[f"{side}_knee"]]
        assert thigh[1] / np.linalg.norm(thigh) > 0.98
        assert {f"{side}_knee", f"{side}_ankle", f"{side}_foot"} <= set(unseen)
    assert "left_hip" not in unseen and "left_elbow" not in unseen

    vectors = np.zeros((24, 3), np.float32)
    vectors[JOINT["left_hip"]], vectors[JOINT["left_knee"]] = [-1.5, 0, 0], [1.5, 0, 0]
    one_seated = from_axis_angle(vectors)
    hidden = SEEN.copy()
    hidden[[26, 28, 30, 32]] = 0
    rested, unseen = rest_unseen(one_seated, landmarks_of(one_seated[None])[0], hidden, True)
    assert postures(rested, unseen)[POSTURES.index("sitting")] > 0.9
    assert "left_knee" not in unseen


# joint -> rotation vector of plain example bodies, and the posture that each must show.
EXAMPLES = {
    "standing": {},
    "sitting": {"hip": (-1.5, 0, 0), "knee": (1.5, 0, 0)},
    "crouching": {"hip": (-2.0, 0, 0), "knee": (2.4, 0, 0), "pelvis": (0.3, 0, 0)},
    "kneeling": {"knee": (1.5, 0, 0)},
    "lying": {"pelvis": (-1.5, 0, 0)},
    "bending": {"pelvis": (1.2, 0, 0), "hip": (-1.2, 0, 0)},
}


@pytest.mark.parametrize("posture", EXAMPLES)
def test_postures_of_plain_examples(posture):
    vectors = np.zeros((24, 3), np.float32)
    for name, vector in EXAMPLES[posture].items():
        sides = (
            [JOINT[name]] if name == "pelvis" else [JOINT[f"left_{name}"], JOINT[f"right_{name}"]]
        )
        vectors[sides] = vector
    vectors[JOINT["left_shoulder"], 2], vectors[JOINT["right_shoulder"], 2] = -1.2, 1.2
    degrees = dict(zip(POSTURES, postures(from_axis_angle(vectors)), strict=True))
    legs = {name: degrees[name] for name in POSTURES[:7]}
    assert max(legs, key=legs.get) == posture and legs[posture] > 0.8
    assert max(degrees[name] for name in POSTURES[7:11]) < 0.1


def test_postures_of_arms():
    vectors = np.zeros((24, 3), np.float32)
    degrees = dict(zip(POSTURES, postures(from_axis_angle(vectors)), strict=True))
    assert degrees["arms out"] > 0.9 and degrees["arms up"] < 0.1
    vectors[JOINT["left_shoulder"], 2] = 1.3
    vectors[JOINT["right_shoulder"], 2] = 1.3
    degrees = dict(zip(POSTURES, postures(from_axis_angle(vectors)), strict=True))
    assert degrees["left arm up"] > 0.9 and degrees["right arm up"] < 0.1
    unseen = postures(from_axis_angle(vectors), ("left_wrist", "left_hand"))
    assert unseen[POSTURES.index("left arm up")] == 0
