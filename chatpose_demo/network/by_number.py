"""Who is named by the number that the page gives everybody: "person 2"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatpose_demo.network.people_words import NUMBERS, left_to_right
from chatpose_demo.perception.person import Person

SPELT = {word: value for value, word in enumerate(NUMBERS) if value}
NUMBER = re.compile(rf"\bperson (?:number |no\.? ?|# ?)?(\d+|{'|'.join(SPELT)})\b", re.IGNORECASE)
# Somebody beside person 2, or anybody but person 2, is not person 2.
NOT_THEM = re.compile(
    r"\b(?:not|but|except|to|of|from|than|beside|behind|near|by|with|and|or)(?: for)? $",
    re.IGNORECASE,
)


def named_number(text: str) -> int | None:
    """The number of the one person whom a text names so, from 1 on; they need not be there."""
    named = list(NUMBER.finditer(text))
    if len(named) != 1 or NOT_THEM.search(text[: named[0].start()]):
        return None
    said = named[0].group(1).lower()
    return SPELT.get(said) or int(said)


def by_number(text: str, people: Sequence[Person]) -> int | None:
    """Index of the person whom a text names by their number from the left, if they are there."""
    number = named_number(text)
    if number is None or not 1 <= number <= len(people):
        return None
    return left_to_right(people)[number - 1]
