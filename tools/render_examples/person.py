"""One person of an example picture: looks, shape, pose; out come meshes and hair strands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chatpose_demo.pose import JOINT
from tools.render_examples import wardrobe
from tools.render_examples.anatomy import Posed, anatomy
from tools.render_examples.hair import Strands, brows, grow, scalp
from tools.render_examples.wardrobe import Garment, tailor

Colour = tuple[float, float, float]  # sRGB in [0, 1]

SKIN: dict[str, Colour] = {
    "fair": (0.81, 0.61, 0.51),
    "warm": (0.74, 0.54, 0.42),
    "olive": (0.68, 0.49, 0.36),
    "brown": (0.50, 0.34, 0.25),
    "dark": (0.33, 0.21, 0.155),
}
HAIR: dict[str, Colour] = {
    "black": (0.055, 0.045, 0.042),
    "brown": (0.23, 0.135, 0.085),
    "blond": (0.68, 0.51, 0.30),
    "red": (0.48, 0.19, 0.08),
    "grey": (0.56, 0.55, 0.54),
}


@dataclass(frozen=True)
class Look:
    """What somebody looks like.

    Attributes:
        name: for the truth file ("woman in the red top").
        woman: chooses the body's form.
        height, weight: betas 0 and 1 of the embedded body, in standard deviations.
        skin, hair: names in SKIN and HAIR.
        haircut: "short", "cropped", "bob", "long", "bun", "bald".
        sleeve, hem, neckline, bottom: names in wardrobe.
    """

    name: str
    woman: bool
    top_colour: Colour
    bottom_colour: Colour
    shoe_colour: Colour = (0.20, 0.22, 0.27)
    sole_colour: Colour = (0.84, 0.84, 0.82)
    height: float = 0.0
    weight: float = 0.0
    skin: str = "warm"
    hair: str = "brown"
    haircut: str = "short"
    sleeve: str = "short"
    hem: str = "shirt"
    neckline: str = "crew"
    bottom: str = "trousers"
    age: float = 0.0

    def betas(self) -> np.ndarray:
        """(10,) betas: + taller, + thinner, + female, muscle, + older (facts of the body)."""
        betas = np.zeros(10)
        betas[:5] = self.height, -self.weight, 1.3 if self.woman else -1.3, 0.2, self.age
        return betas


@dataclass
class Figure:
    """A posed person, ready to be placed in a scene: y up, metres.

    Attributes:
        skin: vertices, faces and (V, 3) sRGB colours of the visible skin.
        eyes: the same for both eyeballs.
        garments: cloth surfaces, named "top", "bottom", "shoes", "soles".
        strands: hair and brows.
        joints: (24, 3).
        rotations: (24, 3, 3); betas: (10,).
    """

    look: Look
    rotations: np.ndarray
    betas: np.ndarray
    joints: np.ndarray
    skin: tuple[np.ndarray, np.ndarray, np.ndarray]
    eyes: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    garments: list[Garment]
    strands: list[Strands] = field(default_factory=list)
    seat_height: float = 0.0

    def shift(self, by: np.ndarray) -> None:
        """Move everything by (3,) metres."""
        self.joints = self.joints + by
        self.seat_height += float(by[1])
        self.skin = (self.skin[0] + by, *self.skin[1:])
        self.eyes = [(points + by, faces, colours) for points, faces, colours in self.eyes]
        self.garments = [Garment(g.name, g.vertices + by, g.faces) for g in self.garments]
        self.strands = [Strands(s.points + by, s.radius) for s in self.strands]

    def outline(self) -> np.ndarray:
        """(M, 3) all surface points, for boxes and for standing on the floor."""
        skin_points = self.skin[0][np.unique(self.skin[1])]
        return np.concatenate([skin_points, *(g.vertices for g in self.garments)])


def make(look: Look, rotations: np.ndarray, seed: int) -> Figure:
    """Build a person; the lowest point stands on y = 0, the pelvis is over x = z = 0."""
    data, betas = anatomy(), look.betas()
    posed = Posed.of(np.asarray(rotations, float), betas)
    garments, fields = _dress(look, posed)

    faces = data.skin[~wardrobe.hidden_skin(fields, data.skin)]
    points = posed.move(posed.rest, data.weights)
    figure = Figure(
        look=look,
        rotations=np.asarray(rotations, np.float32),
        betas=betas,
        joints=posed.joints,
        skin=(points, faces, _skin_colours(look)),
        eyes=[_eyeball(posed, side) for side in (data.left_eye, data.right_eye)],
        garments=garments,
    )
    rng = np.random.default_rng(seed)
    figure.strands = [*grow(look.haircut, posed, rng), brows(posed, rng)]
    hips = data.weights[:, [JOINT[n] for n in ("pelvis", "left_hip", "right_hip")]].sum(axis=1)
    on_skin = np.zeros(len(points), bool)
    on_skin[np.unique(data.skin)] = True
    figure.seat_height = float(np.percentile(points[(hips > 0.8) & on_skin, 1], 1))
    low = figure.outline()[:, 1].min()
    figure.shift(np.array([-posed.joints[0, 0], -low, -posed.joints[0, 2]]))
    return figure


def _dress(look: Look, posed: Posed) -> tuple[list[Garment], list[np.ndarray]]:
    data = anatomy()
    p = data.mean
    hem = "tucked" if look.bottom == "skirt" else look.hem
    top = wardrobe.top_field(p, look.sleeve, hem, look.neckline)
    bottom = wardrobe.bottom_field(p, look.bottom)
    shoes, above = wardrobe.shoe_field(p), wardrobe.above_sole(p)
    down = np.clip((0.10 - p[:, 1]) / 0.4, 0, 1) * (hem != "tucked")
    on_arm = np.clip(wardrobe.along_arm(p, data), 0, 1)
    top_lift = 0.004 + 0.010 * down + 0.006 * on_arm
    loose = {"trousers": 0.012, "shorts": 0.018, "leggings": 0.0, "skirt": 0.01}[look.bottom]
    at_waist = 0.012 if look.bottom == "skirt" else 0.001
    bottom_lift = at_waist + loose * np.clip((-0.30 - p[:, 1]) / 0.5, 0, 1)
    surface = data.skirt if look.bottom == "skirt" else data.tights
    garments = [
        tailor("top", data.tights, top, top_lift, 0.030, posed),
        tailor("bottom", surface, bottom, bottom_lift, 0.022, posed),
        tailor(
            "shoes", data.tights, np.minimum(shoes, above), np.full(len(p), 0.004), 0.010, posed
        ),
        tailor("soles", data.tights, -above, np.full(len(p), 0.009), 0.006, posed),
    ]
    covered = [top, shoes] if look.bottom == "skirt" else [top, bottom, shoes]
    return garments, covered


def _skin_colours(look: Look) -> np.ndarray:
    """(N, 3): skin, darker towards the scalp, with lips."""
    data = anatomy()
    p, skin = data.mean, np.array(SKIN[look.skin])
    colours = np.tile(skin, (len(p), 1))
    eye = data.eye_height
    lip = 1 - ((p[:, 1] - (eye - 0.070)) / 0.011) ** 2 - (p[:, 0] / 0.026) ** 2
    lip = np.clip(1.5 * lip, 0, 1) * (p[:, 2] > 0.12)
    strength = 0.6 if look.woman else 0.3
    rosy = skin * [0.88, 0.58, 0.58]
    colours += (lip * strength)[:, None] * (rosy - colours)
    if look.haircut != "bald":
        under = np.clip(scalp(p) / 0.012, 0, 1)[:, None]
        colours += under * (np.array(HAIR[look.hair]) * 0.9 - colours)
    return colours.clip(0, 1)


def _eyeball(posed: Posed, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A fine sphere in place of the coarse eye, iris and pupil looking ahead."""
    points = posed.rest[np.unique(faces)]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = np.ptp(points, axis=0).mean() / 2
    rings, sides = 40, 48
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, sides, endpoint=False),
        indexing="ij",
    )  # fmt: skip
    unit = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1
    ).reshape(-1, 3)
    index = np.arange(rings * sides).reshape(rings, sides)
    a, b = index[:-1], index[1:]
    quads = np.stack([a, b, np.roll(b, -1, 1), np.roll(a, -1, 1)], axis=-1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    angle = np.degrees(polar.ravel())
    colours = np.tile([0.90, 0.88, 0.86], (len(unit), 1))
    colours[angle < 26] = (0.24, 0.15, 0.09)
    colours[angle < 12] = (0.02, 0.02, 0.02)
    return posed.with_head(centre + radius * unit), triangles, colours
