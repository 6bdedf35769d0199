"""Words that say what stays: "lower the right arm, but leave the left one where it is".

A part that is named draws a change to itself, even where the words want it kept. Clauses that only
say what stays are therefore left out when the changes of a shown body are read.
"""

from __future__ import annotations

import re

APART = re.compile(r"(\s*[,;.!]+\s+|\s+(?:but|and|while|whilst|though|yet|only)\s+)", re.IGNORECASE)
BEGINS = r"^(?:(?:but|and|then|please|pls|just|only|simply|also)\s+)*"
PART = (
    r"(?:arms?|hands?|legs?|foot|feet|heads?|torso|trunk|body|knees?|elbows?|shoulders?|face|hips?|"
    r"back|ones?|others?|rest|everything)"
)
AS_IT_IS = (
    r"(?:as (?:it|they|is|are|before|now)|where (?:it|they|he|she)|like (?:it|that|this|they|now)|"
    r"the way|the same|unchanged|still|in place|put|there|alone|that way)"
)
STAYS = re.compile(
    BEGINS + r"(?:leav(?:e|ing)\b(?:\s+\w+){0,3}\s+" + PART + r"\b"
    r"|(?:do not|don'?t|never|without|not)\s+(?:mov|touch|chang|alter)\w*\b"
    r"|(?:nothing|no other|none of)\b.*\b(?:chang|mov)\w*"
    r"|(?:keep|keeping|hold|holding)\b.*\b" + AS_IT_IS + r"\b"
    r"|.*\b(?:stay|remain)(?:s|ing)?\b.*\b" + AS_IT_IS + r"\b"
    r"|.*\b(?:stay|remain)s?$"
    r"|(?:everything|all) else\b|the rest\b)",
    re.IGNORECASE,
)  # fmt: skip


def without_stays(text: str) -> str:
    """The words without clauses that say what stays; all of them where nothing else is said."""
    pieces = APART.split(text.strip())
    told = [
        (gap, piece)
        for gap, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True)
        if not STAYS.search(piece.rstrip(" .!?"))
    ]
    if len(told) == len(pieces[::2]) or not any(len(piece.split()) > 1 for _, piece in told):
        return text
    return "".join(gap + piece for gap, piece in [("", told[0][1]), *told[1:]])
