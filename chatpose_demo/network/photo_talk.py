"""Answers in words about the photo and its people, from what the eyes saw and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from chatpose_demo.network.interface import AskBack
from chatpose_demo.network.people_tokens import OLD_AGE
from chatpose_demo.network.people_words import (
    clothes,
    crowd,
    hair,
    left_to_right,
    name_of,
    number_word,
    place,
)
from chatpose_demo.network.prompts import MAX_DETAILS
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.perception.person import Person

ALL_IT_KNOWS = (
    "I know only where people are, what they wear and how they hold themselves, and a few things "
    "beside them."
)
SEEN = 0.5  # our choice: a thing or an item is named above this degree
CHILD, SMALL = 13, 3  # years that a face seems to have, our choice


def _number(people: Sequence[Person], index: int) -> str:
    return f"Person {left_to_right(people).index(index) + 1}"


def _things(person: Person) -> list[str]:
    near = person.looks.near if person.looks else {}
    return [name for name, degree in near.items() if degree >= SEEN]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def worn(people: Sequence[Person], index: int) -> str:
    """What somebody wears, as far as it was seen."""
    person = people[index]
    items = person.looks.worn if person.looks else {}
    extra = [f"a {name}" if name != "glasses" else name for name, d in items.items() if d >= SEEN]
    extra = [name for name in extra if name != "a skirt"]
    dressed = clothes(person)
    if items.get("skirt", 0.0) >= SEEN:
        dressed = dressed.replace("trousers", "skirt")
    told = [dressed] if dressed else []
    told += [f"with {_listed(extra)}"] if extra else []
    if not told:
        return f"I cannot tell the colours of {_number(people, index).lower()}'s clothes."
    return f"{_number(people, index)} is {' '.join(told)}, as far as I can see."


def _hair(people: Sequence[Person], index: int) -> str:
    told = hair(people[index])
    if not told:
        return f"I cannot make out the hair of {_number(people, index).lower()}."
    verb = "is" if told == "bald" else "is seen"
    return f"{_number(people, index)} {verb} {told}."


def _face(people: Sequence[Person], index: int) -> str:
    looks = people[index].looks
    if looks is None or (looks.female is None and looks.age is None):
        return f"The face of {_number(people, index).lower()} is not clear enough to tell."
    kinds = ("person", "woman", "man")
    if looks.age is not None and looks.age < CHILD:
        kinds = ("child", "girl", "boy") if looks.age >= SMALL else ("small child",) * 3
    kind = kinds[0 if looks.female is None else 1 if looks.female > 0.5 else 2]
    age = ""
    if looks.age is not None and looks.age >= SMALL:
        age = f", perhaps around {max(5, round(looks.age / 5) * 5):.0f}"
    return f"{_number(people, index)} looks like a {kind}{age}; that is only a guess from the face."


def _doing(people: Sequence[Person], index: int) -> str:
    return f"{_number(people, index)} is {seen_doing(people[index]).sentence(MAX_DETAILS)}."


def _around(people: Sequence[Person], index: int | None) -> str:
    chosen = list(range(len(people))) if index is None else [index]
    told = [
        f"{_number(people, i).lower()} is near the {_listed(things)}"
        for i in chosen
        if (things := _things(people[i]))
    ]
    if not told:
        return f"I recognise no things beside the people. {ALL_IT_KNOWS}"
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}."


def _faces_say(person: Person, needs: Sequence[str]) -> bool | None:
    """Whether a face surely is as asked; None where it does not tell."""
    looks, told = person.looks, []
    for need in needs:
        female = None if looks is None else looks.female
        age = None if looks is None else looks.age
        if need in ("female", "male"):
            told.append(None if female is None else (female > 0.5) == (need == "female"))
        elif need in ("child", "old"):
            told.append(
                None if age is None else age < CHILD if need == "child" else age >= OLD_AGE[0]
            )
    if False in told:
        return False
    return None if None in told else True


def _like_that(
    topic: str, people: Sequence[Person], fitting: Sequence[int], needs: Sequence[str]
) -> str:
    """Who is as asked; a face that does not tell counts for neither side."""
    sure = [i for i in sorted(fitting) if _faces_say(people[i], needs)]
    unknown = sum(_faces_say(people[i], needs) is None for i in fitting)
    faces = "one face does" if unknown == 1 else f"{number_word(unknown)} faces do"
    if not sure:
        if unknown:
            return f"I cannot say: {faces} not tell, and nobody else is like that."
        return f"I see nobody like that. {crowd(people)}"
    listed = "; ".join(name_of(people, i) for i in sure)
    more = f" Of others, {faces} not tell." if unknown else ""
    if topic == "photo_exists":
        return f"Yes: {listed}.{more}"
    return f"I see {number_word(len(sure))} like that: {listed}.{more}"


def about_photo(
    topic: str,
    people: Sequence[Person],
    whom: tuple[int, ...] | AskBack,
    named: bool,
    needs: Sequence[str] = (),
) -> str:
    """One honest answer.

    Args:
        topic: one of topics.PHOTO_TOPICS.
        people: who was found.
        whom: whom the words point at.
        named: whether the words point at anybody in particular.
        needs: names of people_tokens.FEATURES that the words ask for.
    """
    count = len(people)
    fitting = whom.candidates if isinstance(whom, AskBack) else whom
    if not count:
        return "I can see nobody in this photo."
    if topic in ("photo_exists", "photo_count") and named:
        return _like_that(topic, people, fitting, needs)
    if topic == "photo_count":
        return f"I see {number_word(count)} {'person' if count == 1 else 'people'}."
    if topic == "photo_things":
        one = whom[0] if named and isinstance(whom, tuple) else None
        return _around(people, one)
    if topic in ("photo_list", "photo_other", "photo_exists"):
        limits = "" if topic == "photo_list" else f" {ALL_IT_KNOWS}"
        return crowd(people) + limits
    if not named or (count == 1 and not fitting):
        fitting = tuple(left_to_right(people))
    if not fitting:
        return f"I see nobody like that. {crowd(people)}"
    told = {
        "photo_clothes": worn,
        "photo_hair": _hair,
        "photo_who": _face,
        "photo_where": lambda p, i: f"{_number(p, i)} is {place(p, i)}.",
        "photo_doing": _doing,
    }[topic]
    return " ".join(told(people, i) for i in sorted(fitting))
