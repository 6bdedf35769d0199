"""Word states of a corpus, computed once: training over them is twenty times cheaper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from chatpose_demo.network.language import Language

BATCH = 64  # our choice
BLOCK = 2048  # texts per cache file, our choice: what is lost when reading is interrupted


@dataclass
class WordFeatures:
    """Ragged word states of N texts, equal texts kept once.

    Attributes:
        states: (tokens, 576) float16, all different texts one after the other.
        ids: (tokens,) token ids.
        starts, stops: (N,) where each text begins and ends in them.
    """

    states: np.ndarray
    ids: np.ndarray
    starts: np.ndarray
    stops: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """(N,) number of tokens of each text."""
        return self.stops - self.starts

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Padded states (B, T, 576) float32, ids (B, T) and mask (B, T) of some texts."""
        lengths = self.lengths[rows]
        steps = np.arange(lengths.max())
        mask = steps[None] < lengths[:, None]
        index = np.where(mask, self.starts[rows][:, None] + steps[None], 0)
        states = torch.from_numpy(self.states[index].astype(np.float32))
        return (
            states * torch.from_numpy(mask)[..., None],
            torch.from_numpy(self.ids[index]),
            torch.from_numpy(mask),
        )


def _read_block(language: Language, texts: list[str], path: Path) -> None:
    """Read some texts into a cache file; its list of texts is written last."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    states: list[np.ndarray] = [np.empty(0)] * len(texts)
    ids: list[np.ndarray] = [np.empty(0)] * len(texts)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        read = language.read([texts[i] for i in rows])
        for row, state, token, mask in zip(rows, read.states, read.ids, read.mask, strict=True):
            states[row] = state[mask].to(torch.float16).numpy()
            ids[row] = token[mask].numpy()
    starts = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
    np.savez(path, states=np.concatenate(states), ids=np.concatenate(ids), starts=starts)
    path.with_suffix(".json").write_text(json.dumps(texts), encoding="utf-8")


def word_features(language: Language, texts: Sequence[str], folder: Path) -> WordFeatures:
    """Word states of every text; texts that a file in `folder` holds are not read again."""
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, tuple[Path, int]] = {}
    for listing in sorted(folder.glob("words-*.json")):
        for row, text in enumerate(json.loads(listing.read_text("utf-8"))):
            known[text] = (listing.with_suffix(".npz"), row)
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    for start in tqdm(range(0, len(missing), BLOCK), desc="reading", mininterval=10):
        block = missing[start : start + BLOCK]
        # Named by what it holds, so that two runs may read into one folder at the same time.
        digest = hashlib.sha256("\n".join(block).encode()).hexdigest()
        path = folder / f"words-{digest[:16]}.npz"
        _read_block(language, block, path)
        known |= {text: (path, row) for row, text in enumerate(block)}
    return _gather(texts, known)


def _gather(texts: Sequence[str], known: dict[str, tuple[Path, int]]) -> WordFeatures:
    """Load the wanted texts out of their files."""
    wanted: dict[Path, list[str]] = {}
    for text in dict.fromkeys(texts):
        wanted.setdefault(known[text][0], []).append(text)
    states, ids, place, size = [], [], {}, 0
    for path, here in wanted.items():
        with np.load(path) as stored:
            starts, block_states, block_ids = stored["starts"], stored["states"], stored["ids"]
        for text in here:
            row = known[text][1]
            span = slice(starts[row], starts[row + 1])
            states.append(block_states[span])
            ids.append(block_ids[span])
            place[text] = (size, size + len(ids[-1]))
            size += len(ids[-1])
    spans = np.array([place[text] for text in texts])
    return WordFeatures(np.concatenate(states), np.concatenate(ids), spans[:, 0], spans[:, 1])
