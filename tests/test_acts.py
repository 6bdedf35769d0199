"""Changes of whole bodies: half the way, one body's region on another, the way somebody faces."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.acts import REGION_JOINTS, combine, halfway, turned_like
from chatpose_demo.network.parts import apply_choices, heading
from chatpose_demo.network.pose_decoder import REGIONS
from chatpose_demo.pose import JOINT, JOINT_NAMES, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build

POSES = [pose.rotations for pose in load_atlas()][::9]
PAIRS = list(zip(POSES[::2], POSES[1::2], strict=False))
STANDING = build(Spec())


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(24,) degrees."""
    cosine = (np.einsum("kij,kij->k", a, b) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_half_way_is_half_of_every_turn():
    for start, end in PAIRS:
        middle = halfway(start, end)
        assert np.allclose(apart(start, middle), apart(start, end) / 2, atol=0.1)
        assert np.allclose(apart(middle, end), apart(start, end) / 2, atol=0.1)


def test_half_of_nothing_changes_nothing():
    for pose in POSES:
        assert np.array_equal(halfway(pose, pose), pose)
    raised = apply_choices(STANDING, {"left_arm": "up"})
    untouched = [i for i, name in enumerate(JOINT_NAMES) if "left" not in name]
    assert np.array_equal(halfway(STANDING, raised)[untouched], STANDING[untouched])


def test_every_region_that_words_can_name_is_known():
    assert set(REGION_JOINTS) == set(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_comes_from_one_body_and_the_rest_from_the_other(region: str):
    for giver, taker in PAIRS:
        body = combine(region, giver, taker)
        assert np.allclose(body @ body.transpose(0, 2, 1), np.eye(3), atol=1e-4)
        for index, name in enumerate(JOINT_NAMES):
            source = giver if name in REGION_JOINTS[region] else taker
            if name not in ("pelvis", "left_hip", "right_hip"):
                assert np.array_equal(body[index], source[index]), name
        assert np.allclose(heading(body[0]), heading(taker[0]), atol=1e-3)


def test_legs_keep_their_direction_in_the_world():
    for giver, taker in PAIRS:
        body = combine("legs", giver, taker)
        turn = heading(taker[0]) @ heading(giver[0]).T
        for hip in ("left_hip", "right_hip"):
            wanted = turn @ giver[0] @ giver[JOINT[hip]]
            assert np.allclose(body[0] @ body[JOINT[hip]], wanted, atol=1e-4)


def test_both_halves_of_one_body_make_it_whole():
    for pose in POSES:
        assert np.allclose(combine("lower body", pose, pose), pose, atol=1e-5)
        assert np.allclose(combine("upper body", pose, pose), pose)
    for giver, taker in PAIRS:
        whole = combine("upper body", giver, combine("lower body", giver, taker))
        assert np.allclose(whole[1:], giver[1:], atol=1e-5)


def test_turned_like_somebody_faces_where_they_face():
    for pose, model in PAIRS:
        turned = turned_like(pose, model)
        assert np.array_equal(turned[1:], pose[1:])
        assert np.allclose(heading(turned[0]), heading(model[0]), atol=1e-3)


def test_a_mirrored_half_is_the_half_of_the_mirrored():
    for start, end in PAIRS:
        assert np.allclose(
            mirror(halfway(start, end)), halfway(mirror(start), mirror(end)), atol=1e-5
        )
