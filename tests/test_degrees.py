"""Angles by number are that number, and nothing else moves."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.trunk import measure_head
from chatpose_demo.network.degrees import Angle, asked_angles, beside_angles, with_angles
from chatpose_demo.network.parts import heading
from chatpose_demo.perception.swing import angle
from chatpose_demo.pose import JOINT_NAMES
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build

BODIES = [pose.rotations for pose in load_atlas()][::37]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Flex the right elbow by exactly 90 degrees.", [("elbow", "right", 90, True)]),
        ("bend the left arm 90 degrees", [("elbow", "left", 90, False)]),
        ("bend her leg 90 degrees at the left knee", [("knee", "left", 90, False)]),
        ("left elbow 90, right 45", [("elbow", "left", 90, False), ("elbow", "right", 45, False)]),
        ("left hip 90, knee 45", [("thigh", "left", 90, False), ("knee", "left", 45, False)]),
        ("bend the left and right knee to 90 degrees",
         [("knee", "left", 90, False), ("knee", "right", 90, False)]),
        ("at a 90-degree angle the left elbow", [("elbow", "left", 90, False)]),
        ("lower the left arm 30 degrees", [("arm", "left", -30, True)]),
        ("raise the left arm 20 degrees higher", [("arm", "left", 20, True)]),
        ("how about left knee at 45 degrees?", [("knee", "left", 45, False)]),
        ("bend the right elbow to 90°", [("elbow", "right", 90, False)]),
        ("left hip flexion 60, left knee 30, everything else neutral",
         [("thigh", "left", 60, False), ("knee", "left", 30, False)]),
        ("reduce knee flexion on the right by 20 degrees", [("knee", "right", -20, True)]),
        ("set right knee to 200", [("knee", "right", 200, False)]),
        ("both knees at 45 degrees", [("knee", "left", 45, False), ("knee", "right", 45, False)]),
        ("turn the head 30 degrees to the left", [("turn", "", 30, False)]),
        ("tilt her head 20° right", [("tilt", "", -20, False)]),
        ("turn her 45 degrees to the left", [("body", "", -45, True)]),
        ("rotate the body 90° clockwise", [("body", "", -90, True)]),
        ("raise the left arm another 15 degrees", [("arm", "left", 15, True)]),
        ("what angle is the right elbow at, 90 degrees?", []),
        ("How many degrees is the left knee bent", []),
        ("is the right knee at 90 degrees?", []),
        ("bend the knee to 90 degrees", []),
        ("person 2", []), ("make 5 of them", []), ("the second from the left", []),
        ("lift the arm 20 cm", []), ("left arm up", []), ("", []),
        ("it is 30 degrees outside", []), ("stand with legs 2 feet apart", []),
        ("I hurt my knees 2 years ago", []), ("my right hip is 90% healed", []),
        ("left arm at 3 pm", []), ("bend the left knee 30-45 degrees", []),
        ("turn the left foot out 20 degrees", []), ("rotate the hips 30 degrees to the left", []),
        ("don't bend the left knee to 90 degrees", []), ("bend forward at the hips 45 degrees", []),
        ("left knee 1000 degrees", []), ("face the camera at 45 degrees", []),
        ("bend the left elbow 90 degrees less than the right one", []),
    ],
)  # fmt: skip
def test_numbers_are_read(text: str, found: list[tuple]):
    read = [(one.joint, one.side, one.degrees, one.added) for one in asked_angles(text)]
    assert read == found


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("joint", ["knee", "elbow"])
@pytest.mark.parametrize("degrees", [0, 35, 90, 120])
def test_hinges_are_set(joint: str, side: str, degrees: float):
    for body in BODIES:
        changed, beyond = with_angles(body, [Angle(joint, side, degrees, added=False)])
        assert abs(Figure.of(changed).bend(side, joint) - degrees) < 0.5
        still = [i for i, name in enumerate(JOINT_NAMES) if name != f"{side}_{joint}"]
        assert np.array_equal(changed[still], body[still]) and not beyond
        again, _ = with_angles(changed, [Angle(joint, side, 10, added=True)])
        grown = Figure.of(again).bend(side, joint) - Figure.of(changed).bend(side, joint)
        assert abs(grown - 10) < 0.5


def test_a_knee_bends_backwards_and_an_elbow_forwards():
    bent, _ = with_angles(
        build(Spec()), [Angle("knee", "left", 90, False), Angle("elbow", "left", 90, False)]
    )
    figure = Figure.of(bent)
    assert figure.bone("left_knee", "left_ankle") @ figure.ahead < -0.3
    assert figure.bone("left_elbow", "left_wrist") @ figure.ahead > 0.2


@pytest.mark.parametrize(("way", "axis"), [("side", "leftward"), ("front", "ahead")])
@pytest.mark.parametrize("joint", ["arm", "thigh"])
def test_limbs_rise_the_way_that_is_named(joint: str, way: str, axis: str):
    start, end = {"arm": ("shoulder", "elbow"), "thigh": ("hip", "knee")}[joint]
    changed, _ = with_angles(build(Spec()), [Angle(joint, "left", 45, False, way)])
    figure = Figure.of(changed)
    bone = figure.bone(f"left_{start}", f"left_{end}")
    trunk = -figure.axis("pelvis" if joint == "thigh" else "spine3", 1)
    assert abs(angle(bone, trunk) - 45) < 7
    assert angle(bone, getattr(figure, axis)) < 55


def test_the_head_turns_nods_and_tilts_by_itself():
    body = build(Spec())
    for joint, attribute in (("turn", "turn"), ("nod", "down"), ("tilt", "tilt")):
        changed, _ = with_angles(body, [Angle(joint, "", 30, False)])
        assert abs(getattr(measure_head(Figure.of(changed)), attribute) - 30) < 2


def test_a_body_turns_as_the_viewer_says():
    body = build(Spec())
    left, _ = with_angles(body, asked_angles("turn her 90 degrees to the left"))
    assert heading(left[0])[:, 2] @ [-1, 0, 0] > 0.99
    back, _ = with_angles(left, asked_angles("rotate the body by 90° to the right"))
    assert np.allclose(back, body, atol=1e-5)


def test_what_no_joint_can_do_is_said():
    body = build(Spec())
    changed, beyond = with_angles(body, asked_angles("set the right knee to 200"))
    assert "150°" in beyond and abs(Figure.of(changed).bend("right", "knee") - 150) < 0.5
    straight, beyond = with_angles(body, asked_angles("straighten the left elbow by 40 degrees"))
    assert not beyond and Figure.of(straight).bend("left", "elbow") < 0.5


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("turn the head left and bend the right elbow to 90 degrees", "turn the head left"),
        ("left knee 30, everything else neutral", ""),
        ("right arm up 20 degrees, keep the legs as they are", ""),
        ("sit down, then left elbow at 45 degrees", "sit down"),
        ("turn around and bend the left knee 45 degrees", "turn around"),
        ("lying on the back with the right knee at 90 degrees", "lying on the back"),
    ],
)
def test_what_is_said_without_numbers_stays_words(text: str, rest: str):
    assert beside_angles(text) == rest and len(asked_angles(text)) == 1
