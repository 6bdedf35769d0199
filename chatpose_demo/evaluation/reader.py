"""The network under test, asked one text at a time, and the numbers that all tests share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.metrics import Interval, interval, wilson
from chatpose_demo.network.bodies import BodyFinder
from chatpose_demo.network.checkpoints import load_decoder
from chatpose_demo.network.language import Language
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.understanding import Understanding, understand
from chatpose_demo.studio.atlas import load_atlas

EXACT = 5.0  # degrees, our choice: a mean error over 24 joints that nobody would call another pose
STILL = 1.0  # degrees: how far a joint that words did not name may move
SEED = 0  # of the bootstrap

Table = dict[str, Interval]


@dataclass
class Reader:
    """Reads texts with one decoder."""

    language: Language
    decoder: Decoder

    def __post_init__(self) -> None:
        self.finder = BodyFinder()
        self.place = {pose.id: index for index, pose in enumerate(load_atlas())}

    @classmethod
    def load(cls, weights: Path) -> Reader:
        """The untouched language model and a folder's decoder."""
        return cls(Language.load(None), load_decoder(weights))

    def __call__(self, text: str, **context) -> Understanding:
        return understand(self.language, self.decoder, text, atlas=self.finder.poses, **context)


def degrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(24,) angle between the joints of two poses (24, 3, 3), in degrees.

    By the chord, which unlike the arc cosine is exact for equal rotations.
    """
    chord = np.linalg.norm(a.astype(np.float64) - b.astype(np.float64), axis=(1, 2))
    return np.degrees(2 * np.arcsin(np.clip(chord / np.sqrt(8), 0, 1)))


def rate(hits: Iterable[bool]) -> Interval:
    """A share with its 95 % Wilson bounds."""
    hits = list(hits)
    return wilson(sum(bool(hit) for hit in hits), len(hits))


def mean(values: Sequence[float]) -> Interval:
    """A mean with its 95 % bootstrap bounds."""
    return interval(values, SEED)
