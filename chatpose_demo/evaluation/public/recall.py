"""Text-pose retrieval on a public set's captions: does the body say what the caption says?

Each body that a model gives is looked for among all of them by its caption (text to pose), and each
caption by its body (pose to text). Two protocols are in use, and their numbers are far apart:

- full: among the whole set.
- pool of 32: among the right one and 31 others drawn by a fixed seed (R-precision; PoseScript's and
  UniPose's code). By chance alone R@20 is then 62.5 %.

The judge says which text and body are close. The papers' is PoseScript's retrieval model; ours is
this project's own, which never saw PoseScript, so its numbers stand beside no paper's. Vectors of
any other judge can be read from a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from chatpose_demo.evaluation.metrics import wilson
from chatpose_demo.evaluation.public.archive import read_npz
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample, finite_array
from chatpose_demo.evaluation.retrieval import (
    Retrieval,
    best_ranks,
    embed_poses,
    embed_texts,
    load_retrieval,
)
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.language import Language

POOL = 32  # UniPose, posescript_metrics.py: R_size
SEED = 0  # of the draws
FULL_DEPTHS = (1, 5, 10, 20)  # UniPose, posescript_metrics.py: k_values
POOL_DEPTHS = (1, 2, 3, 5, 10, 20)  # the same: top_k of R-precision is 3; and the others


class Judge(Protocol):
    """Unit vectors that are close when text and body fit."""

    name: str

    def texts(self, samples: Sequence[Sample]) -> np.ndarray:
        """(N, D) of the samples' captions, or questions where there is none."""
        ...

    def poses(self, samples: Sequence[Sample], rotations: np.ndarray) -> np.ndarray:
        """(N, D) of one body (24, 3, 3) per sample."""
        ...


class OwnJudge:
    """The judge that this project ships."""

    name = "this project's own retrieval model"

    def __init__(self, model: Retrieval, language: Language) -> None:
        self.model, self.language = model, language

    @classmethod
    def load(cls) -> OwnJudge:
        """The shipped weights."""
        return cls(load_retrieval(assets_dir() / "network"), Language.load(None))

    def texts(self, samples: Sequence[Sample]) -> np.ndarray:
        return embed_texts(self.model, self.language, [one.caption or one.text for one in samples])

    def poses(self, samples: Sequence[Sample], rotations: np.ndarray) -> np.ndarray:
        return embed_poses(self.model, list(rotations))


class GivenVectors:
    """Vectors that another retrieval model made of the captions and of a run's answers.

    Attributes:
        name: of the file.
    """

    def __init__(self, path: Path) -> None:
        """Read `keys` (N,) text, `texts` (N, D) and `poses` (N, D) of an .npz.

        Raises:
            PublicSetError: it lacks one, or they do not fit each other.
        """
        raw = read_npz(path, ("keys", "texts", "poses"))
        keys = [str(key) for key in raw["keys"]]
        shape = (len(keys), -1)
        self.name = f"vectors of {path.name}"
        self._path = path
        self._row = {key: row for row, key in enumerate(keys)}
        self._texts = _unit(finite_array(raw["texts"], shape, f"texts of {path}"))
        self._poses = _unit(finite_array(raw["poses"], shape, f"poses of {path}"))
        if self._texts.shape != self._poses.shape:
            raise PublicSetError(f"texts and poses of {path} have different lengths.")

    def texts(self, samples: Sequence[Sample]) -> np.ndarray:
        return self._texts[self._rows(samples)]

    def poses(self, samples: Sequence[Sample], rotations: np.ndarray) -> np.ndarray:
        return self._poses[self._rows(samples)]

    def _rows(self, samples: Sequence[Sample]) -> list[int]:
        missing = [one.key for one in samples if one.key not in self._row]
        if missing:
            raise PublicSetError(f"{self._path} has no vectors of {missing[0]}.")
        return [self._row[one.key] for one in samples]


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(float).tiny)


@dataclass(frozen=True)
class Recalls:
    """Whether each sample is found.

    Attributes:
        part: the protocol and its size.
        measure: way and depth, such as "T2P R@5".
        hits: (N,) bool.
    """

    part: str
    measure: str
    hits: np.ndarray

    def rate(self) -> dict[str, float | None]:
        """The share of hits with its 95 % Wilson bounds, as plain values."""
        return vars(wilson(int(self.hits.sum()), len(self.hits)))


def recalls(texts: np.ndarray, poses: np.ndarray) -> list[Recalls]:
    """Both ways under both protocols; the pool is left out where the set is smaller than it.

    Args:
        texts, poses: (N, D) unit vectors; row i of both belongs together.
    """
    count = len(texts)
    found = []
    for way, queries, pool in (("T2P", texts, poses), ("P2T", poses, texts)):
        ranks = best_ranks(queries, pool, [[row] for row in range(count)])
        found += _at(ranks, way, f"full, among {count}", FULL_DEPTHS)
        if count >= POOL:
            ranks = pool_ranks(queries, pool)
            found += _at(ranks, way, f"pool of {POOL}", POOL_DEPTHS)
    return found


def _at(ranks: np.ndarray, way: str, part: str, depths: Sequence[int]) -> list[Recalls]:
    return [Recalls(part, f"{way} R@{depth}", ranks < depth) for depth in depths]


def pool_ranks(queries: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """(N,) rank, from 0, of each query's own row among it and 31 others without repetition.

    Rows as near as the right one count as nearer, so that equal vectors earn nothing.
    """
    rng = np.random.default_rng(SEED)
    count = len(queries)
    ranks = np.empty(count, int)
    for row, query in enumerate(queries):
        others = rng.choice(count - 1, POOL - 1, replace=False)
        others += others >= row  # never the right one
        ranks[row] = int((pool[others] @ query >= pool[row] @ query).sum())
    return ranks
