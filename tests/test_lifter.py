"""The lifter: landmarks -> SMPL rotations; its laws, its data and its training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from chatpose_demo.evaluation.metrics import mpjpe, pa_mpjpe
from chatpose_demo.perception.lifter import MARK_NUMBERS, Marks, load_lifter
from chatpose_demo.perception.networks import ASSETS
from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics
from chatpose_demo.pose import mirror
from chatpose_demo.training.lifter import TrainConfig, split, trained
from chatpose_demo.training.seen_bodies import (
    SeenBodies,
    cut,
    draw,
    heading,
    held_out,
    read,
    write,
)
from chatpose_demo.training.simulated_marks import SimulationConfig, simulate

NO_ERRORS = SimulationConfig(
    tilt=(0.0, 0.0), scale=(1.0, 0.0), depth=(1.0, 0.0), lean=(0.0, 0.0),
    metre_error=(0.0, 0.0, 0.0), pixel_error=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def somebody() -> Marks:
    """One person, clearly seen in the middle of a picture."""
    rng = np.random.default_rng(0)
    px = rng.uniform([200, 100], [400, 500], (1, 33, 2))
    return Marks(px, np.zeros((1, 33, 3)), np.ones((1, 33)), np.array([[640.0, 600.0]]))


@pytest.fixture(scope="module")
def people(somebody: Marks) -> tuple[Marks, np.ndarray]:
    """Forty simulated people and their rotations."""
    return simulate(np.random.default_rng(1), somebody, 40)


def joints_of_all(rotations: np.ndarray) -> np.ndarray:
    return kinematics(torch.from_numpy(rotations))[0].numpy()


def test_rotations_are_rotations(people):
    lifted = load_lifter().lift(people[0])
    assert lifted.shape == (40, 24, 3, 3) and lifted.dtype == np.float32
    np.testing.assert_allclose(lifted @ lifted.swapaxes(-1, -2) - np.eye(3), 0, atol=1e-4)
    np.testing.assert_allclose(np.linalg.det(lifted), 1, atol=1e-4)


def test_a_mirror_image_gives_the_mirrored_body(people):
    marks = people[0]
    lifter = load_lifter()
    np.testing.assert_allclose(lifter.lift(marks.mirrored()), mirror(lifter.lift(marks)), atol=1e-4)
    again = marks.mirrored().mirrored()
    np.testing.assert_allclose(again.px, marks.px)
    np.testing.assert_array_equal(again.visibility, marks.visibility)


def test_the_size_of_the_picture_makes_no_difference(people):
    marks = people[0]
    large = replace(marks, px=3 * marks.px, picture=3 * marks.picture)
    np.testing.assert_allclose(load_lifter().lift(large), load_lifter().lift(marks), atol=1e-4)


def test_people_are_lifted_apart_from_each_other(people):
    marks = people[0]
    alone = Marks(marks.px[5:6], marks.world_m[5:6], marks.visibility[5:6], marks.picture[5:6])
    lifter = load_lifter()
    np.testing.assert_allclose(lifter.lift(alone)[0], lifter.lift(marks)[5], atol=1e-4)


def test_landmarks_in_one_place_give_a_body():
    nobody = Marks(np.ones((1, 33, 2)), np.zeros((1, 33, 3)), np.zeros((1, 33)), np.ones((1, 2)))
    assert np.isfinite(load_lifter().lift(nobody)).all()


def test_bodies_come_back_from_their_landmarks(people):
    marks, truth = people
    ours, true = joints_of_all(load_lifter().lift(marks)), joints_of_all(truth)
    still = np.tile(np.eye(3, dtype=np.float32), (len(truth), 24, 1, 1))
    assert pa_mpjpe(ours, true).mean() < 0.13
    assert mpjpe(ours, true).mean() < 0.5 * mpjpe(joints_of_all(still), true).mean()


def test_simulated_landmarks_without_errors_are_those_of_the_body(somebody):
    marks, rotations = simulate(np.random.default_rng(2), somebody, 8, NO_ERRORS)
    joints = joints_of_all(rotations)
    names = [n for n in JOINT_OF_LANDMARK if n not in (23, 24)]  # BlazePose's hips lie further out
    places = joints[:, [JOINT_OF_LANDMARK[n] for n in names]]
    seen = marks.world_m[:, names] * [1, -1, -1]
    np.testing.assert_allclose(
        seen - seen.mean(1, keepdims=True), places - places.mean(1, keepdims=True), atol=1e-5
    )
    others = np.setdiff1d(np.arange(33), MARK_NUMBERS)
    assert not marks.px[:, others].any()


def test_a_camera_that_looks_down_sees_the_head_nearer(somebody):
    config = replace(NO_ERRORS, tilt=(20.0, 0.0))
    marks, rotations = simulate(np.random.default_rng(2), somebody, 8, config)
    joints = joints_of_all(rotations)
    shoulders, hips = (joints[:, [a, b]].mean(1) for a, b in ((16, 17), (1, 2)))
    rise = shoulders - hips
    away = marks.world_m[:, [11, 12], 2].mean(1) - marks.world_m[:, [23, 24], 2].mean(1)
    nearer = np.cos(np.radians(20)) * rise[:, 2] + np.sin(np.radians(20)) * rise[:, 1]
    np.testing.assert_allclose(away, -nearer, atol=0.02)  # BlazePose's hips lie further out


def test_a_heading_turns_with_the_camera():
    right = np.array([0.6, 0.0, -0.8])  # looks along (-0.8, 0, -0.6)
    level = heading(np.stack([right, [0.0, 1.0, 0.0], np.cross(right, [0.0, 1.0, 0.0])]))
    np.testing.assert_allclose(level @ right, [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(level @ [0.8, 0.0, 0.6], [0, 0, 1], atol=1e-9)  # to the camera


def test_scenes_follow_from_their_number():
    one, same, other = draw(3), draw(3), draw(4)
    for a, b in zip(one.people, same.people, strict=True):
        np.testing.assert_array_equal(a.rotations, b.rotations)
    assert one.camera != other.camera
    level = heading(one.camera.axes())
    np.testing.assert_allclose(level @ level.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(level[1], [0, 1, 0])


def test_a_cut_shows_the_upper_part_and_moves_the_boxes():
    image = np.zeros((400, 600, 3), np.uint8)
    image[100:300, 200:280] = 255
    rng = np.random.default_rng(0)
    part, boxes = cut(rng, image, [(200.0, 100.0, 280.0, 300.0), None, (0.0, 390.0, 5.0, 400.0)])
    assert max(part.shape[:2]) == 512
    x0, y0, x1, y1 = boxes[0]
    assert (part[round(y0) + 4 : round(y1) - 4, round(x0) + 4 : round(x1) - 4] > 250).all()
    assert boxes[1] is None and boxes[2] is None


def seen(count: int) -> SeenBodies:
    """Simulated people in the place of seen ones."""
    like = Marks(
        np.random.default_rng(0).uniform(100, 400, (1, 33, 2)),
        np.zeros((1, 33, 3)), np.ones((1, 33)), np.full((1, 2), 512.0),
    )  # fmt: skip
    marks, rotations = simulate(np.random.default_rng(3), like, count)
    poses = np.array([sorted(held_out())[0] if i % 5 == 0 else "wave" for i in range(count)])
    return SeenBodies(
        marks.px, marks.world_m, marks.visibility, marks.picture, rotations,
        np.arange(count), poses,
    )  # fmt: skip


def test_nothing_is_learned_from_what_judges():
    bodies = seen(50)
    learned, late, apart = split(bodies)
    assert set(late) == set(range(45, 50)) and set(apart) == {45}
    assert not {*learned} & {*late} and (bodies.pose[learned] == "wave").all()


def test_a_few_bodies_are_learned_by_heart():
    bodies = seen(24)
    rows = np.arange(24)
    config = TrainConfig(steps=150, batch=24, alone=1e-9, noise=0.0, average=0.9)
    lifter = trained(bodies, rows, config)
    marks = Marks(bodies.px, bodies.world_m, bodies.visibility, bodies.picture)
    error = mpjpe(joints_of_all(lifter.lift(marks)), joints_of_all(bodies.rotations)).mean()
    assert error < 0.06
    again = trained(bodies, rows, config)
    torch.testing.assert_close(again.state_dict(), lifter.state_dict())


def test_shards_come_back(tmp_path: Path):
    bodies = seen(6)
    rows = list(zip(*(getattr(bodies, name) for name in SeenBodies.__annotations__), strict=True))
    write(tmp_path / "seen-000000.npz", rows[:4])
    write(tmp_path / "seen-000025.npz", rows[4:])
    back = read(tmp_path)
    np.testing.assert_allclose(back.px, bodies.px, rtol=1e-6)
    assert back.pose.tolist() == bodies.pose.tolist()
    with pytest.raises(FileNotFoundError, match="seen_bodies"):
        read(tmp_path / "empty")


def test_weights_are_loaded_strictly(tmp_path: Path):
    state = load_file(ASSETS / "lifter.safetensors")
    (tmp_path / "lifter.json").write_text((ASSETS / "lifter.json").read_text())
    save_file({k: v for k, v in state.items() if k != "norm.bias"}, tmp_path / "lifter.safetensors")
    with pytest.raises(RuntimeError, match="norm.bias"):
        load_lifter(tmp_path)
    assert json.loads((ASSETS / "lifter.json").read_text())["people"] > 1000
