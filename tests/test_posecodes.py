"""Posecodes, contacts and support: what geometry says of written poses, mirrored and moved ones."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chatpose_demo.geometry.contacts import hand_touches, on_floor, regions
from chatpose_demo.geometry.describe import describe
from chatpose_demo.geometry.figure import SIDES, Figure
from chatpose_demo.geometry.posecodes import posecodes
from chatpose_demo.geometry.stability import stability
from chatpose_demo.geometry.stance import posture
from chatpose_demo.geometry.support import (
    centre_of_mass,
    segments,
    signed_margin,
    support,
    weight_share,
)
from chatpose_demo.pose import from_axis_angle
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs

ATLAS = {pose.id: pose for pose in load_atlas()}
SOME = list(ATLAS.values())[::20]

# What an atlas pose's own description says, checked by hand.
POSTURES = {
    "propose_marriage": "kneeling on the right knee",
    "yoga_triangle": "standing, bent far over to the left",
    "cossack_kick": "squatting on the right leg, the left leg stretched out",
    "child_pose": "kneeling, folded forward over the thighs",
    "cobra": "lying face down, the chest pushed up",
    "crab_walk": "belly up on the hands and feet",
    "side_plank": "on the right side, held up on the right hand",
    "handstand": "upside down on the hands",
    "downward_dog": "on the hands and feet with the hips high",
    "crawl_hands_knees": "on hands and knees",
    "type_at_desk": "sitting",
    "seated_head_in_hands": "sitting",
    "ski_tuck": "squatting",
    "seiza_formal": "sitting on the heels",
    "deadlift": "bent over",
}
TOUCHES = {
    "phone_call": ("right", "right_ear"),
    "facepalm": ("right", "face"),
    "quad_stretch": ("right", "right_foot"),
    "shocked_hands_on_head": ("left", "head"),
    "seated_head_in_hands": ("left", "face"),
}
ON_FLOOR = {
    "handstand": {"left_hand", "right_hand"},
    "arabesque": {"left_foot"},
    "boat_pose": {"seat"},
    "downward_dog": {"left_foot", "right_foot", "left_hand", "right_hand"},
}


def other(words: str) -> str:
    return re.sub(
        r"\bleft\b|\bright\b(?! angle)", lambda side: {"left": "right"}.get(side[0], "left"), words
    )


def atlas(name: str) -> Figure:
    return Figure.of(ATLAS[name].rotations)


def written(**parts) -> Figure:
    return Figure.of(build(Spec(**parts)))


@pytest.mark.parametrize(("name", "words"), POSTURES.items())
def test_postures_are_those_of_the_description(name: str, words: str):
    assert posture(atlas(name)) == words


def test_a_posture_that_the_skin_does_not_refute_is_that_of_the_short_form():
    for pose in SOME:
        figure = Figure.of(pose.rotations)
        short = describe(figure.rotations, figure.joints).posture
        if short.startswith(("standing", "taking", "in a lunge", "squatting", "kneeling")):
            assert posture(figure).split()[0] in (short.split()[0], "balanced", "slanting", "in")


@pytest.mark.parametrize(("name", "touch"), TOUCHES.items())
def test_hands_touch_what_the_description_says(name: str, touch: tuple[str, str]):
    assert touch in {(one.side, one.region) for one in hand_touches(atlas(name))}


@pytest.mark.parametrize(("name", "carrying"), ON_FLOOR.items())
def test_what_touches_the_floor(name: str, carrying: set[str]):
    assert carrying <= set(on_floor(atlas(name)))
    if name in ("handstand", "arabesque"):
        feet = {"left_foot", "right_foot"} - carrying
        assert not feet & set(on_floor(atlas(name)))


def test_every_vertex_has_one_region_and_sides_are_alike():
    names, counts = np.unique(regions(), return_counts=True)
    size = dict(zip(names, counts, strict=True))
    assert sum(counts) == 6890
    for name in names:
        assert size[name] == size[other(name)]


def test_bends_are_the_written_ones():
    values = {code.name: code.value for code in posecodes(written(right_arm="bent", **legs("sit")))}
    assert values["left_knee_bend"] == pytest.approx(86, abs=8)
    assert values["right_elbow_bend"] == pytest.approx(90, abs=5)
    assert values["left_elbow_bend"] < 20


def test_a_mirror_image_swaps_the_sides():
    for pose in SOME:
        figure = Figure.of(pose.rotations)
        words = sorted(other(code.words) for code in posecodes(figure))
        assert words == sorted(code.words for code in posecodes(figure.mirrored())), pose.id


def test_where_a_body_faces_changes_no_posecode():
    for pose in SOME[::3]:
        turned = np.array(pose.rotations)
        turned[0] = from_axis_angle(np.array([0, 2.0, 0])) @ turned[0]
        words = [code.words for code in posecodes(Figure.of(pose.rotations))]
        assert words == [code.words for code in posecodes(Figure.of(turned))], pose.id


def test_limbs_that_nobody_saw_have_no_posecodes():
    figure = Figure.of(build(Spec()), unseen=("left_elbow", "left_wrist"))
    assert not [c for c in posecodes(figure) if c.name.startswith(("left_arm", "left_hand"))]
    assert [c for c in posecodes(figure) if c.name.startswith("right_arm")]


def test_the_masses_of_the_segments_are_a_whole_body():
    masses, _, _ = segments()
    assert masses.sum() == pytest.approx(1)
    assert len(masses) == 3 + 1 + 2 * 6


def test_the_centre_of_mass_is_at_the_navel():
    figure = written()
    centre = centre_of_mass(figure)
    height = figure.vertices[:, 1].max()
    # Published: 54 to 57 % of a standing adult's height.
    assert 0.53 < centre[1] / height < 0.58
    assert centre[0] == pytest.approx(0, abs=0.005)


def test_raised_arms_raise_the_centre_of_mass():
    low, high = (centre_of_mass(written(left_arm=a, right_arm=a))[1] for a in ("down", "up"))
    assert 0.03 < high - low < 0.12


def test_signed_margin_of_a_square():
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]], float)
    assert signed_margin(square, np.array([1.0, 0.5]))[0] == pytest.approx(0.5)
    assert signed_margin(square, np.array([3.0, 3.0]))[0] == pytest.approx(-np.sqrt(2))
    line = np.array([[0, 0], [1, 0], [2, 0]], float)
    margin, way = signed_margin(line, np.array([1.0, 0.3]))
    assert margin == pytest.approx(-0.3) and way == pytest.approx([0, 1])


def test_standing_is_safe_and_a_rigid_lean_is_not():
    assert support(written()).margin > 0.03
    margins = [support(written(whole=(pitch, 0))).margin for pitch in (5, 12, 20, 30)]
    assert margins == sorted(margins, reverse=True) and margins[-1] < -0.15
    assert "fall forward" in stability(written(whole=(20, 0)))
    assert "fall back" in stability(written(whole=(-15, 0)))
    assert "fall to its left" in stability(written(whole=(0, 30)))


def test_a_seat_that_is_not_shown_is_said_to_carry():
    words = stability(written(**legs("sit")))
    assert "seat must carry it" in words and "not shown" in words
    assert "seat" not in stability(written(**legs("long")))


def test_one_leg_carries_what_the_other_does_not():
    assert weight_share(written(left_leg="knee_up")) == 0.0
    assert weight_share(written()) == pytest.approx(0.5, abs=0.01)
    leaning = [weight_share(written(torso=(0, lean, 0), **legs("wide"))) for lean in (-25, 0, 25)]
    assert leaning == sorted(leaning)  # leaning to the own left loads the left foot


def test_a_body_takes_vertices_of_another_shape():
    plain = written()
    taller = Figure.of(plain.rotations, vertices=plain.vertices * 1.2, joints=plain.joints * 1.2)
    assert centre_of_mass(taller)[1] > 1.1 * centre_of_mass(plain)[1]
    with pytest.raises(ValueError, match="both|neither"):
        Figure.of(plain.rotations, vertices=plain.vertices)
    with pytest.raises(ValueError, match="24, 3, 3"):
        Figure.of(np.eye(3))
    assert all(side in ("left", "right") for side in SIDES)
