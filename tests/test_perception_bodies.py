"""Kinematics, hinges, camera, limbs at rest and postures, on bodies whose rotations are known."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import Body
from chatpose_demo.perception.camera import fit_camera
from chatpose_demo.perception.hinges import backward_bend_degrees, unbent
from chatpose_demo.perception.person import POSTURES
from chatpose_demo.perception.postures import postures
from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics
from chatpose_demo.perception.unseen import rest_unseen
from chatpose_demo.pose import JOINT, from_axis_angle

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


def test_kinematics_agrees_with_the_body():
    rotations = torch.as_tensor(random_bodies(4, seed=1))
    ours = kinematics(rotations)[0]
    body = Body.embedded().pose(rotations).joints
    torch.testing.assert_close(ours, body, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name, axis, sign", [
    ("left_knee", 0, -1), ("right_knee", 0, -1), ("left_elbow", 1, 1), ("right_elbow", 1, -1),
])  # fmt: skip
def test_backward_bend_is_seen_and_straightened(name, axis, sign):
    vectors = np.zeros((24, 3), np.float32)
    vectors[JOINT[name], axis] = sign * np.radians(30)
    rotations = from_axis_angle(vectors)
    assert backward_bend_degrees(rotations)[JOINT[name]] == pytest.approx(30, abs=1)
    assert backward_bend_degrees(unbent(rotations))[JOINT[name]] < 0.1
    natural = from_axis_angle(-vectors)
    np.testing.assert_allclose(unbent(natural), natural, atol=1e-6)


def test_camera_puts_the_body_where_it_was():
    rotations = random_bodies(1, seed=6)[0]
    joints = kinematics(torch.as_tensor(rotations[None]))[0][0].numpy()
    scale, tx, ty = 180.0, 1.4, 2.2
    pixels = np.zeros((33, 2))
    for number, joint in JOINT_OF_LANDMARK.items():
        x, y, _ = joints[joint]
        pixels[number] = scale * (x + tx), scale * (ty - y)
    assert fit_camera(rotations, pixels, SEEN) == pytest.approx((scale, tx, ty), rel=1e-3)


def test_unseen_legs_stand_and_follow_a_sitting_partner():
    lean = from_axis_angle(np.zeros((24, 3), np.float32))
    lean[0] = Rotation.from_rotvec([0.4, 0, 0]).as_matrix()
    hidden = SEEN.copy()
    hidden[25:] = 0
    rested, unseen = rest_unseen(lean, hidden, hips_seen=True)
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
    rested, unseen = rest_unseen(one_seated, hidden, True)
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
