"""Noun phrases that point at people of a photo, and what they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chatpose_demo.network.people_tokens import ORDINALS, SOFT_FEATURES
from chatpose_demo.perception.person import POSTURES, THINGS, WORN

# Other words for the colours that the eyes name.
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "black": ("black", "black", "dark", "jet black", "pitch black", "ebony", "inky"),
    "grey": ("grey", "gray", "grey", "silver", "ash grey", "slate", "charcoal", "smoky"),
    "white": ("white", "white", "snow white", "ivory", "off-white", "bright white", "pearl"),
    "red": ("red", "red", "red", "crimson", "scarlet", "dark red", "maroon", "burgundy", "cherry",
            "wine red", "ruby", "bright red", "brick red", "tomato"),
    "orange": ("orange", "orange", "tangerine", "rust", "amber", "apricot", "pumpkin", "peach"),
    "yellow": ("yellow", "yellow", "golden", "mustard", "lemon", "canary", "gold", "sunny yellow"),
    "green": ("green", "green", "green", "olive", "emerald", "dark green", "lime", "forest green",
              "mint", "bottle green", "moss", "jade", "teal"),
    "blue": ("blue", "blue", "blue", "navy", "dark blue", "royal blue", "denim", "cobalt", "indigo",
             "sapphire", "marine", "navy blue", "deep blue"),
    "light blue": ("light blue", "sky blue", "pale blue", "baby blue", "turquoise", "cyan", "aqua",
                   "powder blue", "azure", "light-blue"),
    "purple": ("purple", "purple", "violet", "plum", "lilac", "mauve", "lavender", "aubergine"),
    "pink": ("pink", "pink", "rose", "salmon", "magenta", "hot pink", "coral", "fuchsia", "rosy"),
    "brown": ("brown", "brown", "chocolate", "dark brown", "chestnut", "coffee", "mahogany",
              "cocoa", "hazel"),
    "beige": ("beige", "beige", "tan", "sand", "cream", "khaki", "camel", "sandy", "oatmeal",
              "cream-coloured", "light brown"),
}  # fmt: skip
HAIR_WORDS: dict[str, tuple[str, ...]] = {
    "black": ("black", "dark", "jet black", "raven"),
    "brown": ("brown", "brunette", "chestnut", "dark brown", "brown"),
    "blond": ("blond", "blonde", "fair", "golden", "light blond"),
    "grey": ("grey", "gray", "white", "silver"),
    "red": ("red", "ginger", "auburn", "copper"),
}
# Nouns that are a hair colour by themselves.
HAIR_NOUNS: dict[str, tuple[str, ...]] = {
    "brown": ("the brunette", "the brunette {who}", "the brown-haired one"),
    "blond": ("the blonde", "the blond {who}", "the blonde one", "the fair-haired {who}"),
    "red": ("the redhead", "the ginger {who}", "the ginger", "the red-headed {who}"),
    "grey": ("the silver-haired {who}", "the white-haired {who}", "the grey-haired {who}"),
    "black": ("the dark-haired {who}", "the black-haired {who}"),
}
# Nouns for a person and what they say about the face.
WHO: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("man", "guy", "gentleman", "dude", "fellow", "chap", "lad", "dad"), ("male",)),
    **dict.fromkeys(("woman", "lady", "mum", "mother"), ("female",)),
    "girl": ("female",), "boy": ("male",), "kid": ("child",), "child": ("child",),
    **dict.fromkeys(("person", "one", "figure", "individual", "human"), ()),
}  # fmt: skip
WHO_ODDS = {"man": 5, "woman": 5, "person": 3, "guy": 2, "lady": 2, "one": 3}  # the rest: 1
POSTURE_WORDS: dict[str, tuple[str, ...]] = {
    "standing": ("standing", "upright", "standing up"),
    "walking": ("walking", "strolling", "striding"),
    "sitting": ("sitting", "seated", "sitting down", "perched"),
    "kneeling": ("kneeling", "on the knees"),
    "crouching": ("crouching", "squatting", "hunkering down"),
    "lying": ("lying", "lying down", "stretched out"),
    "bending": ("bending", "bending over", "stooping", "leaning forward"),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "left half": ("on the left", "at the left", "on the left side", "to the left"),
    "right half": ("on the right", "at the right", "on the right side", "to the right"),
    "leftmost": ("on the far left", "all the way left", "at the left edge"),
    "rightmost": ("on the far right", "all the way right", "at the right edge"),
    "middle": ("in the middle", "in the centre", "in the center", "centrally"),
    "biggest": ("in front", "in the foreground", "closest to us", "nearest the camera"),
    "smallest": ("in the back", "in the background", "farthest away", "far off"),
}
PREDICATE_KEYS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in POSTURES},
    **{
        name: (name,) for name in ("leftmost", "rightmost", "middle", "biggest", "smallest", "last")
    },
    "left_half": ("left half",),
    "right_half": ("right half",),
    "bald": ("hair bald",),
    **{name: (name,) for name in (*WORN, *SOFT_FEATURES)},
    **{f"near.{name}": (f"near {name}",) for name in THINGS},
    "left_of_last": ("left of last",),
    "right_of_last": ("right of last",),
    "beside_last": ("beside last",),
    "other": ("not last",),
}
THING_WORDS: dict[str, tuple[str, ...]] = {
    "sofa": ("sofa", "couch", "settee"), "stairs": ("stairs", "steps", "staircase"),
    "bicycle": ("bicycle", "bike"), "computer": ("computer", "laptop", "screen"),
    "phone": ("phone", "mobile"), "shelf": ("shelf", "bookcase", "shelves"),
    "plant": ("plant", "flowers"), "cup": ("cup", "mug", "glass"), "bag": ("bag", "backpack"),
    "table": ("table", "desk"),
}  # fmt: skip
COLOURED = ("top", "bottom", "hair")
SLOTS = ("{c}", "{d}", "{e}")
SAID_ODDS = 0.6  # our choice: how often a posture or place is put in a writer's words, if any wrote


@dataclass(frozen=True)
class Reference:
    """A noun phrase for a person and what it asks for (names of people_tokens.FEATURES).

    Attributes:
        phrase: as typed.
        needs, bans: features asked for / ruled out.
        anchor: features of another person, to whom they stand in `relation`.
        relation: one of relations.RELATIONS.
        many: all who fit are meant.
        action: atlas pose id that says what the person does, if the phrase does.
    """

    phrase: str
    needs: tuple[str, ...] = ()
    bans: tuple[str, ...] = ()
    anchor: tuple[str, ...] = ()
    relation: str = "none"
    many: bool = False
    action: str | None = None


def _pick(rng: np.random.Generator, options):
    return options[int(rng.integers(len(options)))]


def _noun(rng: np.random.Generator) -> str:
    odds = np.array([WHO_ODDS.get(name, 1.0) for name in WHO])
    return tuple(WHO)[rng.choice(len(WHO), p=odds / odds.sum())]


def _colours(rng: np.random.Generator, phrase: str, kinds: list[str]) -> tuple[str, list[str]]:
    """Fill {c}, {d}, {e} with colours of the given kinds, in order."""
    needs = []
    for slot, kind in zip(SLOTS, kinds, strict=False):
        if slot not in phrase:
            continue
        words = HAIR_WORDS if kind == "hair" else COLOUR_WORDS
        name = _pick(rng, tuple(words))
        phrase = phrase.replace(slot, _pick(rng, words[name]))
        needs.append(f"{kind} {name}")
    return phrase, needs


def _fill(
    rng: np.random.Generator, phrase: str, key: str, said: Mapping[str, Sequence[str]]
) -> tuple[str, list[str]]:
    """Fill every slot but {who}, {ref} and {x}; returns the features that the words name."""
    pieces = key.split("+")
    phrase, needs = _colours(rng, phrase, [piece for piece in pieces if piece in COLOURED])
    needs += [piece for piece in pieces if piece in WORN and len(pieces) > 1]
    for slot, table in (("posture", POSTURE_WORDS), ("place", PLACE_WORDS)):
        if f"{{{slot}}}" in phrase:
            name = _pick(rng, tuple(table))
            words = said.get(f"{slot}.{name}", ())
            words = words if words and rng.random() < SAID_ODDS else table[name]
            phrase = phrase.replace(f"{{{slot}}}", _pick(rng, words))
            needs.append(name)
    if "{thing}" in phrase:
        name = _pick(rng, THINGS)
        word = _pick(rng, THING_WORDS.get(name, (name,)))
        # Writers were told that {thing} comes as "the sofa"; some wrote the article themselves.
        phrase = phrase.replace("the {thing}", f"the {word}").replace("{thing}", f"the {word}")
        needs.append(f"near {name}")
    if "{n}" in phrase:
        ordinal = _pick(rng, ORDINALS)
        phrase = phrase.replace("{n}", ordinal)
        needs.append(f"{ordinal} from {'left' if key == 'nth_left' else 'right'}")
    return phrase, needs


def reference(
    rng: np.random.Generator,
    phrase: str,
    key: str,
    other: Callable[[], Reference],
    doing: Callable[[], tuple[str, str]],
    said: Mapping[str, Sequence[str]],
) -> Reference:
    """Fill a writer's noun phrase.

    Args:
        phrase: a line of a refs.txt.
        key: its key.
        other: makes the reference to somebody else for {ref}.
        doing: makes (atlas id, words) of an action for {x}.
        said: writers' words for postures and places, by "posture.sitting".
    """
    if key == "hair" and rng.random() < 0.15:
        name = _pick(rng, tuple(HAIR_NOUNS))
        return _with_noun(rng, _pick(rng, HAIR_NOUNS[name]), [f"hair {name}"])
    group, _, rest = key.partition(".")
    action, anchor, relation = None, (), "none"
    needs: list[str] = list(PREDICATE_KEYS.get(key, ()))
    bans: list[str] = []
    if group == "no":
        phrase, named = _fill(rng, phrase, rest, said)
        bans = named or [rest]
    else:
        phrase, named = _fill(rng, phrase, rest if group == "plural" else key, said)
        needs += named
    if group == "rel":
        somebody = other()
        phrase = phrase.replace("{ref}", somebody.phrase)
        anchor, relation = somebody.needs, rest
    if key == "action":
        action, words = doing()
        phrase = phrase.replace("{x}", words)
        needs.append("action")
    if key == "plural":
        needs += named_in(phrase)
    found = _with_noun(rng, phrase, needs)
    if group == "no":  # "anyone but the woman in red": the noun is of somebody else
        found = Reference(found.phrase)
    return Reference(
        found.phrase, found.needs, tuple(bans), anchor, relation, group == "plural", action
    )


NOUNS = {
    "female": ("women", "woman", "girls", "girl", "ladies", "lady", "females"),
    "male": ("men", "man", "guys", "guy", "boys", "boy", "gentlemen", "lads", "males"),
    "child": ("kids", "kid", "children", "child", "toddlers"),
}


def named_in(text: str) -> list[str]:
    """Features that plain words of a text name: what people are, wear and do.

    For lines that writers wrote without slots ("how many women are sitting?"). Two kinds of people
    named together ("women and men") rule nobody out.
    """
    words = set(re.findall(r"[a-z]+", text.lower()))
    kinds = [name for name, nouns in NOUNS.items() if words & set(nouns)]
    found = kinds if len(kinds) == 1 else []
    found += [name for name in (*POSTURES, *WORN) if name in words]
    found += [f"near {name}" for name in THINGS if name in words]
    worn = re.search(r"\b(?:in|wearing|wears|wear)\s+(?:a\s+)?([a-z]+)", text.lower())
    if worn and worn.group(1) in COLOUR_WORDS:
        found.append(f"top {worn.group(1)}")
    return found


def _with_noun(rng: np.random.Generator, phrase: str, needs: list[str]) -> Reference:
    if "{who}" in phrase:
        noun = _noun(rng)
        phrase = phrase.replace("{who}", noun)
        needs = [*needs, *WHO[noun]]
    return Reference(phrase, tuple(dict.fromkeys(needs)))
