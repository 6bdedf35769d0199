"""What every composer of training text shares: the writers, the dice, and a choice of phrases."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from chatpose_demo.studio.examples import pick
from chatpose_demo.studio.references import Reference, reference
from chatpose_demo.studio.words import Words

# How often each kind of reference is made; keys that are not listed: OTHER_ODDS.
REFERENCE_ODDS = {
    "top": 5, "bottom": 3, "hair": 4, "bald": 0.8, "leftmost": 1.6, "rightmost": 1.6, "middle": 1.6,
    "nth_left": 1.2, "nth_right": 1.2, "left_half": 1.4, "right_half": 1.4, "biggest": 1.6,
    "smallest": 1.6, "top+bottom": 2, "top+hair": 2, "top+posture": 2, "posture+place": 1.6,
    "top+place": 2, "hair+bottom": 1.6, "last": 1.5, "left_of_last": 1.2, "right_of_last": 1.2,
    "beside_last": 1.5, "other": 1.2, "female": 1.2, "male": 1.2, "child": 0.5, "old": 0.5,
    "action": 3, "plural": 1, "plural.top": 0.4, "plural.posture": 0.4, "hat": 0.8,
    "rel.left": 1.5, "rel.right": 1.5, "rel.beside": 1.5, "rel.behind": 1.5, "rel.front": 1.5,
    "no.top": 1.4, "no.posture": 1, "no.hair": 1, "no.bottom": 0.7, "no.place": 0.8,
}  # fmt: skip
OTHER_ODDS = 0.7
THING_ODDS = 0.3  # there are many things, and each is one key
BUT_ODDS = 0.04  # "the woman in red, but without a hat"
LEFT_OUT = ("no.top+place",)  # its wording does not say which of the two is ruled out
# Somebody else is named by something simple.
ANCHORS = (
    "top", "top", "bottom", "hair", "leftmost", "rightmost", "middle", "biggest", "sitting",
    "standing", "hat", "female", "male", "last", "top+hair", "lying", "kneeling", "bald",
)  # fmt: skip
ANYBODY = (
    "the {who} in the photo", "the {who} in the picture", "this {who}", "the {who}",
    "the {who} here", "that {who}", "him", "her", "them", "the {who} in this image", "my {who}",
)  # fmt: skip
ANY_ODDS = 0.06


@dataclass
class Pen:
    """Draws phrases of one or several writers, by seed."""

    writers: list[Words]
    rng: np.random.Generator
    chatters: list[Words] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = dict.fromkeys(key for words in self.writers for key in words.refs)
        self._keys = tuple(k for k in keys if k not in LEFT_OUT and not k.startswith("but."))
        self._tails = tuple(key for key in keys if key.startswith("but."))
        odds = np.array(
            [
                THING_ODDS if key.startswith("near.") else REFERENCE_ODDS.get(key, OTHER_ODDS)
                for key in self._keys
            ]
        )
        self._odds = odds / max(odds.sum(), 1e-9)
        self._by_key: dict[tuple[str, str], list[list[str]]] = {}
        self._said: dict[str, list[str]] = {}
        for words in self.writers:
            for key, phrases in words.slots.items():
                self._said.setdefault(key, []).extend(phrases)

    def chance(self, odds: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < odds

    def has(self, table: str, key: str) -> bool:
        """Whether anybody wrote phrases for a key of one of Words' tables."""
        return bool(self._pages(table, key))

    def _pages(self, table: str, key: str) -> list[list[str]]:
        """The phrases of every writer who has some."""
        found = self._by_key.get((table, key))
        if found is None:
            found = [p for words in self.writers if (p := getattr(words, table).get(key))]
            self._by_key[table, key] = found
        return found

    def phrase(self, table: str, key: str) -> str:
        """A phrase for a key: first a writer who has some, then one of theirs."""
        return pick(self.rng, pick(self.rng, self._pages(table, key)))

    def refer(self, keys: tuple[str, ...] | None = None) -> Reference:
        """A reference to somebody in the photo.

        Args:
            keys: kinds to choose from; None: all, by their odds.
        """
        if keys is None and self.chance(ANY_ODDS):
            return self._reference("any", pick(self.rng, ANYBODY))
        if keys is None and self._tails and self.chance(BUT_ODDS):
            return self.refer_but()
        if keys is None:
            key = self._keys[self.rng.choice(len(self._keys), p=self._odds)]
        else:
            key = pick(self.rng, [key for key in keys if self.has("refs", key)])
        return self._reference(key, self.phrase("refs", key))

    def refer_but(self) -> Reference:
        """Somebody who has one property and lacks another: "the man in red, but without a hat".

        Only the first property where no writer wrote such tails.
        """
        who = self.refer(ANCHORS)
        named = {need.split(" ")[0] for need in who.needs}
        # "in red, but not in blue" would rule nobody out.
        tails = [tail for tail in self._tails if tail.removeprefix("but.") not in named]
        if not tails:
            return who
        tail = pick(self.rng, tails)
        but = self._reference(tail.replace("but.", "no."), self.phrase("refs", tail))
        phrase = f"{who.phrase}{pick(self.rng, (', ', ' '))}{but.phrase}"
        return replace(who, phrase=phrase, bans=but.bans)

    def _reference(self, key: str, phrase: str) -> Reference:
        return reference(self.rng, phrase, key, lambda: self.refer(ANCHORS), self.doing, self._said)

    def doing(self) -> tuple[str, str]:
        """An atlas pose's id and words for doing it that fit after "the man"."""
        while True:
            words = self.writers[int(self.rng.integers(len(self.writers)))]
            if not words.atlas:
                continue
            pose = pick(self.rng, tuple(words.atlas))
            fitting = [p for p in words.atlas[pose] if p.split(" ")[0].endswith("ing")]
            if fitting:
                return pose, pick(self.rng, fitting)
