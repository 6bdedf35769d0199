"""How deep bodies lie in themselves, and limbs that settle on the skin."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
import trimesh

from chatpose_demo.geometry.figure import embedded_body
from chatpose_demo.geometry.penetration import (
    LIMBS,
    PIECES,
    Flesh,
    anatomy,
    penetration,
    posed,
    winding_number,
)
from chatpose_demo.network.acts import combine, halfway
from chatpose_demo.network.bodies import BodyFinder
from chatpose_demo.network.interface import Question
from chatpose_demo.network.parts import OPTIONS, apply_choices
from chatpose_demo.network.settling import (
    ROOT,
    SETTINGS,
    apply_settled,
    limbs_of,
    moved_limbs,
    settle,
)
from chatpose_demo.network.understanding import Understanding
from chatpose_demo.pose import JOINT, JOINT_NAMES, Pose, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, HEAD, LEGS, TORSO

STANDING = build(Spec())
ATLAS = {pose.id: pose.rotations for pose in load_atlas()}
# One arm that the words put into the trunk; the other hangs free.
HANDS, INTO_TRUNK = ATLAS["wring_hands_nervous"], {"right_arm": "lower", "left_arm": "back"}
TRUNK, HAND = PIECES.index("trunk"), PIECES.index("left_hand")


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(24,) degrees."""
    cosine = (np.einsum("kij,kij->k", a, b) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def closed(body: Flesh, piece: int) -> trimesh.Trimesh:
    """One piece with its cuts closed."""
    points = np.concatenate([body.vertices, anatomy().middles @ body.vertices])
    return trimesh.Trimesh(points[anatomy().corners[piece]], anatomy().faces[piece], process=False)


def test_pieces_are_closed_and_make_up_the_body():
    (body,) = posed(ATLAS["wring_hands_nervous"][None])
    pieces = [closed(body, index) for index in range(len(PIECES))]
    assert all(piece.is_watertight and piece.volume > 0 for piece in pieces)
    skin = embedded_body().faces[(anatomy().piece[embedded_body().faces] >= 0).all(1)]
    whole = trimesh.Trimesh(body.vertices, skin, process=False).volume
    assert sum(piece.volume for piece in pieces) == pytest.approx(whole, rel=1e-4)


def test_winding_number_of_a_sphere():
    sphere = trimesh.creation.icosphere(subdivisions=3)
    points = np.random.default_rng(0).normal(size=(200, 3))
    radius = np.linalg.norm(points, axis=1)
    corners, faces = torch.tensor(sphere.vertices), torch.tensor(sphere.faces)
    turns = winding_number(torch.tensor(points), corners, faces).numpy()
    assert np.allclose(turns[radius < 0.98], 1, atol=1e-4)
    assert np.allclose(turns[radius > 1.0], 0, atol=1e-4)


def test_the_nearest_skin_says_the_same_as_the_winding_number():
    (body,) = posed(apply_choices(HANDS, INTO_TRUNK)[None])
    for piece in (PIECES.index("right_hand"), PIECES.index("right_forearm")):
        points = torch.tensor(body.vertices[anatomy().probes[piece]], dtype=torch.float64)
        inside = np.zeros(len(points), bool)
        for other in anatomy().apart[piece]:
            mesh = closed(body, other)
            turns = winding_number(points, torch.tensor(mesh.vertices), torch.tensor(mesh.faces))
            inside |= turns.numpy() > 0.5
        assert inside.any()
        assert ((body.buried(piece)[0] > 0) == inside).mean() > 0.99


def test_a_hand_pushed_into_the_belly_is_as_deep_as_it_was_pushed():
    (body,) = posed(build(Spec(left_arm="side", right_arm="side"))[None])
    hand, skin = anatomy().piece == HAND, body.vertices
    front = np.flatnonzero(anatomy().piece == TRUNK)
    flat = front[np.argmax(skin[front] @ [0, 0, 1] - 2 * abs(skin[front, 0]))]
    foremost = skin[hand][skin[hand][:, 2].argmin()]  # the hand's point that goes in first
    pushes = np.array([-0.02, 0.0, 0.02, 0.04, 0.06, 0.08])
    depth = []
    for push in pushes:
        vertices = skin.copy()
        vertices[hand] += skin[flat] - foremost - [0, 0, push]
        depth.append(Flesh(vertices).buried(HAND)[0].max())
    assert depth[0] == 0
    assert np.allclose(depth, np.maximum(pushes, 0), atol=0.012)
    assert (np.diff(depth[1:]) > 0).all()


def test_bodies_that_are_free_or_just_touch():
    arms_out = build(Spec(left_arm="side", right_arm="side"))
    assert penetration(np.stack([STANDING, arms_out])).max() == 0
    praying = build(Spec(left_arm="pray", right_arm="pray"))
    # The palms give way a little.
    assert penetration(np.stack([ATLAS["clap_applause"], praying])).max() < 2.0


def test_folds_do_not_count():
    folded = Spec(left_arm="bent", right_arm="goal", left_leg="knee_up", right_leg="heel")
    assert penetration(build(folded)[None]).max() == 0


def test_depth_is_the_same_in_the_mirror_and_from_behind():
    pose = apply_choices(HANDS, INTO_TRUNK)
    depth = penetration(np.stack([pose, mirror(pose), apply_choices(pose, {"facing": "back"})]))
    swap = {"left": "right", "right": "left"}
    sides = [name.partition("_") for name in PIECES]
    other = [PIECES.index(swap.get(side, side) + line + limb) for side, line, limb in sides]
    assert depth[0].max() > 5
    assert np.allclose(depth[0], depth[1][other], atol=0.2)
    assert np.allclose(depth[0], depth[2], atol=0.01)


# Settling


def test_an_arm_in_the_trunk_swings_out_and_nothing_else_moves():
    told, settled = apply_choices(HANDS, INTO_TRUNK), apply_settled(HANDS, INTO_TRUNK)
    before, after = penetration(np.stack([told, settled])).max(1)
    assert before > 9
    assert after < 100 * (SETTINGS.arm + 2 * SETTINGS.close)
    others = [i for i in range(24) if i != JOINT["right_shoulder"]]
    assert np.array_equal(told[others], settled[others])
    assert 0 < apart(told, settled)[JOINT["right_shoulder"]] < 12
    assert np.allclose(settled @ settled.transpose(0, 2, 1), np.eye(3), atol=1e-5)


def test_the_mirrored_arm_swings_likewise():
    mirrored = {"left_arm": "lower", "right_arm": "back"}
    ours = mirror(apply_settled(mirror(HANDS), mirrored))
    assert apart(ours, apply_settled(HANDS, INTO_TRUNK)).max() < 1.5
    # "Mirror it, with the right arm lower": the sides are those before the mirror.
    both = apply_settled(HANDS, INTO_TRUNK | {"whole": "mirror"})
    assert np.allclose(both, mirror(apply_settled(HANDS, INTO_TRUNK)), atol=1e-6)


def test_a_free_body_comes_back_as_it_is():
    for name, pose in list(ATLAS.items())[::60]:
        raised = apply_choices(pose, {"left_arm": "side", "right_arm": "up"})
        assert np.array_equal(
            apply_settled(pose, {"left_arm": "side", "right_arm": "up"}), raised
        ), name
    assert settle(STANDING, tuple(ROOT), [STANDING]) is STANDING


def test_named_states_on_a_standing_body_stay_as_written():
    tables = {"left_arm": ARMS, "right_leg": LEGS, "legs": BOTH_LEGS, "torso": TORSO, "head": HEAD}
    for part, table in tables.items():
        for option in table:
            told = apply_choices(STANDING, {part: option})
            assert np.array_equal(apply_settled(STANDING, {part: option}), told), (part, option)


def test_whatever_the_words_only_roots_of_told_limbs_move_and_not_far():
    rng = np.random.default_rng(3)
    names, swung = list(ATLAS), 0
    for _ in range(40):
        pose = ATLAS[names[rng.integers(len(names))]]
        choices = {part: str(rng.choice(OPTIONS[part])) for part in ("left_arm", "legs", "torso")}
        told, settled = apply_choices(pose, choices), apply_settled(pose, choices)
        moved = {JOINT_NAMES[i] for i in np.flatnonzero((told != settled).any((1, 2)))}
        assert moved <= {
            ROOT[limb] for limb in limbs_of(k for k, v in choices.items() if v != "keep")
        }
        assert apart(told, settled).max() < SETTINGS.most + 0.1
        if moved:
            swung += 1
            before, after = penetration(np.stack([told, settled])).max(1)
            assert after <= max(before, 100 * (SETTINGS.arm + SETTINGS.close)) + 0.1
    assert swung


def test_a_limb_may_stay_as_deep_as_it_was():
    told = apply_choices(HANDS, INTO_TRUNK)
    assert settle(told, ["right_arm"], [told]) is told
    assert settle(told, ["left_arm", "head"], [HANDS]) is told  # they did not go anywhere


def test_a_hand_on_the_hip_of_a_bent_trunk_is_no_deeper_than_hands_are():
    leaning = apply_choices(STANDING, {"torso": "lean_left"})
    told, settled = (do(leaning, {"left_arm": "hip"}) for do in (apply_choices, apply_settled))
    before, after = penetration(np.stack([told, settled])).max(1)
    assert before > 7 and after < 100 * (SETTINGS.arm + 2 * SETTINGS.close)
    assert apart(told, settled).mean() < 0.5  # still the same pose


def test_a_swing_that_hardly_helps_is_not_made():
    kneeling = apply_choices(STANDING, {"legs": "kneel_sit"})
    assert settle(kneeling, ["left_leg", "right_leg"], []) is kneeling


def test_every_change_that_a_chat_makes_settles():
    finder = BodyFinder()

    def changed(bodies: list[np.ndarray], **seen) -> np.ndarray:
        shown = [
            Pose(rotations, source="edit", made_from=place - 1 if place else None)
            for place, rotations in enumerate(bodies)
        ]
        known = {"kind": lambda **_: "edit", "act": "set", "earlier": "last"}
        known |= {"parts": {"edit": {}}}
        seen = cast(Understanding, SimpleNamespace(**(known | seen)))
        found = finder.find(Question("", bodies=shown), seen, lambda *_: seen)
        assert isinstance(found, tuple)
        return found[0].rotations

    edit = changed([HANDS], parts={"edit": INTO_TRUNK})
    assert np.array_equal(edit, apply_settled(HANDS, INTO_TRUNK))
    assert not np.array_equal(edit, apply_choices(HANDS, INTO_TRUNK))
    arms, legs = ATLAS["lean_on_lamppost"], ATLAS["curling_delivery"]
    mixed = changed([arms, legs], act="combine", region="arms", earlier="first", other="last")
    assert penetration(mixed[None]).max() < penetration(combine("arms", arms, legs)[None]).max()
    start = ATLAS["waiter_take_order"]
    end = apply_choices(start, {"left_arm": "goal", "right_arm": "behind"})
    middle = changed([start, end], act="half")
    assert penetration(middle[None]).max() < penetration(halfway(start, end)[None]).max() - 2


def test_limbs_by_parts_and_by_joints():
    assert limbs_of(["legs", "torso"]) == ("left_leg", "right_leg")
    assert limbs_of(["torso", "facing"]) == ()
    raised = apply_choices(STANDING, {"left_arm": "up", "head": "down"})
    assert moved_limbs(STANDING, raised) == ("left_arm", "head")
    bent = apply_choices(STANDING, {"torso": "bend_deep"})  # the hips make up for the pelvis
    assert moved_limbs(STANDING, bent) == ()
    assert moved_limbs(STANDING, apply_choices(STANDING, {"legs": "wider"})) == limbs_of(["legs"])
    assert set(LIMBS) == set(ROOT)
