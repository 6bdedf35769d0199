"""Whose part it is where two bodies are combined: "the first one's arms on the second".

The decoder reads well which part is meant and which two bodies, and worse which of them gives the
part; where the words join a part and a number, grammar tells.
"""

from __future__ import annotations

import re

PARTS: dict[str, str] = {
    "arms": r"arms?|hands?|elbows?",
    "legs": r"legs?|feet|stance|knees?",
    "head": r"head|neck|gaze",
    "torso": r"torso|trunk|back|chest",
    "upper body": r"upper (?:body|half|part)|top half",
    "lower body": r"lower (?:body|half|part)|bottom half|hips and legs",
}
NUMBERS: dict[str, str] = {
    "first": r"first|1st|initial|original|opening",
    "second": r"second|2nd",
    "third": r"third|3rd",
    "last": r"last|latest|current",
}
BODY = r"(?:bodies|body|figure|pose|person|one|version|figures)"
NUMBER = "|".join(rf"(?P<{name}>{words})" for name, words in NUMBERS.items())
DIGIT = r"(?:body|figure|pose|number|no\.?|nr\.?|#) ?(?P<digit>[123])\b"
WHICH = rf"(?:\b(?:{NUMBER})\b|{DIGIT})"
PART = "|".join(
    rf"(?P<{name.replace(' ', '_')}>{PARTS[name]})" for name in sorted(PARTS, key=len, reverse=True)
)
OF = re.compile(
    rf"\b(?:{PART})\b (?:position |pose )?(?:of|from|off|in|on) (?:the |your |my |that )*{WHICH}",
    re.IGNORECASE,
)
OWN = re.compile(rf"{WHICH}(?: {BODY})?(?:'s|’s|s') (?:\w+ )?(?:{PART})\b", re.IGNORECASE)
ANY = re.compile(WHICH, re.IGNORECASE)
DIGITS = {"1": "first", "2": "second", "3": "third"}


def _number(match: re.Match[str]) -> str:
    if match["digit"]:
        return DIGITS[match["digit"]]
    return next(name for name in NUMBERS if match[name])


def giver_and_taker(text: str, region: str) -> tuple[str, str] | None:
    """Names of the body that gives a region and of the other one, where the words tell both.

    Args:
        region: one of pose_decoder.REGIONS, which the words move.
    """
    named = list(dict.fromkeys(_number(match) for match in ANY.finditer(text)))
    if len(named) != 2:
        return None
    whose: dict[str, str] = {}
    for match in (*OF.finditer(text), *OWN.finditer(text)):
        # "Put the arms on the second" names who takes them.
        takes = re.search(r" (?:in|on) (?:the |your |my |that )*\S+$", match.group())
        part = next(name for name in PARTS if match[name.replace(" ", "_")])
        number = _number(match)
        whose[part] = named[number == named[0]] if takes else number
    if region not in whose:
        return None
    giver = whose[region]
    return giver, named[giver == named[0]]
