"""Slips of the keys are mended before a question is read: "lok at his wach".

The decoder goes by the language model's word states, and a misspelt word falls into pieces that
mean nothing. A word that neither the vocabulary nor the writers know is replaced by the near word
that makes the whole line likeliest to the language model (a noisy channel, Kernighan 1990), if any
makes it likelier than the word as it stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import torch
from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatpose_demo.network.language import USER, Language

WORD = re.compile(r"(?<![\w'\u2019-])[a-zA-Z]{3,}(?![\w'\u2019-])")
LETTERS = re.compile(r"[a-z]+")
DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
# Slips that are words, too, or too far from what they mean.
PLAIN = {
    "teh": "the", "hte": "the", "wud": "would", "shud": "should", "wich": "which", "adn": "and",
}  # fmt: skip


@dataclass(frozen=True)
class SpellingSettings:
    """Our choices, on the development set with and without slips put into it."""

    writers: int = 4  # who use a word make it one
    long: int = 5  # letters from which on two slips are looked for
    candidates: int = 8
    slip: float = 5.0  # nats that each slip must make the line likelier
    first: float = 3.0  # nats more where the first letter changes, which is seldom mistyped
    around: int = 48  # letters on either side that are read
    rounds: int = 2  # a line is read again once its other slips are mended
    most: int = 4  # words of a line that are mended; one with more is another language


SETTINGS = SpellingSettings()


@cache
def writers_words(least: int) -> frozenset[str]:
    """Words that at least so many writers of the training text use."""
    users: dict[str, set[str]] = defaultdict(set)
    for folder in (resources.files("chatpose_demo") / "studio" / "words").iterdir():
        if folder.is_dir():
            for file in folder.iterdir():
                if file.name.endswith(".txt"):
                    for word in set(LETTERS.findall(file.read_text("utf-8").lower())):
                        users[word].add(folder.name)
    return frozenset(word for word, who in users.items() if len(who) >= least)


class Spelling:
    """Mends lines with one language model."""

    def __init__(self, language: Language, settings: SpellingSettings = SETTINGS) -> None:
        self._language, self._settings = language, settings
        pieces = language.tokenizer.convert_ids_to_tokens(range(len(language.tokenizer)))
        whole = {piece[1:] for piece in pieces if re.fullmatch("\u0120[a-zA-Z]{2,}", piece)}
        # Short names and short pieces of words are tokens, too, and no words.
        common = {word for word in whole if word.islower()}
        names = {word.lower() for word in whole if len(word) >= settings.long}
        self._known = common | names | writers_words(settings.writers)
        meant = {word for word in common if len(word) > 3}
        self._words = sorted(meant | writers_words(settings.writers))

    def mended(self, text: str) -> str:
        """The line with its misspelt words replaced; the line itself if there are none."""
        for _ in range(self._settings.rounds):
            slips = [hit for hit in WORD.finditer(text) if self._is_slip(hit, text)]
            if not slips or len(slips) > self._settings.most:
                return text
            for hit in reversed(slips):  # from the end, so that the earlier places stay
                better = self._best(text, hit.start(), hit.end())
                text = text[: hit.start()] + better + text[hit.end() :]
        return text

    def _is_slip(self, hit: re.Match[str], text: str) -> bool:
        """Whether nobody knows a word; names keep their capitals, and so do abbreviations."""
        word = hit.group()
        first = not LETTERS.search(text[: hit.start()].lower())
        name = word[0].isupper() and not first
        known = word.lower() in self._known and word.lower() not in PLAIN
        return not (known or name or word[1:].isupper())

    def _best(self, text: str, start: int, end: int) -> str:
        word, settings = text[start:end], self._settings
        low = word.lower()
        if low in PLAIN:
            return PLAIN[low].capitalize() if word[0].isupper() else PLAIN[low]
        most = 2 if len(low) >= settings.long else 1
        near = process.extract(
            low, self._words, scorer=OSA.distance, score_cutoff=most, limit=settings.candidates
        )
        slips = {candidate: distance for candidate, distance, _ in near}
        for times in (r"\1", r"\1\1"):  # "soooo", "byeeee"
            short = DRAWN_OUT.sub(times, low)
            if short in self._known:
                slips[short] = 1
        if not slips:
            return word
        before, after = text[max(0, start - settings.around) : start], text[end:][: settings.around]
        choices = [low, *slips]
        scores = self._likely([before + choice + after for choice in choices])
        costs = [
            settings.slip * slip + settings.first * (choice[0] != low[0])
            for choice, slip in slips.items()
        ]
        scores = scores - torch.tensor([0.0, *costs])
        best = choices[int(scores.argmax())]
        if best == low:
            return word
        return best.capitalize() if word[0].isupper() else best

    @torch.inference_mode()
    def _likely(self, lines: Sequence[str]) -> torch.Tensor:
        """(L,) log probability of each line as a user's."""
        tokenizer = self._language.tokenizer
        opening = tokenizer(USER, add_special_tokens=False).input_ids
        rows = [opening + tokenizer(line, add_special_tokens=False).input_ids for line in lines]
        longest = max(map(len, rows))
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = True
        # Nothing follows the padding that could look back at it, so no mask is needed before it.
        logits = self._language.base(ids, use_cache=False).logits[:, :-1]
        # Row by row: in fp32, all of them over the whole vocabulary take some 100 MB.
        said = torch.stack(
            [
                row.float().log_softmax(-1).gather(-1, told[:, None])[:, 0]
                for row, told in zip(logits, ids[:, 1:], strict=True)
            ]
        )
        counted = mask[:, 1:].clone()
        counted[:, : len(opening) - 1] = False
        return (said * counted).sum(1)
