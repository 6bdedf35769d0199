"""Instruction following: ordinary chat lines with the answers that the model gave before training.

Our writers' lines have no answers, and the best teacher for how the model should go on talking is
the model itself: what it said untouched is what it shall still say afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.network.llava.generate import Speech, speak
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.network.llava.prompt import Exchange, make_prompt
from chatpose_demo.studio.words import BORDERERS, CHATTERS, WRITERS, load_words
from chatpose_demo.training.chatpose.sample import DataError, Sample

LINES = 240  # our choice
LONGEST = 96  # tokens of an answer, our choice


def chat_lines(count: int = LINES) -> list[str]:
    """Ordinary lines, evenly from all writers' and without what the frozen tests hold."""
    writers = (*WRITERS, *CHATTERS, *BORDERERS)
    lines = list(dict.fromkeys(line for name in writers for line in load_words(name).chat))
    lines = [line for line in lines if normalised(line) not in frozen_texts()]
    count = min(count, len(lines))
    return [lines[place * len(lines) // count] for place in range(count)]


def write_own_words(
    model: PoseLlava,
    tokenizer: PreTrainedTokenizerBase,
    lines: Sequence[str],
    file: Path,
) -> None:
    """Let the untrained model answer, one JSON object per line; a finished file is left alone.

    Answers are kept as they come: started again, it goes on behind the last whole one.
    """
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    started = file.with_suffix(".part")
    kept = _answered(started, lines)
    started.write_text("".join(kept), encoding="utf-8")
    left = lines[len(kept) :]
    with started.open("a", encoding="utf-8") as part:
        for line in tqdm(left, "own words", len(lines), initial=len(kept), mininterval=5):
            prompt = make_prompt([Exchange(line)], tokenizer, model.config, LONGEST)
            speech = Speech(mode="never", max_tokens=LONGEST)
            words = speak(model, tokenizer, prompt.ids, None, speech)
            said = "".join(piece for piece in words if isinstance(piece, str)).strip()
            part.write(json.dumps({"line": line, "answer": said}) + "\n")
            part.flush()
    started.replace(file)


def _answered(started: Path, lines: Sequence[str]) -> list[str]:
    """What an interrupted run wrote of these lines; a line cut short ends it."""
    if not started.exists():
        return []
    kept: list[str] = []
    written = started.read_text(encoding="utf-8").splitlines(keepends=True)
    for record, line in zip(written, lines, strict=False):
        if not record.endswith("\n") or json.loads(record)["line"] != line:
            break
        kept.append(record)
    return kept


class OwnWords:
    """A line per row."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read what `write_own_words` wrote, of every process."""
        texts = [file.read_text(encoding="utf-8") for file in files]
        records = [json.loads(line) for text in texts for line in text.splitlines()]
        self.rows = [(one["line"], one["answer"]) for one in records if one["answer"]]
        if not self.rows:
            raise DataError("The untrained model had no answer to any chat line.")

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """A line and the answer."""
        return Sample((self.rows[row],))
