"""Questions about people in a photo that the eyes cannot answer, and what they say instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatpose_demo.network.people_words import left_to_right, name_of, number_word
from chatpose_demo.network.photo_talk import ALL_IT_KNOWS, worn
from chatpose_demo.network.prompts import MAX_DETAILS
from chatpose_demo.network.seen_doing import seen_doing
from chatpose_demo.perception.person import Person

WHO = "who anybody is"
IN_HANDS = "what people hold in their hands"
SMALL = "shoes or other small things that people wear"
HIDDEN = {
    "why": re.compile(r"^(?:and |but |so )?(?:why|how come|what for)\b", re.IGNORECASE),
    WHO: re.compile(
        r"\bwho(?:'?s| is| are) (?:this|that|he|she|they|these people)\b(?! \w+ing)|"
        r"\b(?:his|her|their) names?\b",
        re.IGNORECASE,
    ),
    "how tall, heavy, strong or fast people are": re.compile(
        r"^(?:\W*(?:and|so|ok|okay|but|hm+)\b)*\W*(?:who'?s?|which (?:one|of them))\b"
        r"(?: is)? (?:the )?(?:tall|heavi|strong|fast|quick)(?:er|est)(?: one)?\b"
        r"(?! (?:man|woman|person))",
        re.IGNORECASE,
    ),
    SMALL: re.compile(
        r"\b(?:shoes?|boots?|sneakers|trainers|socks?|gloves?|necklace|earrings?|ring|bracelet|"
        r"watch|belt|scarf|tattoos?|on (?:his|her|their) (?:feet|wrist|neck))\b",
        re.IGNORECASE,
    ),
    IN_HANDS: re.compile(
        r"\b(?:hold(?:s|ing)?|carr(?:y|ies|ying)|in (?:his|her|their|its) "
        r"(?:(?:left|right|other) )?hands?)\b",
        re.IGNORECASE,
    ),
    "what people look at": re.compile(
        r"\b(?:look(?:s|ing)?|star(?:es|ing)|gaz(?:es|ing)|point(?:s|ing)) at\b|"
        r"\bwhere .*\blook",
        re.IGNORECASE,
    ),
    "what people feel or think": re.compile(
        r"\b(?:feel(?:s|ing)?|think(?:s|ing)?|mood|happy|sad|angry|bored|nervous|tired|scared|"
        r"worried|smil(?:es|ing)|laugh(?:s|ing)|cry(?:ing)?|cries)\b",
        re.IGNORECASE,
    ),
    "what that is": re.compile(
        r"\bwhat(?:'?s| is| are) (?:he|she|they|the \w+) "
        r"(?!doing|wearing|standing|sitting)\w+ing\b",
        re.IGNORECASE,
    ),
}
NO_SHAPE = "The body's build is always the average one."
SHAPE = re.compile(
    r"\b(?:make|but|him|her|it|them)\b(?: [\w']+){0,4}? "
    r"(?:taller|thinner|slimmer|skinnier|fatter|chubbier|heavier|muscular|older|younger)\b"
    r"(?! \w*(?:man|woman|one|guy|person|lady|girl|boy|kid)\b)",
    re.IGNORECASE,
)
# What is asked about clothes is answered, whatever else the words name.
CLOTHES = re.compile(r"\b(?:wear|dress|cloth|colou?r|hair)", re.IGNORECASE)
# Asked of anybody, whether there is a photo or a body.
SIZE = re.compile(
    r"\bhow (?:tall|heavy)\b|\b(?:what(?:'?s| is)|and|guess|about) (?:his|her|their|its) "
    r"(?:weight|height)\b|\b(?:does|do) (?:he|she|it|they) weigh\b",
    re.IGNORECASE,
)
NO_SIZE = (
    "I cannot tell how tall or heavy somebody is: a photo has no scale, and the body in the viewer "
    "is always of average build."
)


def beyond_sight(text: str) -> str:
    """What a question asks that no photo tells these eyes, in a few words; "" if nothing."""
    found = next((what for what, asked in HIDDEN.items() if asked.search(text)), "")
    return "" if CLOTHES.search(text) and found != SMALL else found


def about_hidden(hidden: str, people: Sequence[Person], index: int | None) -> str:
    """That it cannot be seen, and what can be said of the one person who is meant, if any.

    Args:
        hidden: what `beyond_sight` found.
    """
    start = f"I cannot see {hidden}."
    if index is None and len(people) == 1:
        index = 0
    if index is not None and hidden == WHO:
        return f"{start} What I see is {name_of(people, index)}."
    if index is not None and hidden == SMALL:
        return f"{start} {worn(people, index)}"
    if index is not None:
        number = left_to_right(people).index(index) + 1
        doing = seen_doing(people[index]).sentence(MAX_DETAILS)
        return f"{start} What I see: person {number} is {doing}."
    count = number_word(len(people))
    return f"{start} {ALL_IT_KNOWS} Ask about one of the {count} people, or who is there."
