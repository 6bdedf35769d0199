"""The paper's one-vector route: what it is given, that it can learn, and that it loads strictly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from chatpose_demo.evaluation.baselines import OneVectorMethod, selection
from chatpose_demo.evaluation.reader import degrees
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES
from chatpose_demo.network.who_fits import People
from chatpose_demo.pose import matrix_from_6d
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.examples import Example
from chatpose_demo.studio.references import Reference
from chatpose_demo.studio.rig import Spec, build
from chatpose_demo.training import one_vector as training
from chatpose_demo.training.scene_pool import ScenePool

pytest_plugins = ("fixtures_network",)

FEW = {"captions": 30, "edits": 30, "combined": 4, "people": 30, "varied": 6, "scenes": 60}


@pytest.fixture
def maker() -> training.BodyMaker:
    return training.BodyMaker(ScenePool(80, 3), np.random.default_rng(0))


def pose_of(numbers: np.ndarray) -> np.ndarray:
    return matrix_from_6d(torch.from_numpy(numbers).unflatten(-1, (24, 6))).numpy()


def test_six_numbers_come_back_as_the_pose():
    poses = np.stack([pose.rotations for pose in load_atlas()[:7]])
    assert np.allclose(pose_of(training.six(poses)), poses, atol=1e-5)


def test_vector_is_mean_and_last_state():
    states = np.arange(20, dtype=np.float16).reshape(5, 4)
    features = training.WordFeatures(
        states, np.zeros(5, int), np.array([0, 3, 0]), np.array([3, 5, 3])
    )
    found = training.vectors(features)
    assert found.shape == (3, 8)
    assert np.allclose(found[1], [14, 15, 16, 17, 16, 17, 18, 19])
    assert np.array_equal(found[0], found[2])


def test_edit_starts_from_the_body_that_it_is_given(maker: training.BodyMaker):
    example = Example("x", "edit", act="change", earlier="last", parts={"left_arm": "up"})
    for _ in range(5):
        made = maker.make(example)
        assert made is not None
        truth, body, people = made
        assert np.allclose(apply_choices(pose_of(body), example.parts or {}), truth, atol=1e-4)
        assert not people.any()


def test_person_meant_is_among_the_people(maker: training.BodyMaker):
    example = Example(
        "x", "person", parts={}, person=Reference("the man on the left", ("leftmost",))
    )
    made = [one for _ in range(12) if (one := maker.make(example)) is not None]
    assert made
    for truth, body, people in made:
        there = people.any(1)
        apart = [degrees(pose_of(row[NUM_FEATURES:]), truth).mean() for row in people[there]]
        nearest = int(np.argmin(apart))
        assert apart[nearest] < 0.1
        assert people[nearest, FEATURES.index("leftmost")] == 1
        assert not body.any()


def test_words_alone_give_neither_body_nor_people(maker: training.BodyMaker):
    made = maker.make(Example("x", "text", atlas="", parts={"head": "down"}))
    assert made is not None
    truth, body, people = made
    assert np.allclose(truth, build(Spec(head="down")), atol=1e-6)
    assert not body.any() and not people.any()


@pytest.mark.parametrize(
    "example",
    [
        Example("x", "chat"),
        Example("x", "edit", act="half", earlier="last"),
        Example("x", "edit", act="change", earlier="first", parts={}),
        Example("x", "person", parts={}),
    ],
)
def test_nothing_to_learn_from_without_a_body(example: Example):
    assert not training.teaches(example)


@pytest.fixture(scope="module")
def trainer(tmp_path_factory) -> training.Trainer:
    config = training.TrainConfig(**FEW, steps=40, batch=32)
    examples = training.corpus(config)
    kept = [one for one in examples if training.teaches(one)][:150]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "corpus", lambda _: kept)
        return training.Trainer(config, tmp_path_factory.mktemp("words"))


def test_learns_and_comes_back(trainer: training.Trainer, plain_fp32: Language, tmp_path: Path):
    losses = [trainer.step() for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:4])
    trainer.save(tmp_path)
    loaded = training.load_one_vector(tmp_path)
    words = torch.from_numpy(trainer.words[:5])
    nothing = training.Context(
        torch.zeros(5, training.POSE_NUMBERS),
        torch.zeros(5, training.MAX_PEOPLE, training.PERSON_NUMBERS),
    )
    with torch.no_grad():
        before, after = trainer.model(words, nothing), loaded(words, nothing)
    assert torch.allclose(before, after, atol=0.02)  # fp16 on disk
    assert torch.allclose(after @ after.mT, torch.eye(3).expand(5, 24, 3, 3), atol=1e-4)
    pose = OneVectorMethod(plain_fp32, loaded).imagine("a man with his arms up")
    assert pose.shape == (24, 3, 3)
    with pytest.raises(FileNotFoundError):
        training.load_one_vector(tmp_path / "nowhere")


def test_batches_and_questions_read_the_same_vector(
    trainer: training.Trainer, plain_fp32: Language
):
    states = plain_fp32.read([trainer.examples[0].text]).states[0]
    asked = torch.cat([states.mean(0), states[-1]]).numpy()
    assert np.allclose(trainer.words[0], asked, atol=0.05 * np.abs(asked).max())


class Last:
    """Chooses the last person, or the first."""

    def __init__(self, place: int) -> None:
        self.place = place

    def imagine(self, text: str) -> np.ndarray:
        raise NotImplementedError

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def choose(self, text: str, people: People) -> np.ndarray:
        return people.poses[self.place]


def test_selection_counts_the_nearest_person():
    first, last = selection(Last(0))["right"].value, selection(Last(-1))["right"].value
    assert 0.05 < first < 0.6 and 0.05 < last < 0.6
    assert first + last < 1
