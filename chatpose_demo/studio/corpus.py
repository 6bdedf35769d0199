"""Compose the network's training text out of the writers' words."""

from __future__ import annotations

import re

import numpy as np

from chatpose_demo.network.parts import KEEP, OPTIONS
from chatpose_demo.network.pose_decoder import INTENTS
from chatpose_demo.network.topics import APP_TOPICS, NOT_APP, PHOTO_TOPICS
from chatpose_demo.perception.person import POSTURES
from chatpose_demo.studio.bodies import BodyComposer
from chatpose_demo.studio.examples import Example, roughen
from chatpose_demo.studio.references import Reference, named_in
from chatpose_demo.studio.told import told

HARD = (
    "rel.left", "rel.right", "rel.beside", "rel.behind", "rel.front", "rel.left", "rel.right",
    "rel.beside", "rel.behind", "rel.front", "no.top", "no.bottom", "no.hair", "no.hat",
    "no.glasses", "no.posture", "no.place", "plural", "plural.top", "plural.posture",
    "top+bottom+hair", "top+posture+place", "hair+bottom", "top+bottom", "hair+top+posture",
    "hair+top+place", "top+bottom+posture", "top+bottom+place", "hair+bottom+posture",
    "hair+posture+place", "bottom+posture+place", "hair+bottom+place", "top+hair", "top+place",
)  # fmt: skip
MAYBE_APP = re.compile(
    r"\b(?:you|your|this|it|that|app|demo|site|page|program|tool|bot|chat|save|download|export|"
    r"upload|photos?|pictures?|images?|view|zoom|rotate|model|files?|blender|help)\b",
    re.IGNORECASE,
)


class Composer(BodyComposer):
    """Makes every kind of example from one or several writers' words, by seed."""

    def about_person(self, who: Reference | None = None) -> Example:
        """A question about somebody in the photo."""
        who = who or self.refer()
        text = self.phrase("requests", "ask_person").replace("{ref}", who.phrase)
        parts: dict[str, str] = {}
        if self.chance(0.06):  # "the man on the left, but with both arms up"
            change, parts = self.clauses(1, "")
            text = f"{text.rstrip('.?!')}, but {change}"
        text = roughen(self.rng, text)
        return Example(text, "person", photo=True, parts=parts, person=who, atlas=who.action)

    def hard(self) -> Example:
        """What is hardest to read: relations, exclusion, groups, mixtures of two bodies."""
        draw = self.rng.random()
        if draw < 0.2:
            return self.combine()
        if draw < 0.23:
            return self.undo()
        return self.about_person(self.refer_but() if draw < 0.36 else self.refer(HARD))

    def named_person(self) -> tuple[str, str]:
        """A question about somebody and the noun phrase that names them, not by what they do."""
        who = self.refer()
        while {*POSTURES, "action"} & {*who.needs, *who.bans}:
            who = self.refer()
        frame = self.phrase("requests", "ask_person")
        return roughen(self.rng, frame.replace("{ref}", who.phrase)), who.phrase

    def requests(self) -> list[Example]:
        """Whole requests: only what they want is known, not the body."""
        found = []
        contexts = {"person": (True, None), "edit": (None, True)}
        for words in (*self.writers, *self.chatters):
            for intent in INTENTS:
                photo, body = contexts.get(intent, (None, None))
                if intent in ("photo_talk", "body_talk"):
                    continue
                for line in words.requests.get(intent, ()):
                    for text in (line, roughen(self.rng, line)):
                        found.append(Example(text, intent, photo=photo, body=body))
        return found

    def talk(self) -> list[Example]:
        """Questions that want words about the photo or the shown body."""
        found = []
        for words in (*self.writers, *self.chatters):
            for topic, lines in words.talk.items():
                for line in lines:
                    found += [self._question(topic, line) for _ in range(3 if "{" in line else 2)]
            for intent in ("photo_talk", "body_talk"):
                photo, body = (True, None) if intent == "photo_talk" else (None, True)
                for line in words.requests.get(intent, ()):
                    for text in (line, roughen(self.rng, line)):
                        found.append(Example(text, intent, photo=photo, body=body))
        return found

    def _question(self, topic: str, line: str) -> Example:
        if topic in APP_TOPICS:
            return Example(roughen(self.rng, line), "chat", topic=topic)
        line = line.replace("{s}", "left" if self.chance(0.5) else "right")
        if topic not in PHOTO_TOPICS:
            return Example(roughen(self.rng, line), "body_talk", body=True, topic=topic)
        who = None
        if "{ref}" in line:
            who = self.refer()
            line = line.replace("{ref}", who.phrase)
        elif topic in ("photo_count", "photo_exists"):
            who = Reference(line, tuple(named_in(line)), many=True)
        text = roughen(self.rng, line)
        atlas = who.action if who is not None else None
        return Example(text, "photo_talk", photo=True, topic=topic, person=who, atlas=atlas)

    def ordinary(self) -> list[Example]:
        """Lines that are neither about the photo nor about a body."""
        found = []
        for words in (*self.writers, *self.chatters):
            # Writers who were not asked to tell lines about the program apart may hold some.
            apart = any(topic in APP_TOPICS for topic in words.talk)
            for line in words.chat:
                topic = NOT_APP if apart or not MAYBE_APP.search(line) else None
                found.append(Example(line, "chat", topic=topic))
                if self.chance(0.3):
                    found.append(Example(roughen(self.rng, line), "chat", topic=topic))
        return found


def option_index(part: str, parts: dict[str, str]) -> int:
    """Index in OPTIONS[part] of what an example says about the part."""
    return OPTIONS[part].index(parts.get(part, KEEP))


def compose(
    composer: Composer,
    captions: int,
    edits: int,
    combined: int,
    people: int,
    varied: int,
    hard: int,
    first: int,
) -> list[Example]:
    """A training corpus: so many composed texts, all atlas phrases, all whole lines.

    Args:
        composer: holds the writers and the seed.
    """
    examples = [composer.caption() for _ in range(captions)]
    examples += [composer.edit() for _ in range(edits)]
    examples += [composer.combine() for _ in range(combined)]
    examples += [composer.about_person() for _ in range(people)]
    phrases = [(p, x) for words in composer.writers for p, xs in words.atlas.items() for x in xs]
    for pose, phrase in phrases:
        examples += [Example(phrase, "text", atlas=pose, parts={})]
        if composer.chance(0.6):
            examples.append(composer.implicit(pose, phrase))
    for index in composer.rng.integers(len(phrases), size=varied):
        examples.append(composer.varied(*phrases[int(index)]))
    examples += [composer.hard() for _ in range(hard)]
    # Whole lines come last and each writer has dice of their own, so that a new writer leaves most
    # of what was there before as it was, and its word states need not be read again.
    for words in composer.writers:
        examples += told(words, np.random.default_rng(list(words.writer.encode())))
    examples += composer.ordinary() + composer.talk() + composer.requests()
    return examples + [composer.first_line() for _ in range(first)]
