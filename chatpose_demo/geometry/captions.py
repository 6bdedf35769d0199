"""Captions for any body: its posture and some of its posecodes, the rare ones first.

Which facts are said, in which order and in which voice is drawn from `rng`; what is said is
measured. A fact's weight is its surprise, -log of its share of the atlas.
"""

from __future__ import annotations

import numpy as np

from chatpose_demo.geometry.clauses import absolute
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.geometry.posecodes import Code, posecodes
from chatpose_demo.geometry.stance import listing, posture
from chatpose_demo.geometry.telling import sentence

# measured: share of 526 atlas poses in which a fact is said; facts below 6 % count as RARE.
COMMON = {
    "knee straight": 0.57, "foot ahead": 0.46, "hand higher": 0.37, "elbow straight": 0.36,
    "elbow bent at about a right angle": 0.36, "wide": 0.34, "hands apart": 0.34,
    "hand ahead": 0.33, "knee bent at about a right angle": 0.25, "elbow bent": 0.22,
    "trunk leans forward": 0.21, "hand above shoulder": 0.19, "elbow sharply bent": 0.17,
    "hand above head": 0.16, "leg straight": 0.16, "both leg straight": 0.13,
    "both hands together": 0.13, "knee bent": 0.12, "head tipped back": 0.12,
    "knee slightly bent": 0.12, "head slightly bowed": 0.12, "head bowed": 0.10,
    "head turned slightly to the one": 0.10, "head turned to the one": 0.09,
    "elbow fully bent": 0.08, "trunk leans slightly forward": 0.08, "knee sharply bent": 0.08,
    "arm low forward": 0.06, "head slightly raised": 0.06,
}  # fmt: skip
RARE = 0.02
WHO = ("a person", "someone", "the figure", "the body", "a figure", "somebody")
MOST_FACTS = 4  # our choice


def caption_from(figure: Figure, rng: np.random.Generator) -> str:
    """One caption; the same body and generator state give the same words."""
    facts = [code.words for code in _draw(figure, rng)]
    said = posture(figure)
    voice = int(rng.integers(5))
    short = [absolute(words) for words in facts]
    who = WHO[int(rng.integers(len(WHO)))]
    if not facts:
        return sentence(f"{who} is {said}") if voice % 2 else said
    if voice == 0:
        return f"{said}, {', '.join(short)}".replace("the ", "")
    if voice == 1:
        link = "," if " with " in said else " with"
        return sentence(f"{who} {said}{link} {listing(short)}")
    if voice == 2:
        return " ".join(sentence(words) for words in (f"{who} is {said}", *facts))
    if voice == 3:
        return sentence(f"{who} is {said}: {'; '.join(facts)}")
    return sentence(f"{listing(short)}, {said}")


def _draw(figure: Figure, rng: np.random.Generator) -> list[Code]:
    """Facts about different parts, drawn by their surprise."""
    pool = [code for code in posecodes(figure) if code.words and code.kind != "posture"]
    wanted, taken, chosen = int(rng.integers(1, MOST_FACTS + 1)), set(), []
    while pool and len(chosen) < wanted:
        weights = np.array([-np.log(COMMON.get(code.key, RARE)) for code in pool])
        code = pool[int(rng.choice(len(pool), p=weights / weights.sum()))]
        chosen.append(code)
        taken |= _parts(code)
        pool = [other for other in pool if not _parts(other) & taken]
    return chosen


def _parts(code: Code) -> set[str]:
    """The parts of the body that a fact speaks of: two facts about one would repeat each other."""
    if code.kind in ("trunk", "head"):
        return {code.kind}
    name = code.name
    limb = "arm" if any(word in name for word in ("arm", "hand", "elbow")) else "leg"
    sides = [side for side in ("left", "right") if name.startswith(side)] or ["left", "right"]
    return {f"{side}_{limb}" for side in sides}
