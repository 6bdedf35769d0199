"""Train the judge of SPG-Studio: `python -m chatpose_demo.training.retrieval --cache FOLDER`.

A text-pose retrieval model in the manner of PoseScript (Delmas 2022): words and poses meet in one
space, by a symmetric InfoNCE loss. Its sentences come from geometry alone (see `compose_pairs`),
never from the writers who teach the pose decoder: a judge must not share what it judges by.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import roma
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from tqdm import tqdm

from chatpose_demo.evaluation.retrieval import (
    NAME,
    Retrieval,
    RetrievalConfig,
    best_ranks,
    embed_poses,
    embed_texts,
    judged,
    recalls,
    sentence_of,
)
from chatpose_demo.geometry.captions import caption_from
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import KEEP, OPTIONS, PARTS, apply_choices
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import AtlasPose, load_atlas
from chatpose_demo.studio.examples import pick
from chatpose_demo.training.features import WordFeatures, word_features

# "at a right angle" and "bent right over" speak of no side.
SIDE = re.compile(r"\b(?:left|right(?! (?:angles?|over)\b))\b", re.IGNORECASE)
BUCKETS = 8  # our choice: batches that are sorted by length together


@dataclass(frozen=True)
class TrainConfig:
    """One training run; every number is our choice."""

    captions: int = 3  # drawn from the posecodes of every atlas pose
    variations: int = 6  # changed copies of every atlas pose
    held_out: int = 10  # one atlas pose in so many is kept for the check
    steps: int = 1500
    batch: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    jitter: float = 5.0  # degrees, spread of every joint's random turn
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """Sentences and the bodies that they are about.

    Attributes:
        bodies: (N, 22, 3, 3) as evaluation.retrieval.judged gives them.
        texts: (M,) sentences.
        body_of: (M,) row of `bodies` that each is about.
    """

    bodies: np.ndarray
    texts: list[str]
    body_of: np.ndarray


def swap_sides(text: str) -> str:
    """The words for the mirror image of a body."""
    other = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    return SIDE.sub(lambda found: other[found.group()], text)


def varied(rng: np.random.Generator, rotations: np.ndarray) -> np.ndarray:
    """A body (24, 3, 3) with one to three parts in another state, mirrored half of the time."""
    chosen = rng.choice(np.array(PARTS), size=int(rng.integers(1, 4)), replace=False)
    choices = {
        str(part): pick(rng, [option for option in OPTIONS[part] if option != KEEP])
        for part in chosen
        if part != "facing"  # the judge looks at bodies that face ahead
    }
    changed = apply_choices(rotations, choices)
    return mirror(changed) if rng.random() < 0.5 else changed


def compose_pairs(
    poses: Sequence[AtlasPose], rng: np.random.Generator, config: TrainConfig
) -> Pairs:
    """Sentences about atlas poses, their mirror images and changed copies.

    Every atlas pose has its description, `describe`'s sentence and a few captions; the mirror image
    has the same with the sides swapped; changed copies have `describe`'s sentence.
    """
    bodies, texts, body_of = [], [], []

    def add(body: np.ndarray, said: list[str]) -> None:
        texts.extend(said)
        body_of.extend([len(bodies)] * len(said))
        bodies.append(judged(body))

    for pose in tqdm(poses, desc="composing", mininterval=10):
        figure = Figure.of(pose.rotations)
        captions = [caption_from(figure, rng) for _ in range(config.captions)]
        said = [pose.description, sentence_of(pose.rotations), *captions]
        add(pose.rotations, said)
        add(mirror(pose.rotations), [swap_sides(text) for text in said])
        for _ in range(config.variations):
            changed = varied(rng, pose.rotations)
            add(changed, [sentence_of(changed)])
    return Pairs(np.stack(bodies), texts, np.array(body_of))


def contrast(texts: Tensor, poses: Tensor, scale: Tensor, body_of: Tensor) -> Tensor:
    """Symmetric InfoNCE (CLIP, Radford 2021); rows about the same body are no negatives.

    Args:
        texts, poses: (B, D) unit vectors, row i belongs to row i.
        scale: inverse temperature.
        body_of: (B,) which body each row is about.
    """
    logits = scale * texts @ poses.T
    same = (body_of[:, None] == body_of) & ~torch.eye(len(texts), dtype=torch.bool)
    logits = logits.masked_fill(same, -torch.inf)
    right = torch.arange(len(texts))
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


class Trainer:
    """Holds the pairs and the model; `step` makes one update."""

    def __init__(self, config: TrainConfig, pairs: Pairs, features: WordFeatures) -> None:
        torch.manual_seed(config.seed)
        self.config, self.pairs, self.features = config, pairs, features
        self.rng = np.random.default_rng(config.seed)
        self.model = Retrieval(RetrievalConfig())
        sample = features.states[:: max(1, len(features.states) // 50000)].astype(np.float32)
        self.model.word_mean.copy_(torch.from_numpy(sample.mean(0)))
        self.model.word_scale.copy_(torch.from_numpy(sample.std(0) + 1e-3))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, config.learning_rate, config.steps, pct_start=0.1
        )
        self.queue: list[np.ndarray] = []

    def _rows(self) -> np.ndarray:
        """The next batch: texts of about the same length."""
        if not self.queue:
            size = min(self.config.batch * BUCKETS, len(self.pairs.texts))
            rows = self.rng.choice(len(self.pairs.texts), size=size, replace=False)
            rows = rows[np.argsort(self.features.lengths[rows], kind="stable")]
            batches = np.array_split(rows, BUCKETS)
            self.queue = [batches[i] for i in self.rng.permutation(BUCKETS)]
        return self.queue.pop()

    def _jittered(self, bodies: Tensor) -> Tensor:
        """Every joint of (B, 22, 3, 3) turned a little, so that a pose is not one point."""
        turns = torch.randn(*bodies.shape[:2], 3) * np.radians(self.config.jitter) / np.sqrt(3)
        return bodies @ roma.rotvec_to_rotmat(turns)

    def step(self) -> float:
        """One update; returns the loss."""
        rows = self._rows()
        states, _, mask = self.features.batch(rows)
        body_of = self.pairs.body_of[rows]
        bodies = self._jittered(torch.from_numpy(self.pairs.bodies[body_of]))
        texts, poses = self.model.texts(states, mask), self.model.poses(bodies)
        scale = self.model.log_scale.exp().clamp(max=100.0)  # CLIP
        loss = contrast(texts, poses, scale, torch.from_numpy(body_of))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return loss.item()


def check(model: Retrieval, language: Language, poses: Sequence[AtlasPose]) -> dict[str, float]:
    """Recalls among poses that were not trained on: descriptions to poses and back."""
    said = embed_texts(model, language, [pose.description for pose in poses])
    shown = embed_poses(model, [pose.rotations for pose in poses])
    own = [[row] for row in range(len(poses))]
    ways = {"T2P": best_ranks(said, shown, own), "P2T": best_ranks(shown, said, own)}
    tables = [recalls(ranks, way) for way, ranks in ways.items()]
    return {name: round(value.value, 4) for table in tables for name, value in table.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the word states")
    parser.add_argument("--out", type=Path, default=assets_dir() / "network")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = TrainConfig(steps=arguments.steps)
    atlas, language = load_atlas(), Language.load(adapter=None)
    held = atlas[:: config.held_out]
    taught = [pose for pose in atlas if pose not in held]
    pairs = compose_pairs(taught, np.random.default_rng(config.seed), config)
    trainer = Trainer(config, pairs, word_features(language, pairs.texts, arguments.cache))
    print(f"{len(pairs.texts)} sentences about {len(pairs.bodies)} bodies", flush=True)
    began, mean = time.time(), 0.0
    for count in range(1, config.steps + 1):
        loss = trainer.step()
        mean = loss if count == 1 else 0.98 * mean + 0.02 * loss
        if count % 100 == 0:
            print(f"step {count} loss {mean:.3f} {time.time() - began:.0f} s", flush=True)
    model = trainer.model.eval()
    about = {
        "model": asdict(model.config),
        "training": asdict(config),
        "sources": "atlas descriptions, perception.describe, perception.captions; no writer",
        "held out": {"poses": len(held)} | check(model, language, held),
    }
    print(json.dumps(about["held out"]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    state = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(state, arguments.out / f"{NAME}.safetensors")
    (arguments.out / f"{NAME}.json").write_text(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
