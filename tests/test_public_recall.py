"""Retrieval under both protocols, on vectors whose neighbours are known."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.evaluation.public.recall import (
    POOL,
    GivenVectors,
    pool_ranks,
    recalls,
)
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample


def around(angles) -> np.ndarray:
    """(N, 2) unit vectors at the given degrees."""
    radians = np.radians(np.asarray(angles, float))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def table(texts: np.ndarray, poses: np.ndarray) -> dict[tuple[str, str], float]:
    return {(one.part, one.measure): one.hits.mean() for one in recalls(texts, poses)}


def test_full_protocol_by_hand():
    texts, poses = around([0, 10, 20]), around([2, 21, 9])
    found = table(texts, poses)  # the second and third bodies are each other's
    assert set(part for part, _ in found) == {"full, among 3"}  # too few for the pool
    assert found["full, among 3", "T2P R@1"] == pytest.approx(1 / 3)
    assert found["full, among 3", "P2T R@1"] == pytest.approx(1 / 3)
    assert found["full, among 3", "T2P R@5"] == 1


def test_the_two_ways_differ():
    texts, poses = around([0, 40, 80]), around([0, 1, 80])
    found = table(texts, poses)
    assert found["full, among 3", "T2P R@1"] == 1
    assert found["full, among 3", "P2T R@1"] == pytest.approx(2 / 3)


def test_the_true_body_is_always_in_the_pool_and_never_twice():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((POOL, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (pool_ranks(vectors, vectors) == 0).all()
    assert (pool_ranks(vectors, -vectors) == POOL - 1).all()


def test_a_model_that_says_the_same_of_all_finds_nothing():
    same = np.tile(around([0]), (40, 1))
    assert not any(table(same, same).values())


def test_the_protocols_are_as_far_apart_as_chance_says():
    rng = np.random.default_rng(0)
    texts, poses = rng.standard_normal((2, 2000, 16))
    found = table(texts, poses)
    for depth in (5, 20):
        assert found["pool of 32", f"T2P R@{depth}"] == pytest.approx(depth / POOL, abs=0.04)
        assert found["full, among 2000", f"T2P R@{depth}"] == pytest.approx(depth / 2000, abs=0.01)
    again = table(texts, poses)
    assert again == found  # the draws have a seed


def samples(*keys: str) -> list[Sample]:
    return [Sample(key=key, group=key, person=key, caption="x") for key in keys]


def test_vectors_of_another_judge(tmp_path):
    path = tmp_path / "v.npz"
    texts, poses = 3 * around([0, 90]), around([5, 95])
    np.savez(path, keys=np.array(["a/0", "b/0"]), texts=texts, poses=poses)
    judge = GivenVectors(path)
    assert judge.name == "vectors of v.npz"
    assert np.allclose(judge.texts(samples("b/0", "a/0")), around([90, 0]))
    assert np.allclose(judge.poses(samples("b/0"), np.empty(0)), around([95]))
    with pytest.raises(PublicSetError, match="no vectors of c/0"):
        judge.texts(samples("a/0", "c/0"))
    np.savez(path, keys=np.array(["a/0", "b/0"]), texts=texts, poses=poses[:, :1])
    with pytest.raises(PublicSetError, match="different lengths"):
        GivenVectors(path)
    np.savez(path, keys=np.array(["a/0"]), texts=texts, poses=poses)
    with pytest.raises(PublicSetError, match="instead of"):
        GivenVectors(path)
