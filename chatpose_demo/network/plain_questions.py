"""Questions about the shown body that its parts and a few words settle: "is that knee touching?".

The decoder knows kinds of questions, not all their wordings, and no two named parts. What is plain
is therefore read here, before it; whatever asks for a change is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatpose_demo.geometry.answers import answer
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.measures import PAIRED, Part, apart, heights, on_the_floor
from chatpose_demo.network.told_whom import NEWCOMER

NOUNS = {
    "head": "head|crown|chin|face|neck", "hand": "hands?|fists?|palms?|wrists?|fingers?|arms?",
    "elbow": "elbows?", "shoulder": "shoulders?", "hip": "hips?|pelvis",
    "seat": "bottom|butt|bum|backside|buttocks", "knee": "knees?",
    "foot": "foot|feet|heels?|toes?|ankles?|legs?|stance",
}  # fmt: skip
SIDES = {
    "left": "left", "right": "right", "front": "front|leading|forward",
    "back": "back|rear|trailing", "upper": "raised|lifted|kicking|upper|higher|top",
    "lower": "lower|bottom",
}  # fmt: skip
_SIDE = "|".join(f"(?P<{name}>{words})" for name, words in SIDES.items())
_NOUN = "|".join(f"(?P<is_{name}>{words})" for name, words in NOUNS.items())
PART = re.compile(rf"\b(?:(?:{_SIDE}) )?(?:{_NOUN})\b", re.IGNORECASE)

ASKS = re.compile(
    r"\?\s*$|^\W*(?:(?:and|so|but|ok|okay|now|hey|hm+|haha?|lol|wait|careful|good|also)\b\W*)*"
    r"(?:is|are|does|do|did|would|wud|will|could|can|how|which|what|where|if|has|have)\b",
    re.IGNORECASE,
)
# Words of a change, of another body, or of two bodies.
WISHES = re.compile(
    r"\b(?:make|let|put|bring|move|raise|lift(?!ed)|lower (?:his|her|its|the|their|your|that)|drop|"
    r"bend|straighten|turn|tilt|set|give|imagine|pose|look(?:s|ing)? like|first|second|third|"
    r"earlier|before|previous|asleep|compare|both of them|people|photo|picture)\b|\bi want\b",
    re.IGNORECASE,
)
FALLS = re.compile(
    r"\b(?:fall(?:s|ing)?|topples?|tips?|tipping|tumbles?|wobbl\w+|stable|unstable|balanced?|"
    r"equilibrium|cent(?:re|er) of (?:mass|gravity)|base of support)\b",
    re.IGNORECASE,
)
SURELY_FALLS = re.compile(
    r"\b(?:would|wud|will|could|can|is|isn't|does|gonna|going to)\b.{0,12}\b(?:he|she|it|they)\b"
    r"(?: \w+)?? (?:fall|topple|tumble|tip over)\b|"
    r"\b(?:he|she|it|they) (?:\w+ )?(?:loses?|keeps?) (?:the |his |her |its )?"
    r"(?:balance|equilibrium)\b.*\?",
    re.IGNORECASE,
)
ABOUT_IT = re.compile(
    r"\b(?:it|he|she|they|this|that|him|her|his|its|the (?:body|figure|person|one))\b|"
    r"\bcent(?:re|er) of\b",
    re.IGNORECASE,
)
DESCRIBES = re.compile(
    r"(?<!\bi )(?<!\bi shall )(?<!\bi will )(?<!\bi would )\b"
    r"(?:describe|description of|sum(?:marise|marize)? up)(?: (?:to|for) (?:me|us))? "
    r"(?:it|this|that|him|her|the (?:body|pose|figure|posture))\b(?! (?:like|as|with|of)\b)",
    re.IGNORECASE,
)
IN_SHORT = re.compile(
    r"\b(?:short\w*|brief\w*|quick\w*|one (?:line|sentence)|(?:few|\w+) words?|sum\w*)\b",
    re.IGNORECASE,
)
HIGH = re.compile(
    r"\bhow high\b|\b(?:higher|lower) (?:or|than)\b|\bsame (?:height|high|level)\b|\blevel with\b|"
    r"\bcompared (?:with|to)\b|\bheight\b",
    re.IGNORECASE,
)
FAR = re.compile(
    r"\bhow far\b.*\b(?:apart|from|between)\b|\bdistance\b|\bhow wide\b|"
    r"\bhow (?:much|many) (?:cms?|centimet\w+|inches|space)\b.*\bbetween\b",
    re.IGNORECASE,
)
FLOOR = re.compile(
    r"\b(?:touch\w*|reach\w*|on|off|hover\w*|above)\b.*\b(?:floor|ground|mat)\b|\btouching\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Plain:
    """What is asked of a body.

    Attributes:
        kind: one of geometry.answers.KINDS or of MEASURES.
        parts: what MEASURES measure.
        sure: whether the words can mean nothing else, even where the decoder reads a wish.
    """

    kind: str
    parts: tuple[Part, ...] = ()
    sure: bool = False

    @property
    def describes(self) -> bool:
        """Whether the whole body is asked for."""
        return self.kind.startswith("describe")


MEASURES: dict[str, Callable[[Figure, Sequence[Part]], str]] = {
    "heights": heights,
    "apart": apart,
    "on_the_floor": on_the_floor,
}


def parts_in(text: str) -> tuple[Part, ...]:
    """Parts of a body in the order in which words name them, none twice."""
    found = []
    for hit in PART.finditer(text):
        noun = next(name for name in NOUNS if hit.group(f"is_{name}"))
        side = next((name for name in SIDES if hit.group(name)), None)
        found.append(Part(noun, side if noun in PAIRED else None))
    return tuple(dict.fromkeys(found))


def plain_question(text: str, before: str = "") -> Plain | None:
    """What a question plainly asks of the shown body; None where it takes more reading.

    Args:
        before: the user's words of the turn before, which may name what "they" are.
    """
    if DESCRIBES.search(text) and not NEWCOMER.search(text):
        return Plain("describe_short" if IN_SHORT.search(text) else "describe_long")
    if not ASKS.search(text) or WISHES.search(text) or NEWCOMER.search(text):
        return None
    if FALLS.search(text):
        sure = bool(SURELY_FALLS.search(text))
        return Plain("balance", sure=sure) if ABOUT_IT.search(text) else None
    parts = parts_in(text)
    if FAR.search(text):
        parts = parts or parts_in(before)
        pair = len(parts) > 1 or [part.noun in PAIRED and not part.side for part in parts] == [True]
        return Plain("apart", parts) if pair else None
    if not parts:
        return None
    if FLOOR.search(text):
        return Plain("on_the_floor", parts)
    return Plain("heights", parts) if HIGH.search(text) else None


def told_of(asked: Plain, figure: Figure) -> str:
    """The answer, measured."""
    if asked.kind in MEASURES:
        return MEASURES[asked.kind](figure, asked.parts)
    return answer(asked.kind, figure)
