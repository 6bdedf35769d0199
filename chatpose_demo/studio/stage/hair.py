"""Hair and hats as surfaces that move with the head.

A cap of hair is the scalp itself, cut along the hairline and lifted; hanging hair is a curtain
around an ellipsoid that fits the skull. Lengths are our choice, by eye on the embedded body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import sparse

from chatpose_demo.body.cut import Blend, cut
from chatpose_demo.studio.stage.anatomy import Bones, anatomy
from chatpose_demo.studio.stage.looks import Look
from chatpose_demo.studio.stage.shapes import Material, Solid, sheet, solid, tube
from chatpose_demo.studio.stage.wardrobe import Normals

HAIRLINE_FRONT = 0.066  # m above the eyes
HAIRLINE_BACK = -0.070  # m below the eyes, at the nape
EAR = (0.078, -0.010, 0.030)  # |x|, y from the eyes, z
LIFT = {"cropped": 0.006, "short": 0.017, "bob": 0.014, "long": 0.014, "bun": 0.009, "tail": 0.009}
FALL = {"bob": 0.125, "long": 0.255}  # m below the eyes
FACE_HALF_ANGLE = 66.0  # degrees from straight ahead that hanging hair leaves free
KNOT = (0.0, 0.30, -1.06)  # where a bun or a tail sits, in radii of the skull
HAT_CLEARANCE = 0.07  # of the skull's radii; covers flattened hair
HEAD_WEIGHT = 15  # joint


def scalp() -> np.ndarray:
    """(N,) positive metres inside the hairline, on the mean T pose."""
    data = anatomy()
    x, y, z = data.mean.T
    y = y - data.eye_height
    rise = np.clip((z - 0.005) / 0.085, 0, 1)
    rise = rise * rise * (3 - 2 * rise)
    line = HAIRLINE_BACK + (HAIRLINE_FRONT - HAIRLINE_BACK) * rise - 5.5 * rise * x**2
    ear = np.stack([np.abs(x) - EAR[0], (y - EAR[1]) / 1.3, z - EAR[2]], axis=1)
    free = np.linalg.norm(ear, axis=1) - 0.034
    return np.where(data.weights[:, HEAD_WEIGHT] > 0.5, np.minimum(y - line, free), -1.0)


@dataclass(frozen=True, eq=False)
class _Cap:
    rows: sparse.csr_matrix
    faces: np.ndarray
    inside: np.ndarray  # (V,) metres inside the hairline
    normals: Normals


@cache
def _cap() -> _Cap:
    data = anatomy()
    on_skin = np.zeros(len(data.mean), bool)
    on_skin[np.unique(data.skin)] = True
    field = np.where(on_skin, scalp(), -1.0)
    mesh, fields = cut(Blend.of(len(field), data.skin), field[:, None], 0)
    kept = mesh.faces[fields[mesh.faces, 0].sum(axis=1) > 0]
    used, index = np.unique(kept, return_inverse=True)
    faces = index.reshape(-1, 3)
    rows = sparse.csr_matrix(mesh.rows[used], dtype=np.float32)
    return _Cap(rows, faces, fields[used, 0].clip(0), Normals(faces, len(used)))


@dataclass(frozen=True, eq=False)
class Skull:
    """An ellipsoid around the scalp: centre and radii (3,), metres, shaped T pose."""

    centre: np.ndarray
    radii: np.ndarray

    @classmethod
    def of(cls, rest: np.ndarray) -> Skull:
        """Fit to the rest points (N, 3) of a shape."""
        data = anatomy()
        points = _cap().rows @ rest
        low, high = points.min(axis=0), points.max(axis=0)
        eyes = float(rest[data.eyes[0], 1].mean())
        centre = np.array([0.0, eyes + 0.025, (low[2] + high[2]) / 2])
        radii = np.array([(high[0] - low[0]) / 2, high[1] - centre[1], (high[2] - low[2]) / 2])
        return cls(centre, radii)

    def at(self, polar: np.ndarray, around: np.ndarray, off: np.ndarray | float) -> np.ndarray:
        """Points in directions (...): 0 at the crown, 0 straight ahead; radians."""
        unit = np.stack(
            [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], -1
        )
        return self.centre + self.radii * unit * np.asarray(off)[..., None]


def head_wear(look: Look, rest: np.ndarray, bones: Bones) -> list[Solid]:
    """Posed hair and hat of a person, in SMPL's own frame; `rest` are its shaped points (N, 3)."""
    skull = Skull.of(rest)
    parts: list[Solid] = []
    if look.haircut != "bald":
        parts.append(_crown(look, rest, skull))
    if look.haircut in FALL:
        parts.append(_curtain(look, rest, skull))
    if look.haircut in ("bun", "tail"):
        parts += _knot(look, skull)
    if look.hat:
        parts += _hat(look, rest, skull)
    head = bones.turn[HEAD_WEIGHT]
    return [
        Solid(
            bones.with_head(part.points), part.normals @ head.T, part.faces, part.colours,
            part.grain, part.material,
        )
        for part in parts
    ]  # fmt: skip


def _streaks(points: np.ndarray, skull: Skull) -> np.ndarray:
    """(V, 3) texture coordinates: across the strands, along them."""
    unit = (points - skull.centre) / skull.radii
    around = np.arctan2(unit[:, 0], unit[:, 2] + 0.6)
    polar = np.arccos(np.clip(unit[:, 1] / np.linalg.norm(unit, axis=1), -1, 1))
    return np.stack([0.09 * np.abs(around), 0.1 * polar, 0 * polar], axis=1)


def _crown(look: Look, rest: np.ndarray, skull: Skull) -> Solid:
    """The scalp lifted to the top of the hair, thin at the hairline."""
    cap = _cap()
    points = cap.rows @ rest
    out = cap.normals(points)
    away = (points - skull.centre) / skull.radii
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    out = out + 2 * away  # the skull's own bumps should not show
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    thick = 0.002 + (LIFT[look.haircut] - 0.002) * np.clip(cap.inside / 0.030, 0, 1) ** 0.7
    if look.hat:
        thick = np.minimum(thick, 0.005)
    raised = points + out * thick[:, None]
    normals = cap.normals(raised)
    return solid(
        raised, normals, cap.faces, look.hair_colour, Material.HAIR, _streaks(points, skull)
    )


def _curtain(look: Look, rest: np.ndarray, skull: Skull) -> Solid:
    """Hair that falls from the widest line of the skull, around the sides and the back."""
    free = np.radians(FACE_HALF_ANGLE)
    around = np.linspace(free, 2 * np.pi - free, 33)[None]
    share = np.linspace(0, 1, 15)[:, None]
    widest = np.radians(92)
    polar = np.radians(42) + (widest - np.radians(42)) * np.clip(share / 0.4, 0, 1)
    off = 1.0 + 0.135 * np.sqrt(np.clip(share / 0.25, 0, 1)) - 0.02
    points = skull.at(polar + 0 * around, around + 0 * polar, off + 0 * around)
    down = np.clip((share - 0.4) / 0.6, 0, 1) + 0 * around
    eyes = float(rest[anatomy().eyes[0], 1].mean())
    tip = eyes - FALL[look.haircut]
    tip = tip + 0.012 * np.sin(5 * around) - 0.02 * np.cos(around - np.pi) * -1
    points[..., 1] -= (points[-1:, :, 1] - tip) * down
    points[..., 0] *= 1 - 0.20 * down
    back = (1 - np.cos(around)) / 2  # 1 behind the head: there hair lies on the neck
    points[..., 2] += 0.035 * down * (back - 0.35)
    points += 0.004 * np.sin(17 * around + 2.5 * share)[..., None] * (points - skull.centre) * 8
    grain = np.stack(
        [0.09 * (around + 0 * share), 0.3 * (share + 0 * around), 0 * (share + around)], -1
    )
    return sheet(points, look.hair_colour, Material.HAIR, grain=grain.reshape(-1, 3))


def _knot(look: Look, skull: Skull) -> list[Solid]:
    """A bun, or a tied tail that hangs down the back of the head."""
    middle = skull.centre + skull.radii * np.array(KNOT)
    if look.haircut == "bun":
        polar = np.linspace(0, np.pi, 10)[:, None]
        around = np.linspace(0, 2 * np.pi, 18, endpoint=False)[None]
        ball = Skull(middle + [0, 0.005, -0.012], np.array([0.040, 0.038, 0.034]))
        points = ball.at(polar + 0 * around, around + 0 * polar, 1.0 + 0 * (polar + around))
        grain = np.stack(
            [0.06 * (polar + 0 * around), 0.06 * (around + 0 * polar), 0 * (polar + around)], -1
        )
        bun = sheet(points, look.hair_colour, Material.HAIR, True, grain.reshape(-1, 3))
        return [bun]
    way = np.array(
        [[0, 0.006, 0.02], [0, 0.004, -0.02], [0, -0.02, -0.045], [0, -0.08, -0.055],
         [0, -0.15, -0.045], [0, -0.22, -0.035]]
    )  # fmt: skip
    tail = tube(
        middle + way, [0.016, 0.020, 0.026, 0.028, 0.022, 0.006], look.hair_colour, Material.HAIR
    )
    return [replace(tail, grain=tail.grain[:, [1, 0, 2]])]  # streaks run along it


def _tightest(skull: Skull, rest: np.ndarray) -> float:
    """How far the scalp stands out of the ellipsoid above a hat's rim, the surface being 1."""
    unit = (_cap().rows @ rest - skull.centre) / skull.radii
    return float(np.linalg.norm(unit[unit[:, 1] > 0.2], axis=1).max())


def _hat(look: Look, rest: np.ndarray, skull: Skull) -> list[Solid]:
    """A cap with a peak, a hat with a brim all around, or a knitted hat."""
    polar = np.linspace(0, 1, 10)[:, None]
    around = np.linspace(0, 2 * np.pi, 33)[None, :-1]
    ahead = np.cos(around)
    rim = np.radians(76) + np.radians(10) * (1 - ahead) / 2  # lower at the back
    rise = _tightest(skull, rest) + HAT_CLEARANCE
    off = rise + 0 * (polar + around)
    if look.hat == "hat":  # a taller, flatter crown
        off = off + 0.16 * np.cos(polar * rim) ** 2 * np.sin(np.pi * np.clip(polar * 1.6, 0, 1))
    dome = skull.at(polar * rim, around + 0 * polar, off)
    parts = [sheet(dome, look.hat_colour, Material.CLOTH, closed=True)]
    edge = dome[-1]
    if look.hat == "beanie":
        cuff = skull.centre + (dome[[-4, -3, -1]] - skull.centre) * np.reshape(
            [1.0, 1.04, 1.04], (3, 1, 1)
        )
        parts.append(sheet(cuff, look.hat_colour, Material.CLOTH, closed=True))
        return parts
    direction = np.stack([np.sin(around[0]), 0 * around[0], np.cos(around[0])], axis=1)
    if look.hat == "hat":
        reach = np.full(len(edge), 0.065)
    else:
        reach = 0.075 * np.clip((ahead[0] - 0.35) / 0.65, 0, 1) ** 0.5
    steps = np.linspace(0, 1, 4)[:, None, None]
    brim = edge + direction * reach[:, None] * steps - [0, 0.012, 0] * steps**2
    parts.append(sheet(brim, look.hat_colour, Material.CLOTH, closed=True))
    return parts
