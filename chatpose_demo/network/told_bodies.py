"""Bodies that words alone tell of: a pose of the atlas, options for the parts, or both."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chatpose_demo.network.body_talk import SIDE
from chatpose_demo.network.in_clauses import CLAUSE_NAMES, clauses, unhanded
from chatpose_demo.network.in_context import in_context
from chatpose_demo.network.interface import Body, Question
from chatpose_demo.network.plain_names import ANY_POSE, named_poses, says_more
from chatpose_demo.network.settling import apply_settled
from chatpose_demo.network.understanding import NAMED, Understanding
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build

Reader = Callable[[str, int], Understanding]
SUBJECT_LENGTH = 60  # characters of the user's words that name an imagined body
NATURAL = 8  # our choice: so many atlas poses close to standing vary what words leave open
LEADING = 0.2  # our choice: share among the poses from which on one is meant rather than none
WORTH = 0.02  # our choice: an atlas pose is another answer if this likely beside the best
OTHERS = 6  # our choice: different atlas poses offered for the same words
FEWEST = 3  # our choice: so many are offered however sure the first one is


class ToldBodies:
    """Makes bodies of words.

    Attributes:
        standing: (24, 3, 3) the plain standing body.
        poses: (A, 24, 3, 3) of the atlas.
        natural: (NATURAL,) places in the atlas of the poses nearest to standing.
    """

    def __init__(self) -> None:
        self.standing = build(Spec())
        self.poses = np.stack([pose.rotations for pose in load_atlas()])
        cosine = (np.einsum("akij,kij->ak", self.poses, self.standing) - 1) / 2
        apart = np.arccos(np.clip(cosine, -1, 1)).mean(1)
        self.natural = np.argsort(apart)[:NATURAL]

    def told(self, question: Question, seen: Understanding, read: Reader) -> Body:
        """A body for the words of a question."""
        text, left = unhanded(question.text)
        if text != question.text:
            seen = read(text, len(question.bodies))
        body = self.imagined(text, seen)
        if not seen.atlas.argmax() and not seen.parts["text"]:
            for clause in clauses(text):  # words that say a pose by themselves
                named = read(clause, len(question.bodies)).atlas
                if named.argmax() and named.max() >= CLAUSE_NAMES:
                    body = replace(body, rotations=self.poses[named.argmax() - 1])
                    break
        # Sides that the words name are the person's own, whatever the hand.
        if left and not seen.parts["text"] and not SIDE.search(text):
            body = replace(body, rotations=mirror(body.rotations))
        return replace(body, subject=in_short(question.text))

    def stands(self, body: Body) -> bool:
        """Whether a body made up from words just stands."""
        return body.source == "text" and np.array_equal(body.rotations, self.standing)

    def imagined(self, text: str, seen: Understanding, rank: int = 0) -> Body:
        """A body for words; rank 0 is the likeliest, higher ones are other answers."""
        subject = in_short(text)
        if ANY_POSE.match(text):
            chosen = np.random.default_rng().integers(len(self.poses))
            return Body(self.poses[chosen], "text", subject)
        place, parts = int(seen.atlas.argmax()), seen.parts["text"]
        if place == 0 and not parts:
            place, parts = self._meant(text, seen)
        if rank == 0:
            base = self.standing if place == 0 else self.poses[place - 1]
        elif place == 0:  # the words say what matters; the rest of the body may differ
            base = self.poses[self.natural[(rank - 1) % NATURAL]]
            if (rank - 1) // NATURAL % 2:
                base = mirror(base)
        else:
            odds = seen.atlas[1:]
            likely = [int(i) for i in np.argsort(-odds)[:OTHERS]]
            worth = [i for i in likely[FEWEST:] if odds[i] >= WORTH * odds.max()]
            order = likely[:FEWEST] + worth
            base = self.poses[order[rank % len(order)]]
            if rank // len(order) % 2:
                base = mirror(base)
        return Body(apply_settled(base, parts), "text", subject)

    def _meant(self, text: str, seen: Understanding) -> tuple[int, dict[str, str]]:
        """What words ask for that seem to say no more than standing: 1 + a pose, or parts."""
        named = named_poses(text)
        if named.max() >= NAMED:
            return 1 + int(np.argmax(seen.atlas[1:] * np.exp(named))), {}
        if parts := in_context(self.standing, seen.parts["edit"], text):
            return 0, parts  # as if told to somebody who stands there: "raise an arm"
        best = int(seen.atlas[1:].argmax())
        clear = seen.atlas[1 + best] >= LEADING * seen.atlas[1:].sum()
        return (1 + best if clear and says_more(text) else 0), {}


def in_short(text: str) -> str:
    """The user's words as the name of a body."""
    return textwrap.shorten(text.strip().rstrip("?.!"), SUBJECT_LENGTH, placeholder="…")
