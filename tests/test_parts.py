"""Options of the pose decoder: an edit changes what it names, the right way, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from chatpose_demo.network.parts import ARM_MOVES, KEEP, OPTIONS, apply_choices
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import JOINT, JOINT_NAMES, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import PART_JOINTS, Spec, build, legs
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, HEAD, LEGS, TORSO, WHOLE

ATLAS = load_atlas()
STATES = {
    "left_arm": ARMS, "right_arm": ARMS, "left_leg": LEGS, "right_leg": LEGS, "torso": TORSO,
    "head": HEAD, "whole": WHOLE, "legs": BOTH_LEGS,
}  # fmt: skip
OWNED = PART_JOINTS | {
    "legs": PART_JOINTS["left_leg"] + PART_JOINTS["right_leg"],
    "facing": ("pelvis",),
}
UPRIGHT = [pose for pose in ATLAS if pose.rotations[0][1, 1] > 0.5]
LYING = [pose for pose in ATLAS if pose.rotations[0][1, 1] <= 0.5]


def bend(rotations: np.ndarray, joint: str) -> float:
    """Signed bend of a knee or elbow, degrees; negative would be against the joint."""
    sign = -1.0 if joint.startswith("right") else 1.0
    bone, forward = (
        (np.array([sign, 0, 0]), np.array([0, 0, 1]))
        if "elbow" in joint
        else (np.array([0, -1, 0]), np.array([0, 0, -1]))
    )
    turned = rotations[JOINT[joint]] @ bone
    angle = np.degrees(np.arccos(np.clip(turned @ bone, -1, 1)))
    return float(angle if turned @ forward >= -1e-6 else -angle)


def twisted(seed: int) -> np.ndarray:
    """A body as a photo gives it: knees and elbows are also twisted about their bones."""
    rng = np.random.default_rng(seed)
    pose = build(Spec())
    for joint in ("elbow", "knee"):
        for side, sign in (("left", 1), ("right", -1)):
            angle, twist = rng.uniform(0, 140), rng.uniform(-60, 60)
            order, first = ("yx", -sign * angle) if joint == "elbow" else ("xy", angle)
            turn = Rotation.from_euler(order.upper(), [first, twist], degrees=True)
            pose[JOINT[f"{side}_{joint}"]] = turn.as_matrix()
    return pose


def spec_of(choices: dict[str, str]) -> Spec:
    values = {part: state for part, state in choices.items() if part != "legs"}
    both = legs(choices["legs"]) if "legs" in choices else {}
    return Spec(**both | values)


def test_choices_on_a_standing_body_equal_the_written_pose():
    rng, standing = np.random.default_rng(0), build(Spec())
    for _ in range(300):
        parts = [part for part in STATES if rng.random() < 0.5]
        choices = {part: str(rng.choice(list(STATES[part]))) for part in parts}
        ours, written = apply_choices(standing, choices), build(spec_of(choices))
        assert np.allclose(ours, written, atol=1e-5), choices


def test_no_choice_changes_nothing():
    for pose in ATLAS:
        kept = dict.fromkeys(OPTIONS, KEEP)
        assert np.array_equal(apply_choices(pose.rotations, kept), pose.rotations)


def test_parts_that_keep_stay_bit_for_bit():
    rng = np.random.default_rng(1)
    for pose in UPRIGHT:
        parts = rng.choice(list(OPTIONS), size=2, replace=False)
        choices = {str(part): str(rng.choice(OPTIONS[part][1:])) for part in parts}
        if choices.get("whole") == "mirror":
            continue
        changed = apply_choices(pose.rotations, choices)
        may_move = {joint for part in choices for joint in OWNED[part]}
        for index, name in enumerate(JOINT_NAMES):
            if name not in may_move:
                same = np.array_equal(changed[index], pose.rotations[index])
                assert same, (pose.id, choices, name)


def test_a_bent_torso_leaves_the_legs_where_they_are():
    for pose in UPRIGHT:
        changed = apply_choices(pose.rotations, {"torso": "bend_deep"})
        for hip in ("left_hip", "right_hip"):
            before = pose.rotations[0] @ pose.rotations[JOINT[hip]]
            assert np.allclose(changed[0] @ changed[JOINT[hip]], before, atol=1e-5), pose.id


@pytest.mark.parametrize("posture", ["stand", "sit", "kneel", "squat"])
def test_who_is_told_to_stand_or_sit_gets_up_first(posture: str):
    assert len(LYING) > 5
    for pose in LYING:
        changed = apply_choices(pose.rotations, {"legs": posture})
        assert changed[0][1, 1] > 0.99, pose.id
        joints = joints_of(changed)
        lowest = min(joints[JOINT["left_foot"]][1], joints[JOINT["right_foot"]][1])
        assert joints[JOINT["pelvis"]][1] - lowest > 0.1, pose.id


def test_mirror_is_the_mirror_image_and_its_own_inverse():
    for pose in ATLAS:
        once = apply_choices(pose.rotations, {"whole": "mirror"})
        assert np.array_equal(once, mirror(pose.rotations))
        assert np.array_equal(apply_choices(once, {"whole": "mirror"}), pose.rotations)


def test_the_base_is_not_touched():
    base = np.array(ATLAS[0].rotations)
    before = base.copy()
    apply_choices(base, {"left_arm": "up", "torso": "bend", "legs": "sit", "whole": "back"})
    assert np.array_equal(base, before)


@pytest.mark.parametrize("seed", range(12))
def test_no_move_bends_an_elbow_or_knee_backwards(seed: int):
    pose = twisted(seed)
    for part, moves, joint in (
        ("left_arm", ARM_MOVES, "left_elbow"),
        ("right_arm", ARM_MOVES, "right_elbow"),
        ("legs", ("knees_more", "knees_less"), "left_knee"),
        ("legs", ("knees_more", "knees_less"), "right_knee"),
    ):
        for move in moves:
            changed = pose
            for _ in range(6):
                changed = apply_choices(changed, {part: move})
                assert -0.1 < bend(changed, joint) < 151, (move, joint)
            if move in ("elbow_less", "knees_less"):
                assert bend(changed, joint) == pytest.approx(0, abs=0.1)
            elif move in ("elbow_more", "knees_more"):
                assert bend(changed, joint) > 135


def test_more_and_less_move_the_way_they_say():
    standing = build(Spec())

    def place(name: str, **choices: str) -> np.ndarray:
        return joints_of(apply_choices(standing, choices))[JOINT[name]]

    for side in ("left", "right"):
        hand, arm = f"{side}_wrist", f"{side}_arm"
        assert place(hand, **{arm: "higher"})[1] > place(hand)[1] + 0.05
        twice = apply_choices(apply_choices(standing, {arm: "side"}), {arm: "lower"})
        level = apply_choices(standing, {arm: "side"})
        lower = joints_of(twice)[JOINT[hand]][1]
        assert lower < joints_of(level)[JOINT[hand]][1] - 0.1
    assert place("head", torso="bend_more")[2] > place("head")[2] + 0.05
    assert place("head", torso="bend_less")[2] < place("head")[2] - 0.05
    apart = place("left_ankle", legs="wider") - place("right_ankle", legs="wider")
    assert apart[0] > (place("left_ankle") - place("right_ankle"))[0] + 0.1
    for move, sign in (("more_left", 1), ("more_right", -1)):
        changed = apply_choices(standing, {"head": move})
        gaze = changed[JOINT["neck"]] @ changed[JOINT["head"]] @ np.array([0, 0, 1])
        assert gaze[0] * sign > 0.3


def test_an_arm_that_is_up_goes_no_higher():
    pose = build(Spec(left_arm="up"))
    heights = []
    for _ in range(5):
        pose = apply_choices(pose, {"left_arm": "higher"})
        heights.append(joints_of(pose)[JOINT["left_elbow"]][1])
    assert np.ptp(heights[1:]) < 0.02


def test_one_leg_may_differ_from_the_posture_of_both():
    changed = apply_choices(build(Spec()), {"legs": "sit", "left_leg": "forward"})
    written = build(Spec(**legs("sit") | {"left_leg": "forward"}))
    assert np.allclose(changed, written, atol=1e-5)


@pytest.mark.parametrize(
    ("option", "ahead"),
    [("front", (0, 1)), ("left", (-1, 0)), ("right", (1, 0)), ("back", (0, -1))],
)
def test_facing_turns_the_whole_body_and_nothing_else(option: str, ahead: tuple[float, float]):
    for pose in UPRIGHT[::10]:
        turned = apply_choices(pose.rotations, {"facing": option})
        assert np.array_equal(turned[1:], pose.rotations[1:])
        across = turned[0][:, 0]  # stays level when a body bends; +z ahead means +x across
        across = across[[0, 2]] / np.hypot(across[0], across[2])
        assert np.allclose(across, (ahead[1], -ahead[0]), atol=1e-4), pose.id
        again = apply_choices(turned, {"facing": option})
        assert np.allclose(again, turned, atol=1e-5)


@pytest.mark.parametrize("posture", ["stand", "sit", "long", "squat"])
def test_wider_takes_the_knees_apart(posture: str):
    def gap(pose: np.ndarray) -> float:
        joints = joints_of(pose)
        return float(np.linalg.norm(joints[JOINT["left_knee"]] - joints[JOINT["right_knee"]]))

    base = build(Spec(**legs(posture)))
    assert gap(apply_choices(base, {"legs": "wider"})) > gap(base) + 0.08
