"""Whom the words point at in the photo: one person, several, or a question back."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chatpose_demo.network.beyond_sight import SMALL, beyond_sight
from chatpose_demo.network.interface import AskBack, Question
from chatpose_demo.network.people_words import crowd, name_of
from chatpose_demo.network.understanding import Understanding
from chatpose_demo.network.who_fits import People, people_as_tokens

FIT_THRESHOLD = 0.3  # set on a development set: a person fits the words above this
DOUBT = 0.2  # our choice: the only person of a photo needs this much
LEAD = 0.2  # likewise: the best of several fitting people must lead by this much


ON_FEET = re.compile(r"\bon (?:his|her|their) feet\b", re.IGNORECASE)  # stands, whatever the shoes


def people_of(question: Question) -> People | None:
    """The people of the question's photo as the network takes them."""
    if question.image is None or not question.people:
        return None
    return people_as_tokens(question.people, float(question.image.width), question.last)


def choose(fits: np.ndarray, many: bool, last: int | None) -> tuple[int, ...] | AskBack:
    """Indices of whom is meant, or who the candidates are.

    Args:
        fits: (P,) probability that each person fits the words.
        many: all who fit are meant.
        last: whom the talk was about last; "her" among several is that one.
    """
    order = [int(i) for i in np.argsort(-fits)]
    fitting = [i for i in order if fits[i] >= FIT_THRESHOLD]
    if len(fits) == 1 and not fitting and fits[0] > DOUBT:
        fitting = [0]
    if not fitting:
        return AskBack()
    if many:
        return tuple(sorted(fitting))
    if len(fitting) > 1 and fits[fitting[0]] - fits[fitting[1]] < LEAD:
        # "Her" is who was spoken of last, but not where others fit the words far better.
        alike = [i for i in fitting if fits[fitting[0]] - fits[i] < LEAD]
        return (last,) if last in alike else AskBack(tuple(fitting))
    return (fitting[0],)


def whom(question: Question, seen: Understanding) -> tuple[int, ...] | AskBack:
    """The people of the photo that a question points at."""
    picked = question.picked
    if picked is not None and picked < len(question.people) and not seen.many:
        return (picked,)  # a choice by hand is not up for interpretation
    if seen.many and not seen.points:
        return tuple(range(len(question.people)))  # "everyone"
    return choose(seen.person, seen.many, question.last)


def things_missed(seen: Understanding) -> str:
    """A remark about what the words name and the eyes did not see; "" if nothing."""
    if not seen.unseen:
        return "Nobody fits all of that; this is who fits most of it. " if seen.partly else ""
    names = " or ".join(name.removeprefix("near ") for name in seen.unseen)
    return f"I cannot make out the {names} in this photo, so I went by the rest. "


def ask_back(question: Question, asked: AskBack, seen: Understanding) -> str:
    """The question back, with the candidates by name."""
    people: Sequence = question.people
    if asked.candidates:
        listed = "; ".join(name_of(people, i) for i in sorted(asked.candidates))
        return f"{things_missed(seen)}Several people fit that: {listed}. Which one do you mean?"
    why = "I cannot find anyone who fits that."
    if beyond_sight(question.text) == SMALL and not ON_FEET.search(question.text):
        why = f"I cannot see {SMALL}, so I do not know who that is."
    elif seen.unseen:
        names = " or ".join(name.removeprefix("near ") for name in seen.unseen)
        why = f"I cannot make out the {names} in this photo, so I do not know who that is."
    return f"{why} {crowd(people)} Whom do you mean?"
