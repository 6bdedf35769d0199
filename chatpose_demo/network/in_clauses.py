"""Words for a body of which only a part calls a pose: "warrior two, front knee right".

The decoder reads a text as a whole; what it cannot place may hide a name that stands by itself.
"""

from __future__ import annotations

import re

BORDERS = re.compile(r"[,.;:!?\n]+|\s[-\u2013\u2014]\s")
MOST = 8  # our choice: clauses that are read
HANDED = re.compile(r"\b(?P<side>left|right)[- ]?handed(?: person)?\b ?", re.IGNORECASE)
CLAUSE_NAMES = 0.25  # our choice: an atlas pose this likely is what a clause is about


def clauses(text: str) -> list[str]:
    """The first parts of a text between commas, stops and dashes; none for a text of one part."""
    parts = [part.strip() for part in BORDERS.split(text)]
    found = [part for part in parts if part]
    return found[:MOST] if len(found) > 1 else []


def unhanded(text: str) -> tuple[str, bool]:
    """The text without "left-handed" or "right-handed", and whether the pose is to be mirrored.

    Poses of the atlas are right-handed where that makes a difference.
    """
    hit = HANDED.search(text)
    if hit is None:
        return text, False
    return HANDED.sub("", text), hit["side"].lower() == "left"
