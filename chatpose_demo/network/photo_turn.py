"""A turn about people of the photo that wants words: whom it is about, and what can be said."""

from __future__ import annotations

import re

import numpy as np

from chatpose_demo.network.asked_who import EACH
from chatpose_demo.network.beyond_sight import IN_HANDS, SMALL, about_hidden, beyond_sight
from chatpose_demo.network.by_number import by_number
from chatpose_demo.network.interface import AskBack, Question, Words
from chatpose_demo.network.people_words import crowd, name_of
from chatpose_demo.network.photo_talk import about_photo
from chatpose_demo.network.pointing import FIT_THRESHOLD, whom
from chatpose_demo.network.topics import PHOTO_TOPICS
from chatpose_demo.network.understanding import Understanding

THAT_ONE = re.compile(
    r"\b(?:he|she|him|her|his|hers|(?:this|that) (?:one|person|man|woman|guy|girl|boy|lady|kid)|"
    r"who is (?:this|that|it))\b",
    re.IGNORECASE,
)
# What small talk or a fact about the program would answer though it is about the people there.
ABOUT_THEM = re.compile(
    r"\b(?:who|whose|which (?:one|of)|these|those|them|they|he|she|him|her|his)\b", re.IGNORECASE
)
HAIR = re.compile(
    r"hair|blond|brunette|ginger|redhead|bald|beard|mou?stache|goatee|shav|stubble|bangs|fringe|afro|"
    r"curl|braid|dread|pony|\bbun\b|\bhead",
    re.IGNORECASE,
)
NOT_THEM = re.compile(
    r"\b(?:you|your|yours|i|my|me|app|program|demo|photo|picture|image|file|download)\b",
    re.IGNORECASE,
)


def speaks_of_them(question: Question) -> bool:
    """Whether a text that reads like small talk is about the people of the photo."""
    text = question.text
    return bool(question.people and ABOUT_THEM.search(text) and not NOT_THEM.search(text))


def about_people(question: Question, seen: Understanding) -> Words:
    """The answer, and whom it is about."""
    text, people = question.text, question.people
    about = seen.topic_of(PHOTO_TOPICS)
    if about == "photo_hair" and not HAIR.search(text):
        about = "photo_other"  # the answer to another question is worse than none
    # Whoever is asked about together with a thing that nobody shows was not seen.
    nobody = seen.unseen and about in ("photo_exists", "photo_count")
    pointed = whom(question, seen) if people and not nobody else AskBack()
    one = pointed[0] if isinstance(pointed, tuple) and len(pointed) == 1 else None
    # "She" is who was chosen or spoken of, though the words name no property of hers.
    she = question.picked is not None or (one is not None and one == question.last)
    named = seen.points or by_number(text, people) is not None
    if about not in ("photo_exists", "photo_count"):
        named = named or (she and bool(THAT_ONE.search(text)))
    hidden = beyond_sight(text)
    if hidden and people:
        words = about_hidden(hidden, people, one if named else None)
    elif about == "photo_count" and EACH.search(text):
        words = crowd(people)
    else:
        words = about_photo(about, people, pointed, named, needs=seen.needs)
    return Words(words, about=one if named else None)


def about_others(question: Question, seen: Understanding) -> Words:
    """Who else is as asked, beside whom the talk was about."""
    fitting = [int(i) for i in np.flatnonzero(seen.person >= FIT_THRESHOLD) if i != question.last]
    if not seen.points:
        return Words(crowd(question.people))
    if not fitting:
        return Words("Nobody else, as far as I can see.")
    return Words(f"I see {'; '.join(name_of(question.people, i) for i in fitting)}.")


def about_nearest(question: Question) -> Words | None:
    """Who is beside whom the talk is about; None where nobody is."""
    if question.last is None or len(question.people) < 2:
        return None
    middles = [np.reshape(person.box, (2, 2)).mean(0) for person in question.people]
    apart = [float(np.linalg.norm(one - middles[question.last])) for one in middles]
    nearest = int(np.argsort(apart)[1])
    return Words(f"In the picture that is {name_of(question.people, nearest)}.", about=nearest)


def asks_of_hidden(question: Question) -> bool:
    """Whether words that might be about the shown body ask what no eye saw of the person."""
    hidden = beyond_sight(question.text)
    seen_body = bool(question.people) and question.last is not None
    return seen_body and hidden in (IN_HANDS, SMALL) and bool(THAT_ONE.search(question.text))


def about_strangers(question: Question) -> Words:
    """What no photo tells of people: "what mission did she fly?"."""
    one = 0 if len(question.people) == 1 else question.last
    hidden = beyond_sight(question.text) or "that"
    return Words(about_hidden(hidden, question.people, one), about=one)
