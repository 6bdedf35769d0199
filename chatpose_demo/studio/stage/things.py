"""Furniture and other things: what they are, where one sits or lies on them, how they are built.

A Thing is plain data; its triangles are built only when a picture is drawn. In its own frame a
thing stands on y = 0 around x = z = 0 and its front faces +z. Sizes in metres, our choice from
everyday furniture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from chatpose_demo.studio.stage import build_indoor, build_outdoor
from chatpose_demo.studio.stage.shapes import Colour, Solid, about_y, join

Box = tuple[tuple[float, float, float], tuple[float, float, float]]  # low, high; own frame


@dataclass(frozen=True)
class Spot:
    """A place for somebody on a thing, in the thing's own frame.

    Attributes:
        use: "sit", "lie" or "stand".
        at: (x, y, z) where the seat, the head's end of the bed or the feet are.
        yaw: degrees, where a sitter faces or a lying head points.
        floor: height under a sitter's feet.
    """

    use: str
    at: tuple[float, float, float]
    yaw: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Thing:
    """One thing of a scene.

    Attributes:
        kind: key of KINDS.
        at: (x, z) in the world, metres; yaw: degrees about y; lift: y of its base.
        size: (width, height, depth), metres.
        colours: main and second colour, sRGB.
        seed: for small details.
    """

    kind: str
    at: tuple[float, float]
    yaw: float
    size: tuple[float, float, float]
    colours: tuple[Colour, Colour]
    seed: int = 0
    lift: float = 0.0

    @property
    def name(self) -> str:
        """What people call it (perception.person.THINGS where it is one of those)."""
        return KINDS[self.kind].name

    @property
    def boxes(self) -> list[Box]:
        """Boxes in its own frame that nobody may enter."""
        return KINDS[self.kind].boxes(*self.size)

    @property
    def spots(self) -> list[Spot]:
        """Where somebody may sit, lie or stand on it, in its own frame."""
        return KINDS[self.kind].spots(*self.size)

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) own frame -> world."""
        return points @ about_y(self.yaw).T + [self.at[0], self.lift, self.at[1]]

    def to_own(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) world -> own frame."""
        return (points - [self.at[0], self.lift, self.at[1]]) @ about_y(self.yaw)

    def corners(self) -> np.ndarray:
        """(8, 3) corners of its bounding box in the world."""
        w, h, d = self.size
        own = [[x, y, z] for x in (-w / 2, w / 2) for y in (0, h) for z in (-d / 2, d / 2)]
        return self.to_world(np.array(own))

    def solid(self) -> Solid:
        """Its triangles in the world."""
        rng = np.random.default_rng(self.seed)
        parts = KINDS[self.kind].build(*self.size, *self.colours, rng)
        return join(parts).moved(self.yaw, (self.at[0], self.lift, self.at[1]))


def _whole(w: float, h: float, d: float) -> list[Box]:
    return [((-w / 2, 0, -d / 2), (w / 2, h, d / 2))]


def _none(w: float, h: float, d: float) -> list:
    return []


def _sofa_boxes(w: float, h: float, d: float) -> list[Box]:
    seat, arm = build_indoor.SOFA_SEAT, build_indoor.SOFA_ARM
    return [
        ((-w / 2, 0, -d / 2), (w / 2, seat, d / 2)),
        ((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + build_indoor.SOFA_BACK)),
        ((-w / 2, 0, -d / 2), (-w / 2 + arm, seat + 0.18, d / 2)),
        ((w / 2 - arm, 0, -d / 2), (w / 2, seat + 0.18, d / 2)),
    ]


def _sofa_spots(w: float, h: float, d: float) -> list[Spot]:
    inner = w - 2 * build_indoor.SOFA_ARM
    count = max(1, int(inner / 0.62))
    x = (np.arange(count) + 0.5) / count * inner - inner / 2
    z = -d / 2 + build_indoor.SOFA_BACK + 0.24
    return [Spot("sit", (float(k), build_indoor.SOFA_SEAT, z)) for k in x]


def _chair_boxes(w: float, h: float, d: float) -> list[Box]:
    seat = build_indoor.CHAIR_SEAT
    return [
        ((-w / 2, 0, -d / 2), (w / 2, seat, d / 2)),
        ((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + 0.05)),
    ]


def _chair_spots(w: float, h: float, d: float) -> list[Spot]:
    return [Spot("sit", (0, build_indoor.CHAIR_SEAT, -d / 2 + 0.24))]


def _table_boxes(w: float, h: float, d: float) -> list[Box]:
    legs = [
        ((x, 0, z), (x + 0.06, h, z + 0.06))
        for x in (-w / 2, w / 2 - 0.06)
        for z in (-d / 2, d / 2 - 0.06)
    ]
    return [((-w / 2, h - 0.04, -d / 2), (w / 2, h + 0.02, d / 2)), *legs]


def _bed_boxes(w: float, h: float, d: float) -> list[Box]:
    top = build_indoor.BED_TOP
    return [
        ((-w / 2, 0, -d / 2), (w / 2, top, d / 2)),
        ((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + 0.08)),
    ]


def _bed_spots(w: float, h: float, d: float) -> list[Spot]:
    top = build_indoor.BED_TOP
    places = [0.0] if w < 1.3 else [-w / 4, w / 4]
    lying = [Spot("lie", (x, top, 0.0), yaw=180) for x in places]
    edge = w / 2 - 0.20
    return [*lying, Spot("sit", (edge, top, 0.2), 90), Spot("sit", (-edge, top, 0.3), -90)]


def _bench_boxes(w: float, h: float, d: float) -> list[Box]:
    seat = build_outdoor.BENCH_SEAT
    return [
        ((-w / 2, 0, -d / 2), (w / 2, seat, d / 2)),
        ((-w / 2, 0, -d / 2), (w / 2, h, -d / 2 + 0.06)),
    ]


def _bench_spots(w: float, h: float, d: float) -> list[Spot]:
    count = int(w / 0.6)
    x = (np.arange(count) + 0.5) / count * w - w / 2
    return [Spot("sit", (float(k), build_outdoor.BENCH_SEAT, -d / 2 + 0.24)) for k in x]


def _stairs_boxes(w: float, h: float, d: float) -> list[Box]:
    steps = build_indoor.steps(h)
    tread = d / steps
    return [
        ((-w / 2, 0, d / 2 - (k + 1) * tread), (w / 2, (k + 1) * h / steps, d / 2 - k * tread))
        for k in range(steps)
    ]


def _stairs_spots(w: float, h: float, d: float) -> list[Spot]:
    """Stand on a step, or sit on one with the feet two steps lower; the stairs rise to the back."""
    steps = build_indoor.steps(h)
    rise, tread = h / steps, d / steps
    spots = []
    for k in range(min(steps, 7)):
        z = d / 2 - (k + 0.5) * tread
        for x in (-w / 4, w / 4):
            spots.append(Spot("stand", (x, (k + 1) * rise, z), float(180 * (k % 2))))
            if 2 <= k <= 4:
                spots.append(Spot("sit", (x, (k + 1) * rise, z + 0.06), 0, (k - 1) * rise))
    return spots


def _tree_boxes(w: float, h: float, d: float) -> list[Box]:
    r = max(0.16, 0.05 * h)
    return [((-r, 0, -r), (r, h, r))]


@dataclass(frozen=True)
class Kind:
    """How a kind of thing is called and built.

    Attributes:
        name: for people; build: (w, h, d, colour, second colour, rng) -> solids in its own frame.
        boxes, spots: from (w, h, d).
        low, high: smallest and largest size, (w, h, d) metres.
        colours: what it may be painted in; second: colours of its details.
    """

    name: str
    build: Callable[..., list[Solid]]
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colours: tuple[Colour, ...]
    second: tuple[Colour, ...] = ((0.25, 0.22, 0.2),)
    boxes: Callable[..., list[Box]] = _whole
    spots: Callable[..., list[Spot]] = field(default=_none)


WOODS = ((0.62, 0.45, 0.29), (0.46, 0.30, 0.19), (0.76, 0.62, 0.44), (0.34, 0.22, 0.15))
CALM = (
    (0.45, 0.50, 0.55), (0.62, 0.58, 0.52), (0.36, 0.44, 0.40), (0.55, 0.32, 0.26),
    (0.74, 0.70, 0.64), (0.25, 0.30, 0.40), (0.66, 0.52, 0.28),
)  # fmt: skip
PALE = ((0.90, 0.89, 0.86), (0.82, 0.84, 0.85), (0.86, 0.80, 0.70))
GREENS = ((0.24, 0.40, 0.17), (0.30, 0.44, 0.20), (0.20, 0.34, 0.18))
POTS = ((0.74, 0.46, 0.33), (0.86, 0.84, 0.80), (0.30, 0.31, 0.33))
LOUD = ((0.75, 0.16, 0.14), (0.16, 0.32, 0.62), (0.85, 0.85, 0.86), (0.12, 0.13, 0.15),
        (0.85, 0.66, 0.16), (0.20, 0.42, 0.32))  # fmt: skip

_i, _o = build_indoor, build_outdoor
KINDS: dict[str, Kind] = {
    "sofa": Kind("sofa", _i.sofa, (1.6, 0.8, 0.9), (2.4, 0.88, 0.95), CALM, WOODS,
                 _sofa_boxes, _sofa_spots),
    "armchair": Kind("chair", _i.sofa, (0.98, 0.85, 0.88), (1.05, 0.95, 0.92), CALM, WOODS,
                     _sofa_boxes, _sofa_spots),
    "chair": Kind("chair", _i.chair, (0.42, 0.86, 0.46), (0.46, 0.94, 0.5), (*WOODS, *PALE), CALM,
                  _chair_boxes, _chair_spots),
    "table": Kind("table", _i.table, (1.2, 0.72, 0.75), (1.8, 0.76, 0.95), (*WOODS, PALE[0]), POTS,
                  _table_boxes),
    "desk": Kind("table", _i.desk, (1.2, 0.73, 0.65), (1.5, 0.75, 0.75), (*WOODS, PALE[0]), CALM,
                 _table_boxes),
    "coffee table": Kind("table", _i.table, (0.8, 0.38, 0.5), (1.1, 0.44, 0.6), WOODS, POTS),
    "bed": Kind("bed", _i.bed, (1.0, 0.95, 2.1), (1.7, 1.15, 2.2), CALM, WOODS,
                _bed_boxes, _bed_spots),
    "shelf": Kind("shelf", _i.shelf, (0.8, 1.6, 0.3), (1.4, 2.1, 0.36), (*WOODS, *PALE), CALM),
    "cupboard": Kind("cupboard", _i.cupboard, (0.9, 1.9, 0.55), (1.6, 2.1, 0.6), (*WOODS, *PALE)),
    "counter": Kind("counter", _i.counter, (1.8, 0.9, 0.6), (3.0, 0.9, 0.62), (*CALM, *PALE),
                    WOODS),
    "door": Kind("door", _i.door, (0.95, 2.1, 0.1), (1.0, 2.15, 0.1), (*PALE, *WOODS), PALE),
    "window": Kind("window", _i.window, (1.0, 1.2, 0.1), (1.8, 1.4, 0.1), (PALE[0],), CALM, _none),
    "picture": Kind("picture", _i.picture, (0.5, 0.5, 0.04), (1.0, 0.8, 0.04), WOODS, CALM, _none),
    "rug": Kind("rug", _i.rug, (1.8, 0.012, 1.3), (2.6, 0.012, 1.8), CALM, PALE, _none),
    "plant": Kind("plant", _i.plant, (0.6, 1.0, 0.6), (0.8, 1.7, 0.8), GREENS, POTS),
    "lamp": Kind("lamp", _i.lamp, (0.4, 1.5, 0.4), (0.45, 1.7, 0.45), PALE),
    "stairs": Kind("stairs", _i.stairs, (1.4, 2.34, 3.9), (2.2, 2.34, 4.1), (*WOODS, *PALE), PALE,
                   _stairs_boxes, _stairs_spots),
    "outdoor stairs": Kind("stairs", _i.stairs, (3.0, 1.26, 2.3), (4.6, 1.26, 2.5),
                           ((0.66, 0.64, 0.60), (0.58, 0.56, 0.53)), ((0.6, 0.58, 0.55),),
                           _stairs_boxes, _stairs_spots),
    "bench": Kind("bench", _o.bench, (1.4, 0.82, 0.5), (1.9, 0.88, 0.52), WOODS, ((0.2, 0.2, 0.2),),
                  _bench_boxes, _bench_spots),
    "tree": Kind("tree", _o.tree, (2.2, 3.6, 2.2), (3.6, 5.5, 3.6), GREENS, ((0.34, 0.25, 0.18),),
                 _tree_boxes),
    "bush": Kind("plant", _o.bush, (0.9, 0.7, 0.8), (1.6, 1.2, 1.1), GREENS),
    "street lamp": Kind("lamp", _o.street_lamp, (0.3, 3.6, 0.3), (0.3, 4.2, 0.3),
                        ((0.18, 0.2, 0.2),), PALE),
    "car": Kind("car", _o.car, (4.1, 1.42, 1.75), (4.4, 1.5, 1.8), LOUD),
    "bicycle": Kind("bicycle", _o.bicycle, (1.75, 1.05, 0.5), (1.75, 1.05, 0.5), LOUD),
    "ball": Kind("ball", _o.ball, (0.22, 0.22, 0.22), (0.3, 0.3, 0.3), LOUD, PALE),
    "parasol": Kind("umbrella", _o.parasol, (2.0, 2.2, 2.0), (2.4, 2.4, 2.4), LOUD, PALE,
                    _tree_boxes),
}  # fmt: skip


def make(
    rng: np.random.Generator, kind: str, at: tuple[float, float], yaw: float, lift: float = 0.0
) -> Thing:
    """A thing of random size and colour."""
    spec = KINDS[kind]
    share = rng.random(3)
    size = tuple(float(a + (b - a) * s) for a, b, s in zip(spec.low, spec.high, share, strict=True))
    main = spec.colours[rng.integers(len(spec.colours))]
    second = spec.second[rng.integers(len(spec.second))]
    seed = int(rng.integers(1 << 30))
    place = (float(at[0]), float(at[1]))
    return Thing(kind, place, float(yaw), (size[0], size[1], size[2]), (main, second), seed, lift)
