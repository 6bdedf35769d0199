"""A dressed, posed person as solids."""

from __future__ import annotations

from functools import cache

import numpy as np

from chatpose_demo.studio.stage import wardrobe
from chatpose_demo.studio.stage.anatomy import Bones, anatomy, bend, shaped
from chatpose_demo.studio.stage.hair import head_wear, scalp
from chatpose_demo.studio.stage.looks import Look
from chatpose_demo.studio.stage.shapes import Material, Solid, join, solid

SOLE_COLOUR = (0.84, 0.84, 0.82)
EYE_WHITE, IRIS, PUPIL = (0.90, 0.88, 0.86), (0.24, 0.15, 0.09), (0.03, 0.03, 0.03)


def figure(look: Look, rotations: np.ndarray, bones: Bones) -> Solid:
    """The whole person in SMPL's own frame (no translation).

    Args:
        look: what the person looks like.
        rotations: (24, 3, 3) SMPL, joint 0 = global orientation.
        bones: of these rotations and the look's betas.
    """
    data, betas = anatomy(), np.array(look.betas)
    bent = bend(rotations)
    rest = shaped(betas)
    parts = []
    for garment, colour in (
        (wardrobe.top(look.sleeve, look.hem, look.neckline), look.top_colour),
        (wardrobe.bottom(look.legwear), look.bottom_colour),
        (wardrobe.shoes(), look.shoe_colour),
        (wardrobe.soles(), SOLE_COLOUR),
    ):
        points, normals = garment.put_on(bones, betas, bent)
        parts.append(solid(points, normals, garment.faces, colour, Material.CLOTH, garment.mean))
    skin = wardrobe.visible_skin(look.sleeve, look.hem, look.neckline, look.legwear)
    points = bones.move(rest + data.near @ bent, data.weights)
    normals = _skin_normals()(points)
    parts.append(solid(points, normals, skin, _paint(look), Material.SKIN, data.mean))
    parts += [_eyeball(rest, bones, eye) for eye in data.eyes]
    parts += head_wear(look, rest, bones)
    return join(parts)


@cache
def _skin_normals() -> wardrobe.Normals:
    data = anatomy()
    return wardrobe.Normals(data.skin, len(data.mean))


@cache
def _marks() -> dict[str, np.ndarray]:
    """(N,) degrees in [0, 1] of lips, brows and hairy scalp, on the mean T pose."""
    data = anatomy()
    x, y, z = data.mean.T
    y = y - data.eye_height
    lips = 1 - ((y + 0.070) / 0.011) ** 2 - (x / 0.026) ** 2
    eye = np.abs(data.mean[data.eyes[0]].mean(axis=0)[0])
    along = (np.abs(x) - eye) / 0.021
    above = y - (0.0215 - 0.0035 * along**2)
    brows = (1.4 - np.abs(above) / 0.0035) * (np.abs(along) < 1.05) * (z > 0.09)
    return {
        "lips": np.clip(1.5 * lips, 0, 1) * (z > 0.12),
        "brows": np.clip(brows, 0, 1),
        "scalp": np.clip(scalp() / 0.012, 0, 1),
    }


def _paint(look: Look) -> np.ndarray:
    """(N, 3) sRGB of the skin: lips, brows, and hair colour under the hair."""
    marks, skin = _marks(), np.array(look.skin_colour)
    colours = np.tile(skin, (len(marks["lips"]), 1))
    rosy = skin * [0.88, 0.58, 0.58]
    colours += (marks["lips"] * (0.6 if look.woman else 0.3))[:, None] * (rosy - colours)
    hair = np.array(look.hair_colour) if look.hair != "bald" else skin * 0.45
    colours += 0.75 * marks["brows"][:, None] * (0.7 * hair - colours)
    if look.hair != "bald":
        colours += marks["scalp"][:, None] * (0.9 * hair - colours)
    return colours.clip(0, 1)


def _eyeball(rest: np.ndarray, bones: Bones, eye: np.ndarray) -> Solid:
    """A sphere that looks straight ahead."""
    points = rest[eye]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = np.ptp(points, axis=0).mean() / 2
    polar, around = np.meshgrid(
        np.radians([0, 11, 12, 25, 27, 50, 90, 130, 180]),
        np.linspace(0, 2 * np.pi, 12, endpoint=False),
        indexing="ij",
    )
    unit = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1
    ).reshape(-1, 3)
    index = np.arange(polar.size).reshape(polar.shape)
    a, b = index[:-1], index[1:]
    quads = np.stack([a, b, np.roll(b, -1, 1), np.roll(a, -1, 1)], axis=-1).reshape(-1, 4)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    angle = np.degrees(polar.ravel())
    colours = np.tile(EYE_WHITE, (len(unit), 1))
    colours[angle < 26] = IRIS
    colours[angle < 11.5] = PUPIL
    head = bones.turn[15]
    return solid(bones.with_head(centre + radius * unit), unit @ head.T, faces, colours)
