"""A body in one sentence, or at length in three to six, from its geometry alone."""

from __future__ import annotations

from chatpose_demo.geometry.arms import arm
from chatpose_demo.geometry.clauses import absolute, together
from chatpose_demo.geometry.figure import SIDES, Figure
from chatpose_demo.geometry.legs import leg
from chatpose_demo.geometry.stance import floor_words, listing, posture
from chatpose_demo.geometry.trunk import head_words, trunk_words

# Arms and legs of a body at ease are not worth a word in one sentence.
ORDINARY = ("arm hangs", "arm along")


def sentence(words: str) -> str:
    """A clause as a sentence."""
    return f"{words[0].upper()}{words[1:]}."


def limbs(figure: Figure, limb: str) -> list[str]:
    """Clauses about both "arm"s or "leg"s; of a limb that was not seen, that it was not."""
    tell = {"arm": arm, "leg": leg}[limb]
    clauses = [None if figure.hides(limb, s) else tell(figure, s) for s in SIDES]
    found = together(*clauses)
    hidden = [side for side in SIDES if figure.hides(limb, side)]
    if hidden:
        found.append(f"the photo does not show {hidden_words(limb, hidden)}")
    return found


def hidden_words(limb: str, sides: list[str]) -> str:
    """ "the left arm" or "the arms" """
    return f"the {limb}s" if len(sides) == 2 else f"the {sides[0]} {limb}"


def describe_briefly(figure: Figure) -> str:
    """One sentence: the posture and what the arms, the trunk and the head do that is remarkable."""
    said, found = posture(figure), []
    clauses = [None if figure.hides("arm", s) else arm(figure, s) for s in SIDES]
    known = ORDINARY + (("hand on the floor",) if "hand" in said else ())
    told = [clause for clause in clauses if clause and clause.key not in known]
    left, right = (next((c for c in told if c.side == side), None) for side in SIDES)
    found += map(absolute, together(left, right))
    trunk, head = trunk_words(figure), head_words(figure)
    if "slightly" not in trunk and trunk != "is upright" and not figure.lying:
        found.append(absolute(f"the trunk {trunk}"))
    if not figure.hidden_head and "slightly" not in head and "in line" not in head:
        found.append(f"the head {head}")
    link = ", " if " with " in said else ", with "
    return sentence(f"the body is {said}" + (link + listing(found) if found else ""))


def describe_at_length(figure: Figure) -> str:
    """Three to six sentences: posture and support, trunk and head, arms, legs."""
    trunk, head = trunk_words(figure), head_words(figure)
    axis = f"the trunk {trunk}"
    if figure.hidden_head:
        axis += "; the photo does not show the head"
    elif "in line" in head:
        axis += ", the head in line with it"
    else:
        axis += f", and the head is {head}"
    parts = [f"the body is {posture(figure)}. {floor_words(figure)[:-1]}", axis]
    parts.append("; ".join(limbs(figure, "arm")))
    if not figure.hidden_legs:  # else said already with the posture
        parts.append("; ".join(limbs(figure, "leg")))
    return " ".join(sentence(part) for part in parts)
