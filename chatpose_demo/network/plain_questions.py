"""Questions about the shown body that its parts and a few words settle: "is that knee touching?".

The decoder knows kinds of questions, not all their wordings, and no two named parts. What is plain
is therefore read here, before it; whatever asks for a change is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chatpose_demo.geometry.answers import answer
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.measures import PAIRED, Part, apart, heights, on_the_floor
from chatpose_demo.network.interface import Question
from chatpose_demo.network.told_whom import NEWCOMER
from chatpose_demo.network.understanding import Understanding
from chatpose_demo.pose import Pose

MOSTLY = 0.5  # our choice: of a question's meaning

NOUNS = {
    "head": "head|crown|chin|face|neck", "hand": "hands?|fists?|palms?|wrists?|fingers?|arms?",
    "elbow": "elbows?", "shoulder": "shoulders?", "hip": "hips?|pelvis",
    "seat": "bottom|butt|bum|backside|buttocks", "knee": "knees?",
    "foot": "foot|feet|heels?|toes?|ankles?|legs?|stance",
}  # fmt: skip
SIDES = {
    "left": "left", "right": "right", "front": "front|leading|forward",
    "back": "back|rear|trailing", "upper": "raised|lifted|kicking|higher|top",
    "lower": "bottom",
}  # fmt: skip
_SIDE = "|".join(f"(?P<{name}>{words})" for name, words in SIDES.items())
_NOUN = "|".join(f"(?P<is_{name}>{words})" for name, words in NOUNS.items())
PART = re.compile(rf"\b(?:(?:{_SIDE}) )?(?!(?:upper|lower) )(?:{_NOUN})\b", re.IGNORECASE)

ASKS = re.compile(
    r"\?\s*$|^\W*(?:(?:and|so|but|ok|okay|now|hey|hm+|haha?|lol|wait|careful|good|also)\b\W*)*"
    r"(?:is|are|does|do|did|would|wud|will|could|can|how|which|what|where|if|has|have)\b",
    re.IGNORECASE,
)
# Words of a change, of another body, or of two bodies.
WISHES = re.compile(
    r"\b(?:make|let|put|bring|move|raise|lift(?!ed)|lower (?:his|her|its|the|their|your|that)|drop|"
    r"bend|straighten|turn|tilt|set|give|show|see|have|get|imagine|pose|look(?:s|ing)? like|first|"
    r"second|third|earlier|before|previous|compare|both of them|people|photo|picture)\b|\bi want\b",
    re.IGNORECASE,
)
FALLS = re.compile(
    r"\b(?:fall(?:s|ing)?|toppl(?:es?|ing)|tip(?:s|ping)? (?:over|backwards?|forwards?)|gonna tip|"
    r"tumbles?|wobbl\w+|(?:un)?stable|balanced?(?! \w)|(?:lose[sd]?|losing|keeps?) (?:\w+ )?"
    r"(?:balance|equilibrium)|cent(?:re|er) of (?:mass|gravity)|base of support)\b"
    r"(?! (?:in love|or\b|asleep|short|for|behind))",
    re.IGNORECASE,
)
SURELY_FALLS = re.compile(
    r"\b(?:would|wud|will|does|gonna|going to)\b.{0,12}\b(?:he|she|it|they)\b(?: \w+)?? "
    r"(?:fall|topple|tumble|tip over)\b(?! (?:in love|or\b|asleep|short|for|behind))|"
    r"\b(?:he|she|it|they) (?:\w+ )?(?:loses?|keeps?) (?:the |his |her |its )?"
    r"(?:balance|equilibrium)\b.*\?",
    re.IGNORECASE,
)
ABOUT_IT = re.compile(
    r"\b(?:it|he|she|they|this|that|him|her|his|its|the (?:body|figure|person|one))\b|"
    r"\bcent(?:re|er) of\b",
    re.IGNORECASE,
)
# "Describe it", but not "describe her hair", nor "I shall describe her like this".
DESCRIBES = re.compile(
    r"(?<!\bi )(?<!\bi shall )(?<!\bi will )(?<!\bi would )(?<!\bi'll )(?<!\bnot )(?<!n't )\b"
    r"(?:describe|description of|sum(?:marise|marize)? up)(?: (?:to|for) (?:me|us))? "
    r"(?:(?:it|this|that|him|her)(?=\W*$|[.,;:!?]| (?:in|to|for|please|again|briefly|now)\b)|"
    r"(?:the|this|that|his|her|its) (?:whole )?(?:body|pose|figure|posture)\b(?! of\b))",
    re.IGNORECASE,
)
IN_SHORT = re.compile(
    r"\b(?:short\w*|brief\w*|quick\w*|one (?:line|sentence)|"
    r"(?:few|two|three|four|five|six|seven|eight|nine|ten|\d) words?|sum\w*)\b",
    re.IGNORECASE,
)
HIGH = re.compile(
    r"\bhow high\b(?! (?:can|could))|"
    r"\b(?:higher|lower) (?:or|than)\b(?! the (?:left|right)\b(?! \w))|"
    r"\bsame (?:height|high|level)\b|\blevel with\b|\bhigh\b.*\bcompared (?:with|to)\b|"
    r"\bheight of\b",
    re.IGNORECASE,
)
FAR = re.compile(
    r"\bhow far\b.*\b(?:apart|from|between)\b|\bdistance\b|\bhow wide\b|"
    r"\bhow (?:much|many) (?:cms?|centimet\w+|inches|space)\b.*\bbetween\b",
    re.IGNORECASE,
)
THEY = re.compile(r"\b(?:they|them|these|those)\b", re.IGNORECASE)
# A part, then the floor; "is she lying on the floor with one arm up?" is about no arm.
FLOOR = re.compile(
    r"\b(?:touch\w*|reach\w*|on|off|hover\w*|above)\b.*\b(?:floor|ground|mat)\b", re.IGNORECASE
)
RESTS = re.compile(
    r"\b(?:sit|sits|sitting|lie|lies|lying|kneel\w*|back)\b(?! \w+ touch)", re.IGNORECASE
)
# "That knee" touches the floor; "the knees" may touch each other.
TOUCHES = re.compile(r"\btouching\W*$", re.IGNORECASE)
FEET_LONG = re.compile(r"\b(?:an?|one|\d+) f(?:oo|ee)t\b", re.IGNORECASE)


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
    if DESCRIBES.search(text):
        return Plain("describe_short" if IN_SHORT.search(text) else "describe_long")
    if not ASKS.search(text) or WISHES.search(text) or NEWCOMER.search(text):
        return None
    if FALLS.search(text):
        sure = bool(SURELY_FALLS.search(text))
        return Plain("balance", sure=sure) if ABOUT_IT.search(text) else None
    parts = parts_in(FEET_LONG.sub("", text))
    if FAR.search(text):
        parts = parts or (parts_in(before) if THEY.search(text) else ())
        pair = len(parts) > 1 or [part.noun in PAIRED and not part.side for part in parts] == [True]
        return Plain("apart", parts) if pair else None
    if not parts:
        return None
    if TOUCHES.search(text) and len(parts) == 1 and parts[0].side:
        return Plain("on_the_floor", parts)
    floor = FLOOR.search(text)
    if floor and (ahead := parts_in(text[: floor.start()])) and not RESTS.search(text):
        return Plain("on_the_floor", ahead)
    return Plain("heights", parts) if HIGH.search(text) else None


def _told(asked: Plain, rotations: np.ndarray, unseen: Iterable[str]) -> str:
    """The answer, measured; "" where the words name one part twice."""
    figure = Figure.of(rotations, unseen)
    if asked.kind not in MEASURES:
        return answer(asked.kind, figure)
    try:
        return MEASURES[asked.kind](figure, asked.parts)
    except ValueError:
        return ""


def measured(question: Question, seen: Understanding) -> str:
    """The answer to what a question plainly asks of the shown body, or of somebody of the photo who
    was chosen or spoken of; "" if it asks nothing such."""
    asked = plain_question(question.text, question.history[-1][0] if question.history else "")
    if asked is None or question.mode == "always" or (seen.asks_for_body and not asked.sure):
        return ""
    picked, people = question.picked, question.people
    if picked is None and people and seen.points:
        return ""  # somebody is described; the decoder finds whom
    body = question.bodies[-1] if question.bodies else None
    if body is not None and (picked is None or _is_theirs(question, body)):
        if not asked.sure and seen.intent["photo_talk"] + seen.intent["person"] > MOSTLY:
            return ""
        return _told(asked, body.rotations, body.unseen_joints)
    one = question.last if picked is None else picked
    if one is None or one >= len(people) or asked.describes:
        return ""
    return _told(asked, people[one].rotations, people[one].unseen_joints)


def _is_theirs(question: Question, body: Pose) -> bool:
    """Whether a shown body is that of the person who was chosen in the photo."""
    picked = question.picked
    if picked is None or picked >= len(question.people):
        return False
    return body.person_box == question.people[picked].box
