"""The embedded pose network: SmolLM2's words, the pose decoder's pointer, geometry's facts.

A turn runs in one direction: read the words, decide what is wanted, point at a pose and bend it,
measure the result, and let the adapted voice say what the body does before it shows `<POSE>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.app_talk import about_app, is_fact
from chatpose_demo.network.asked_who import ELSE, NEAREST, as_pointing, asks_to_show
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.beyond_sight import NO_SHAPE, NO_SIZE, SHAPE, SIZE
from chatpose_demo.network.bodies import BodyFinder, Found
from chatpose_demo.network.body_talk import about_bodies
from chatpose_demo.network.by_number import by_number, named_number
from chatpose_demo.network.checkpoints import assets_dir, load_decoder
from chatpose_demo.network.degrees import asked_angles
from chatpose_demo.network.english import NOT_READ, is_english
from chatpose_demo.network.interface import AskBack, Body, Question, Words
from chatpose_demo.network.jargon import spelt_out
from chatpose_demo.network.language import Language
from chatpose_demo.network.people_tokens import SOFT_FEATURES
from chatpose_demo.network.people_words import crowd, name_of
from chatpose_demo.network.photo_turn import (
    about_nearest,
    about_others,
    about_people,
    about_strangers,
    asks_of_hidden,
    speaks_of_them,
)
from chatpose_demo.network.plain_names import ANY_POSE, says_more
from chatpose_demo.network.plain_questions import measured
from chatpose_demo.network.pointing import ask_back, people_of, things_missed
from chatpose_demo.network.prompts import (
    TALK_OPENING,
    body_facts,
    pose_prompt,
    talk_prompt,
)
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.spelling import Spelling
from chatpose_demo.network.topics import APP_TOPICS, BODY_TOPICS, NOT_APP
from chatpose_demo.network.understanding import Understanding, understand
from chatpose_demo.network.who_does import CLEAR_LEAD, LEAD, doing_of, who_does
from chatpose_demo.network.who_fits import ASKED_FOR
from chatpose_demo.perception.person import Person
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.settings import Settings

# A question about the shown body that reads like small talk.
OF_BODY = re.compile(
    r"^(?:are|is|do|does|should|can|could|which|what|where|how)\b.*\b(?:his|her|their|its|the) "
    r"(?:\w+ )?(?:hips?|knees?|legs?|feet|foot|arms?|hands?|elbows?|shoulders?|back|spine|torso|"
    r"trunk|head|neck|chin|ankles?|wrists?)\b.*\?",
    re.IGNORECASE,
)
LOOKED_BACK = 6  # our choice: earlier questions whose slips are mended, too
BY_POSTURE = "Going by how people hold themselves, that is this one. "
NO_POSE = "I could not read more of a pose in that than standing. "
# "What pose is the woman in red in?": the voice takes the words before it for her name.
DANGLING = re.compile(r" in(?=\s*[?.!]*$)", re.IGNORECASE)
# So does what is asked of somebody once they are named: "the man on the sofa, has he dozed off?".
ASKED_THEN = re.compile(
    r"[,.;]? (?:has|is|does|did|was|can|could|will|would) (?:he|she|they|it)\b[^.]*$", re.IGNORECASE
)


class EmbeddedNetwork:
    """Implements `PoseNetwork` on a CPU with 135M parameters."""

    def __init__(self, language: Language, decoder: Decoder, max_tokens: int) -> None:
        self.language, self.decoder, self.max_tokens = language, decoder, max_tokens
        self.finder = BodyFinder()
        self._mended = lru_cache(maxsize=256)(Spelling(language).mended)

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
        question = replace(question, text=self._plain(question.text))
        # "Another" reads an earlier question again.
        asked = [(self._plain(text), reply) for text, reply in question.history[-LOOKED_BACK:]]
        question = replace(question, history=[*question.history[:-LOOKED_BACK], *asked])
        if question.people:
            question = replace(question, text=as_pointing(question.text))
        if question.picked is None:
            question = replace(question, picked=by_number(question.text, question.people))
        if said := self._plainly(question):
            yield said
            return
        seen = self._read(question, question.text, len(question.bodies))
        if told := measured(question, seen):
            yield Words(told)
            return
        angles = asked_angles(question.text)
        somebody = question.picked is not None or (question.people and seen.points)
        if angles and question.mode != "never" and not somebody:
            body, beyond = self.finder.numbered(question, angles, partial(self._read, question))
            if beyond:
                yield Words(f"{beyond} ")
            yield from self._say(question.text, body, stopped)
            return
        shows = bool(question.people) and asks_to_show(question.text, seen.asks_for_body)
        free = bool(ANY_POSE.match(question.text))
        wants = question.mode == "always" or (
            question.mode == "auto" and (shows or free or seen.asks_for_body)
        )
        if not wants:
            yield from self._talk(question, seen, stopped)
            return
        found: Found | AskBack | str | None = self.finder.same_person(question) if shows else None
        if free:
            found = (self.finder.imagined(question.text, seen),)
        found = found or self.finder.find(question, seen, partial(self._read, question))
        if doer := self._who_does(question, seen, found):
            found = doer
            yield Words(BY_POSTURE)
        if isinstance(found, AskBack):
            yield found
            yield Words(ask_back(question, found, seen))
        elif isinstance(found, str):
            yield Words(found)
        else:
            yield from self._show(question, seen, found, stopped)

    def _plain(self, text: str) -> str:
        """A line as the decoder knows lines: no terms of art, no slips of the keys."""
        text = spelt_out(text)
        return self._mended(text) if is_english(text) else text

    def _who_does(
        self, question: Question, seen: Understanding, found: Found | AskBack | str
    ) -> Found | None:
        """Somebody whom what they do tells from the others, if nothing else does."""
        if isinstance(found, str) or not question.people:
            return None
        doing = doing_of(question.text)
        told = {*seen.needs} - {*SOFT_FEATURES, "action"} or seen.bans or seen.things
        told = told or seen.relation != "none"
        if not isinstance(found, AskBack) and [body.source for body in found] != ["photo"]:
            return None
        # A place or a thing that the eyes hardly found leaves the word to what is surely done.
        doubtful = isinstance(found, AskBack) or seen.person.max() < ASKED_FOR
        if doing is None or question.picked is not None or not doubtful:
            return None
        named = self.finder.imagined(doing, self._read(Question(doing), doing, 0)).rotations
        poses = [person.rotations for person in question.people]
        lead = CLEAR_LEAD if told else LEAD
        one = who_does(poses, named, self.finder.standing, lead)
        return None if one is None else (self.finder.seen(question, one),)

    def _plainly(self, question: Question) -> Words | None:
        """What needs no reading by the network."""
        text, people = question.text, question.people
        if not is_english(text):
            return Words(NOT_READ)
        if people and NEAREST.search(text):
            return about_nearest(question)
        if people and (named_number(text) or 0) > len(people):
            return Words(f"There is no person {named_number(text)} in this photo. {crowd(people)}")
        if (people or question.bodies) and SIZE.search(text):
            return Words(NO_SIZE)
        if people and ELSE.search(text):
            who = ELSE.sub("who", text)
            return about_others(question, self._read(question, who, len(question.bodies)))
        return None

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
        if SHAPE.search(question.text):
            yield Words(f"{NO_SHAPE} ")
        if any(self.finder.stands(body) for body in found) and says_more(question.text):
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
        subject = text if body.source == "text" else ASKED_THEN.sub("", text)
        prompt = pose_prompt(
            body_facts(words, body.source, hidden), DANGLING.sub("", subject or text)
        )
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
            yield about_people(question, seen)
            return
        if asks_of_hidden(question):
            yield about_strangers(question)
            return
        of_body = topic == "chat" and question.bodies and OF_BODY.search(question.text)
        if (topic in ("body_talk", "edit") and question.bodies) or of_body:
            yield Words(about_bodies(seen.topic_of(BODY_TOPICS), question, seen))
            return
        about = seen.topic_of(APP_TOPICS)
        if topic == "chat" and speaks_of_them(question):
            yield about_strangers(question) if about == NOT_APP else about_people(question, seen)
            return
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
