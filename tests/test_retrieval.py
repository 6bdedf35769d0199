"""The judge of SPG-Studio: its pairs, its loss, its ranks, and what the shipped weights know."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chatpose_demo.evaluation.retrieval import (
    Benchmark,
    Retrieval,
    RetrievalConfig,
    best_ranks,
    embed_poses,
    embed_texts,
    judged,
    load_retrieval,
    recalls,
    sentence_of,
)
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.language import Language
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs
from chatpose_demo.training.retrieval import TrainConfig, compose_pairs, contrast, swap_sides

pytest_plugins = ("fixtures_network",)


@pytest.fixture(scope="module")
def model() -> Retrieval:
    return load_retrieval(assets_dir() / "network")


@pytest.fixture(scope="module")
def benchmark(model: Retrieval, plain_fp32: Language) -> Benchmark:
    return Benchmark(model, plain_fp32)


def test_ranks_take_the_best_wanted_row_and_no_luck():
    queries = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    pool = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]])
    assert best_ranks(queries, pool, [[0], [0, 3], [2]]).tolist() == [0, 1, 3]
    same = np.ones((1, 2)), np.ones((30, 2))
    assert best_ranks(*same, [[4]]).tolist() == [
        29
    ]  # a model that tells nothing apart gets nothing


def test_recalls_count_ranks_below_the_depth():
    table = recalls(np.array([0, 4, 5, 9, 19, 20]), "T2P")
    assert [round(table[f"T2P R@{k}"].value * 6) for k in (5, 10, 20)] == [2, 4, 5]
    assert table["T2P R@5"].low is not None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the left arm on the right knee", "the right arm on the left knee"),
        (
            "Left knee at a right angle, bent right over",
            "Right knee at a right angle, bent right over",
        ),
        ("standing upright", "standing upright"),
    ],
)
def test_sides_are_swapped(text: str, wanted: str):
    assert swap_sides(text) == wanted


def test_mirrored_bodies_have_mirrored_sentences():
    raised = build(Spec(left_arm="up", head="left"))
    assert swap_sides(sentence_of(raised)) == sentence_of(mirror(raised))


def test_where_a_body_faces_does_not_count():
    ahead, away = build(Spec(torso="bend")), build(Spec(torso="bend", facing=130.0))
    assert np.allclose(judged(ahead), judged(away), atol=1e-5)
    assert not np.allclose(judged(ahead), judged(build(Spec())), atol=0.1)


def test_pairs_speak_of_their_bodies():
    poses, config = load_atlas()[:3], TrainConfig(captions=1, variations=2)
    pairs = compose_pairs(poses, np.random.default_rng(0), config)
    assert pairs.bodies.shape == (3 * (2 + 2), 22, 3, 3)
    assert len(pairs.texts) == len(pairs.body_of) == 3 * (2 * 3 + 2)
    for pose in poses:
        said = sentence_of(pose.rotations)
        for text, body in ((said, pose.rotations), (swap_sides(said), mirror(pose.rotations))):
            rows = [row for row, one in enumerate(pairs.texts) if one == text]
            found = pairs.bodies[pairs.body_of[rows]]
            assert np.isclose(found, judged(body), atol=1e-6).all((1, 2, 3)).any()


def test_loss_wants_pairs_and_leaves_twins_alone():
    vectors = torch.nn.functional.normalize(torch.randn(6, 8), dim=1)
    scale, bodies = torch.tensor(20.0), torch.arange(6)
    right = contrast(vectors, vectors, scale, bodies)
    assert right < contrast(vectors, vectors.roll(1, 0), scale, bodies)
    twins = vectors.clone()
    twins[1] = twins[0]
    together = contrast(twins, twins, scale, torch.tensor([0, 0, 2, 3, 4, 5]))
    assert together < contrast(twins, twins, scale, bodies)


def test_padding_does_not_matter():
    model = Retrieval(RetrievalConfig()).eval()
    states, mask = torch.randn(1, 7, 576), torch.ones(1, 7, dtype=torch.bool)
    longer = torch.cat([states, torch.randn(1, 4, 576)], 1)
    hidden = torch.cat([mask, torch.zeros(1, 4, dtype=torch.bool)], 1)
    with torch.no_grad():
        assert torch.allclose(model.texts(states, mask), model.texts(longer, hidden), atol=1e-6)


def test_shipped_judge_tells_sides_and_postures_apart(model: Retrieval, plain_fp32: Language):
    texts = [
        "standing, with the left arm raised overhead",
        "standing, with the right arm raised overhead",
        "sitting, with both arms hanging down",
        "lying on the back",
    ]
    bodies = [
        build(Spec(left_arm="up")),
        build(Spec(right_arm="up")),
        build(Spec().with_(**legs("sit"))),
        build(Spec(whole="back")),
    ]
    scores = embed_texts(model, plain_fp32, texts) @ embed_poses(model, bodies).T
    assert scores.argmax(1).tolist() == [0, 1, 2, 3]


def test_shipped_judge_knows_the_truth_from_chance(benchmark: Benchmark):
    best = benchmark.judge([benchmark.poses[ids[0]] for ids in benchmark.wanted])
    standing = benchmark.judge([build(Spec())] * len(benchmark.texts))
    assert best["T2P R@20"].value > 0.6 and best["P2T R@20"].value > 0.6
    assert standing["T2P R@20"].value < 0.3 and standing["P2T R@20"].value < 0.3
