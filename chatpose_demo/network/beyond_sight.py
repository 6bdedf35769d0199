"""Questions about people in a photo that the eyes cannot answer, and what they say instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatpose_demo.network.people_words import NUMBERS, left_to_right
from chatpose_demo.network.photo_talk import ALL_IT_KNOWS
from chatpose_demo.network.prompts import MAX_DETAILS
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.perception.person import Person

HIDDEN = {
    "what people hold in their hands": re.compile(
        r"\b(?:hold(?:s|ing)?|carr(?:y|ies|ying)|in (?:his|her|their|its) "
        r"(?:(?:left|right|other) )?hands?)\b",
        re.IGNORECASE,
    ),
    "what people look at": re.compile(
        r"\b(?:look(?:s|ing)?|star(?:es|ing)|gaz(?:es|ing)) at\b|\bwhere .*\blook", re.IGNORECASE
    ),
    "what people feel or think": re.compile(
        r"\b(?:feel(?:s|ing)?|think(?:s|ing)?|mood|happy|sad|angry|bored|nervous|tired|scared|"
        r"smil(?:es|ing)|laugh(?:s|ing)|cry(?:ing)?|cries)\b",
        re.IGNORECASE,
    ),
    "why": re.compile(r"^(?:and |but |so )?(?:why|how come|what for)\b", re.IGNORECASE),
}


CLOTHES = re.compile(r"\b(?:wear|dress|cloth|colou?r|hair)", re.IGNORECASE)


def beyond_sight(text: str) -> str:
    """What a question asks that no photo tells these eyes, in a few words; "" if nothing."""
    if CLOTHES.search(text):
        return ""
    return next((what for what, asked in HIDDEN.items() if asked.search(text)), "")


def about_hidden(hidden: str, people: Sequence[Person], index: int | None) -> str:
    """That it cannot be seen, and what can be said of the one person who is meant, if any.

    Args:
        hidden: what `beyond_sight` found.
    """
    start = f"I cannot see {hidden}."
    if index is None and len(people) == 1:
        index = 0
    if index is not None:
        number = left_to_right(people).index(index) + 1
        doing = seen_doing(people[index]).sentence(MAX_DETAILS)
        return f"{start} What I see: person {number} is {doing}."
    count = NUMBERS[len(people)] if len(people) < len(NUMBERS) else str(len(people))
    return f"{start} {ALL_IT_KNOWS} Ask about one of the {count} people, or who is there."
