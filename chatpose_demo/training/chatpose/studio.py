"""The studio as training data, which everyone has: words with bodies, and questions about bodies.

Row k comes from the seeds (seed, k) alone. Texts that the frozen tests hold are never made.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.geometry.answers import KINDS, answer
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.corpus import Composer
from chatpose_demo.studio.examples import Example, roughen
from chatpose_demo.studio.rig import Spec, build
from chatpose_demo.studio.words import BORDERERS, NAMERS, WRITERS, load_words
from chatpose_demo.training.chatpose.sample import Sample, to_camera
from chatpose_demo.training.chatpose.templates import ANSWERS, as_sentence, ask_text, pick

ROWS = 100_000  # our choice: rows of one pass; the composer has more to say
TALKERS = (*WRITERS, *NAMERS, *BORDERERS)  # have words for bodies or questions about them
OWN_WORDS = 0.5  # our choice: share of questions as people type them, not in the paper's forms


class StudioWords:
    """What the text data sets of the studio share: a composer, and the bodies that it means."""

    def __init__(self, seed: int, rows: int = ROWS) -> None:
        self.seed, self.rows = seed, rows
        self.composer = Composer([load_words(name) for name in TALKERS], np.random.default_rng(0))
        self.poses = {pose.id: pose for pose in load_atlas()}
        self.standing = build(Spec())

    def __len__(self) -> int:
        return self.rows

    def made(self, row: int, make: Callable[[np.random.Generator], Sample]) -> Sample:
        """The first thing made from the row's seeds that no frozen test holds."""
        rng = np.random.default_rng([self.seed, row])
        self.composer.rng = rng
        while True:
            sample = make(rng)
            if not any(normalised(question) in frozen_texts() for question, _ in sample.messages):
                return sample

    def body(self, example: Example) -> np.ndarray:
        """(24, 3, 3) world rotations that an example's words mean."""
        base = self.poses[example.atlas].rotations if example.atlas else self.standing
        return apply_choices(base, example.parts or {})

    def described(self, rng: np.random.Generator) -> tuple[str, np.ndarray]:
        """A bare description, without a request, and its body."""
        draw = rng.random()
        if draw < 0.5:
            text, parts = self.composer.clauses(int(rng.integers(1, 5)), "")
            return text, apply_choices(self.standing, parts)
        pose = self.poses[pick(rng, tuple(self.poses))]
        phrases = self.composer.atlas_phrases(pose.id)
        if draw < 0.8 and phrases:
            phrase = pick(rng, phrases)
            fits = phrase.split(" ")[0].endswith("ing")
            return f"a person {phrase}" if fits else phrase, pose.rotations
        return pose.description, pose.rotations


class StudioText(StudioWords):
    """Text to pose."""

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """A request for a body, in the paper's forms or in a user's own words."""
        return self.made(row, self._ask)

    def _ask(self, rng: np.random.Generator) -> Sample:
        reply = pick(rng, ANSWERS)
        if rng.random() > OWN_WORDS:
            caption, body = self.described(rng)
            return Sample(((ask_text(rng, caption), reply),), rotations=to_camera(body))
        if rng.random() < 0.5:
            example = self.composer.caption()
        else:
            pose = pick(rng, tuple(self.poses))
            phrases = self.composer.atlas_phrases(pose) or [self.poses[pose].description]
            example = self.composer.implicit(pose, pick(rng, phrases))
        return Sample(((example.text, reply),), rotations=to_camera(self.body(example)))


class StudioTalk(StudioWords):
    """Instruction following: questions about a described body, answered by its geometry.

    Ordinary chat lines have no answers here; `own_words` lets the model itself write them.
    """

    def __init__(self, seed: int, rows: int = ROWS) -> None:
        super().__init__(seed, rows)
        self.questions = questions(self.composer)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """One to three questions about a body that words describe."""
        return self.made(row, self._talk)

    def _talk(self, rng: np.random.Generator) -> Sample:
        caption, body = self.described(rng)
        messages = [ask_about(rng, self.questions, body) for _ in range(int(rng.integers(1, 4)))]
        messages[0] = (f"{as_sentence(caption)} {messages[0][0]}", messages[0][1])
        return Sample(tuple(messages))


def questions(composer: Composer) -> list[tuple[str, str]]:
    """(kind, line) of every question of the writers that geometry answers about one body."""
    return [
        (kind, line)
        for words in composer.writers
        for kind, lines in words.talk.items()
        if kind in KINDS and kind != "compare"
        for line in lines
    ]


def ask_about(
    rng: np.random.Generator, lines: list[tuple[str, str]], body: np.ndarray
) -> tuple[str, str]:
    """A question about a body (24, 3, 3; world frame) and its answer."""
    kind, line = lines[int(rng.integers(len(lines)))]
    side = None
    if "{s}" in line:
        side = "left" if rng.random() < 0.5 else "right"
        line = line.replace("{s}", side)
    return roughen(rng, line), answer(kind, body, side=side)
