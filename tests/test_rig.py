"""Written poses: the little language, the sides, and where hands and feet really go."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import PART_JOINTS, Spec, build, legs, parse, swap_sides
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, HEAD, LEGS, TORSO, WHOLE


def at(rotations: np.ndarray, name: str) -> np.ndarray:
    return joints_of(rotations)[JOINT[name]]


def reach(arm: str) -> np.ndarray:
    """(left, up, ahead) of the left wrist from the left shoulder, metres."""
    rotations = build(Spec(left_arm=arm))
    return at(rotations, "left_wrist") - at(rotations, "left_shoulder")


def test_every_atlas_pose_is_made_of_rotations():
    rotations = np.stack([pose.rotations for pose in load_atlas()])
    product = rotations @ rotations.transpose(0, 1, 3, 2)
    assert np.allclose(product, np.eye(3), atol=1e-5)
    assert np.allclose(np.linalg.det(rotations), 1, atol=1e-5)


def test_mirrored_spec_builds_the_mirrored_body():
    for pose in load_atlas():
        assert np.allclose(build(swap_sides(pose.spec)), mirror(pose.rotations), atol=1e-5), pose.id


def test_swapping_sides_twice_gives_the_same_body():
    for pose in load_atlas():
        twice = build(swap_sides(swap_sides(pose.spec)))
        assert np.allclose(twice, pose.rotations, atol=1e-5), pose.id


@pytest.mark.parametrize(
    ("arm", "axis", "sign"),
    [("side", 0, 1), ("up", 1, 1), ("down", 1, -1), ("forward", 2, 1)],
)
def test_straight_arms_point_where_their_names_say(arm: str, axis: int, sign: int):
    direction = reach(arm)
    assert np.abs(direction).argmax() == axis
    assert direction[axis] * sign > 0.4


def test_named_hands_are_at_their_places():
    assert reach("back")[2] < -0.2
    head = build(Spec(left_arm="head"))
    assert np.linalg.norm(at(head, "left_hand") - at(head, "head")) < 0.25
    hip = build(Spec(left_arm="hip"))
    assert np.linalg.norm(at(hip, "left_hand") - at(hip, "left_hip")) < 0.25
    thigh = build(Spec(left_arm="thigh", **legs("sit")))
    assert np.linalg.norm(at(thigh, "left_hand") - at(thigh, "left_knee")) < 0.3


def test_named_trunks_and_heads_turn_the_way_they_say():
    up = np.array([0, 1, 0])
    left = at(build(Spec(torso="lean_left")), "neck") - at(build(Spec()), "neck")
    ahead = at(build(Spec(torso="lean_forward")), "neck") - at(build(Spec()), "neck")
    assert left[0] > 0.1 and abs(left[2]) < 0.02
    assert ahead[2] > 0.1 and abs(ahead[0]) < 0.02
    for state, axis, sign in (("left", 0, 1), ("right", 0, -1), ("up", 1, 1), ("down", 1, -1)):
        rotations = build(Spec(head=state))
        gaze = rotations[JOINT["neck"]] @ rotations[JOINT["head"]] @ np.array([0, 0, 1])
        assert gaze[axis] * sign > 0.4, state
    for state, sign in (("tilt_left", 1), ("tilt_right", -1)):
        rotations = build(Spec(head=state))
        assert (rotations[JOINT["neck"]] @ rotations[JOINT["head"]] @ up)[0] * sign > 0.3


def test_lying_bodies_lie_on_the_side_they_say():
    assert build(Spec(whole="back"))[0][1, 2] > 0.9  # the face looks up
    assert build(Spec(whole="front"))[0][1, 2] < -0.9
    assert build(Spec(whole="left_side"))[0][1, 0] < -0.9  # the left side looks down
    assert build(Spec(whole="right_side"))[0][1, 0] > 0.9


def test_facing_turns_the_whole_body_to_its_own_left():
    assert np.allclose(build(Spec(facing=90))[0] @ [0, 0, 1], [1, 0, 0], atol=1e-6)


def test_a_deep_bend_keeps_the_feet_below_the_hips():
    rotations = build(Spec(torso="bend_deep"))
    hips, ankles = at(rotations, "left_hip"), at(rotations, "left_ankle")
    assert hips[1] - ankles[1] > 0.7
    assert at(rotations, "neck")[2] - hips[2] > 0.35


@pytest.mark.parametrize(
    ("part", "states"),
    [("left_arm", ARMS), ("right_leg", LEGS), ("torso", TORSO), ("head", HEAD), ("whole", WHOLE)],
)
def test_a_part_moves_its_own_joints_only(part: str, states: dict):
    standing = build(Spec())
    for state in states:
        moved = np.abs(build(Spec(**{part: state})) - standing).max((1, 2)) > 1e-6
        names = {name for name, index in JOINT.items() if moved[index]}
        assert names <= set(PART_JOINTS[part]), (part, state)


def test_parse_reads_states_numbers_sides_and_joints():
    spec = parse("legs=sit arms=up right_arm=10,20,30,40 torso=5,0,-3 facing=-30 neck=1,2,3")
    assert spec.left_arm == "up" and spec.right_arm == (10, 20, 30, 40)
    assert (spec.left_leg, spec.right_leg) == BOTH_LEGS["sit"]
    assert spec.torso == (5, 0, -3) and spec.facing == -30
    assert spec.extra == (("neck", (1, 2, 3)),)


@pytest.mark.parametrize("line", ["arms=wobbly", "tail=up", "head=1,2,3 nose", "left_knee=3,4"])
def test_parse_refuses_what_it_does_not_know(line: str):
    with pytest.raises(ValueError, match="unknown"):
        parse(line)
