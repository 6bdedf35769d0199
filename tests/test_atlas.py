"""The pose atlas: well-formed, within the body's limits, varied, and standing where it says so."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import Body, PosedBodies
from chatpose_demo.pose import JOINT, geodesic_degrees, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import build, swap_sides

ATLAS = load_atlas()
INDEX = {pose.id: number for number, pose in enumerate(ATLAS)}
ROTATIONS = np.stack([pose.rotations for pose in ATLAS])

# Largest turn of a joint from rest, degrees, about whatever axis: bending, spreading and twisting
# of a hip add up. A little beyond what supple people reach.
LIMITS = {
    "hip": 170, "knee": 162, "ankle": 75, "foot": 50, "collar": 40, "shoulder": 175, "elbow": 152,
    "wrist": 95, "neck": 45, "head": 45, "spine1": 35, "spine2": 30, "spine3": 25,
}  # fmt: skip
LEAST_DIFFERENCE = 4.0  # mean degrees per joint, sides swapped or not
ALIKE: set[frozenset[str]] = set()


@pytest.fixture(scope="module")
def posed() -> tuple[np.ndarray, PosedBodies]:
    """Floor height of each body (N,), and the bodies."""
    with torch.no_grad():
        bodies = Body.embedded().pose(torch.from_numpy(ROTATIONS))
    return bodies.vertices[..., 1].amin(1).numpy(), bodies


def vectors(joint: str) -> np.ndarray:
    """(N, 3) axis-angle of a joint in degrees."""
    return Rotation.from_matrix(ROTATIONS[:, JOINT[joint]]).as_rotvec(degrees=True)


def ids(mask: np.ndarray) -> list[str]:
    return [pose.id for pose, bad in zip(ATLAS, mask, strict=True) if bad]


def test_there_are_many_well_formed_poses():
    assert len(ATLAS) >= 200
    for pose in ATLAS:
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", pose.id)
        assert 4 <= len(pose.description.split()) <= 20, pose.id
        assert "|" not in pose.description and pose.description == pose.description.strip()
    assert len({pose.id for pose in ATLAS}) == len({pose.description for pose in ATLAS})


def test_rotations_are_proper_and_protected():
    eye = ROTATIONS @ ROTATIONS.swapaxes(-1, -2)
    np.testing.assert_allclose(eye, np.broadcast_to(np.eye(3), eye.shape), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(ROTATIONS), 1.0, atol=1e-5)
    with pytest.raises(ValueError):
        ATLAS[0].rotations[0, 0, 0] = 2.0


def test_elbows_and_knees_only_flex():
    for side, sign in (("left", -1.0), ("right", 1.0)):
        elbow, knee = vectors(f"{side}_elbow"), vectors(f"{side}_knee")
        assert not ids(sign * elbow[:, 1] < -1), "an elbow bends backwards"
        assert not ids(np.abs(elbow[:, [0, 2]]).max(axis=1) > 1), "an elbow bends sideways"
        assert not ids(knee[:, 0] < -1), "a knee bends backwards"
        assert not ids(np.abs(knee[:, 1:]).max(axis=1) > 1), "a knee bends sideways"


@pytest.mark.parametrize("joint", [name for name in JOINT if name.split("_")[-1] in LIMITS])
def test_joints_stay_within_their_range(joint):
    angle = np.linalg.norm(vectors(joint), axis=1)
    assert not ids(angle > LIMITS[joint.split("_")[-1]])


def test_poses_differ():
    pairs = set()
    rotations = torch.from_numpy(ROTATIONS)
    mirrored = torch.from_numpy(mirror(ROTATIONS))
    for number in range(1, len(ATLAS)):
        for image in (rotations, mirrored):
            distance = geodesic_degrees(image[number], rotations[:number]).mean(-1)
            for other in torch.nonzero(distance < LEAST_DIFFERENCE).flatten().tolist():
                pairs.add(frozenset((ATLAS[number].id, ATLAS[other].id)))
    assert pairs == ALIKE


def test_swapping_sides_is_the_mirror_image_and_undoes_itself():
    for pose in ATLAS:
        swapped = swap_sides(pose.spec)
        np.testing.assert_allclose(build(swapped), mirror(pose.rotations), atol=1e-5)
        np.testing.assert_allclose(build(swap_sides(swapped)), pose.rotations, atol=1e-5)


def test_who_stands_stands_on_the_floor(posed):
    floor, bodies = posed
    standing = [i for i, pose in enumerate(ATLAS) if pose.description.startswith("standing")]
    assert len(standing) > 20
    for number in standing:
        one_leg = re.match(r"standing on the (left|right) leg", ATLAS[number].description)
        for side in (one_leg[1],) if one_leg else ("left", "right"):
            ankle = bodies.joints[number, JOINT[f"{side}_ankle"], 1].item() - floor[number]
            assert ankle < 0.2, (ATLAS[number].id, side)


@pytest.mark.parametrize(
    ("name", "joint", "other", "reach"),
    [
        ("phone_call", "right_hand", "head", 0.22),
        ("tie_shoe_bending", "left_hand", "left_foot", 0.2),
        ("facepalm", "right_hand", "head", 0.22),
        ("archery_draw", "right_hand", "head", 0.3),
        ("hands_on_hips_stern", "left_hand", "left_hip", 0.3),
        ("namaste", "left_hand", "right_hand", 0.12),
        ("quad_stretch", "right_hand", "right_ankle", 0.25),
        ("seated_forward_fold", "left_hand", "left_foot", 0.2),
    ],
)
def test_hands_reach_what_they_should(posed, name, joint, other, reach):
    joints = posed[1].joints[INDEX[name]]
    assert torch.linalg.norm(joints[JOINT[joint]] - joints[JOINT[other]]) < reach


@pytest.mark.parametrize(
    ("name", "joint", "height"),
    [
        ("propose_marriage", "right_knee", 0.12),
        ("pray_kneeling", "left_knee", 0.12),
        ("push_up_high", "left_wrist", 0.12),
        ("handstand", "right_hand", 0.2),
        ("lotus_meditation", "pelvis", 0.25),
        ("corpse_flat", "pelvis", 0.25),
        ("downward_dog", "right_wrist", 0.12),
    ],
)
def test_what_carries_the_body_is_on_the_floor(posed, name, joint, height):
    floor, bodies = posed
    number = INDEX[name]
    assert bodies.joints[number, JOINT[joint], 1] - floor[number] < height
