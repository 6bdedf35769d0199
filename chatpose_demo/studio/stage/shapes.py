"""Triangles for the stage: rounded boxes, tubes, balls, turned profiles, joined into one mesh.

Every vertex carries what the renderer needs: place, normal, colour, a texture coordinate in the
thing's own frame, a material and an id. Metres, y up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

Colour = Sequence[float]  # sRGB in [0, 1]
Point = Sequence[float] | np.ndarray


class Material(IntEnum):
    """What a surface is made of; the numbers are the shader's."""

    PLAIN = 0
    WOOD = 1
    CLOTH = 2
    BOARDS = 3
    TILES = 4
    GRASS = 5
    PAVING = 6
    LEAF = 7
    SKIN = 8
    HAIR = 9
    BRICK = 10
    GLOW = 11
    METAL = 12
    RUG = 13
    PLASTER = 14
    ASPHALT = 15
    SAND = 16


@dataclass(frozen=True)
class Solid:
    """A mesh with its looks.

    Attributes:
        points, normals: (V, 3) metres and unit vectors; faces: (F, 3) int.
        colours: (V, 3) sRGB in [0, 1].
        grain: (V, 3) texture coordinates, metres.
        material: (V,) numbers of Material.
        casts: whether it throws a shadow.
    """

    points: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    grain: np.ndarray
    material: np.ndarray
    casts: bool = True

    def moved(self, yaw: float, by: Point) -> Solid:
        """Turned about the y axis by `yaw` degrees, then shifted; the grain stays."""
        turn = about_y(yaw)
        return replace(
            self, points=self.points @ turn.T + np.asarray(by), normals=self.normals @ turn.T
        )


def about_y(degrees: float) -> np.ndarray:
    """(3, 3) rotation that turns +z towards +x."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


def solid(
    points: np.ndarray,
    normals: np.ndarray,
    faces: np.ndarray,
    colour: Colour | np.ndarray,
    material: Material = Material.PLAIN,
    grain: np.ndarray | None = None,
    casts: bool = True,
) -> Solid:
    """A Solid of one material; `colour` is one colour or one for each vertex."""
    points = np.asarray(points, float)
    colours = np.broadcast_to(np.asarray(colour, float), points.shape)
    kind = np.full(len(points), float(material))
    grain = points if grain is None else grain
    return Solid(points, np.asarray(normals, float), np.asarray(faces), colours, grain, kind, casts)


def join(parts: Iterable[Solid]) -> Solid:
    """One mesh out of several that cast alike."""
    parts = list(parts)
    offset = np.cumsum([0] + [len(p.points) for p in parts[:-1]])

    def stack(name: str) -> np.ndarray:
        return np.concatenate([getattr(p, name) for p in parts])

    faces = np.concatenate([p.faces + o for p, o in zip(parts, offset, strict=True)])
    return Solid(
        stack("points"), stack("normals"), faces, stack("colours"), stack("grain"),
        stack("material"), parts[0].casts,
    )  # fmt: skip


def _rounded_cube() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(24, 3) corner signs, (24,) axis of each vertex's face, (44, 3) faces."""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    corner, axis = np.repeat(signs, 3, axis=0), np.tile([0, 1, 2], 8)
    number = {(tuple(s), a): i for i, (s, a) in enumerate(zip(corner, axis, strict=True))}
    polygons = []
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        for s in (-1, 1):
            ring = []
            for sb, sc in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                sign = np.zeros(3, int)
                sign[a], sign[b], sign[c] = s, sb, sc
                ring.append(number[tuple(sign), a])
            polygons.append(ring)
        for sb in (-1, 1):
            for sc in (-1, 1):
                ends = []
                for s in (-1, 1):
                    sign = np.zeros(3, int)
                    sign[a], sign[b], sign[c] = s, sb, sc
                    ends.append(tuple(sign))
                low, high = ends
                polygons.append([number[low, b], number[low, c], number[high, c], number[high, b]])
    polygons += [[number[tuple(s), a] for a in range(3)] for s in signs]
    faces = [[p[0], p[k], p[k + 1]] for p in polygons for k in range(1, len(p) - 1)]
    return corner, axis, np.array(faces)


_CORNER, _AXIS, _CUBE_FACES = _rounded_cube()


def box(
    low: Point,
    high: Point,
    colour: Colour,
    material: Material = Material.PLAIN,
    bevel: float = 0.012,
    casts: bool = True,
) -> Solid:
    """A box with bevelled edges that shade as if round."""
    start, extent = np.asarray(low, float), np.subtract(high, low)
    bevel = min(bevel, 0.45 * extent.min())
    normals = np.zeros((24, 3))
    normals[np.arange(24), _AXIS] = _CORNER[np.arange(24), _AXIS]
    points = start + extent / 2 + _CORNER * (extent / 2 - bevel) + normals * bevel
    grain = points - start
    if material == Material.WOOD:  # wood grain runs along the longest side
        grain = grain[:, np.argsort(-extent)]
    return solid(points, normals, _CUBE_FACES, colour, material, grain, casts)


def _grid_faces(rows: int, columns: int, closed: bool) -> np.ndarray:
    """(F, 3) of a grid of vertices, row by row; `closed` joins the last column to the first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )


def sheet(
    points: np.ndarray,
    colour: Colour | np.ndarray,
    material: Material,
    closed: bool = False,
    grain: np.ndarray | None = None,
    casts: bool = True,
) -> Solid:
    """A smooth surface through a grid of points (R, C, 3); both sides are shown."""
    rows, columns = points.shape[:2]
    if closed:
        wrapped = np.concatenate([points[:, -1:], points, points[:, :1]], axis=1)
        across = (wrapped[:, 2:] - wrapped[:, :-2]) / 2
    else:
        across = np.gradient(points, axis=1)
    along = np.gradient(points, axis=0)
    normals = np.cross(across, along)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    # At a pole one direction vanishes: point away from the middle there.
    away = points - points.reshape(-1, 3).mean(axis=0)
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    normals = np.where(length > 1e-9, normals / np.maximum(length, 1e-9), away)
    flat = points.reshape(-1, 3)
    faces = _grid_faces(rows, columns, closed)
    return solid(flat, normals.reshape(-1, 3), faces, colour, material, grain, casts)


def tube(
    path: Sequence[Point] | np.ndarray,
    radii: float | Sequence[float],
    colour: Colour,
    material: Material = Material.PLAIN,
    sides: int = 12,
) -> Solid:
    """A round bar along a path (K, 3), with flat ends; `radii` is one radius or K of them."""
    path = np.asarray(path, float)
    thick = np.broadcast_to(np.asarray(radii, float), len(path))
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    steady = np.eye(3)[np.abs(along).max(axis=0).argmin()]  # the axis that no part runs along
    side = np.cross(along, steady)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(angle)[:, None] * side[:, None] + np.sin(angle)[:, None] * other[:, None]
    points = path[:, None] + thick[:, None, None] * ring
    grain = np.stack(
        [
            np.broadcast_to(np.linspace(0, 1, len(path))[:, None], ring.shape[:2]),
            0.05 * ring[..., 0],
            0.05 * ring[..., 1],
        ],
        axis=-1,
    ).reshape(-1, 3)
    wall = solid(
        points.reshape(-1, 3), ring.reshape(-1, 3), _grid_faces(len(path), sides, True), colour,
        material, grain,
    )  # fmt: skip
    ends = []
    for k, sign in ((0, -1), (-1, 1)):
        cap = np.concatenate([path[k][None], points[k]])
        around = np.arange(sides)
        faces = np.stack([np.zeros(sides, int), around + 1, (around + 1) % sides + 1], axis=1)
        ends.append(solid(cap, np.tile(sign * along[k], (sides + 1, 1)), faces, colour, material))
    return join([wall, *ends])


def turned(
    profile: Sequence[tuple[float, float]],
    middle: Point,
    colour: Colour,
    material: Material = Material.PLAIN,
    sides: int = 20,
) -> Solid:
    """A surface of revolution about y; `profile` lists (radius, height)."""
    radius, height = np.asarray(profile, float).T
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    points = np.stack(
        [
            radius[:, None] * np.cos(angle),
            np.broadcast_to(height[:, None], (len(radius), sides)),
            radius[:, None] * np.sin(angle),
        ],
        axis=-1,
    )
    return sheet(points + np.asarray(middle, float), colour, material, closed=True)


def ball(
    middle: Point,
    radii: Point | float,
    colour: Colour,
    material: Material = Material.PLAIN,
    rings: int = 12,
    rough: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Solid:
    """An ellipsoid; `rough` dents it by that share of its radius."""
    polar = np.linspace(0, np.pi, rings)[:, None]
    around = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)[None]
    unit = np.stack(
        [
            np.sin(polar) * np.cos(around),
            np.cos(polar) + 0 * around,
            np.sin(polar) * np.sin(around),
        ],
        axis=-1,
    )
    if rough and rng is not None:
        wave = rng.normal(0, 3.0, (6, 3))
        dents = np.sin(unit @ wave.T + rng.uniform(0, 6, 6)).mean(axis=-1, keepdims=True)
        unit = unit * (1 + 2 * rough * dents)
    points = np.asarray(middle, float) + unit * np.asarray(radii, float)
    return sheet(points, colour, material, closed=True)


def plane(
    low: tuple[float, float], high: tuple[float, float], colour: Colour, material: Material
) -> Solid:
    """A level rectangle at y = 0 from (x, z) to (x, z); it throws no shadow."""
    (x0, z0), (x1, z1) = low, high
    points = np.array([[x0, 0, z0], [x0, 0, z1], [x1, 0, z1], [x1, 0, z0]], float)
    up = np.tile([0.0, 1.0, 0.0], (4, 1))
    return solid(points, up, np.array([[0, 1, 2], [0, 2, 3]]), colour, material, casts=False)
