"""What an arm does: where its hand lies, else which way the arm or the bent elbow points."""

from __future__ import annotations

from chatpose_demo.geometry.clauses import (
    Clause,
    axes,
    bend_words,
    height_words,
    state,
    way,
)
from chatpose_demo.geometry.contacts import hand_touches, on_floor
from chatpose_demo.geometry.figure import SIDES, UP, Figure, other_side
from chatpose_demo.geometry.stance import trunk_rests
from chatpose_demo.perception.swing import angle, unit

BENT_ARM = 60.0  # degrees, as in describe: from here on the hand tells what the arm does

# Where a hand lies, most telling first: words for one hand, and for two at their own sides.
AT = {
    "face": ("at the face", "at the face"),
    "ear": ("at the {side} ear", "at the ears"),
    "head": ("{at} the head", "{at} the head"),
    "foot": ("at the {side} foot", "at the feet"),
    "knee": ("on the {side} knee", "on the knees"),
    "shin": ("at the {side} shin", "at the shins"),
    "hip": ("on the {side} hip", "on the hips"),
    "neck": ("at the neck", "at the neck"),
    "hand": ("at the {side} hand", "together"),
    "shoulder": ("at the {side} shoulder", "at the shoulders"),
    "elbow": ("at the {side} elbow", "at the elbows"),
    "upper_arm": ("at the {side} upper arm", "at the upper arms"),
    "forearm": ("at the {side} forearm", "at the forearms"),
    "seat": ("behind the back", "behind the back"),
    "back": ("behind the back", "behind the back"),
    "chest": ("at the chest", "at the chest"),
    "belly": ("at the stomach", "at the stomach"),
    "thigh": ("on the {side} thigh", "on the thighs"),
}
FOLDED = ("elbow", "upper_arm", "forearm", "shoulder")
RANK = {name: place for place, name in enumerate(AT)}


def plain_region(region: str) -> str:
    """A region without its side."""
    side, _, part = region.partition("_")
    return part if side in SIDES else region


def touched(figure: Figure, side: str) -> str | None:
    """The most telling region that a hand lies at, or None."""
    regions = [one.region for one in hand_touches(figure) if one.side == side]
    if f"{other_side(side)}_hand" in regions:  # one hand over the other tells nothing of sleeves
        regions = [name for name in regions if plain_region(name) not in FOLDED]
    return min(
        regions,
        key=lambda name: (RANK[plain_region(name)], not name.startswith(side)),
        default=None,
    )


def arm(figure: Figure, side: str) -> Clause:
    """What an arm does."""
    up, ahead, out, own = axes(figure, side, "spine3")
    direction = unit(figure.hand(side) - figure.at(f"{side}_shoulder"))
    raised = angle(direction, -up)
    bend = figure.bend(side, "elbow")
    hangs = raised < 25 and bend < BENT_ARM
    region = touched(figure, side)
    if f"{side}_hand" in on_floor(figure) and not (own and trunk_rests(figure)):
        word = bend_words(bend)
        return Clause(
            side, "hand", f"is on the floor, the elbow {word}",
            f"are on the floor, the elbows {word}", "hand on the floor",
        )  # fmt: skip
    if region and not (hangs and region.endswith(("thigh", "hip", "seat"))):
        return _at(figure, side, region)
    if bend >= BENT_ARM:
        return _bent_arm(figure, side, bend)
    heading = way(direction, ahead, out)
    if figure.lying and direction @ UP > 0.8 and not (own and raised > 140):
        return state(side, "arm", "stretched straight up", "arm lying up")
    return _low_arm(side, raised, heading) if own else _free_arm(side, raised, heading)


def _free_arm(side: str, raised: float, heading: str) -> Clause:
    """A nearly straight arm: degrees from hanging, and the way it leaves the body."""
    if raised < 25:
        return Clause(side, "arm", "hangs down", "hang down", "arm hangs")
    if raised > 148:
        return state(side, "arm", "raised overhead", "arm overhead")
    high = {
        "out": "raised up and out to the side", "across": "raised up across the body",
        "back": "raised up and back", "forward": "raised high in front",
        "forward and out": "raised up, forward and out",
    }  # fmt: skip
    level = {
        "out": "stretched out to the side", "across": "stretched across the body",
        "back": "stretched out behind", "forward": "stretched forward",
        "forward and out": "stretched forward and out",
    }  # fmt: skip
    low = {
        "out": "held down and away from the side", "across": "lowered across the body",
        "back": "held back behind the body", "forward": "lowered in front of the body",
        "forward and out": "lowered forward and out",
    }  # fmt: skip
    name, words = (
        ("up", high) if raised > 112 else ("level", level) if raised > 62 else ("low", low)
    )
    return state(side, "arm", words[heading], f"arm {name} {heading}")


def _low_arm(side: str, raised: float, heading: str) -> Clause:
    """A nearly straight arm of a body that lies or stands on its head."""
    if raised < 35:
        return Clause(side, "arm", "lies along the body", "lie along the body", "arm along")
    if raised > 140:
        return state(side, "arm", "stretched beyond the head", "arm beyond the head")
    to = {
        "out": "out to the side", "across": "across the chest", "back": "behind the back",
        "forward": "out in front of the chest", "forward and out": "forward and out",
    }  # fmt: skip
    return state(side, "arm", f"stretched {to[heading]}", f"arm lying {heading}")


def _at(figure: Figure, side: str, region: str) -> Clause:
    """A hand that lies at a region."""
    name = plain_region(region)
    one, two = AT[name]
    crossed = region == f"{other_side(side)}_{name}" and name != "hand"
    if name in FOLDED and crossed:
        back = touched(figure, other_side(side))
        chest = (figure.hand(side) - figure.at("spine3")) @ figure.axis("spine3", 2)
        if back and plain_region(back) in FOLDED and back.startswith(side) and chest > 0:
            rest = "folded across the chest"
            return Clause(side, "arm", f"is {rest}", f"are {rest}", "arms folded")
    if name == "hand":
        middle = (figure.hand("left")[1] + figure.hand("right")[1]) / 2
        spot = height_words(figure, float(middle))
        near = {plain_region(touch.region) for touch in hand_touches(figure)}
        palms = (figure.hand("left") + figure.hand("right")) / 2 - figure.at("spine3")
        behind = palms @ figure.axis("spine3", 2) < -0.05 or (
            bool(near & {"back", "seat"}) and not near & {"belly", "chest"}
        )
        two = f"together {'behind the body' if behind else spot}"
    behind = (figure.hand(side) - figure.at("head")) @ figure.axis("head", 2) < 0
    at = "behind" if behind and name == "head" else "on"
    two = f"at the opposite {two.split()[-1]}" if crossed else two
    one, two = one.format(side=region.split("_")[0], at=at), two.format(at=at)
    key = "hands together" if name == "hand" else f"hand {two}"
    return Clause(side, "hand", f"is {one}", f"are {two}", key)


def _bent_arm(figure: Figure, side: str, bend: float) -> Clause:
    """An arm whose hand is free and whose elbow is bent: where the hand is."""
    up, ahead, out, _ = axes(figure, side, "spine3")
    reach = figure.hand(side) - (figure.at("left_shoulder") + figure.at("right_shoulder")) / 2
    if reach @ ahead < -0.08:
        where = "behind the body"
    elif reach @ out > 0.36:  # metres from the chest's middle; the shoulder is 0.18 out
        where = "out to the side"
    else:
        where = "in front" if reach @ ahead > 0.15 else "beside the body"
    high = height_words(figure, float(figure.hand(side)[1]))
    if figure.lying:
        where = "beside the head" if reach @ up > 0.08 else where
    elif high == "above the head":
        where = high
    else:
        where = f"{where} {high}".replace("beside the body at head height", "beside the head")
    word = bend_words(bend)
    return Clause(
        side, "elbow", f"is {word}, the hand {where}", f"are {word}, the hands {where}",
        f"elbow bent, {where}",
    )  # fmt: skip
