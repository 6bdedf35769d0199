"""Words for what a person wears, holds, plays or stands with, and who of a photo shows it.

The symbols of `people_tokens` end where their list ends. The network that classifies people's
crops knows a thousand ImageNet classes; the words here lead to some of them, without training.
Its verdicts on a crop of a person are weak and often wrong, so they only count against those of
the other people, and above a floor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class CropWord(NamedTuple):
    """Something that words can name and a crop can show.

    Attributes:
        name: as a reply calls it.
        classes: ImageNet-1k class numbers whose probabilities add up to it.
        words: other words for it; a plural in -s or -es is understood.
        feature: the symbol of people_tokens.FEATURES that covers it more roughly, if any.
    """

    name: str
    classes: tuple[int, ...]
    words: tuple[str, ...] = ()
    feature: str = ""


@dataclass(frozen=True)
class MatchSettings:
    """When a crop shows a thing; our choices, see the numbers beside them."""

    # Probability below which nobody shows it. Of the 55 things in 55 pictures of ImageNet, which
    # the network was trained on, 47 lie above, as do 23 of 5555 pairs of a picture and a thing that
    # it is not a picture of. On 26 photos of another origin 8 of 29 claims were right, some 1 % of
    # what could have been claimed was not: a claim is worth something only once words name it.
    floor: float = 0.2
    share: float = 0.3  # of the surest person's probability, where somebody else half shows it
    steepness: float = 3.0  # of the way from less to more


BALL, HAT = "near ball", "hat"
CROP_WORDS = (
    # Played
    CropWord("guitar", (402, 546), ("guitarist", "guitar player")),
    CropWord("banjo", (420,)),
    CropWord("violin", (889,), ("fiddle", "violinist", "viola")),
    CropWord("cello", (486,), ("cellist", "double bass")),
    CropWord("drum", (541, 822), ("drummer", "drum kit", "drum set")),
    CropWord("piano", (579, 881), ("pianist", "grand piano")),
    CropWord("accordion", (401,), ("accordionist", "squeezebox")),
    CropWord("saxophone", (776,), ("sax", "saxophonist")),
    CropWord("trumpet", (513,), ("cornet", "bugle", "trumpeter", "trumpet player")),
    CropWord("trombone", (875,), ("trombonist",)),
    CropWord("French horn", (566,)),
    CropWord("flute", (558,), ("flutist", "flautist")),
    CropWord("oboe", (683,), ("clarinet", "oboist")),
    CropWord("bassoon", (432,)),
    CropWord("harp", (594,), ("harpist",)),
    CropWord("harmonica", (593,), ("mouth organ",)),
    CropWord("maracas", (641,), ("maraca",)),
    CropWord("xylophone", (642,), ("marimba",)),
    CropWord("gong", (577,)),
    CropWord("microphone", (650,), ("mic",)),
    # Sport
    CropWord("basketball", (430,), ("basketballer", "basketball player"), BALL),
    CropWord("football", (805,), ("soccer ball", "soccer player", "footballer"), BALL),
    CropWord("rugby ball", (768,), ("rugby player",), BALL),
    CropWord("volleyball", (890,), ("volleyball player",), BALL),
    CropWord("tennis ball", (852,), (), BALL),
    CropWord("baseball", (429, 981), ("baseball player", "baseball bat", "ballplayer")),
    CropWord("golf ball", (574,), (), BALL),
    CropWord("racket", (752,), ("racquet", "tennis player", "badminton player")),
    CropWord("skis", (795,), ("ski", "skier")),
    CropWord("snorkel", (801,), ("snorkeller", "snorkeler")),
    CropWord("diving gear", (983,), ("scuba", "scuba diver", "diver", "aqualung")),
    CropWord("weights", (422, 543), ("dumbbell", "barbell", "weightlifter", "kettlebell")),
    CropWord("punching bag", (747,), ("punch bag", "boxing bag", "punchball"), "near bag"),
    CropWord("gymnastics bar", (602, 702), ("high bar", "horizontal bar", "parallel bar")),
    CropWord("pool table", (736,), ("billiard table", "snooker table"), "near table"),
    CropWord("bow and arrow", (456,), ("longbow", "archer")),
    CropWord("parachute", (701,), ("parachutist", "skydiver")),
    CropWord("canoe", (472, 693), ("kayak", "kayaker", "canoeist", "paddle", "oar")),
    CropWord("unicycle", (880,), ("unicyclist",)),
    CropWord("tricycle", (870,), ("trike",)),
    CropWord("scooter", (670, 665), ("motor scooter", "moped", "vespa")),
    CropWord("go-kart", (573,), ("kart",)),
    CropWord("snowmobile", (802,)),
    # Held, pushed and used
    CropWord("camera", (732, 759, 872), ("photographer", "cameraman")),
    CropWord("tripod", (872,)),
    CropWord("binoculars", (447,), ("field glass",)),
    CropWord("gun", (413, 763, 764), ("rifle", "shotgun", "pistol", "revolver", "firearm")),
    CropWord("hammer", (587,), ("mallet",)),
    CropWord("axe", (596,), ("hatchet", "tomahawk")),
    CropWord("chainsaw", (491,), ("chain saw",)),
    CropWord("shovel", (792,), ("spade",)),
    CropWord("broom", (462, 840), ("mop", "broomstick")),
    CropWord("vacuum cleaner", (882,), ("hoover", "vacuum")),
    CropWord("lawn mower", (621,), ("mower",)),
    CropWord("drill", (740,), ("power drill",)),
    CropWord("bucket", (463,), ("pail",)),
    CropWord("wheelbarrow", (428,), ("barrow",)),
    CropWord("shopping cart", (791,), ("shopping trolley", "trolley")),
    CropWord("crutches", (523,), ("crutch",)),
    CropWord("stethoscope", (823,)),
    CropWord("syringe", (845,)),
    CropWord("candle", (470,)),
    CropWord("teddy bear", (850,), ("teddy", "stuffed bear")),
    CropWord("frying pan", (567, 909), ("skillet", "wok")),
    CropWord("pizza", (963,)),
    CropWord("ice cream", (928,), ("ice cream cone",)),
    CropWord("hot dog", (934,)),
    CropWord("banana", (954,)),
    CropWord("beer", (440, 441), ("beer glass", "beer bottle", "pint")),
    CropWord("wine", (907, 966), ("wine glass", "wine bottle", "glass of wine")),
    CropWord("cat", (281, 282, 283, 284, 285), ("kitten",)),
    CropWord("horse", (339,), ("pony",)),
    CropWord("parrot", (87, 88, 89), ("macaw", "cockatoo")),
    CropWord("fish", (0, 389, 391, 394, 395), ("trout", "salmon", "angler")),
    # Worn
    CropWord("lab coat", (617,), ("laboratory coat", "white coat")),
    CropWord("kimono", (614,)),
    CropWord("academic gown", (400,), ("graduation gown", "graduation robe", "academic robe")),
    CropWord("mortarboard", (667,), ("graduation cap", "graduation hat"), HAT),
    CropWord("suit", (834,), ("business suit", "suit jacket", "tuxedo")),
    CropWord("tie", (906,), ("necktie",)),
    CropWord("bow tie", (457,)),
    CropWord("wedding dress", (578,), ("bride", "bridal gown", "ball gown", "evening gown")),
    CropWord("bikini", (445,)),
    CropWord("swimsuit", (638, 639), ("bathing suit", "swimming costume")),
    CropWord("swimming trunks", (842,), ("swim trunks", "bathing trunks", "swim shorts")),
    CropWord("military uniform", (652,), ("uniform", "soldier")),
    CropWord("bulletproof vest", (465,), ("body armor", "body armour", "flak jacket")),
    CropWord("armour", (461, 490, 524), ("armor", "breastplate", "chain mail", "knight")),
    CropWord("apron", (411,)),
    CropWord("poncho", (735,)),
    CropWord("cloak", (501,), ("cape",)),
    CropWord("fur coat", (568,)),
    CropWord("trench coat", (869,)),
    CropWord("cardigan", (474,)),
    CropWord("pyjamas", (697,), ("pajamas", "pyjama", "pajama")),
    CropWord("abaya", (399,), ("chador", "burqa", "burka")),
    CropWord("cowboy hat", (515,), ("stetson",), HAT),
    CropWord("sombrero", (808,), (), HAT),
    CropWord("helmet", (518, 560), ("crash helmet", "football helmet", "motorcycle helmet"), HAT),
    CropWord("bathing cap", (433,), ("swim cap", "swimming cap"), HAT),
    CropWord("mask", (643, 570, 691, 796), ("gas mask", "oxygen mask", "ski mask", "balaclava")),
    CropWord("feather boa", (552,)),
)  # fmt: skip
# What hides a word: a suit of another kind, and the camera that took the photo.
NOT_MEANT = (
    "track suit", "jump suit", "wet suit", "space suit", "snow suit", "suit case",
    "cat pose", "fish pose", "horse pose", "horse stance", "facing camera", "to camera",
    *(
        f"{way} the camera"
        for way in (
            "at", "to", "towards", "toward", "into", "from", "facing", "for", "near", "nearest",
            "closest", "behind", "of",
        )
    ),
)  # fmt: skip
RULED_OUT = re.compile(
    r"\b(?:not|never|nobody|no one|none|neither|nor|without|except|excluding|but for|other than|"
    r"apart from|rather than|instead of|lacks?|lacking|unlike|non)\b|n['\u2019]t\b|\bno (?=\w)",
    re.IGNORECASE,
)
# Who stands with another person: the things that are named from here on are that other one's.
BESIDE = re.compile(
    r"\b(?:next to|besides?|behind|in front of|between|near|opposite|close to|"
    r"(?:left|right) of(?! the (?:photo|picture|image)\b))\b.*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"[.!?;\n]+")


def _vocabulary() -> tuple[re.Pattern[str], dict[int, CropWord]]:
    """A pattern of all phrases, the longest first, and the word to which each group belongs."""
    owner = {phrase.lower(): word for word in CROP_WORDS for phrase in (word.name, *word.words)}
    phrases = sorted({*owner, *NOT_MEANT}, key=len, reverse=True)
    patterns = (re.escape(phrase).replace(r"\ ", r"[\s-]*") for phrase in phrases)
    groups = "|".join(f"({pattern})" for pattern in patterns)
    groups_of = {i: owner[phrase] for i, phrase in enumerate(phrases, 1) if phrase in owner}
    return re.compile(rf"\b(?:{groups})(?:e?s)?\b", re.IGNORECASE), groups_of


PATTERN, WORD_OF_GROUP = _vocabulary()


def named_classes(text: str) -> tuple[CropWord, ...]:
    """What a text names, in the order of the table.

    A sentence that rules something out ("without the guitar") names nothing: which of its words
    the ruling hits is not known, and a wrong guess would pick the one person who is not meant.
    Nor does what follows "next to": it tells of somebody else.
    """
    parts = [part for part in SENTENCE.split(text) if not RULED_OUT.search(part)]
    told = " . ".join(BESIDE.sub("", part) for part in parts)
    found = [WORD_OF_GROUP.get(hit.lastindex or 0) for hit in PATTERN.finditer(told)]
    return tuple(word for word in CROP_WORDS if word in found)


def crop_match(
    classes: tuple[int, ...], probabilities: np.ndarray, settings: MatchSettings | None = None
) -> np.ndarray | None:
    """How much each person shows a thing.

    Args:
        classes: ImageNet-1k class numbers, each below 1000.
        probabilities: (P, 1000) what the crops of P people show.

    Returns:
        (P,) in [0, 1], relative to the one who shows it most; None when nobody shows it.
    """
    settings = settings or MatchSettings()
    shown = probabilities[:, list(classes)].astype(np.float64).sum(1)
    if not len(shown) or shown.max() < settings.floor:
        return None
    even = settings.share * shown.max()
    power = shown**settings.steepness
    return power / (power + even**settings.steepness)
