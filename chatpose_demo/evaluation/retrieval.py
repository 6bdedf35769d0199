"""SPG-Studio: do implicit questions give bodies that say what was asked? Recall, both ways.

`python -m chatpose_demo.evaluation.retrieval [--weights FOLDER] [--one-vector FOLDER]`

The judge is a text-pose retrieval model that learnt from sentences about geometry alone: the
description column of the atlas, `perception.describe` and `perception.captions`. It never read a
word of the writers who taught the pose decoder, nor the frozen questions. The bodies it learnt from
are atlas poses and changed copies of them, nine tenths of the atlas; the rest checks it.

Each question of the frozen sets has one to three acceptable atlas poses. The body that a method
gives is judged twice among all atlas poses: by the sentence that the reply says about it (text to
pose: is an acceptable pose among the nearest K?), and by itself (pose to text: is an acceptable
pose's description among the nearest K?). Recalls at 5, 10 and 20 as in SPG (ChatPose, Feng 2024);
the pool is our atlas, not SPG's 780 pairs, so the numbers of the two cannot be compared. A method
that copies an atlas pose has an easy time here once it copies the right one; the row of acceptable
poses is the most that the judge lets anybody reach.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from chatpose_demo.evaluation.baselines import (
    Method,
    add_methods,
    methods_of,
    print_table,
    write_json,
)
from chatpose_demo.evaluation.frozen_set import FOLDER, SECOND, read_lines
from chatpose_demo.evaluation.reader import SEED, Table, rate
from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import heading
from chatpose_demo.network.prompts import MAX_DETAILS
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.pose import matrix_to_6d
from chatpose_demo.studio.atlas import load_atlas

NAME = "retrieval"  # of the two files of weights
JUDGED = 22  # joints that count: the global orientation and 21 body joints, no hands
DEPTHS = (5, 10, 20)  # SPG and PoseScript
READ_BATCH = 32  # our choice: sentences read at once


@dataclass(frozen=True)
class RetrievalConfig:
    """Sizes of the retrieval model; all our choice but `space`'s order of size (PoseScript)."""

    word_dim: int = 576  # SmolLM2's hidden size
    width: int = 256
    queries: int = 6  # posture, arms, legs, trunk, head and one to spare
    pose_width: int = 512
    space: int = 128
    dropout: float = 0.1


class Retrieval(nn.Module):
    """Sentences and poses as unit vectors that are close when they speak of the same body."""

    word_mean: Tensor
    word_scale: Tensor

    def __init__(self, config: RetrievalConfig) -> None:
        super().__init__()
        self.config = config
        # Per-dimension statistics of the word states over the training text.
        self.register_buffer("word_mean", torch.zeros(config.word_dim))
        self.register_buffer("word_scale", torch.ones(config.word_dim))
        self.word = nn.Sequential(
            nn.Linear(config.word_dim, config.width),
            nn.GELU(),
            nn.LayerNorm(config.width),
            nn.Dropout(config.dropout),
        )
        self.attend = nn.Linear(config.width, config.queries)
        self.said = nn.Sequential(
            nn.Linear(config.queries * config.width, config.pose_width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.pose_width, config.space),
        )
        self.shown = nn.Sequential(
            nn.Linear(JUDGED * 6, config.pose_width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.pose_width, config.pose_width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.pose_width, config.space),
        )
        self.log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07)))  # CLIP (Radford 2021)

    def texts(self, states: Tensor, mask: Tensor) -> Tensor:
        """(B, T, 576) word states and their mask (B, T) -> (B, space) unit vectors."""
        words = self.word((states - self.word_mean) / self.word_scale)
        weights = self.attend(words).masked_fill(~mask[..., None], -torch.inf).softmax(1)
        return F.normalize(self.said((weights.mT @ words).flatten(1)), dim=1)

    def poses(self, rotations: Tensor) -> Tensor:
        """(B, 22, 3, 3) rotations as `judged` gives them -> (B, space) unit vectors."""
        return F.normalize(self.shown(matrix_to_6d(rotations).flatten(1)), dim=1)


def judged(rotations: np.ndarray) -> np.ndarray:
    """(24, 3, 3) -> (22, 3, 3): what counts of a body, turned to face ahead."""
    kept = np.array(rotations[:JUDGED], np.float32)
    kept[0] = heading(kept[0]).T @ kept[0]
    return kept


def load_retrieval(folder: Path) -> Retrieval:
    """The trained retrieval model, fp32 in eval mode.

    Raises:
        FileNotFoundError: none in `folder`.
    """
    about = json.loads((folder / f"{NAME}.json").read_text())
    model = Retrieval(RetrievalConfig(**about["model"]))
    state = load_file(folder / f"{NAME}.safetensors")
    model.load_state_dict({name: value.float() for name, value in state.items()}, strict=True)
    return model.eval().requires_grad_(False)


def sentence_of(rotations: np.ndarray) -> str:
    """What a reply says about a body (24, 3, 3)."""
    return describe(rotations, joints_of(rotations)).sentence(MAX_DETAILS)


@torch.inference_mode()
def embed_texts(model: Retrieval, language: Language, texts: Sequence[str]) -> np.ndarray:
    """(N, space) vectors of sentences."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
    found = np.empty((len(texts), model.config.space), np.float32)
    for start in range(0, len(order), READ_BATCH):
        rows = order[start : start + READ_BATCH]
        read = language.read([texts[i] for i in rows])
        found[rows] = model.texts(read.states, read.mask).numpy()
    return found


@torch.inference_mode()
def embed_poses(model: Retrieval, bodies: Sequence[np.ndarray]) -> np.ndarray:
    """(N, space) vectors of bodies (24, 3, 3)."""
    return model.poses(torch.from_numpy(np.stack([judged(body) for body in bodies]))).numpy()


def best_ranks(
    queries: np.ndarray, pool: np.ndarray, wanted: Sequence[Sequence[int]]
) -> np.ndarray:
    """(Q,) rank, from 0, of each query's nearest wanted row among the pool's.

    Rows as near as the wanted one count as nearer, so that equal vectors earn nothing.

    Args:
        queries: (Q, D) unit vectors.
        pool: (N, D) unit vectors.
        wanted: rows of the pool that are right, at least one a query.
    """
    scores = queries @ pool.T
    best = np.array([scores[i, list(rows)].max() for i, rows in enumerate(wanted)])
    wrong = np.ones(scores.shape, bool)
    for row, right in enumerate(wanted):
        wrong[row, list(right)] = False
    return ((scores >= best[:, None]) & wrong).sum(1)


def recalls(ranks: np.ndarray, way: str) -> Table:
    """Recall at every depth, with Wilson bounds."""
    return {f"{way} R@{depth}": rate((ranks < depth).tolist()) for depth in DEPTHS}


class Benchmark:
    """The frozen questions, and the atlas seen by the retrieval model."""

    def __init__(self, model: Retrieval, language: Language) -> None:
        self.model, self.language = model, language
        atlas = load_atlas()
        self.poses = [pose.rotations for pose in atlas]
        place = {pose.id: index for index, pose in enumerate(atlas)}
        lines = [line for folder in (FOLDER, SECOND) for line in read_lines("implicit", folder)]
        self.texts = [line["text"] for line in lines]
        self.wanted = [[place[name] for name in line["ids"]] for line in lines]
        self.pose_pool = embed_poses(model, self.poses)
        self.text_pool = embed_texts(model, language, [pose.description for pose in atlas])

    def judge(self, bodies: Sequence[np.ndarray]) -> Table:
        """Recalls of one body (24, 3, 3) for every question."""
        said = embed_texts(self.model, self.language, [sentence_of(body) for body in bodies])
        shown = embed_poses(self.model, bodies)
        to_pose = best_ranks(said, self.pose_pool, self.wanted)
        to_text = best_ranks(shown, self.text_pool, self.wanted)
        return recalls(to_pose, "T2P") | recalls(to_text, "P2T")

    def table(self, methods: dict[str, Method]) -> dict[str, Table]:
        """Every method, between bodies drawn at random and the first acceptable pose itself."""
        random = np.random.default_rng(SEED).integers(len(self.poses), size=len(self.texts))
        rows = {"random atlas pose": self.judge([self.poses[i] for i in random])}
        for name, method in methods.items():
            rows[name] = self.judge([method.imagine(text) for text in self.texts])
        rows["an acceptable pose"] = self.judge([self.poses[ids[0]] for ids in self.wanted])
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", type=Path, default=assets_dir() / "network")
    parser.add_argument("--json", type=Path)
    add_methods(parser)
    arguments = parser.parse_args()
    language, methods = methods_of(arguments)
    del methods["body left alone"]  # a question that starts a talk has no body to leave alone
    results = Benchmark(load_retrieval(arguments.judge), language).table(methods)
    print_table(results)
    if arguments.json:
        write_json(results, arguments.json)


if __name__ == "__main__":
    main()
