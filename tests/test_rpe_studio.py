"""RPE-Studio: the questions are complete, the truth is the pictures', and the table is right."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from chatpose_demo.body.smpl import Body
from chatpose_demo.chat import ChatPose
from chatpose_demo.evaluation.public.asking import Box
from chatpose_demo.evaluation.rpe_studio.answers import (
    Answer,
    Interview,
    OtherRunError,
    Seen,
    read,
    rotations_of,
    vectors_of,
)
from chatpose_demo.evaluation.rpe_studio.data import (
    FEWEST,
    KINDS,
    LEAST_PIXELS,
    LEAST_VISIBLE,
    MOST,
    StudioQuestion,
    StudioScene,
    TruePerson,
    load_questions,
    load_scenes,
)
from chatpose_demo.evaluation.rpe_studio.scoring import central, errors, report, rows, table, whose
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build

pytest_plugins = ("fixtures_network",)

BOXES: tuple[Box, ...] = ((10, 20, 60, 180), (90, 30, 150, 190), (200, 40, 260, 200))
SIZE = (300, 200)


@pytest.fixture(scope="module")
def scenes() -> list[StudioScene]:
    return load_scenes()


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


# What is shipped


def test_five_kinds_of_question_a_scene(scenes: list[StudioScene]):
    questions = load_questions()
    assert len(scenes) == 50 and len({one.text for one in questions}) == 250
    for scene in scenes:
        mine = [one for one in questions if one.scene == scene.number]
        assert tuple(one.kind for one in mine) == KINDS
        assert {one.target for one in mine} == {scene.target}
        assert all(len(one.text.split()) >= 5 and one.text == one.text.strip() for one in mine)


def test_outfit_questions_name_colours_of_the_target_alone(scenes: list[StudioScene]):
    by_number = {scene.number: scene for scene in scenes}
    for question in load_questions():
        if question.kind == "outfit":
            people = by_number[question.scene].people
            named = [
                sum(bool(one.looks[key]) and one.looks[key] in question.text
                    for key in ("top", "bottom", "hat_colour"))
                for one in people
            ]  # fmt: skip
            others = named[: question.target] + named[question.target + 1 :]
            assert named[question.target] >= 1, question
            assert named[question.target] >= max(others), question


def test_pictures_are_the_ones_the_truth_was_written_for(scenes: list[StudioScene]):
    for scene in scenes:
        data = scene.picture.read_bytes()
        assert hashlib.sha256(data).hexdigest() == scene.sha256
        with Image.open(scene.picture) as image:
            assert image.size == scene.size
    assert sum(scene.picture.stat().st_size for scene in scenes) < 6e6


def test_whom_is_asked_for(scenes: list[StudioScene]):
    middle = 0
    for scene in scenes:
        assert FEWEST <= len(scene.people) <= MOST
        x0, y0, x1, y1 = scene.wanted.box
        assert 0 <= x0 < x1 <= scene.size[0] and 0 <= y0 < y1 <= scene.size[1]
        assert scene.wanted.visible >= LEAST_VISIBLE
        assert max(x1 - x0, y1 - y0) >= LEAST_PIXELS
        middle += central([one.box for one in scene.people], scene.size) == scene.target
    assert middle <= sum(1 / len(scene.people) for scene in scenes)


def test_rotations_and_shape_give_the_true_joints(scenes: list[StudioScene], body: Body):
    everybody = [one for scene in scenes for one in scene.people]
    rotations = torch.from_numpy(np.stack([one.rotations for one in everybody]))
    betas = torch.from_numpy(np.stack([one.betas for one in everybody]))
    posed = body.pose(rotations, betas).joints.numpy()
    true = np.stack([one.joints for one in everybody])
    gap = (posed - posed[:, :1]) - (true - true[:, :1])
    assert np.abs(gap).max() < 0.002  # m


def test_boxes_and_joints_are_in_the_same_order(scenes: list[StudioScene]):
    """Who is clearly further left in pixels is so in metres."""
    for scene in scenes:
        ways = [one.joints[0, :2] / -one.joints[0, 2] for one in scene.people]
        middles = [(np.array(one.box[:2]) + one.box[2:]) / 2 for one in scene.people]
        for a in range(len(ways)):
            for b in range(len(ways)):
                if middles[a][0] < middles[b][0] - 0.25 * scene.size[0]:
                    assert ways[a][0] < ways[b][0]


# The table, on a case made by hand


def _person(box: Box, rotations: np.ndarray, body: Body) -> TruePerson:
    joints = body.pose(torch.from_numpy(rotations[None])).joints[0].numpy()
    return TruePerson(box, 1.0, rotations, np.zeros(10, np.float32), joints, {})


@pytest.fixture(scope="module")
def poses() -> list[np.ndarray]:
    return [pose.rotations.copy() for pose in load_atlas()[:3]]


@pytest.fixture(scope="module")
def scene(poses: list[np.ndarray], body: Body) -> StudioScene:
    """Three people; the one on the right is asked for."""
    people = tuple(_person(box, pose, body) for box, pose in zip(BOXES, poses, strict=True))
    return StudioScene(7, Path("none.jpg"), "", SIZE, people, 2)


def _seen(poses: list[np.ndarray], order: tuple[int, ...]) -> Seen:
    boxes = [tuple(x + 3 for x in BOXES[k]) for k in order]
    return Seen(7, boxes, [vectors_of(poses[k]) for k in order])


def test_found_people_are_matched_by_overlap(scene: StudioScene):
    assert whose([BOXES[2], BOXES[0]], scene) == {0: 2, 1: 0}
    assert whose([(130, 30, 190, 190)], scene) == {}  # a third of person 1's box, union too large
    assert whose([], scene) == {}


def test_the_middle(scene: StudioScene):
    assert central(BOXES, SIZE) == 1
    assert central([], SIZE) is None


def test_table_of_a_case_made_by_hand(scene: StudioScene, poses: list[np.ndarray], body: Body):
    seen = _seen(poses, (1, 2))
    wrong, right = vectors_of(poses[1]), vectors_of(poses[2])
    questions = [StudioQuestion(7, kind, "?", 2) for kind in KINDS]
    answers = [
        Answer(7, "behaviour", False, [1], right, 1, right),
        Answer(7, "outfit", False, [0], wrong, 0, wrong),
        Answer(7, "pose", True, [], None, 1, wrong),
        Answer(7, "shape", False, [1, 0], right, 1, wrong),  # somebody else besides
        Answer(7, "summary", False, [], right, 0, wrong),  # a body, but from nobody
    ]
    systems = rows({7: scene}, {7: seen}, questions, answers)
    records = report(body, {7: scene}, questions, systems)
    overall = {one["system"]: one for one in records if one["part"] == "all"}
    standing = overall["always standing"]["mpjpe"]["value"]
    beside = errors(body, {7: scene}, [7], poses[1][None])["mpjpe"][0]

    ours = overall["ours"]
    assert ours["count"] == 5
    assert ours["right"]["value"] == 0.2 and ours["asked_back"]["value"] == 0.2
    # Three bodies are exact, one is another person's, and who asks back stands.
    assert ours["mpjpe"]["value"] == pytest.approx((beside + standing) / 5, abs=1e-5)
    assert overall["oracle selector"]["mpjpe"]["value"] == pytest.approx(0, abs=1e-5)
    assert overall["oracle selector"]["right"]["value"] == 1
    assert overall["oracle selector"]["count"] == 1
    assert overall["centre-person regressor"]["mpjpe"]["value"] == pytest.approx(beside, abs=1e-5)
    assert overall["centre-person regressor"]["right"]["value"] == 0
    forced = overall["ours, made to choose"]
    assert forced["right"]["value"] == 0.6
    assert forced["mpjpe"]["value"] == pytest.approx(0.4 * beside, abs=1e-5)
    atlas = overall["nearest atlas pose"]
    assert atlas["mpjpe"]["value"] == pytest.approx(0.8 * beside, abs=1e-5)
    assert atlas["right"] is None
    by_kind = {one["part"]: one for one in records if one["system"] == "ours"}
    assert by_kind["behaviour"]["right"]["value"] == 1
    assert by_kind["outfit"]["mpjre"]["value"] > 1

    printed = table(records).splitlines()
    assert len(printed) == 2 + 6 + 1 + 2 + 15
    assert "20.0 [3.6, 62.4]" in printed[2]  # Wilson, 1 of 5
    assert printed[7].startswith("| always standing | 1 | - | - |")


def test_nobody_found(scene: StudioScene, body: Body):
    questions = [StudioQuestion(7, "pose", "?", 2)]
    stands = vectors_of(build(Spec()))
    answers = [Answer(7, "pose", True, [], None, None, stands)]
    systems = rows({7: scene}, {7: Seen(7, [], [])}, questions, answers)
    for record in report(body, {7: scene}, questions, systems):
        true = errors(body, {7: scene}, [7], build(Spec())[None])
        assert record["mpjpe"]["value"] == pytest.approx(true["mpjpe"][0], abs=1e-5)


def test_true_rotations_leave_only_the_shape(scenes: list[StudioScene], body: Body):
    by_number = {scene.number: scene for scene in scenes}
    exact = np.stack([scene.wanted.rotations for scene in scenes])
    found = errors(body, by_number, list(by_number), exact)
    assert found["mpjre"].max() < 0.1  # degrees
    assert found["pa_mpjpe"].mean() < found["mpjpe"].mean() < 0.05  # m


# Answers on disk


def test_answers_survive_a_torn_line(tmp_path: Path, poses: list[np.ndarray]):
    out, header = tmp_path / "answers.jsonl", {"set": "rpe_studio", "weights": "a"}
    assert read(out, header) == ({}, {})
    answer = Answer(7, "pose", False, [1], vectors_of(poses[0]), 0, vectors_of(poses[1]))
    seen = _seen(poses, (0, 2))
    lines = [json.dumps(vars(one)) for one in (seen, answer)]
    out.write_text(out.read_text() + "\n".join(lines) + '\n{"scene": 7, "ki')
    people, answers = read(out, header)
    assert people[7].poses == seen.poses
    assert answers == {(7, "pose"): answer}
    assert rotations_of(answers[7, "pose"].pose or []) == pytest.approx(poses[0], abs=1e-5)
    assert len(out.read_text().splitlines()) == 3
    with pytest.raises(OtherRunError, match="another run"):
        read(out, header | {"weights": "b"})


def test_one_scene_through_the_wrapper(chat: ChatPose, scenes: list[StudioScene], tmp_path: Path):
    chosen = [scene for scene in scenes if scene.number == 25]  # two people, both easily seen
    questions = [one for one in load_questions() if one.scene == 25 and one.kind != "summary"]
    out, header = tmp_path / "answers.jsonl", {"set": "rpe_studio"}
    interview = Interview(chat)
    seen, answers = interview.all(chosen, questions[:3], out, header)
    names = whose(seen[25].boxes, chosen[0])
    assert set(names.values()) == {0, 1}
    outfit = answers[1]
    assert outfit.asked_back != bool(outfit.chosen)
    size = len(out.read_text().splitlines())
    assert size == 1 + 1 + 3
    _, again = interview.all(chosen, questions, out, header)
    assert again[:3] == answers and len(out.read_text().splitlines()) == size + 1
    by_number = {25: chosen[0]}
    records = report(chat.body, by_number, questions, rows(by_number, seen, questions, again))
    oracle = next(one for one in records if one["system"] == "oracle selector")
    standing = next(one for one in records if one["system"] == "always standing")
    assert oracle["pa_mpjpe"]["value"] < standing["pa_mpjpe"]["value"]
