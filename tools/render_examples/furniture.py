"""Things that stand in rooms and streets, built from rounded boxes, tubes and leaves.

Positions are metres, y up. `box(low, high)` is the brick that most things are made of.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from tools.render_examples import materials as m
from tools.render_examples.stage import mesh

Point = Sequence[float]
_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
_SIDES = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
_SEED = 5
RNG = np.random.default_rng(_SEED)


def restart() -> None:
    """Begin a scene: its books and leaves do not depend on the scenes before it."""
    global RNG
    RNG = np.random.default_rng(_SEED)


def box(
    low: Point,
    high: Point,
    material: bpy.types.Material,
    bevel: float = 0.01,
    turn: float = 0.0,
    soft: bool = False,
) -> bpy.types.Object:
    """A box with rounded edges, turned about its upright middle axis by degrees.

    `soft` puffs it up like a cushion.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    middle = (low + high) / 2
    a = np.radians(turn)
    about = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    points = middle + (low + _CORNERS * (high - low) - middle) @ about.T
    thing = mesh("box", points, _SIDES, material, smooth=bevel > 0)
    if soft:
        rounded = thing.modifiers.new("puff", "BEVEL")
        rounded.width, rounded.segments = bevel, 3
        smooth = thing.modifiers.new("smooth", "SUBSURF")
        smooth.levels = smooth.render_levels = 2
    elif bevel:
        rounded = thing.modifiers.new("edges", "BEVEL")
        rounded.width, rounded.segments, rounded.harden_normals = bevel, 4, True
    return thing


def tube(start: Point, end: Point, radius: float, material, end_radius: float | None = None):
    """A round bar, or a cone's stump."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    axis = (end - start) / np.linalg.norm(end - start)
    side = np.cross(axis, [1, 0, 0] if abs(axis[0]) < 0.9 else [0, 1, 0])
    side /= np.linalg.norm(side)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
    last = radius if end_radius is None else end_radius
    points = np.concatenate([start + radius * ring, end + last * ring])
    around = np.arange(24)
    after = np.roll(around, -1)
    faces = np.stack([around, after, after + 24, around + 24], axis=1).tolist()
    faces += [around[::-1].tolist(), (around + 24).tolist()]
    return mesh("tube", points, faces, material, smooth=False)


def ball(middle: Point, radii: Point, material) -> bpy.types.Object:
    """An ellipsoid."""
    rings, sides = 16, 28
    polar = np.linspace(0, np.pi, rings)[:, None]
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None]
    unit = np.stack(
        [
            np.sin(polar) * np.cos(around),
            np.cos(polar) + 0 * around,
            np.sin(polar) * np.sin(around),
        ],
        axis=-1,
    )
    index = np.arange(rings * sides).reshape(rings, sides)
    a, b = index[:-1], index[1:]
    faces = np.stack([a, np.roll(a, -1, 1), np.roll(b, -1, 1), b], axis=-1).reshape(-1, 4)
    points = np.asarray(middle, float) + unit.reshape(-1, 3) * radii
    return mesh("ball", points, faces, material)


def floor(low: Point, high: Point, material, y: float = 0.0) -> None:
    """A level rectangle from (x, z) to (x, z)."""
    (x0, z0), (x1, z1) = low, high
    points = [[x0, y, z1], [x1, y, z1], [x1, y, z0], [x0, y, z0]]
    mesh("floor", np.array(points), [[0, 1, 2, 3]], material, smooth=False)


def window(low: Point, high: Point, frame, outside, bars: int = 1) -> None:
    """A bright pane in a frame, in a wall that faces +z (equal z) or +x (equal x)."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    across = 0 if low[2] == high[2] else 2
    out = np.zeros(3)
    out[2 - across] = 1.0
    box(low, high + 0.01 * out, outside, bevel=0)
    stations = np.linspace(low[across], high[across], bars + 2)
    for x in stations:
        a, b = low.copy(), high.copy()
        a[across], b[across] = x - 0.03, x + 0.03
        box(a, b + 0.06 * out, frame, 0.006)
    for y in (low[1], high[1]):
        a, b = low.copy(), high.copy()
        a[1], b[1] = y - 0.03, y + 0.03
        a[across] -= 0.03
        b[across] += 0.03
        box(a, b + 0.08 * out, frame, 0.006)


def curtain(x: float, z: float, width: float, height: float, material, along: str = "x") -> None:
    """A hanging, folded cloth."""
    u = np.linspace(0, 1, 90)
    fold = 0.035 * np.sin(u * width * 42) + 0.012 * np.sin(u * 31)
    line = np.stack([u * width, np.zeros_like(u), fold], axis=1)
    if along == "z":
        line = line[:, [2, 1, 0]]
    line += [x, 0.03, z]
    points = np.concatenate([line, line + [0, height, 0]])
    k = np.arange(89)
    faces = np.stack([k, k + 1, k + 91, k + 90], axis=1)
    mesh("curtain", points, faces, material)


def sofa(x: float, z: float, width: float, seat: float, colour: m.Colour) -> None:
    """Facing +z, its back at `z`; the seat's top is at height `seat`."""
    cover = m.upholstery("sofa", colour)
    left, right = x - width / 2, x + width / 2
    box((left, 0.09, z), (right, seat - 0.13, z + 0.88), cover, 0.03)
    box((left, 0.09, z), (right, seat + 0.36, z + 0.20), cover, 0.06)
    for a, b in ((left - 0.18, left + 0.02), (right - 0.02, right + 0.18)):
        box((a, 0.09, z), (b, seat + 0.17, z + 0.90), cover, 0.06)
    parts = 3 if width > 1.7 else 2
    for k in range(parts):
        a, b = left + width * k / parts + 0.004, left + width * (k + 1) / parts - 0.004
        box((a, seat - 0.15, z + 0.16), (b, seat + 0.005, z + 0.92), cover, 0.05)
        box((a, seat - 0.02, z + 0.13), (b, seat + 0.40, z + 0.32), cover, 0.07)
    foot = m.wood("sofa feet", (0.30, 0.19, 0.12))
    for fx in (left, right):
        for fz in (z + 0.08, z + 0.80):
            box((fx - 0.03, 0, fz - 0.03), (fx + 0.03, 0.10, fz + 0.03), foot, 0.005)


def cushion(middle: Point, size: float, colour: m.Colour, turn: float = 0.0) -> None:
    """A pillow leaning against something behind it."""
    middle = np.asarray(middle, float)
    half = np.array([size / 2, size / 2, 0.10])
    box(middle - half, middle + half, m.upholstery("cushion", colour), 0.05, turn, soft=True)


def table(low: Point, high: Point, material, top: float = 0.04, leg: float = 0.06) -> None:
    """Four legs and a top; `low` and `high` bound the whole table."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    box((x0, y1 - top, z0), (x1, y1, z1), material, 0.008)
    for x in (x0 + 0.05, x1 - 0.05 - leg):
        for z in (z0 + 0.05, z1 - 0.05 - leg):
            box((x, y0, z), (x + leg, y1 - top, z + leg), material, 0.006)


def chair(x: float, z: float, seat: float, turn: float, material) -> None:
    """A wooden chair under a sitter; it faces +z, turned by degrees to its own left."""
    a = np.radians(turn)
    about = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])

    def part(low: Point, high: Point, bevel: float = 0.01) -> None:
        low, high = np.array(low, float), np.array(high, float)
        middle = about @ ((low + high) / 2 * [1, 1, 1]) + [x, 0, z]
        half = (high - low) / 2
        box(middle - half, middle + half, material, bevel, turn)

    part((-0.22, seat - 0.035, -0.24), (0.22, seat, 0.22), 0.012)
    for lx in (-0.20, 0.16):
        part((lx, 0, 0.16), (lx + 0.04, seat - 0.03, 0.20))
        part((lx, 0, -0.25), (lx + 0.04, seat + 0.46, -0.21))
    for y in (0.18, 0.30, 0.42):
        part((-0.18, seat + y - 0.03, -0.245), (0.18, seat + y + 0.03, -0.22), 0.006)


def shelf(low: Point, width: float, boards: Sequence[float], depth: float, material) -> None:
    """Boards at heights above `low`, filled with books and pots, open towards +z."""
    x, y, z = low
    height = boards[-1] + 0.03
    for side in (x, x + width - 0.03):
        box((side, y, z), (side + 0.03, y + height, z + depth), material, 0.004)
    for at in boards:
        box((x, y + at, z), (x + width, y + at + 0.03, z + depth), material, 0.004)
    for at, above in zip(boards[:-1], boards[1:], strict=True):
        books((x + 0.05, y + at + 0.03, z + 0.04), width - 0.1, above - at - 0.06, depth - 0.08)


def books(low: Point, width: float, height: float, depth: float) -> None:
    """A row of books with gaps."""
    palette = [
        (0.55, 0.20, 0.17), (0.18, 0.30, 0.42), (0.80, 0.72, 0.56), (0.24, 0.36, 0.28),
        (0.72, 0.52, 0.24), (0.88, 0.86, 0.80), (0.35, 0.27, 0.34),
    ]  # fmt: skip
    x, end = low[0], low[0] + width
    while x < end - 0.06:
        if RNG.random() < 0.14:
            x += RNG.uniform(0.06, 0.16)
            continue
        thick = RNG.uniform(0.022, 0.05)
        tall = min(height, RNG.uniform(0.19, 0.28))
        colour = palette[RNG.integers(len(palette))]
        deep = min(depth, RNG.uniform(0.14, 0.2))
        box(
            (x, low[1], low[2] + depth - deep),
            (min(x + thick, end), low[1] + tall, low[2] + depth),
            m.plain("book", colour, 0.6), 0.002,
        )  # fmt: skip
        x += thick + 0.002


def picture(middle: Point, size: tuple[float, float], colours: Sequence[m.Colour], frame) -> None:
    """An abstract picture on a wall that faces +z: hills under a disc."""
    x, y, z = middle
    w, h = size[0] / 2, size[1] / 2
    box((x - w, y - h, z), (x + w, y + h, z + 0.025), frame, 0.004)
    w, h = w - 0.03, h - 0.03
    box((x - w, y - h, z), (x + w, y + h, z + 0.028), m.plain("paper", colours[0], 0.8), 0)
    u = np.linspace(-w, w, 40)
    for k, colour in enumerate(colours[1:-1]):
        top = y + h * (0.15 - 0.35 * k) + 0.25 * h * np.sin(u / w * 2.2 + 1.9 * k)
        upper = np.stack([x + u, top, np.full(40, z + 0.030 + 0.001 * k)], axis=1)
        lower = upper.copy()
        lower[:, 1] = y - h
        faces = [[i, i + 1, 40 + i + 1, 40 + i] for i in range(39)]
        points = np.concatenate([lower, upper])
        mesh("hill", points, faces, m.plain("paint", colour, 0.8), smooth=False)
    ball(
        (x + 0.35 * w, y + 0.45 * h, z + 0.029),
        (0.2 * h, 0.2 * h, 0.001),
        m.plain("disc", colours[-1]),
    )


def leaves(middle: Point, count: int, reach: float, length: float, material) -> None:
    """A tuft of long bent leaves."""
    for _ in range(count):
        turn, rise = RNG.uniform(0, 2 * np.pi), RNG.uniform(0.5, 1.35)
        out = np.array([np.cos(turn), 0, np.sin(turn)])
        t = np.linspace(0, 1, 8)[:, None]
        size = length * RNG.uniform(0.7, 1.1)
        spine = out * reach * t * np.cos(rise) * 2 + [0, 1, 0] * (
            size * np.sin(rise) * (t - 0.45 * t**2.4)
        )
        side = np.cross(out, [0, 1, 0]) * 0.055 * length * np.sin(np.pi * (0.12 + 0.85 * t))
        points = np.concatenate([spine - side, spine + side]) + np.asarray(middle)
        faces = [[i, i + 1, 9 + i, 8 + i] for i in range(7)]
        mesh("leaf", points, faces, material)


def plant(x: float, z: float, height: float, pot: m.Colour) -> None:
    """A potted plant on the floor."""
    tube((x, 0, z), (x, 0.32, z), 0.13, m.plain("pot", pot, 0.5), 0.17)
    leaves((x, 0.3, z), 34, 0.28, height - 0.3, m.grass("leaf", (0.17, 0.33, 0.15)))


def lamp(x: float, z: float, height: float = 1.6) -> None:
    """A floor lamp with a glowing shade."""
    dark = m.plain("lamp", (0.12, 0.12, 0.13), 0.35)
    tube((x, 0, z), (x, 0.025, z), 0.14, dark)
    tube((x, 0, z), (x, height, z), 0.012, dark)
    shade = m.glow("shade", (0.98, 0.86, 0.66), 1.3)
    tube((x, height - 0.08, z), (x, height + 0.22, z), 0.20, shade, 0.14)


def tree(x: float, z: float, height: float) -> None:
    """A trunk with a crown of leafy balls."""
    bark = m.wood("bark", (0.34, 0.26, 0.20), (6, 6, 1), 0.9)
    tube((x, 0, z), (x, height * 0.55, z), 0.14, bark, 0.09)
    leaf = m.grass("crown", (0.24, 0.38, 0.14))
    for _ in range(16):
        way = RNG.normal(size=3)
        way *= RNG.uniform(0.5, 1) / np.linalg.norm(way)
        size = RNG.uniform(0.5, 0.85) * height / 5
        crown = ball(
            np.array([x, height * 0.72, z]) + way * [height * 0.2, height * 0.18, height * 0.2],
            (size, size * 0.85, size), leaf,
        )  # fmt: skip
        _leafy(crown)


def _leafy(thing: bpy.types.Object) -> None:
    fine = thing.modifiers.new("fine", "SUBSURF")
    fine.levels = fine.render_levels = 2
    texture = bpy.data.textures.new("leaves", "CLOUDS")
    texture.noise_scale, texture.noise_depth = 0.16, 3
    rough = thing.modifiers.new("rough", "DISPLACE")
    rough.texture, rough.strength, rough.texture_coords = texture, 0.55, "LOCAL"
