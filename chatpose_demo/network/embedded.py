"""The embedded pose network: SmolLM2's words, the pose decoder's pointer, geometry's facts.

A turn runs in one direction: read the words, decide what is wanted, point at a pose and bend it,
measure the result, and let the adapted voice say what the body does before it shows `<POSE>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.app_talk import about_app, is_fact
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.beyond_sight import about_hidden, beyond_sight
from chatpose_demo.network.bodies import BodyFinder, Found
from chatpose_demo.network.body_talk import about_bodies
from chatpose_demo.network.by_number import by_number
from chatpose_demo.network.checkpoints import assets_dir, load_decoder
from chatpose_demo.network.degrees import asked_angles
from chatpose_demo.network.interface import AskBack, Body, Question, Words
from chatpose_demo.network.language import Language
from chatpose_demo.network.people_words import name_of
from chatpose_demo.network.photo_talk import about_photo
from chatpose_demo.network.plain_names import says_more
from chatpose_demo.network.pointing import ask_back, people_of, things_missed, whom
from chatpose_demo.network.prompts import (
    TALK_OPENING,
    body_facts,
    pose_prompt,
    talk_prompt,
)
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.topics import APP_TOPICS, BODY_TOPICS, NOT_APP, PHOTO_TOPICS
from chatpose_demo.network.understanding import Understanding, understand
from chatpose_demo.perception.person import Person
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.settings import Settings

THAT_ONE = re.compile(
    r"\b(?:he|she|him|her|his|hers|(?:this|that) (?:one|person|man|woman|guy|girl|boy|lady|kid)|"
    r"who is (?:this|that|it))\b",
    re.IGNORECASE,
)
NO_POSE = "I could not read more of a pose in that than standing. "
# "What pose is the woman in red in?": the voice takes the words before it for her name.
DANGLING = re.compile(r" in(?=\s*[?.!]*$)", re.IGNORECASE)


class EmbeddedNetwork:
    """Implements `PoseNetwork` on a CPU with 135M parameters."""

    def __init__(self, language: Language, decoder: Decoder, max_tokens: int) -> None:
        self.language, self.decoder, self.max_tokens = language, decoder, max_tokens
        self.finder = BodyFinder()

    @classmethod
    def load(cls, settings: Settings) -> EmbeddedNetwork:
        """The network that ships with the project."""
        folder = assets_dir() / "network"
        adapter = folder / "adapter"
        language = Language.load(adapter if adapter.is_dir() else None)
        return cls(language, load_decoder(folder), settings.max_reply_tokens)

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        """Stream the reply to one question."""
        if question.picked is None:
            question = replace(question, picked=by_number(question.text, question.people))
        seen = self._read(question, question.text, len(question.bodies))
        angles = asked_angles(question.text)
        somebody = question.picked is not None or (question.people and seen.points)
        if angles and question.mode != "never" and not somebody:
            body, beyond = self.finder.numbered(question, angles, partial(self._read, question))
            if beyond:
                yield Words(f"{beyond} ")
            yield from self._say(question.text, body, stopped)
            return
        wants = question.mode == "always" or (question.mode == "auto" and seen.asks_for_body)
        if not wants:
            yield from self._talk(question, seen, stopped)
            return
        found = self.finder.find(question, seen, partial(self._read, question))
        if isinstance(found, AskBack):
            yield found
            yield Words(ask_back(question, found, seen))
        elif isinstance(found, str):
            yield Words(found)
        else:
            yield from self._show(question, seen, found, stopped)

    def _read(self, question: Question, text: str, shown: int) -> Understanding:
        """What a text of the conversation means after so many of its bodies."""
        return understand(
            self.language,
            self.decoder,
            text,
            people=people_of(question),
            has_photo=question.image is not None,
            body=question.bodies[shown - 1].rotations if shown else None,
            atlas=self.finder.poses,
        )

    def _show(
        self, question: Question, seen: Understanding, found: Found, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body]:
        """Every body, each after words about it."""
        if any(body.person is not None for body in found) and (remark := things_missed(seen)):
            yield Words(remark)
        # The voice takes the subject from the question; where that names somebody else, too, or
        # whom it is not about, it gets a question that names nobody else.
        others = len(found) > 1 or seen.relation != "none" or bool(seen.bans)
        if any(self._stands(body, question.text) for body in found):
            yield Words(NO_POSE)
        for count, body in enumerate(found):
            text = question.text
            if others and body.person is not None:
                text = f"What pose is {name_of(question.people, body.person)} in?"
                yield Words("\n\n" if count else "")
            person = None if body.person is None else question.people[body.person]
            yield from self._say(text, body, stopped, person)
            if stopped():
                return

    def _stands(self, body: Body, text: str) -> bool:
        """Whether a body just stands though its words say more than that."""
        stands = body.source == "text" and np.array_equal(body.rotations, self.finder.standing)
        return stands and says_more(text)

    def _say(
        self,
        text: str,
        body: Body,
        stopped: Callable[[], bool],
        person: Person | None = None,
    ) -> Iterator[Words | Body]:
        """What the body does, from its own geometry, in the adapted voice; then the body."""
        words = describe(body.rotations, joints_of(body.rotations))
        if person is not None and body.source == "photo":
            words = seen_doing(person)
        # What the photo hides was told with the body that an edit changes.
        hidden = body.unseen if body.source == "photo" else ()
        prompt = pose_prompt(body_facts(words, body.source, hidden), DANGLING.sub("", text))
        speaks = self.language.stream(
            prompt,
            speaker=True,
            max_tokens=self.max_tokens,
            force_pose=True,
            stopped=stopped,
        )
        for piece in speaks:
            if piece == POSE_TOKEN:
                yield body
                return
            yield Words(piece)

    def _talk(
        self, question: Question, seen: Understanding, stopped: Callable[[], bool]
    ) -> Iterator[Words]:
        """Words without a body: from what was seen or measured where the question is about that,
        else an ordinary answer of the untouched chat model."""
        topic = max(seen.intent, key=lambda name: seen.intent[name])
        if topic in ("photo_talk", "person") and question.image is not None:
            about = seen.topic_of(PHOTO_TOPICS)
            # Whoever is asked about together with a thing that nobody shows was not seen.
            nobody = seen.unseen and about in ("photo_exists", "photo_count")
            pointed = whom(question, seen) if question.people and not nobody else AskBack()
            one = pointed[0] if isinstance(pointed, tuple) and len(pointed) == 1 else None
            # "She" is who was chosen or spoken of, though the words name no property of hers.
            she = question.picked is not None or (one is not None and one == question.last)
            named = seen.points or by_number(question.text, question.people) is not None
            if about not in ("photo_exists", "photo_count"):
                named = named or (she and bool(THAT_ONE.search(question.text)))
            hidden = beyond_sight(question.text)
            if hidden and question.people:
                words = about_hidden(hidden, question.people, one if named else None)
            else:
                words = about_photo(about, question.people, pointed, named, needs=seen.needs)
            yield Words(words, about=one if named else None)
            return
        if topic in ("body_talk", "edit") and question.bodies:
            yield Words(about_bodies(seen.topic_of(BODY_TOPICS), question, seen))
            return
        about = seen.topic_of(APP_TOPICS)
        if topic == "chat" and about != NOT_APP:
            yield Words(about_app(about))
            return
        # What was said of bodies and of the program is left out: small talk would repeat it.
        turns = zip(question.history, question.replies, strict=True)
        said = [turn for turn, reply in turns if POSE_TOKEN not in reply and not is_fact(reply)]
        prompt = talk_prompt(said, question.text)
        for piece in self.language.stream(
            prompt,
            speaker=False,
            max_tokens=self.max_tokens,
            stopped=stopped,
            opening=TALK_OPENING,
        ):
            yield Words(piece)
