"""Builders of indoor things: (width, height, depth, colour, second colour, rng) -> solids.

Each stands on y = 0 around x = z = 0, its front towards +z. Metres; proportions are our choice.
"""

from __future__ import annotations

import numpy as np

from chatpose_demo.studio.stage.shapes import (
    Colour,
    Material,
    Solid,
    ball,
    box,
    sheet,
    tube,
    turned,
)

SOFA_SEAT, SOFA_BACK, SOFA_ARM = 0.42, 0.24, 0.17
CHAIR_SEAT = 0.45
BED_TOP = 0.50
STEP_RISE = 0.18
DARK = (0.14, 0.14, 0.15)
STEEL = (0.72, 0.73, 0.75)
Random = np.random.Generator
Solids = list[Solid]


def steps(height: float) -> int:
    """Number of steps of stairs of a height."""
    return round(height / STEP_RISE)


def _times(colour: Colour, factor: float) -> Colour:
    return tuple(float(c) for c in np.clip(np.asarray(colour) * factor, 0, 1))


def sofa(w: float, h: float, d: float, colour: Colour, wood: Colour, rng: Random) -> Solids:
    """A sofa, or an armchair if it is narrow."""
    c, seat, back, arm = Material.CLOTH, SOFA_SEAT, SOFA_BACK, SOFA_ARM
    parts = [
        box((-w / 2, 0.09, -d / 2), (w / 2, seat - 0.12, d / 2 - 0.03), colour, c, 0.03),
        box((-w / 2, 0.09, -d / 2), (w / 2, h - 0.05, -d / 2 + 0.18), colour, c, 0.05),
    ]
    for sign in (-1, 1):
        x0, x1 = sorted((sign * w / 2, sign * (w / 2 - arm)))
        parts.append(box((x0, 0.09, -d / 2), (x1, seat + 0.18, d / 2), colour, c, 0.05))
    inner = w - 2 * arm
    count = max(1, int(inner / 0.62))
    for k in range(count):
        a = -inner / 2 + inner * k / count + 0.004
        b = -inner / 2 + inner * (k + 1) / count - 0.004
        parts.append(
            box((a, seat - 0.14, -d / 2 + 0.15), (b, seat, d / 2 + 0.02), colour, c, 0.045)
        )
        low, high = (a, seat - 0.02, -d / 2 + 0.10), (b, h, -d / 2 + back)
        parts.append(box(low, high, _times(colour, 1.05), c, 0.06))
    for x in (-w / 2 + 0.08, w / 2 - 0.08):
        for z in (-d / 2 + 0.08, d / 2 - 0.08):
            parts.append(tube([(x, 0, z), (x, 0.1, z)], 0.025, wood, Material.WOOD, 8))
    return parts


def chair(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A wooden or painted chair with a slatted back."""
    m, seat = Material.WOOD, CHAIR_SEAT
    parts = [box((-w / 2, seat - 0.035, -d / 2), (w / 2, seat, d / 2), colour, m)]
    for x in (-w / 2 + 0.025, w / 2 - 0.025):
        parts.append(
            tube([(x, 0, d / 2 - 0.03), (x, seat - 0.02, d / 2 - 0.03)], 0.018, colour, m, 8)
        )
        back = [(x, 0, -d / 2 + 0.01), (x, seat, -d / 2 + 0.025), (x, h, -d / 2 + 0.0)]
        parts.append(tube(back, 0.018, colour, m, 8))
    for k in range(3):
        y = seat + (h - seat) * (0.35 + 0.28 * k)
        low = (-w / 2 + 0.02, y - 0.03, -d / 2 + 0.002)
        parts.append(box(low, (w / 2 - 0.02, y + 0.03, -d / 2 + 0.022), colour, m, 0.006))
    return parts


def table(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A table with a bowl, cups or a vase."""
    m = Material.WOOD
    parts = [box((-w / 2, h - 0.04, -d / 2), (w / 2, h, d / 2), colour, m)]
    for x in (-w / 2 + 0.06, w / 2 - 0.06):
        for z in (-d / 2 + 0.06, d / 2 - 0.06):
            parts.append(box((x - 0.03, 0, z - 0.03), (x + 0.03, h - 0.03, z + 0.03), colour, m))
    x, z = rng.uniform(-0.25, 0.25) * w, rng.uniform(-0.15, 0.15) * d
    vase = [(0.0, 0), (0.05, 0), (0.065, 0.06), (0.035, 0.15), (0.045, 0.19)]
    bowl = [(0.0, 0.0), (0.06, 0.0), (0.13, 0.06), (0.14, 0.075), (0.12, 0.06)]
    parts.append(turned(vase if rng.random() < 0.4 else bowl, (x, h, z), second))
    for _ in range(rng.integers(0, 3)):
        cup = [(0.0, 0), (0.035, 0), (0.04, 0.09), (0.034, 0.085), (0.0, 0.07)]
        spot = (rng.uniform(-0.42, 0.42) * w, h, rng.choice([-0.32, 0.32]) * d)
        parts.append(turned(cup, spot, (0.85, 0.84, 0.80), sides=14))
    return parts


def desk(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A desk with a screen and a keyboard; one sits at its front (+z)."""
    m = Material.WOOD
    parts = [box((-w / 2, h - 0.035, -d / 2), (w / 2, h, d / 2), colour, m)]
    for x in (-w / 2 + 0.05, w / 2 - 0.05):
        parts.append(box((x - 0.03, 0, -d / 2), (x + 0.03, h - 0.03, d / 2 - 0.05), colour, m))
    parts += [
        box((-0.28, h + 0.10, -d / 2 + 0.12), (0.28, h + 0.46, -d / 2 + 0.15), DARK),
        box((-0.26, h + 0.12, -d / 2 + 0.149), (0.26, h + 0.44, -d / 2 + 0.153),
            (0.45, 0.58, 0.70), Material.GLOW, 0.0),
        box((-0.03, h, -d / 2 + 0.10), (0.03, h + 0.14, -d / 2 + 0.13), DARK),
        box((-0.12, h, -d / 2 + 0.06), (0.12, h + 0.01, -d / 2 + 0.22), DARK),
        box((-0.22, h, 0.0), (0.22, h + 0.015, 0.13), (0.25, 0.25, 0.27)),
    ]  # fmt: skip
    return parts


def bed(w: float, h: float, d: float, colour: Colour, wood: Colour, rng: Random) -> Solids:
    """A bed whose head is at -z."""
    top = BED_TOP
    parts = [
        box((-w / 2, 0.12, -d / 2), (w / 2, 0.30, d / 2), wood, Material.WOOD),
        box((-w / 2, 0.0, -d / 2), (w / 2, h, -d / 2 + 0.06), wood, Material.WOOD),
        box((-w / 2 + 0.02, 0.28, -d / 2 + 0.07), (w / 2 - 0.02, top - 0.02, d / 2 - 0.02),
            (0.88, 0.87, 0.84), Material.CLOTH, 0.06),
        box((-w / 2 - 0.01, 0.24, -d / 2 + 0.75), (w / 2 + 0.01, top + 0.005, d / 2 + 0.01),
            colour, Material.CLOTH, 0.05),
    ]  # fmt: skip
    places = [0.0] if w < 1.3 else [-w / 4, w / 4]
    for x in places:
        low, high = (x - 0.33, top - 0.05, -d / 2 + 0.09), (x + 0.33, top + 0.08, -d / 2 + 0.48)
        parts.append(box(low, high, (0.92, 0.91, 0.88), Material.CLOTH, 0.06))
    for x in (-w / 2 + 0.05, w / 2 - 0.05):
        for z in (-d / 2 + 0.05, d / 2 - 0.05):
            parts.append(box((x - 0.04, 0, z - 0.04), (x + 0.04, 0.14, z + 0.04), wood))
    return parts


def shelf(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """Shelves with books."""
    m = Material.WOOD
    parts = [
        box((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + 0.012), _times(colour, 0.8), m, 0.002),
        box((-w / 2, 0, -d / 2), (-w / 2 + 0.025, h, d / 2), colour, m, 0.004),
        box((w / 2 - 0.025, 0, -d / 2), (w / 2, h, d / 2), colour, m, 0.004),
    ]
    rows = max(3, round(h / 0.38))
    for k in range(rows + 1):
        y = 0.04 + (h - 0.065) * k / rows
        parts.append(box((-w / 2, y, -d / 2), (w / 2, y + 0.025, d / 2), colour, m, 0.004))
        if k == rows:
            break
        room, x = (h - 0.065) / rows - 0.05, -w / 2 + 0.04
        end = w / 2 - 0.05 - rng.uniform(0, 0.4) * w
        while x < end:
            thick = rng.uniform(0.018, 0.05)
            tall = room * rng.uniform(0.65, 0.95)
            book = rng.uniform(0.15, 0.75, 3) * [1.0, 0.9, 0.85]
            low = (x, y + 0.025, -d / 2 + 0.03)
            high = (x + thick, y + 0.025 + tall, d / 2 - rng.uniform(0.04, 0.1))
            parts.append(box(low, high, tuple(book), bevel=0.002))
            x += thick + 0.002
    return parts


def cupboard(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A wardrobe with two doors."""
    parts = [box((-w / 2, 0.0, -d / 2), (w / 2, h, d / 2 - 0.02), colour, Material.WOOD)]
    for a, b, handle in ((-w / 2, 0, -0.05), (0, w / 2, 0.05)):
        low, high = (a + 0.01, 0.06, d / 2 - 0.03), (b - 0.006, h - 0.02, d / 2)
        parts.append(box(low, high, _times(colour, 1.06), Material.WOOD))
        ends = [(handle, h * 0.45, d / 2 + 0.02), (handle, h * 0.55, d / 2 + 0.02)]
        parts.append(tube(ends, 0.008, STEEL, Material.METAL, 8))
    return parts


def counter(w: float, h: float, d: float, colour: Colour, top: Colour, rng: Random) -> Solids:
    """A kitchen counter with wall units above it."""
    parts = [
        box((-w / 2, 0.0, -d / 2), (w / 2, 0.1, d / 2 - 0.06), DARK, bevel=0),
        box((-w / 2, h - 0.04, -d / 2), (w / 2, h, d / 2 + 0.02), top, Material.WOOD),
        box((-w / 2, h, -d / 2), (w / 2, h + 0.5, -d / 2 + 0.012), (0.84, 0.85, 0.84), bevel=0),
    ]
    count = max(2, round(w / 0.6))
    for k in range(count):
        a, b = -w / 2 + w * k / count + 0.004, -w / 2 + w * (k + 1) / count - 0.004
        parts.append(box((a, 0.1, -d / 2), (b, h - 0.04, d / 2), colour, bevel=0.006))
        bar = [(a + 0.1, h - 0.11, d / 2 + 0.02), (b - 0.1, h - 0.11, d / 2 + 0.02)]
        parts.append(tube(bar, 0.007, STEEL, Material.METAL, 8))
        low, high = (a, h + 0.55, -d / 2), (b, h + 1.2, -d / 2 + 0.33)
        if k % 4 != 2:
            parts.append(box(low, high, _times(colour, 1.12), bevel=0.006))
    x = rng.uniform(-0.3, 0.3) * w
    pan = [(0.0, 0), (0.11, 0), (0.11, 0.13), (0.10, 0.13), (0.0, 0.12)]
    parts.append(turned(pan, (x, h, 0), STEEL, Material.METAL))
    return parts


def door(w: float, h: float, d: float, colour: Colour, frame: Colour, rng: Random) -> Solids:
    """A closed door in its frame."""
    parts = [
        box((-w / 2, 0, -d / 2), (-w / 2 + 0.07, h, d / 2), frame),
        box((w / 2 - 0.07, 0, -d / 2), (w / 2, h, d / 2), frame),
        box((-w / 2, h - 0.07, -d / 2), (w / 2, h, d / 2), frame),
        box((-w / 2 + 0.07, 0, -d / 2), (w / 2 - 0.07, h - 0.07, d / 2 - 0.045), colour,
            Material.WOOD),
    ]  # fmt: skip
    for y0, y1 in ((0.15, 0.9), (1.08, h - 0.2)):
        low, high = (-w / 2 + 0.19, y0, 0), (w / 2 - 0.19, y1, d / 2 - 0.033)
        parts.append(box(low, high, _times(colour, 0.94), Material.WOOD, 0.01))
    handle = [(w / 2 - 0.14, 1.02, d / 2 - 0.01), (w / 2 - 0.26, 1.02, d / 2)]
    parts.append(tube(handle, 0.011, STEEL, Material.METAL, 8))
    return parts


def window(w: float, h: float, d: float, colour: Colour, cloth: Colour, rng: Random) -> Solids:
    """A bright window with curtains at its sides; y = 0 is its sill."""
    bright = (0.80, 0.88, 0.97)
    parts = [box((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + 0.02), bright, Material.GLOW, 0.0)]
    for x in np.linspace(-w / 2, w / 2, 3):
        parts.append(box((x - 0.03, 0, -d / 2), (x + 0.03, h, d / 2 - 0.02), colour))
    for y in (0.0, h / 2, h):
        thick = 0.03 if y != h / 2 else 0.015
        parts.append(box((-w / 2, y - thick, -d / 2), (w / 2, y + thick, d / 2 - 0.02), colour))
    if rng.random() < 0.6:
        for sign in (-1, 1):
            u = np.linspace(0, 0.34, 40)
            fold = d / 2 + 0.03 + 0.03 * np.sin(u * 75)
            line = np.stack([sign * (w / 2 + 0.12) - sign * u, 0 * u, fold], axis=1)
            curtain = np.stack([line + [0, -0.75, 0], line + [0, h + 0.12, 0]])
            parts.append(sheet(curtain, cloth, Material.CLOTH))
    return parts


def picture(w: float, h: float, d: float, colour: Colour, paint: Colour, rng: Random) -> Solids:
    """A framed abstract picture; y = 0 is its lower edge."""
    parts = [
        box((-w / 2, 0, -d / 2), (w / 2, h, d / 2 - 0.01), colour, Material.WOOD),
        box((-w / 2 + 0.04, 0.04, 0), (w / 2 - 0.04, h - 0.04, d / 2), (0.9, 0.89, 0.86), bevel=0),
    ]
    for _ in range(4):
        x, y = rng.uniform(-0.3, 0.3) * w, rng.uniform(0.3, 0.7) * h
        a, b = rng.uniform(0.05, 0.18) * w, rng.uniform(0.05, 0.2) * h
        tint = _times(paint, rng.uniform(0.6, 1.5))
        parts.append(box((x - a, y - b, 0), (x + a, y + b, d / 2 + 0.002), tint, bevel=0))
    return parts


def rug(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A flat striped carpet."""
    return [box((-w / 2, 0.002, -d / 2), (w / 2, h, d / 2), colour, Material.RUG, 0.004)]


def plant(w: float, h: float, d: float, colour: Colour, pot: Colour, rng: Random) -> Solids:
    """Long leaves in a pot."""
    profile = [(0.0, 0), (0.11, 0), (0.15, 0.26), (0.16, 0.28), (0.14, 0.27), (0.0, 0.25)]
    parts = [turned(profile, (0, 0, 0), pot)]
    for k in range(26):
        turn = k * 2.4 + rng.uniform(-0.3, 0.3)
        share = rng.uniform(0.35, 1.0)
        rise, reach = (h - 0.27) * share, w / 2 * rng.uniform(0.6, 1.1) * (1.25 - 0.5 * share)
        t = np.linspace(0, 1, 7)
        out, up = reach * t**1.3, 0.26 + rise * np.sin(t * 2.0) / np.sin(1.75)
        middle = np.stack([out * np.cos(turn), up, out * np.sin(turn)], axis=1)
        across = np.array([-np.sin(turn), 0, np.cos(turn)])
        half = 0.045 * np.sin(np.pi * (0.08 + 0.92 * t))[:, None] * across
        leaf = np.stack([middle - half, middle, middle + half], axis=1)
        leaf[:, 1, 1] -= 0.012
        parts.append(sheet(leaf, _times(colour, rng.uniform(0.75, 1.25)), Material.LEAF))
    return parts


def lamp(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A floor lamp."""
    return [
        turned([(0.0, 0.03), (0.14, 0.025), (0.15, 0)], (0, 0, 0), DARK),
        tube([(0, 0.02, 0), (0, h - 0.1, 0)], 0.012, DARK, Material.METAL, 8),
        turned([(0.13, h), (0.21, h - 0.30)], (0, 0, 0), (1.0, 0.93, 0.78), Material.GLOW),
        ball((0, h - 0.18, 0), 0.05, (1, 0.95, 0.85), Material.GLOW, 6),
    ]


def stairs(w: float, h: float, d: float, colour: Colour, side: Colour, rng: Random) -> Solids:
    """Stairs that rise from the front to the back, with a railing on the right."""
    count = steps(h)
    rise, tread = h / count, d / count
    stone = np.ptp(colour) < 0.1
    m = Material.PLAIN if stone else Material.WOOD
    parts = []
    for k in range(count):
        z = d / 2 - k * tread
        low, high = (-w / 2, 0, -d / 2), (w / 2, (k + 1) * rise - 0.03, z)
        parts.append(box(low, high, _times(side, 0.95), bevel=0.0))
        parts.append(
            box((-w / 2 - 0.02, (k + 1) * rise - 0.035, z - tread),
                (w / 2 + 0.02, (k + 1) * rise, z + 0.025), colour, m, 0.008)
        )  # fmt: skip
    if not stone:
        x = w / 2 - 0.04
        for k in range(count):
            foot = (k + 1) * rise
            z = d / 2 - (k + 0.5) * tread
            parts.append(tube([(x, foot, z), (x, foot + 0.85, z)], 0.012, side, sides=6))
        ends = [(x, rise + 0.86, d / 2 - 0.5 * tread), (x, h + 0.86, -d / 2 + 0.5 * tread)]
        parts.append(tube(ends, 0.028, colour, Material.WOOD, 8))
    return parts
