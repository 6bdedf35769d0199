"""Wordings that ask for somebody of the photo, where the words alone may mean something else."""

from __future__ import annotations

import re

# "Which of them is waving?" asks for the one who waves.
WHO_DOES = re.compile(
    r"^(?P<before>(?:(?:and|so|ok|okay|now|but|hey|thanks|thank you)\b[,.!]? *)*)"
    r"(?:which|who)(?: (?:one|person|of (?:them|these|those|the (?:people|men|women))))?"
    r"(?:'?s| is| are) (?:the one )?(?P<doing>(?:not )?\w+ing\b.*)$",
    re.IGNORECASE,
)
SOMEBODY = (
    r"(?:man|woman|person|one|guy|girl|boy|kid|lady|child|fella|fellow|dude|bloke|gentleman|"
    r"gentlewoman|chap|grandma|grandpa|teen|teenager|toddler|baby|player|dancer|runner)"
)
# Somebody who is there, and no body to be made up.
DEFINITE = re.compile(
    rf"^(?:\W*(?:show|give|and|ok|okay|now|so|please|me|us|what about)\b)*\W*"
    rf"(?:who(?:ever)?\b|which {SOMEBODY}\b|(?:the|that|this) (?:[\w-]+ ){{0,3}}?{SOMEBODY}\b)",
    re.IGNORECASE,
)
# The whole turn asks to see whom the talk is about.
SHOW_IT = re.compile(
    r"^\W*(?:(?:ok|okay|yes|yeah|sure|well|then|now|so|and|please|pls|cool|great|thanks)\b\W*)*"
    r"(?:can you |could you |would you )?(?:please )?(?:show|let me see|i want to see)"
    r"(?: (?:me|us))?(?: (?:him|her|them|it|that|this|that one|this one|"
    r"(?:the|his|her|their) (?:3d )?(?:body|pose|person)))?"
    r"(?: (?:please|pls|then|now|in 3d|as a 3d body))*\W*$",
    re.IGNORECASE,
)
# What comes after the person who is asked for says nothing of them.
AFTERWARDS = re.compile(r"[,;]? (?:and |then |and then )(?:tell|explain|say)\b.*$", re.IGNORECASE)
NEAREST = re.compile(
    r"^\W*(?:and )?(?:who|which \w+)(?:'?s| is| are| stands| sits)? (?:the )?"
    r"(?:closest|nearest|next) to (?:him|her|them)\b",
    re.IGNORECASE,
)
ELSE = re.compile(r"\b(?:who|anyone|anybody|someone|somebody) else\b", re.IGNORECASE)
# "Which one is leaning more?" compares bodies.
MORE = re.compile(r"\b(?:more|less|most|least|higher|lower|further|farther)\b", re.IGNORECASE)
EACH = re.compile(
    r"\b(?:each|every(?:one|body)?|all) (?:of them|person|one)?.*\bdoing\b|\bwhat .*\bare they\b",
    re.IGNORECASE,
)


def asks_to_show(text: str, for_more: bool = False) -> bool:
    """Whether a text asks to see whom the talk is about, and says nothing else that is wanted.

    Args:
        for_more: the text as a whole is read as a wish; then all of it must be such words.
    """
    if SHOW_IT.match(text):
        return True
    last = re.split(r"(?<=[.!?;])\s+", text.strip())[-1]
    return bool(not for_more and SHOW_IT.match(last))


def as_pointing(text: str) -> str:
    """A question who does something, as words for that person; what comes after is left out."""
    text = AFTERWARDS.sub("", text) or text
    match = WHO_DOES.match(text.strip())
    if match is None or MORE.search(text):
        return text
    return f"{match['before']}the one {match['doing'].rstrip('?! ')}"
