"""The paper's route at our size, to compare with: one vector of words, an MLP, a whole pose.

`python -m chatpose_demo.training.one_vector --out FOLDER --cache FOLDER`

ChatPose maps the hidden vector of its `<POSE>` token by Linear-ReLU-Linear to 24 rotations in 6-D
and trains with the L1 distance of rotation matrices. Here the vector is the mean and the last word
state of the same frozen language model that the pose decoder reads, over the same examples in
batches of the same size and number; what has no body to learn from (ordinary talk, questions about
a body) is left out, so that the baseline sees more bodies than the decoder does. An earlier body
and the people of a photo join the vector, since nothing else could carry them.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from chatpose_demo.network.acts import turned_like
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.network.people_tokens import NUM_FEATURES
from chatpose_demo.pose import NUM_JOINTS, matrix_from_6d, matrix_to_6d
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.examples import Example, pick
from chatpose_demo.studio.rig import Spec, build
from chatpose_demo.training.decoder import TrainConfig, corpus
from chatpose_demo.training.features import WordFeatures, word_features
from chatpose_demo.training.scene_pool import MAX_PEOPLE, ScenePool
from chatpose_demo.training.targets import sampling_odds

NAME = "one_vector"  # of the two files of weights
POSE_NUMBERS = NUM_JOINTS * 6
PERSON_NUMBERS = NUM_FEATURES + POSE_NUMBERS


@dataclass(frozen=True)
class OneVectorConfig:
    """Sizes of the baseline."""

    words: int = 2 * 576  # mean and last state of SmolLM2
    hidden: int = 2 * 576  # as the paper: the hidden layer is as wide as the language vector


@dataclass(frozen=True)
class Context:
    """What a conversation holds beside the words, for B questions; zeros where it holds nothing.

    Attributes:
        body: (B, 144) the last body in 6-D.
        people: (B, 8, PERSON_NUMBERS) everybody's features and pose in 6-D.
    """

    body: Tensor
    people: Tensor


class OneVector(nn.Module):
    """One vector in, one pose out."""

    word_mean: Tensor
    word_scale: Tensor

    def __init__(self, config: OneVectorConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("word_mean", torch.zeros(config.words))
        self.register_buffer("word_scale", torch.ones(config.words))
        inputs = config.words + POSE_NUMBERS + MAX_PEOPLE * PERSON_NUMBERS
        self.head = nn.Sequential(  # the paper's head
            nn.Linear(inputs, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, POSE_NUMBERS),
        )

    def forward(self, words: Tensor, context: Context) -> Tensor:
        """(B, 1152) vectors of `one_vector` and their context -> (B, 24, 3, 3) rotations."""
        plain = (words - self.word_mean) / self.word_scale
        vector = torch.cat([plain, context.body, context.people.flatten(1)], 1)
        return matrix_from_6d(self.head(vector).unflatten(1, (NUM_JOINTS, 6)))


def six(rotations: np.ndarray) -> np.ndarray:
    """(..., 24, 3, 3) -> (..., 144): the rotations in 6-D."""
    return matrix_to_6d(torch.tensor(rotations)).flatten(-2).numpy()


def people_numbers(features: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """(8, PERSON_NUMBERS) of P people with features (P, F) and poses (P, 24, 3, 3)."""
    rows = np.zeros((MAX_PEOPLE, PERSON_NUMBERS), np.float32)
    rows[: len(features)] = np.concatenate([features, six(poses)], 1)
    return rows


def vectors(features: WordFeatures) -> np.ndarray:
    """(N, 1152) mean and last word state of every text."""
    found = np.empty((len(features.starts), 2 * features.states.shape[1]), np.float32)
    for row, (start, stop) in enumerate(zip(features.starts, features.stops, strict=True)):
        states = features.states[start:stop].astype(np.float32)
        found[row] = np.concatenate([states.mean(0), states[-1]])
    return found


def teaches(example: Example) -> bool:
    """Whether an example settles a body that words, people and the last body determine."""
    if example.intent == "text":
        return example.atlas is not None and example.parts is not None
    if example.intent == "person":
        return example.person is not None and not example.person.many
    if example.intent != "edit" or example.earlier != "last":
        return False
    return example.parts is not None and example.act in ("change", "imagine")


class BodyMaker:
    """Truth for examples: the body that is meant, and the context it is meant in."""

    def __init__(self, pool: ScenePool, rng: np.random.Generator) -> None:
        self.pool, self.rng = pool, rng
        self.standing = build(Spec())
        self.poses = {pose.id: pose.rotations for pose in load_atlas()}
        self.names = tuple(self.poses)
        self._described = cache(self._describe)

    def _describe(self, atlas: str, parts: tuple[tuple[str, str], ...]) -> np.ndarray:
        """The body that words alone mean: an atlas pose, or standing for "", with its parts."""
        base = self.poses[atlas] if atlas else self.standing
        return apply_choices(base, dict(parts))

    def _any(self) -> np.ndarray:
        """Some body: half of the time standing, as the tests of edits start, else of the atlas."""
        if self.rng.random() < 0.5:
            return self.standing
        return self.poses[pick(self.rng, self.names)]

    def make(self, example: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Truth (24, 3, 3), the last body (144,), people (8, PERSON_NUMBERS).

        None when the scene drawn for a question about somebody has nobody who fits.
        """
        body = np.zeros(POSE_NUMBERS, np.float32)
        people = np.zeros((MAX_PEOPLE, PERSON_NUMBERS), np.float32)
        parts, who = example.parts or {}, example.person
        if example.intent == "person" and who is not None:
            scene = self.pool.draw(self.rng, who)
            chosen = self.rng.choice(len(self.names), size=MAX_PEOPLE, replace=False)
            poses = np.stack([self.poses[self.names[i]] for i in chosen])
            if not scene.fits.any():
                return None
            target = int(self.rng.choice(np.flatnonzero(scene.fits)))
            if example.atlas:
                poses[target] = self.poses[example.atlas]
            there = scene.present
            people = people_numbers(scene.features[there], poses[there])
            return apply_choices(poses[target], parts), body, people
        if example.intent == "edit":
            base = before = self._any()
            if example.act == "imagine" and example.atlas:
                base = turned_like(self.poses[example.atlas], before)
            return apply_choices(base, parts), six(before), people
        return self._described(example.atlas or "", tuple(parts.items())), body, people


class Trainer:
    """Holds the examples and the baseline; `step` makes one update."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        torch.manual_seed(config.seed)
        self.config, self.rng = config, np.random.default_rng(config.seed)
        examples = corpus(config)
        odds = sampling_odds(examples)
        keep = [row for row, example in enumerate(examples) if teaches(example)]
        self.examples = [examples[row] for row in keep]
        self.odds = odds[keep] / odds[keep].sum()
        texts = [example.text for example in self.examples]
        self.words = vectors(word_features(Language.load(adapter=None), texts, folder))
        self.maker = BodyMaker(ScenePool(config.scenes, config.corpus_seed + 1), self.rng)
        self.model = OneVector(OneVectorConfig())
        self.model.word_mean.copy_(torch.from_numpy(self.words.mean(0)))
        self.model.word_scale.copy_(torch.from_numpy(self.words.std(0) + 1e-3))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            config.learning_rate,
            betas=(0.9, 0.98),  # as the decoder's
            weight_decay=config.weight_decay,
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, config.learning_rate, config.steps, pct_start=0.1
        )

    def _batch(self) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        """Rows of examples and their truths; scenes in which nobody fits are drawn again."""
        rows, made = [], []
        while len(rows) < self.config.batch:
            for row in self.rng.choice(len(self.examples), self.config.batch, p=self.odds):
                truth = self.maker.make(self.examples[row])
                if truth is not None and len(rows) < self.config.batch:
                    rows.append(row)
                    made.append(truth)
        return np.array(rows), made

    def step(self) -> float:
        """One update; returns the mean absolute error of the rotation matrices."""
        rows, made = self._batch()
        truth, body, people = (
            torch.from_numpy(np.stack(column)) for column in zip(*made, strict=True)
        )
        posed = self.model(torch.from_numpy(self.words[rows]), Context(body, people))
        loss = (posed - truth).abs().mean()  # paper: L1 on rotation matrices
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)  # as the decoder's
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def save(self, out: Path) -> None:
        """Weights in fp16 and the configuration, as `load_one_vector` reads them."""
        out.mkdir(parents=True, exist_ok=True)
        state = {name: v.half().contiguous() for name, v in self.model.state_dict().items()}
        save_file(state, out / f"{NAME}.safetensors")
        about = {"model": asdict(self.model.config), "training": asdict(self.config)}
        (out / f"{NAME}.json").write_text(json.dumps(about, indent=1))


def load_one_vector(folder: Path) -> OneVector:
    """The trained baseline, fp32 in eval mode.

    Raises:
        FileNotFoundError: none in `folder`.
    """
    about = json.loads((folder / f"{NAME}.json").read_text())
    model = OneVector(OneVectorConfig(**about["model"]))
    state = load_file(folder / f"{NAME}.safetensors")
    model.load_state_dict({name: value.float() for name, value in state.items()}, strict=True)
    return model.eval().requires_grad_(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the word states")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--seed", type=int, default=TrainConfig.seed)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    trainer = Trainer(TrainConfig(steps=arguments.steps, seed=arguments.seed), arguments.cache)
    print(f"{len(trainer.examples)} texts with a body", flush=True)
    began, mean = time.time(), 0.0
    for count in range(1, arguments.steps + 1):
        loss = trainer.step()
        mean = loss if count == 1 else 0.98 * mean + 0.02 * loss
        if count % 250 == 0:
            print(f"step {count} L1 {mean:.4f} {time.time() - began:.0f} s", flush=True)
    trainer.save(arguments.out)


if __name__ == "__main__":
    main()
