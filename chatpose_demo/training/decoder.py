"""Train the pose decoder: `python -m chatpose_demo.training.decoder --out FOLDER --cache FOLDER`.

The language model stays frozen; only the decoder learns, over word states read once. Resumes from
`FOLDER/last.pt`; runs on a GPU when accelerate finds one (`accelerate launch` for several).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import convert_to_fp32
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.network.language import Language
from chatpose_demo.network.people_fit import Asked
from chatpose_demo.network.pose_decoder import Crowd, Decoded, DecoderConfig, PoseDecoder
from chatpose_demo.network.understanding import TOKEN_GAIN
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.corpus import Composer, compose
from chatpose_demo.studio.examples import Example
from chatpose_demo.studio.references import Reference
from chatpose_demo.studio.words import (
    ASKERS,
    BEGINNERS,
    BORDERERS,
    CHATTERS,
    FINDERS,
    MOODERS,
    NAMERS,
    REQUESTERS,
    SEERS,
    TELLERS,
    WRITERS,
    load_words,
)
from chatpose_demo.training.features import WordFeatures, word_features
from chatpose_demo.training.losses import LossWeights, batch_losses
from chatpose_demo.training.scene_pool import MAX_PEOPLE, Drawn, ScenePool
from chatpose_demo.training.shown_bodies import ShownBodies, ShownConfig
from chatpose_demo.training.targets import Targets, context_flags, sampling_odds

BUCKETS = 8  # our choice: batches that are sorted by length together
NOBODY = Reference("")


@dataclass(frozen=True)
class TrainConfig:
    """One training run; every number is our choice unless a source is named."""

    writers: tuple[str, ...] = WRITERS + NAMERS + TELLERS + SEERS + FINDERS + BEGINNERS + MOODERS
    chatters: tuple[str, ...] = CHATTERS + REQUESTERS + BORDERERS + ASKERS
    captions: int = 9000
    edits: int = 9000
    combined: int = 1200
    people: int = 20000
    varied: int = 1500
    hard: int = 9000
    first: int = 4000
    scenes: int = 10000
    steps: int = 8000
    batch: int = 96
    learning_rate: float = 8e-4
    weight_decay: float = 0.05
    warmup: int = 200
    average: float = 0.998  # decay of the averaged weights, which are what is saved
    token_noise: float = 0.06  # share of words hidden from the decoder
    precision: str = "bf16"  # or "no": fp32, twice as slow on GPUs and CPUs that compute in bf16
    weights: LossWeights = field(default_factory=LossWeights)
    shown: ShownConfig = field(default_factory=ShownConfig)
    corpus_seed: int = 0  # one text for all seeds, so that its word states are read once
    seed: int = 0


def corpus(config: TrainConfig) -> list[Example]:
    """The training text of a configuration, without what the frozen tests hold by coincidence."""
    composer = Composer(
        [load_words(writer) for writer in config.writers],
        np.random.default_rng(config.corpus_seed),
        [load_words(writer) for writer in config.chatters],
    )
    examples = compose(
        composer,
        captions=config.captions,
        edits=config.edits,
        combined=config.combined,
        people=config.people,
        varied=config.varied,
        hard=config.hard,
        first=config.first,
    )
    frozen = frozen_texts()
    return [one for one in examples if normalised(one.text) not in frozen]


class Trainer:
    """Holds the data and the decoder; `step` makes one update."""

    def __init__(self, config: TrainConfig, cache: Path) -> None:
        self.accelerator = Accelerator(mixed_precision=config.precision)
        torch.manual_seed(config.seed)
        self.config = config
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        self.examples = corpus(config)
        self.atlas_ids = [pose.id for pose in load_atlas()]
        language = Language.load(adapter=None)
        texts = [one.text for one in self.examples]
        self.features: WordFeatures = word_features(language, texts, cache)
        device = self.accelerator.device
        self.embedding = language.base.model.embed_tokens.weight.detach().to(device)
        self.targets = Targets(self.examples, self.atlas_ids)
        self.odds = sampling_odds(self.examples)
        self.shown = ShownBodies(self.examples, config.corpus_seed + 2, config.shown)
        self.pool = ScenePool(config.scenes, config.corpus_seed + 1)
        decoder = self.new_decoder()
        optimizer = torch.optim.AdamW(
            decoder.parameters(),
            config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
        )
        self.decoder, self.optimizer = self.accelerator.prepare(decoder, optimizer)
        self.averaged = AveragedModel(
            self.accelerator.unwrap_model(self.decoder),
            multi_avg_fn=get_ema_multi_avg_fn(config.average),
        )
        self.count = 0
        self.queue: list[np.ndarray] = []

    def new_decoder(self) -> PoseDecoder:
        """An untrained decoder that knows the statistics of the word states."""
        decoder = PoseDecoder(DecoderConfig(atlas_size=len(self.atlas_ids)))
        sample = self.features.states[:: max(1, len(self.features.states) // 50000)]
        decoder.word_mean.copy_(torch.from_numpy(sample.astype(np.float32).mean(0)))
        decoder.word_scale.copy_(torch.from_numpy(sample.astype(np.float32).std(0) + 1e-3))
        return decoder

    def _refill(self) -> None:
        """Draw several batches at once and sort by length, so that little padding is computed."""
        size = self.config.batch
        rows = self.rng.choice(len(self.examples), size=size * BUCKETS, p=self.odds)
        order = np.argsort(self.features.lengths[rows], kind="stable")
        batches = np.split(rows[order], BUCKETS)
        self.queue = [batches[i] for i in self.rng.permutation(BUCKETS)]

    def _rate(self) -> float:
        done = self.count / self.config.steps
        warm = min(1.0, (self.count + 1) / self.config.warmup)
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        return self.config.learning_rate * warm * (0.02 + 0.98 * cosine)

    def _crowd(self, size: int, asking: list[int], drawn: list[Drawn]) -> Crowd:
        """The drawn scenes at their places of the batch, nobody elsewhere."""
        first = self.pool.draw(self.rng, NOBODY) if not drawn else drawn[0]
        features = torch.zeros(size, *first.features.shape)
        pairs = torch.zeros(size, *first.pairs.shape)
        present = torch.zeros(size, MAX_PEOPLE, dtype=torch.bool)
        for place, scene in zip(asking, drawn, strict=True):
            features[place] = torch.from_numpy(scene.features)
            pairs[place] = torch.from_numpy(scene.pairs)
            present[place] = torch.from_numpy(scene.present)
        device = self.accelerator.device
        return Crowd(features.to(device), pairs.to(device), present.to(device))

    def step(self) -> dict[str, float]:
        """One update; returns losses and training accuracies."""
        config, device = self.config, self.accelerator.device
        if not self.queue:
            self._refill()
        rows = self.queue.pop()
        states, ids, mask = (one.to(device) for one in self.features.batch(rows))
        tokens = self.embedding[ids].float() * TOKEN_GAIN
        hide = torch.rand(mask.shape, device=device) < config.token_noise
        left = mask & ~hide
        mask = torch.where(((mask.sum(1) > 4) & left.any(1))[:, None], left, mask)
        flags = torch.tensor([context_flags(self.rng, self.examples[i]) for i in rows])
        shown = torch.from_numpy(self.shown.draw(self.rng, rows, flags[:, 1].numpy()))
        asking = [k for k, i in enumerate(rows) if self.examples[i].person is not None]
        whom = [self.examples[rows[k]].person or NOBODY for k in asking]
        drawn = [self.pool.draw(self.rng, who) for who in whom]
        crowd = self._crowd(len(rows), asking, drawn)
        with self.accelerator.autocast():
            out = self.decoder(states, tokens, mask, flags.to(device), shown.to(device), crowd)
        asked = Asked(**convert_to_fp32(vars(out.asked)))
        out = Decoded(**convert_to_fp32(vars(out) | {"asked": asked}))
        fits = torch.from_numpy(np.stack([one.fits for one in drawn])).to(device) if drawn else mask
        losses, shares = batch_losses(
            out, self.targets, rows, asking, fits, crowd.present[asking], config.weights
        )
        loss = torch.stack(list(losses.values())).sum()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimizer.step()
        self.averaged.update_parameters(self.accelerator.unwrap_model(self.decoder))
        self.count += 1
        return {name: value.item() for name, value in (losses | shares).items()}

    def state(self) -> dict:
        """Everything needed to go on."""
        return {
            "decoder": self.accelerator.unwrap_model(self.decoder).state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "count": self.count,
            "rng": self.rng.bit_generator.state,
            "torch_rng": torch.get_rng_state(),
            "queue": [torch.from_numpy(rows) for rows in self.queue],
        }

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint written by `main`."""
        stored = torch.load(path, weights_only=True)
        self.accelerator.unwrap_model(self.decoder).load_state_dict(stored["decoder"], strict=True)
        self.averaged.load_state_dict(stored["averaged"], strict=True)
        self.optimizer.load_state_dict(stored["optimizer"])
        self.count = stored["count"]
        self.rng.bit_generator.state = stored["rng"]
        torch.set_rng_state(stored["torch_rng"])
        self.queue = [rows.numpy() for rows in stored["queue"]]

    def latest(self) -> PoseDecoder:
        """The decoder as the last step left it, in fp32 throughout."""
        decoder = self.accelerator.unwrap_model(self.decoder, keep_fp32_wrapper=False)
        assert isinstance(decoder, PoseDecoder)
        return decoder

    def save_weights(self, out: Path) -> None:
        """The averaged decoder in fp16 with its configuration, as the demo loads it."""
        decoder = self.averaged.module
        assert isinstance(decoder, PoseDecoder)
        state = {
            k: v.to("cpu", torch.float16).contiguous() for k, v in decoder.state_dict().items()
        }
        save_file(state, out / "pose_decoder.safetensors")
        about = {
            "decoder": asdict(decoder.config),
            "atlas": self.atlas_ids,
            "training": asdict(self.config),
            "steps": self.count,
        }
        (out / "pose_decoder.json").write_text(json.dumps(about, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the word states")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--seed", type=int, default=TrainConfig.seed)
    parser.add_argument("--writers", nargs="+", default=list(TrainConfig.writers))
    parser.add_argument("--precision", choices=("bf16", "no"), default=TrainConfig.precision)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = TrainConfig(
        writers=tuple(arguments.writers),
        steps=arguments.steps,
        seed=arguments.seed,
        precision=arguments.precision,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(config, arguments.cache)
    print(f"{len(trainer.examples)} texts, {len(trainer.features.ids)} words", flush=True)
    checkpoint = arguments.out / "last.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    began, first, mean = time.time(), trainer.count, {}
    while trainer.count < config.steps:
        values = trainer.step()
        for name, value in values.items():
            if value == value:  # a batch without such examples has no mean
                mean[name] = 0.98 * mean.get(name, value) + 0.02 * value
        if trainer.count % 250 == 0:
            torch.save(trainer.state(), checkpoint)
            trainer.save_weights(arguments.out)
            numbers = " ".join(f"{name} {value:.3f}" for name, value in mean.items())
            rate = (trainer.count - first) / (time.time() - began)
            print(f"step {trainer.count} {numbers} | {rate:.1f} steps/s", flush=True)
            with open(arguments.out / "log.jsonl", "a") as log:
                log.write(json.dumps({"step": trainer.count} | mean) + "\n")
    trainer.save_weights(arguments.out)


if __name__ == "__main__":
    main()
