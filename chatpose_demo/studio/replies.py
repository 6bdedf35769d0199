"""Replies for the adapted voice: a question, geometry's facts, and an answer that keeps to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from chatpose_demo.geometry.describe import PoseWords, describe
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.network.prompts import (
    MAX_DETAILS,
    arms_among,
    body_facts,
    limb_words,
    pose_prompt,
)
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.corpus import Composer
from chatpose_demo.studio.examples import Example, pick
from chatpose_demo.studio.rig import Spec, build

# {who} is the person in the user's words, {facts} what geometry says.
PERSON = (
    "{Who} is {facts}. {pose}", "{Who} is {facts}. {pose}", "{Who} is {facts}: {pose}",
    "I see {who} {facts}. {pose}", "In the photo, {who} is {facts}. {pose}",
    "{Who} appears to be {facts}. Here is the body: {pose}",
    "Looking at {who}: {facts}. {pose}", "Sure. {Who} is {facts}. {pose}",
)  # fmt: skip
IMAGINED = (
    "That could be someone {facts}. {pose}", "I imagine a body {facts}. {pose}",
    "Picture a person {facts}: {pose}", "They might be {facts}. {pose}",
    "Such a person could be {facts}. {pose}", "Here is a body {facts}. {pose}",
    "Sure, a person {facts}. {pose}", "The pose might be this: {facts}. {pose}",
)  # fmt: skip
ASKED = (
    "Someone {who} could be {facts}. {pose}", "A person {who} might be {facts}. {pose}",
    "For someone {who}, I imagine a body {facts}. {pose}",
    "Someone {who} is perhaps {facts}: {pose}",
)  # fmt: skip
CHANGED = (
    "Now the body is {facts}. {pose}", "Done. The body is now {facts}. {pose}",
    "Changed as you asked: {facts}. {pose}", "Here it is, now {facts}. {pose}",
    "With that change, the body is {facts}. {pose}",
)  # fmt: skip
HIDDEN = (
    "I cannot see {limbs}, so that part is shown at rest.",
    "The photo does not show {limbs}, which I left at rest.",
    "Not everything is visible: {limbs} I can only show at rest.",
)
# How often the photo hides something, and how often a body has little to tell, as people at a
# table or seen from the chest up do; our choice.
HIDDEN_ODDS, PLAIN_ODDS = 0.35, 0.3
NO_NOUN = ("who", "what", "him", "her", "them", "he ", "she ", "it")


@dataclass(frozen=True)
class Reply:
    """One supervised turn of the adapted voice."""

    prompt: str
    reply: str
    facts: str


def _joints(rotations: np.ndarray) -> np.ndarray:
    return kinematics(torch.from_numpy(rotations.copy())[None])[0][0].numpy()


class ReplyWriter:
    """Composes replies around the corpus' questions, by seed."""

    def __init__(self, composer: Composer) -> None:
        self.composer, self.rng = composer, composer.rng
        self.atlas = {pose.id: pose for pose in load_atlas()}
        self.names = tuple(self.atlas)
        self.standing = build(Spec())

    def _body(self) -> np.ndarray:
        """Any body: an atlas pose, often bent by a caption's parts; or hardly anything told."""
        if self.rng.random() < PLAIN_ODDS:
            _, parts = self.composer.clauses(1, "")
            return apply_choices(self.standing, parts if self.rng.random() < 0.7 else {})
        rotations = self.atlas[pick(self.rng, self.names)].rotations
        if self.rng.random() < 0.5:
            rotations = apply_choices(rotations, self.composer.caption().parts or {})
        return rotations

    def _fill(self, frame: str, who: str, words: PoseWords) -> str:
        facts = words.sentence(MAX_DETAILS)
        filled = frame.replace("{facts}", facts).replace("{who}", who)
        return filled.replace("{Who}", who[:1].upper() + who[1:])

    def person(self) -> Reply:
        """About somebody in the photo."""
        rotations = self._body()
        words = describe(rotations, _joints(rotations))
        question, who = self.composer.named_person()
        if who.startswith(NO_NOUN) or not who.startswith(("the ", "that ", "this ")):
            who = "this person"
        frame, hidden = pick(self.rng, PERSON), ()
        if self.rng.random() < HIDDEN_ODDS:
            hidden = self._hidden()
            note = pick(self.rng, HIDDEN).replace("{limbs}", limb_words(hidden))
            frame = frame.replace("{pose}", f"{note} {{pose}}")
        text = self._fill(frame, who, words.without(arms_among(hidden)))
        return self._reply(question, text, body_facts(words, "photo", hidden))

    def _hidden(self) -> tuple[str, ...]:
        side = pick(self.rng, ("left", "right"))
        legs = ("left_knee", "right_knee", "left_ankle", "right_ankle")
        arm = (f"{side}_wrist", f"{side}_elbow")
        choices = (
            *(arm, legs, (f"{side}_knee", f"{side}_ankle"), ("left_ankle", "right_ankle")),
            *((*arm, *legs), ("left_wrist", "right_wrist"), (*arm, f"{side}_ankle")),
            *(("left_wrist", "right_wrist", *legs), ("left_hip", "right_hip", *legs)),
        )
        return choices[int(self.rng.integers(len(choices)))]

    def imagined(self) -> Reply:
        """From a description or a situation."""
        if self.rng.random() < 0.5:
            example: Example = self.composer.caption()
            rotations, clause = apply_choices(self.standing, example.parts or {}), ""
        else:
            name = pick(self.rng, self.names)
            clause = pick(self.rng, self.composer.atlas_phrases(name))
            example = self.composer.implicit(name, clause)
            rotations = self.atlas[name].rotations
        words = describe(rotations, _joints(rotations))
        first = clause.split(" ")[0]
        fits = first.endswith("ing") or first in ("who", "who's")
        frame = pick(self.rng, ASKED if fits and self.rng.random() < 0.6 else IMAGINED)
        return self._reply(
            example.text, self._fill(frame, clause, words), body_facts(words, "text")
        )

    def changed(self) -> Reply:
        """After an edit of an earlier body."""
        example = self.composer.edit()
        rotations = apply_choices(self._body(), example.parts or {})
        words = describe(rotations, _joints(rotations))
        text = self._fill(pick(self.rng, CHANGED), "", words)
        return self._reply(example.text, text, body_facts(words, "edit"))

    def _reply(self, question: str, text: str, facts: str) -> Reply:
        return Reply(pose_prompt(facts, question), text.replace("{pose}", POSE_TOKEN), facts)

    def write(self, count: int) -> list[Reply]:
        """A mix of all kinds."""
        makers = (self.person, self.imagined, self.changed)
        odds = (0.4, 0.38, 0.22)  # our choice
        return [makers[self.rng.choice(3, p=odds)]() for _ in range(count)]
