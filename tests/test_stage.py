"""The stage: plans, truth and pictures agree with each other."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from chatpose_demo.body.smpl import Body
from chatpose_demo.perception.person import COLOUR_NAMES, COLOURS
from chatpose_demo.pose import JOINT
from chatpose_demo.studio.stage import __main__ as command
from chatpose_demo.studio.stage import sight
from chatpose_demo.studio.stage.anatomy import Bones
from chatpose_demo.studio.stage.looks import shade
from chatpose_demo.studio.stage.picture import FIRST_PERSON, StageRenderer, person_solid
from chatpose_demo.studio.stage.poses import library
from chatpose_demo.studio.stage.rooms import CEILING, PLANS
from chatpose_demo.studio.stage.scene import StageScene, sample_stage
from chatpose_demo.studio.stage.seating import body_points
from chatpose_demo.studio.stage.things import KINDS, make
from chatpose_demo.studio.stage.truth import truth

SCENES = 24


def stage(seed: int, count: int | None = None) -> StageScene:
    return sample_stage(np.random.default_rng([11, seed]), count)


@pytest.fixture(scope="module")
def scenes() -> list[StageScene]:
    return [stage(seed) for seed in range(SCENES)]


@pytest.fixture(scope="module")
def shots(scenes):
    pytest.importorskip("moderngl", reason="pictures need the extra")
    renderer = StageRenderer(320)
    return [(scene, renderer.render(scene)) for scene in scenes[:8]]


def test_same_seed_same_stage(scenes) -> None:
    assert truth(stage(3)) == truth(scenes[3])
    assert truth(stage(4)) != truth(scenes[3])


def test_count_is_kept_and_checked() -> None:
    assert len(stage(0, 12).people) == 12
    assert len(stage(0, 1).people) == 1
    with pytest.raises(ValueError, match="1 to 12"):
        stage(0, 13)


def test_scenes_vary(scenes) -> None:
    assert len({scene.room.kind for scene in scenes}) >= 5
    assert len({person.pose for scene in scenes for person in scene.people}) >= 30
    uses = {person.use for scene in scenes for person in scene.people}
    assert {"ground", "sit", "stand"} <= uses


def test_joints_are_the_body_models(scenes) -> None:
    body = Body.embedded()
    people = [person for scene in scenes[:6] for person in scene.people]
    posed = body.pose(
        torch.from_numpy(np.stack([person.rotations for person in people])).float(),
        torch.tensor(np.array([person.look.betas for person in people])).float(),
    )
    expected = posed.joints.numpy() + np.stack([person.transl for person in people])[:, None]
    assert np.abs(expected - np.stack([person.joints for person in people])).max() < 2e-4


def test_nobody_is_inside_anybody_or_anything(scenes) -> None:
    for scene in scenes:
        bodies = [sight.balls(person.joints) for person in scene.people]
        for k, body in enumerate(bodies):
            if scene.room.indoor:
                assert body[:, 1].max() < CEILING - 0.05
                assert np.abs(body[:, 0]).max() < scene.room.width / 2
            for other in bodies[:k]:
                away = np.linalg.norm(body[:, None] - other[None], axis=-1)
                assert (away > sight.RADII[:, None] + sight.RADII[None]).all()
            for index, thing in enumerate(scene.things):
                if index != scene.people[k].on:
                    distance = sight.thing_distance(body, thing)
                    assert (distance[~sight.HANDS] > 0.5 * sight.RADII[~sight.HANDS]).all()


def test_sitters_touch_seat_and_floor(scenes) -> None:
    sitters = [(s, p) for s in scenes for p in s.people if p.use == "sit"]
    assert len(sitters) >= 5
    for scene, person in sitters:
        assert person.on is not None
        thing = scene.things[person.on]
        tops = [spot.at[1] + thing.lift for spot in thing.spots if spot.use == "sit"]
        pelvis = person.joints[JOINT["pelvis"], 1]
        above = pelvis - np.array(tops)
        assert above[np.abs(above - 0.1).argmin()] == pytest.approx(0.08, abs=0.07)


def test_people_on_the_ground_stand_on_it(scenes) -> None:
    for scene in scenes:
        for person in scene.people:
            if person.use == "ground":
                betas = np.array(person.look.betas)
                points = body_points(Bones.of(person.rotations, betas), betas) + person.transl
                assert abs(points[:, 1].min()) < 0.015


def test_truth_is_plain_and_consistent(scenes) -> None:
    for scene in scenes:
        record = json.loads(json.dumps(truth(scene)))
        width, height = record["size"]
        people = record["people"]
        assert sorted(p["from_left"] for p in people) == list(range(len(people)))
        for k, person in enumerate(people):
            for (u, v), state in zip(person["joints_px"], person["joint_states"], strict=True):
                inside = 0 <= u <= width and 0 <= v <= height
                assert inside or state == "outside"
            for j in person["left_of"]:
                assert k in people[j]["right_of"]
                a, b = (p["box"] or p["whole_box"] for p in (person, people[j]))
                assert a[0] + a[2] < b[0] + b[2]
                assert person["from_left"] < people[j]["from_left"]
            for j in person["in_front_of"]:
                assert k in people[j]["behind"] and person["depth"] < people[j]["depth"]
            if person["on"]:
                assert any(
                    item["name"] == person["on"] and item["distance"] < 0.1
                    for item in person["near"]
                )
            assert 0 <= person["visible"] <= 1


def test_view_orientation_turns_with_the_camera(scenes) -> None:
    record = truth(scenes[0])
    axes = np.array(record["camera"]["R_view_world"])
    for person in record["people"]:
        view = np.array(person["orientation_in_view"])
        assert np.allclose(view, axes @ np.array(person["rotations"])[0], atol=1e-4)
        local = np.array(person["joints_in_view"])
        focal = record["camera"]["focal_px"]
        u = record["size"][0] / 2 + focal * local[:, 0] / -local[:, 2]
        v = record["size"][1] / 2 - focal * local[:, 1] / -local[:, 2]
        assert np.abs(np.stack([u, v], 1) - person["joints_px"]).max() < 0.2


def test_every_kind_of_thing_builds_within_its_size() -> None:
    rng = np.random.default_rng(0)
    assert {k for plan in PLANS.values() for k, *_ in plan.wall + plan.free} <= set(KINDS)
    for kind in KINDS:
        thing = make(rng, kind, (1.0, -2.0), 30.0)
        solid = thing.solid()
        assert np.isfinite(solid.points).all() and len(solid.faces)
        assert np.allclose(np.linalg.norm(solid.normals, axis=1), 1, atol=1e-3)
        own = thing.to_own(solid.points)
        assert own[:, 1].max() < 1.45 * thing.size[1] + 1.2


def test_shades_keep_their_names() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([COLOURS[name] for name in COLOUR_NAMES]) / 255
    for name in COLOUR_NAMES * 5:
        colour = np.array(shade(rng, name))
        assert COLOUR_NAMES[np.linalg.norm(centres - colour, axis=1).argmin()] == name


def test_clothes_cover_and_follow_the_body(scenes) -> None:
    for person in scenes[0].people + scenes[1].people:
        solid = person_solid(person)
        used = np.unique(solid.faces)
        points = solid.points[used]
        assert np.isfinite(points).all()
        reach = np.linalg.norm(points[:, None] - person.joints[None], axis=-1).min(axis=1)
        assert reach.max() < 0.45  # metres: no stray cloth or hair


def test_library_seats_have_their_feet_ahead() -> None:
    poses = library()
    assert min(len(poses.seat), len(poses.lie), len(poses.step), len(poses.upright)) >= 15


def test_pictures_agree_with_truth(shots) -> None:
    differences = []
    for scene, shot in shots:
        record = truth(scene, shot)
        by_rays = truth(scene, longer=320)
        assert shot.image.shape[:2] == shot.ids.shape == shot.depth.shape
        for k, person in enumerate(record["people"]):
            mine = shot.ids == FIRST_PERSON + k
            assert bool(mine.any()) == (person["box"] is not None)
            differences.append(abs(person["visible"] - by_rays["people"][k]["visible"]))
            if person["box"] is None:
                continue
            x0, y0, x1, y1 = person["box"]
            assert mine[y0:y1, x0:x1].sum() == mine.sum()
            for (u, v), state in zip(person["joints_px"], person["joint_states"], strict=True):
                if state == "visible":  # a joint's patch reaches a little beyond its pixel
                    assert x0 - 3 <= u <= x1 + 3 and y0 - 3 <= v <= y1 + 3
            assert abs(np.median(shot.depth[mine]) - person["depth"]) < 0.6
    assert np.mean(differences) < 0.12


def test_pictures_repeat_and_show_the_clothes(shots) -> None:
    scene, shot = shots[0]
    again = StageRenderer(320).render(scene)
    assert np.array_equal(again.ids, shot.ids)
    assert np.abs(again.image.astype(int) - shot.image).max() <= 2
    for scene, shot in shots:
        for k in range(len(scene.people)):
            mine = shot.ids == FIRST_PERSON + k
            if mine.sum() > 1500:
                seen = shot.image[mine].reshape(-1, 3).std(axis=0)
                assert seen.max() > 8  # not one flat colour: skin, hair, cloth, light and shade


def test_command_writes_truth_lines(tmp_path, monkeypatch) -> None:
    out = tmp_path / "set"
    monkeypatch.setattr(
        sys, "argv", ["stage", "--out", str(out), "--count", "3", "--seed", "5", "--no-render"]
    )
    command.main()
    lines = (out / "truth.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert all(json.loads(line)["visibility"] == "rays" for line in lines)
