"""Training of the decoder: repeatable, resumable, and saved as the demo loads it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chatpose_demo.network.checkpoints import load_decoder
from chatpose_demo.network.language import Language
from chatpose_demo.studio.corpus import Composer, compose
from chatpose_demo.studio.words import CHATTERS, load_words
from chatpose_demo.training import decoder as training

pytest_plugins = ("fixtures_network",)


class TestTraining:
    """A few steps on a few hundred texts, with the real language model."""

    CONFIG = training.TrainConfig(
        scenes=60, steps=24, batch=16, warmup=4, learning_rate=2e-3, precision="no"
    )

    @pytest.fixture(scope="class")
    def trainer(self, tmp_path_factory, language: Language):
        """Makes trainers on one tiny corpus; its words are read once."""
        cache = tmp_path_factory.mktemp("words")

        def tiny(config):
            writers = [load_words(name) for name in ("ada", "iris")]
            rng = np.random.default_rng(config.corpus_seed)
            composer = Composer(writers, rng, [load_words(CHATTERS[0])])
            every = compose(
                composer,
                captions=60,
                edits=40,
                combined=10,
                people=60,
                varied=20,
                hard=10,
                first=10,
            )
            return every[:190] + every[-10:] + every[190 :: len(every) // 80]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "corpus", tiny)
            patch.setattr(training.Language, "load", lambda adapter: language)
            yield lambda: training.Trainer(self.CONFIG, cache)

    def test_going_on_equals_never_having_stopped(self, trainer, tmp_path: Path):
        straight = trainer()
        losses = [straight.step() for _ in range(self.CONFIG.steps)]
        stopped = trainer()
        for _ in range(11):
            stopped.step()
        torch.save(stopped.state(), tmp_path / "last.pt")
        resumed = trainer()
        resumed.resume(tmp_path / "last.pt")
        for _ in range(11, self.CONFIG.steps):
            resumed.step()
        for name, value in straight.decoder.state_dict().items():
            assert torch.equal(resumed.decoder.state_dict()[name], value), name

        def mean(steps: list[dict], name: str) -> float:
            return float(np.nanmean([one[name] for one in steps]))

        for name in ("intent", "parts"):
            assert mean(losses[-6:], name) < 0.8 * mean(losses[:6], name), name

    def test_saved_weights_load_as_the_demo_loads_them(self, trainer, tmp_path: Path):
        one = trainer()
        one.step()
        one.save_weights(tmp_path)
        loaded = load_decoder(tmp_path).state_dict()
        for name, value in one.averaged.module.state_dict().items():
            assert torch.equal(loaded[name], value.to(torch.float16).float()), name
        assert json.loads((tmp_path / "pose_decoder.json").read_text())["steps"] == 1
        assert one.decoder.training

    def test_texts_that_leave_the_body_open_teach_the_rest(self, trainer):
        one = trainer()
        talk = [row for row, example in enumerate(one.examples) if example.intent == "chat"]
        one.queue = [np.array(talk[:8])]
        learned = one.step()
        assert "parts" not in learned and np.isfinite(learned["intent"])

    def test_a_text_is_never_hidden_whole(self, trainer):
        one = trainer()
        one.config = replace(one.config, token_noise=1.0)
        assert np.isfinite(one.step()["intent"])
        assert all(value.isfinite().all() for value in one.decoder.state_dict().values())

    def test_the_seed_decides(self, trainer):
        assert trainer().step() == pytest.approx(trainer().step(), nan_ok=True)
