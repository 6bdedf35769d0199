"""Builders of outdoor things and backdrops: (width, height, depth, colours, rng) -> solids.

Each stands on y = 0 around x = z = 0, its front towards +z. Metres; proportions are our choice.
"""

from __future__ import annotations

import numpy as np

from chatpose_demo.studio.stage.shapes import (
    Colour,
    Material,
    Solid,
    box,
    solid,
    tube,
    turned,
)
from chatpose_demo.studio.stage.shapes import ball as round_ball

BENCH_SEAT = 0.45
DARK = (0.10, 0.10, 0.11)
GLASS = (0.22, 0.27, 0.33)
Random = np.random.Generator
Solids = list[Solid]


def bench(w: float, h: float, d: float, wood: Colour, iron: Colour, rng: Random) -> Solids:
    """A park bench of slats."""
    parts, seat = [], BENCH_SEAT
    for k in range(4):
        z = -d / 2 + 0.06 + k * (d - 0.06) / 4
        low, high = (-w / 2, seat - 0.03, z), (w / 2, seat, z + (d - 0.06) / 4 - 0.02)
        parts.append(box(low, high, wood, Material.WOOD))
    for k in range(3):
        y = seat + 0.12 + k * (h - seat - 0.1) / 3
        parts.append(
            box((-w / 2, y, -d / 2), (w / 2, y + 0.085, -d / 2 + 0.03), wood, Material.WOOD)
        )
    for x in (-w / 2 + 0.15, w / 2 - 0.15):
        parts += [
            box((x - 0.025, 0, d / 2 - 0.1), (x + 0.025, seat - 0.03, d / 2 - 0.05), iron),
            box((x - 0.025, 0, -d / 2 - 0.01), (x + 0.025, h, -d / 2 + 0.03), iron),
            box((x - 0.025, seat - 0.07, -d / 2), (x + 0.025, seat - 0.03, d / 2 - 0.05), iron),
        ]
    return parts


def tree(w: float, h: float, d: float, leaf: Colour, bark: Colour, rng: Random) -> Solids:
    """A trunk and a crown of rough balls."""
    r = 0.035 * h
    lean = rng.normal(0, 0.15, 2)
    trunk = [(0, 0, 0), (0.3 * lean[0], 0.3 * h, 0.3 * lean[1]), (lean[0], 0.7 * h, lean[1])]
    parts = [tube(trunk, [1.25 * r, r, 0.5 * r], bark, Material.WOOD, 10)]
    for _ in range(7):
        off = rng.normal(0, 0.22, 3) * [w, 0.5 * h, d]
        middle = np.array([lean[0], 0.72 * h, lean[1]]) + off * [1, 0.5, 1]
        size = np.array([w, 0.55 * h, d]) * rng.uniform(0.24, 0.34)
        tint = tuple(np.clip(np.array(leaf) * rng.uniform(0.8, 1.2), 0, 1))
        parts.append(round_ball(middle, size, tint, Material.LEAF, 12, 0.16, rng))
    return parts


def bush(w: float, h: float, d: float, leaf: Colour, second: Colour, rng: Random) -> Solids:
    """Three rough balls on the ground."""
    parts = []
    for x in (-0.22, 0.05, 0.24):
        size = np.array([0.32 * w, 0.55 * h, 0.5 * d]) * rng.uniform(0.85, 1.1)
        parts.append(round_ball((x * w, 0.42 * h, 0), size, leaf, Material.LEAF, 12, 0.14, rng))
    return parts


def street_lamp(w: float, h: float, d: float, iron: Colour, glow: Colour, rng: Random) -> Solids:
    """A lamp on a post."""
    return [
        turned([(0.12, 0), (0.10, 0.3), (0.05, 0.4), (0.04, h - 0.5)], (0, 0, 0), iron),
        turned([(0.05, h - 0.5), (0.14, h - 0.2), (0.0, h)], (0, 0, 0), (0.92, 0.9, 0.82)),
    ]


def car(w: float, h: float, d: float, paint: Colour, second: Colour, rng: Random) -> Solids:
    """A small car seen from the side; it points to +x."""
    side = np.array(
        [(-0.50, 0.20), (-0.50, 0.52), (-0.47, 0.62), (-0.30, 0.66), (-0.17, 0.98), (0.13, 1.0),
         (0.28, 0.70), (0.47, 0.60), (0.50, 0.45), (0.50, 0.20)]
    ) * [w, h]  # fmt: skip
    parts = [_extrude(side, d, paint, Material.METAL)]
    glass = np.array([(-0.27, 0.68), (-0.16, 0.93), (0.12, 0.95), (0.245, 0.70)]) * [w, h]
    parts.append(_extrude(glass, d + 0.02, GLASS, Material.METAL))
    post = np.array([(-0.035, 0.66), (-0.035, 0.96), (-0.015, 0.96), (-0.015, 0.66)]) * [w, h]
    parts.append(_extrude(post, d + 0.03, paint, Material.METAL))
    for x in (-0.31, 0.31):
        for z in (-d / 2 + 0.08, d / 2 - 0.08):
            ends = [(x * w, 0.31, z - 0.10), (x * w, 0.31, z + 0.10)]
            parts.append(tube(ends, 0.31, DARK, sides=20))
            hub = [(x * w, 0.31, z - 0.105), (x * w, 0.31, z + 0.105)]
            parts.append(tube(hub, 0.18, (0.66, 0.67, 0.69), Material.METAL, 16))
    return parts


def _extrude(outline: np.ndarray, depth: float, colour: Colour, material: Material) -> Solid:
    """A convex-ish outline (K, 2) in x and y, pulled along z."""
    count = len(outline)
    middle = outline.mean(axis=0)
    points, normals, faces = [], [], []
    for sign in (-1, 1):
        base = len(points)
        points += [(*middle, sign * depth / 2), *((x, y, sign * depth / 2) for x, y in outline)]
        normals += [(0, 0, sign)] * (count + 1)
        faces += [(base, base + 1 + k, base + 1 + (k + 1) % count) for k in range(count)]
    for k in range(count):
        a, b = outline[k], outline[(k + 1) % count]
        normal = np.array([a[1] - b[1], b[0] - a[0]])
        normal = normal / np.linalg.norm(normal)
        base = len(points)
        points += [(*a, -depth / 2), (*b, -depth / 2), (*b, depth / 2), (*a, depth / 2)]
        normals += [(*normal, 0)] * 4
        faces += [(base, base + 1, base + 2), (base, base + 2, base + 3)]
    return solid(np.array(points), np.array(normals), np.array(faces), colour, material)


def bicycle(w: float, h: float, d: float, paint: Colour, second: Colour, rng: Random) -> Solids:
    """A bicycle on its stand; it points to +x."""
    r = 0.33
    rear, front = np.array([-w / 2 + r, r, 0]), np.array([w / 2 - r, r, 0])
    crank, saddle = np.array([-0.12, 0.28, 0]), np.array([-0.25, 0.85, 0])
    head = np.array([0.36, 0.82, 0])
    parts = []
    angle = np.linspace(0, 2 * np.pi, 29)
    for hub in (rear, front):
        circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
        parts.append(tube(hub + r * circle, 0.02, DARK, sides=8))
        for turn in np.linspace(0, np.pi, 6, endpoint=False):
            arm = r * np.array([np.cos(turn), np.sin(turn), 0])
            parts.append(tube([hub - arm, hub + arm], 0.003, (0.7, 0.7, 0.72), sides=4))
    bars = [(rear, crank), (crank, saddle), (saddle - [0, 0.1, 0], head), (crank, head),
            (rear, saddle - [0, 0.1, 0]), (front, head + [-0.03, 0.12, 0])]  # fmt: skip
    parts += [tube([a, b], 0.016, paint, Material.METAL, 8) for a, b in bars]
    low, high = saddle - [0.13, 0, 0.06], saddle + [0.13, 0.05, 0.06]
    parts.append(box(low, high, DARK, bevel=0.02))
    grip = head + [-0.03, 0.16, 0]
    parts.append(tube([grip - [0, 0, d / 2], grip + [0, 0, d / 2]], 0.015, DARK, sides=8))
    return parts


def ball(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A ball with a band."""
    parts = [round_ball((0, h / 2, 0), (w / 2, h / 2, d / 2), colour, rings=14)]
    ring = [(w / 2 * np.cos(a), h / 2 + h / 2 * np.sin(a)) for a in (-0.25, 0.0, 0.25)]
    parts.append(turned([(1.012 * r, y) for r, y in ring], (0, 0, 0), second))
    return parts


def parasol(w: float, h: float, d: float, colour: Colour, second: Colour, rng: Random) -> Solids:
    """A sunshade with a pole."""
    top = [(0.0, h), (0.25 * w, h - 0.12), (0.5 * w, h - 0.42)]
    return [
        turned(top, (0, 0, 0), colour, Material.CLOTH),
        tube([(0, 0, 0), (0, h, 0)], 0.02, second, sides=8),
    ]


def house(w: float, h: float, d: float, wall: Colour, roof: Colour, rng: Random) -> Solids:
    """A house front with windows, a door and a pitched roof, for the background."""
    brick = rng.random() < 0.5
    m = Material.BRICK if brick else Material.PLASTER
    parts = [box((-w / 2, 0, -d / 2), (w / 2, h, d / 2), wall, m, 0.0)]
    gable = np.array([(-d / 2 - 0.3, h), (0, h + 0.45 * d), (d / 2 + 0.3, h)])
    slope = _extrude(gable, w + 0.4, roof, Material.PLAIN).moved(90, (0, 0, 0))
    parts.append(slope)
    frame = (0.9, 0.89, 0.86)
    for floor in range(int(h / 2.7)):
        for k in range(int(w / 1.9)):
            x = -w / 2 + 1.0 + 1.9 * k + 0.2
            y = 0.9 + 2.7 * floor
            if floor == 0 and k == 1:
                parts.append(box((x - 0.5, 0, d / 2), (x + 0.5, 2.1, d / 2 + 0.06), roof))
                continue
            low, high = (x - 0.48, y - 0.06, d / 2), (x + 0.48, y + 1.36, d / 2 + 0.05)
            parts.append(box(low, high, frame))
            low, high = (x - 0.4, y, d / 2 + 0.04), (x + 0.4, y + 1.3, d / 2 + 0.055)
            parts.append(box(low, high, GLASS, Material.METAL, 0.0))
    return parts
