"""Rooms and outdoor places: what belongs in them, their shell, their backdrop and their light.

The camera stands near z = 0 and looks towards -z, where the back wall or the backdrop is.
Metres, y up; sizes and odds are our choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.studio.stage import build_outdoor
from chatpose_demo.studio.stage.camera import Light
from chatpose_demo.studio.stage.shapes import Colour, Material, Solid, ball, box, join, plane
from chatpose_demo.studio.stage.things import GREENS

CEILING = 2.7
FRONT = 1.2  # m that floor and side walls go on behind the camera
WALLS: tuple[Colour, ...] = (
    (0.88, 0.86, 0.82), (0.80, 0.84, 0.85), (0.86, 0.80, 0.72), (0.74, 0.80, 0.74),
    (0.72, 0.74, 0.80), (0.90, 0.90, 0.89), (0.70, 0.58, 0.52),
)  # fmt: skip
FLOORS: tuple[tuple[Colour, Material], ...] = (
    ((0.62, 0.45, 0.29), Material.BOARDS), ((0.45, 0.31, 0.21), Material.BOARDS),
    ((0.74, 0.62, 0.46), Material.BOARDS), ((0.66, 0.66, 0.64), Material.TILES),
    ((0.76, 0.71, 0.62), Material.TILES), ((0.52, 0.53, 0.56), Material.PLASTER),
)  # fmt: skip
GROUNDS: dict[str, tuple[Colour, Material]] = {
    "park": ((0.34, 0.46, 0.20), Material.GRASS),
    "street": ((0.60, 0.58, 0.55), Material.PAVING),
    "square": ((0.66, 0.62, 0.56), Material.PAVING),
    "beach": ((0.84, 0.75, 0.58), Material.SAND),
    "yard": ((0.38, 0.47, 0.24), Material.GRASS),
}


@dataclass(frozen=True)
class Plan:
    """What a kind of place looks like.

    Attributes:
        size: smallest and largest (width, depth), metres.
        wall: (kind, least, most) of things that stand against a wall; for outdoors, at the back.
        high: things that hang on a wall. free: things that stand anywhere.
        sets: "dining", "sofa corner", "desk": groups that belong together.
        indoor: whether there are walls.
        crowd: most people that fit.
    """

    size: tuple[tuple[float, float], tuple[float, float]]
    wall: tuple[tuple[str, int, int], ...] = ()
    high: tuple[tuple[str, int, int], ...] = ()
    free: tuple[tuple[str, int, int], ...] = ()
    sets: tuple[tuple[str, int, int], ...] = ()
    indoor: bool = True
    crowd: int = 6


HIGH = (("window", 1, 2), ("picture", 0, 3))
PLANS: dict[str, Plan] = {
    "living room": Plan(((4.8, 5.2), (6.4, 6.6)), (("door", 0, 1), ("shelf", 0, 1), ("plant", 0, 2),
                        ("lamp", 0, 1)), HIGH, (("rug", 0, 1), ("armchair", 0, 1)),
                        (("sofa corner", 1, 1),)),
    "bedroom": Plan(((4.4, 5.0), (5.6, 6.2)), (("bed", 1, 1), ("cupboard", 0, 1), ("door", 0, 1),
                    ("plant", 0, 1)), HIGH, (("rug", 0, 1), ("chair", 0, 1))),
    "dining room": Plan(((4.8, 5.4), (6.2, 6.8)), (("counter", 0, 1), ("door", 0, 1),
                        ("shelf", 0, 1), ("plant", 0, 1)), HIGH, (), (("dining", 1, 1),)),
    "office": Plan(((6.0, 6.0), (7.5, 7.5)), (("shelf", 0, 2), ("door", 1, 1), ("plant", 0, 2)),
                   HIGH, (("chair", 0, 1),), (("desk", 1, 3),), crowd=9),
    "hall": Plan(((6.5, 7.0), (8.0, 8.5)), (("stairs", 1, 1), ("door", 0, 1), ("plant", 0, 2)),
                 HIGH, (("chair", 0, 1), ("bench", 0, 1)), crowd=10),
    "studio": Plan(((6.0, 6.0), (8.0, 8.0)), (("door", 0, 1), ("bench", 0, 1)), HIGH,
                   (("ball", 0, 2), ("rug", 0, 2)), crowd=12),
    "park": Plan(((11, 11), (14, 14)), (("tree", 2, 4), ("bush", 1, 4)), (),
                 (("bench", 0, 2), ("tree", 0, 1), ("bicycle", 0, 1), ("ball", 0, 1)),
                 indoor=False, crowd=12),
    "street": Plan(((11, 9), (14, 11)), (("car", 0, 2), ("tree", 0, 2), ("street lamp", 0, 2)), (),
                   (("bench", 0, 1), ("bicycle", 0, 1)), indoor=False, crowd=12),
    "square": Plan(((11, 11), (14, 13)), (("outdoor stairs", 1, 1), ("tree", 0, 2)), (),
                   (("bench", 0, 2), ("street lamp", 0, 1)), indoor=False, crowd=12),
    "beach": Plan(((11, 10), (14, 13)), (), (), (("parasol", 0, 2), ("ball", 0, 1)),
                  indoor=False, crowd=12),
    "yard": Plan(((9, 9), (11, 11)), (("bush", 1, 3), ("tree", 1, 2), ("bench", 0, 1)), (),
                 (("bicycle", 0, 1), ("ball", 0, 1)), (("dining", 0, 1),), indoor=False, crowd=9),
}  # fmt: skip


@dataclass(frozen=True)
class Room:
    """A place without its things.

    Attributes:
        kind: key of PLANS.
        width, depth: metres; x in [-width / 2, width / 2], z in [-depth, FRONT].
        floor, floor_material, wall: looks.
        seed: for the backdrop.
    """

    kind: str
    width: float
    depth: float
    floor: Colour
    floor_material: Material
    wall: Colour
    seed: int

    @property
    def indoor(self) -> bool:
        """Whether it has walls."""
        return PLANS[self.kind].indoor

    def solids(self) -> list[Solid]:
        """Floor, walls and backdrop in the world."""
        rng = np.random.default_rng(self.seed)
        if not self.indoor:
            return [
                plane((-70, -90), (70, 40), self.floor, self.floor_material),
                *_backdrop(self, rng),
            ]
        w, d = self.width / 2, self.depth
        m, colour = Material.PLASTER, self.wall
        skirting = tuple(min(1.0, 1.06 * c) for c in colour)
        walls = [
            box((-w - 0.1, 0, -d - 0.1), (w + 0.1, CEILING, -d), colour, m, 0.0, False),
            box((-w - 0.1, 0, -d), (-w, CEILING, FRONT), colour, m, 0.0, False),
            box((w, 0, -d), (w + 0.1, CEILING, FRONT), colour, m, 0.0, False),
            box((-w, CEILING, -d), (w, CEILING + 0.1, FRONT), (0.93, 0.93, 0.92), m, 0.0, False),
            box((-w, 0, -d), (w, 0.09, -d + 0.015), skirting, bevel=0.004, casts=False),
            box((-w, 0, -d), (-w + 0.015, 0.09, FRONT), skirting, bevel=0.004, casts=False),
            box((w - 0.015, 0, -d), (w, 0.09, FRONT), skirting, bevel=0.004, casts=False),
        ]
        floor = plane((-w, -d), (w, FRONT), self.floor, self.floor_material)
        return [join([floor, *walls])]


def _backdrop(room: Room, rng: np.random.Generator) -> list[Solid]:
    """What is far behind: houses, trees, or the sea."""
    parts: list[Solid] = []
    back = -room.depth
    if room.kind == "beach":
        parts.append(plane((-90, -90), (90, back - 6), (0.16, 0.40, 0.50), Material.PLAIN))
        parts[-1] = parts[-1].moved(0, (0, 0.02, 0))
    if room.kind in ("street", "square"):
        x, z = -26.0, back - 7.0
        if room.kind == "street":
            road = plane((-70, back - 6.5), (70, back - 1.5), (0.33, 0.33, 0.34), Material.ASPHALT)
            parts.append(road.moved(0, (0, 0.015, 0)))
        while x < 26:
            w, h = rng.uniform(5.5, 10), rng.choice([5.6, 8.3, 11.0])
            walls = ((0.60, 0.36, 0.28), (0.80, 0.74, 0.62), (0.72, 0.72, 0.70), (0.56, 0.44, 0.36))
            roof = (0.38, 0.24, 0.20) if rng.random() < 0.6 else (0.28, 0.29, 0.32)
            solids = build_outdoor.house(w, h, 6.0, walls[rng.integers(4)], roof, rng)
            parts.append(join(solids).moved(0, (x + w / 2, 0, z - 3)))
            x += w + 0.1
    if room.kind in ("park", "yard"):
        for _ in range(12):
            size = rng.uniform(5, 9)
            leaf = GREENS[rng.integers(len(GREENS))]
            solids = build_outdoor.tree(0.8 * size, size, 0.8 * size, leaf, (0.3, 0.23, 0.17), rng)
            spot = (rng.uniform(-24, 24), 0, back - rng.uniform(6, 22))
            parts.append(join(solids).moved(rng.uniform(0, 360), spot))
        for x in np.arange(-60, 61, 8.0):  # a dark line of wood closes the horizon
            middle, radii = (x, 0.5, back - 38), np.array([8, rng.uniform(4.5, 7.5), 4])
            parts.append(ball(middle, radii, GREENS[2], Material.LEAF, 12, 0.1, rng))
    if room.kind == "yard":
        wood = (0.50, 0.40, 0.30)
        for k in np.arange(-12, 12, 0.16):
            low, high = (k, 0, back - 0.55), (k + 0.14, 1.5, back - 0.52)
            parts.append(box(low, high, wood, Material.WOOD, 0.004))
    return parts


def sample_room(rng: np.random.Generator, count: int) -> Room:
    """A random place for `count` people."""
    kinds = [kind for kind, plan in PLANS.items() if plan.crowd >= count]
    kind = kinds[rng.integers(len(kinds))]
    plan = PLANS[kind]
    (w0, d0), (w1, d1) = plan.size
    width, depth = rng.uniform(w0, w1), rng.uniform(d0, d1)
    floor, material = GROUNDS.get(kind) or FLOORS[rng.integers(len(FLOORS))]
    tint = rng.uniform(0.92, 1.06)
    colour = tuple(float(min(1.0, c * tint)) for c in floor)
    wall = WALLS[rng.integers(len(WALLS))]
    return Room(
        kind, float(width), float(depth), colour, material, wall, int(rng.integers(1 << 30))
    )


def sample_light(rng: np.random.Generator, room: Room) -> Light:
    """Daylight of some hour, or a lamp-lit room."""
    side = rng.uniform(-1.1, 1.1)
    if room.indoor:
        warm = rng.uniform(0.0, 1.0)
        tint = np.array([1.0, 0.97 - 0.08 * warm, 0.92 - 0.20 * warm])
        power = rng.uniform(0.45, 0.8)
        sky = rng.uniform(0.36, 0.5) * (0.4 + 0.6 * tint)
        ground = 0.62 * sky * (0.5 + 0.5 * np.array(room.floor))
        return Light(
            (side, rng.uniform(1.0, 1.7), rng.uniform(0.5, 1.2)), _rgb(power * tint), _rgb(sky),
            _rgb(ground), (rng.uniform(-1, 1), 2.45, -0.5 * room.depth),
            _rgb(rng.uniform(0.3, 0.7) * tint), exposure=float(rng.uniform(0.9, 1.15)),
        )  # fmt: skip
    cover = rng.uniform(0.1, 0.8)
    tint = np.array([1.0, 0.95, 0.86])
    power = 1.15 - 0.7 * max(0.0, cover - 0.3)
    sky = np.array([0.36, 0.42, 0.50]) + 0.12 * cover
    ground = 0.5 * np.array(room.floor) * sky * 2 * 0.6
    return Light(
        (side, rng.uniform(0.7, 1.8), rng.uniform(-0.2, 1.2)), _rgb(power * tint), _rgb(sky),
        _rgb(ground), cover=float(cover), fog=0.006, exposure=float(rng.uniform(0.85, 1.05)),
    )  # fmt: skip


def _rgb(values: np.ndarray) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))
