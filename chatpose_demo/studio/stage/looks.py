"""What people look like: shape, skin, hair, clothes, hats, with the names that the eyes use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.perception.person import COLOUR_NAMES, COLOURS
from chatpose_demo.pose import NUM_BETAS

Colour = tuple[float, float, float]  # sRGB in [0, 1]

# Colours in sRGB and odds are our choice: calm, everyday.
SKIN: dict[str, Colour] = {
    "fair": (0.84, 0.66, 0.57),
    "warm": (0.77, 0.58, 0.46),
    "olive": (0.70, 0.52, 0.39),
    "brown": (0.53, 0.37, 0.27),
    "dark": (0.36, 0.24, 0.18),
}
HAIR: dict[str, Colour] = {
    "black": (0.085, 0.070, 0.066),
    "brown": (0.29, 0.18, 0.115),
    "blond": (0.80, 0.64, 0.38),
    "red": (0.58, 0.24, 0.10),
    "grey": (0.62, 0.61, 0.60),
}
HAIR_ODDS = {"black": 0.28, "brown": 0.32, "blond": 0.20, "grey": 0.11, "red": 0.09}
SHOES: tuple[Colour, ...] = (
    (0.10, 0.10, 0.11), (0.86, 0.86, 0.84), (0.34, 0.22, 0.14), (0.20, 0.22, 0.28),
    (0.62, 0.20, 0.20), (0.45, 0.46, 0.48),
)  # fmt: skip
# Odds of COLOUR_NAMES as tops and as bottoms.
TOP_ODDS = {"orange": 0.7, "purple": 0.7, "beige": 0.7, "brown": 0.7, "white": 1.5, "red": 1.3}
BOTTOM_ODDS = {
    "black": 2.4, "blue": 2.4, "grey": 1.5, "beige": 1.1, "brown": 1.1, "orange": 0.3,
    "yellow": 0.3, "purple": 0.4, "pink": 0.4, "red": 0.5, "green": 0.6,
}  # fmt: skip
HATS = ("cap", "hat", "beanie")
HAT_ODDS = 0.16  # share of people who wear one
BALD_ODDS = {"woman": 0.015, "man": 0.13}


@dataclass(frozen=True)
class Look:
    """One person's looks.

    Attributes:
        woman: chooses the body's form and the odds of clothes.
        betas: (10,) of the embedded body: + taller, + thinner, + female, muscle, + older, ...
        skin: name in SKIN; skin_colour: as drawn.
        top, bottom: names in COLOURS; top_colour, bottom_colour: as drawn.
        hair: one of HAIR_NAMES; hair_colour: as drawn; haircut: "cropped", "short", "bob", "long",
            "bun", "tail" or "bald".
        hat: one of HATS, or None; hat_name: its colour's name; hat_colour: as drawn.
        sleeve: "tank", "short" or "long"; hem: "shirt" or "tucked"; neckline: "crew" or "wide";
            legwear: "trousers", "shorts", "leggings" or "skirt".
        shoe_colour: as drawn.
    """

    woman: bool
    betas: tuple[float, ...]
    skin: str
    skin_colour: Colour
    top: str
    top_colour: Colour
    bottom: str
    bottom_colour: Colour
    hair: str
    hair_colour: Colour
    haircut: str
    hat: str | None
    hat_name: str | None
    hat_colour: Colour
    sleeve: str
    hem: str
    neckline: str
    legwear: str
    shoe_colour: Colour


def shade(rng: np.random.Generator, name: str) -> Colour:
    """An sRGB colour near a name's centre, nearer to it than to any other name's."""
    centres = np.array([COLOURS[n] for n in COLOUR_NAMES], float) / 255
    index = COLOUR_NAMES.index(name)
    for spread in (0.055, 0.04, 0.02):
        colour = centres[index] * rng.normal(1, spread) + rng.normal(0, spread / 2, 3)
        colour = np.clip(colour, 0.02, 0.97)
        if np.linalg.norm(centres - colour, axis=1).argmin() == index:
            return _triple(colour)
    return _triple(centres[index])


def _triple(colour: np.ndarray) -> Colour:
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def _pick(rng: np.random.Generator, odds: dict[str, float]) -> str:
    share = np.array(list(odds.values()), float)
    return tuple(odds)[rng.choice(len(share), p=share / share.sum())]


def _betas(rng: np.random.Generator, woman: bool) -> tuple[float, ...]:
    betas = np.zeros(NUM_BETAS)
    betas[0] = np.clip(rng.normal(-0.25 if woman else 0.35, 0.7), -2, 2)
    betas[1] = np.clip(rng.normal(0.1, 0.8), -2, 2)
    betas[2] = 1.3 if woman else -1.3
    betas[3], betas[4] = rng.normal(0.1, 0.5), rng.normal(0, 0.6)
    betas[5:] = rng.normal(0, 0.4, 5)
    return tuple(np.round(betas, 4).tolist())


def sample_look(rng: np.random.Generator, may_skirt: bool = True, may_hang: bool = True) -> Look:
    """One person's looks.

    Args:
        rng: random numbers.
        may_skirt: whether the pose suits a skirt.
        may_hang: whether hanging hair and hats stay on in this pose.
    """
    woman = bool(rng.random() < 0.5)
    skin = _pick(rng, {"fair": 0.3, "warm": 0.25, "olive": 0.17, "brown": 0.16, "dark": 0.12})
    top = _pick(rng, {name: TOP_ODDS.get(name, 1.0) for name in COLOUR_NAMES})
    bottom = _pick(rng, {name: BOTTOM_ODDS.get(name, 1.0) for name in COLOUR_NAMES})
    legs = {"trousers": 0.6, "shorts": 0.2, "leggings": 0.1 if woman else 0.0}
    legs["skirt"] = 0.25 if woman and may_skirt else 0.0
    legwear = _pick(rng, legs)
    bald = rng.random() < BALD_ODDS["woman" if woman else "man"]
    dark_skin = skin in ("brown", "dark")
    odds = dict(HAIR_ODDS, blond=0.0, red=0.0) if dark_skin else HAIR_ODDS
    hair = "bald" if bald else _pick(rng, odds)
    haircut = "bald" if bald else _haircut(rng, woman, may_hang)
    hat = str(rng.choice(HATS)) if may_hang and rng.random() < HAT_ODDS else None
    if hat and haircut in ("bun", "tail"):
        haircut = "bob"
    hat_name = _pick(rng, {name: 1.0 for name in COLOUR_NAMES}) if hat else None
    tuck = legwear == "skirt" or rng.random() < 0.2
    return Look(
        woman=woman,
        betas=_betas(rng, woman),
        skin=skin,
        skin_colour=_vary(rng, SKIN[skin]),
        top=top,
        top_colour=shade(rng, top),
        bottom=bottom,
        bottom_colour=shade(rng, bottom),
        hair=hair,
        hair_colour=_vary(rng, HAIR.get(hair, SKIN[skin])),
        haircut=haircut,
        hat=hat,
        hat_name=hat_name,
        hat_colour=shade(rng, hat_name) if hat_name else (0.0, 0.0, 0.0),
        sleeve=_pick(rng, {"short": 0.5, "long": 0.4, "tank": 0.1}),
        hem="tucked" if tuck else "shirt",
        neckline="wide" if woman and rng.random() < 0.4 else "crew",
        legwear=legwear,
        shoe_colour=_vary(rng, SHOES[rng.integers(len(SHOES))]),
    )


def _vary(rng: np.random.Generator, colour: Colour) -> Colour:
    return _triple(np.clip(np.array(colour) * rng.normal(1, 0.06) + rng.normal(0, 0.01, 3), 0, 1))


def _haircut(rng: np.random.Generator, woman: bool, may_hang: bool) -> str:
    if not woman:
        return _pick(rng, {"short": 0.6, "cropped": 0.4})
    odds = {"short": 0.12, "bun": 0.2, "tail": 0.2}
    if may_hang:
        odds |= {"bob": 0.22, "long": 0.26}
    return _pick(rng, odds)
