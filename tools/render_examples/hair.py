"""Hair as strands: roots on the scalp, combed over the skull, then hanging down.

Strands are combed in head coordinates around an ellipsoid that fits the skull: from the parting
they follow its surface away from the crown, and below its widest line they fall straight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.render_examples.anatomy import Posed, anatomy

# Our choices, by eye on the embedded body's head (metres).
HAIRLINE_FRONT = 0.066  # above the eyes
HAIRLINE_BACK = -0.070  # below the eyes, at the nape
EAR = (0.078, -0.010, 0.030)  # |x|, y from the eyes, z
FACE_HALF_ANGLE = 62.0  # degrees from straight ahead that hanging hair leaves free
STEPS = 12  # points a strand
THICKNESS = 0.0006  # radius of a strand: several hairs, so that fewer strands cover the scalp
KNOT = (0.0, 0.32, -1.02)  # where the bun sits, in radii of the skull
BUN_RADIUS = 0.036


@dataclass(frozen=True)
class Strands:
    """points (S, K, 3) from root to tip, posed, metres; radius at the root, metres."""

    points: np.ndarray
    radius: float


@dataclass(frozen=True)
class Cut:
    """A haircut.

    Attributes:
        count: strands.
        length: metres along the strand.
        rise: metres the hair stands off the skull.
        fall: y of the tips below the eyes, metres, or None if the hair only follows the skull.
        tied: whether the hair is drawn to a bun at the back.
    """

    count: int
    length: float
    rise: float
    fall: float | None = None
    tied: bool = False


CUTS = {
    "cropped": Cut(9000, 0.018, 0.005),
    "short": Cut(11000, 0.055, 0.014),
    "bob": Cut(12000, 0.0, 0.006, fall=0.115),
    "long": Cut(14000, 0.0, 0.006, fall=0.250),
    "bun": Cut(10000, 0.0, 0.006, tied=True),
}


def scalp(points: np.ndarray) -> np.ndarray:
    """(N,) positive metres inside the hairline, on the mean T pose."""
    data = anatomy()
    x, y, z = points.T
    y = y - data.eye_height
    rise = np.clip((z - 0.005) / 0.085, 0, 1)
    rise = rise * rise * (3 - 2 * rise)
    line = HAIRLINE_BACK + (HAIRLINE_FRONT - HAIRLINE_BACK) * rise - 3.0 * rise * x**2
    ear = np.stack([np.abs(x) - EAR[0], (y - EAR[1]) / 1.3, z - EAR[2]], axis=1)
    free = np.linalg.norm(ear, axis=1) - 0.034
    head = data.weights[:, 15] > 0.5 if len(points) == len(data.mean) else np.ones(len(x), bool)
    return np.where(head, np.minimum(y - line, free), -1.0)


def _roots(posed: Posed, count: int, rng: np.random.Generator) -> np.ndarray:
    """(S, 3) random points of the scalp of the shaped T pose, uniform by area."""
    data = anatomy()
    inside = scalp(data.mean)
    faces = data.skin[(inside[data.skin] > 0).all(axis=1)]
    corners = posed.rest[faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    chosen = rng.choice(len(faces), count, p=area / area.sum())
    share = rng.dirichlet((1, 1, 1), count)
    return np.einsum("sk,skc->sc", share, corners[chosen])


@dataclass(frozen=True)
class Head:
    """The skull as an ellipsoid, and where the strands' roots lie on it.

    Attributes:
        centre, radii: (3,) of the ellipsoid, metres, shaped T pose.
        roots: (S, 3) on the scalp.
        scale: (S,) the root's distance from the centre, the ellipsoid's surface being 1.
        polar, around: (S,) radians: 0 at the crown; 0 straight ahead, positive to the own left.
        wobble: (S,) radians, shared by neighbours: hair lies in clumps, not as if sprayed on.
    """

    centre: np.ndarray
    radii: np.ndarray
    roots: np.ndarray
    scale: np.ndarray
    polar: np.ndarray
    around: np.ndarray
    wobble: np.ndarray

    @classmethod
    def of(cls, posed: Posed, count: int, rng: np.random.Generator) -> Head:
        """Fit the ellipsoid and plant the roots."""
        data = anatomy()
        roots = _roots(posed, count, rng)
        skull = posed.rest[scalp(data.mean) > 0]
        low, high = skull.min(axis=0), skull.max(axis=0)
        top = posed.rest[np.unique(data.skin), 1].max()
        centre = np.array([0.0, _eye_height(posed) + 0.025, (low[2] + high[2]) / 2])
        radii = np.array([(high[0] - low[0]) / 2, top - centre[1], (high[2] - low[2]) / 2])
        unit = (roots - centre) / radii
        scale = np.linalg.norm(unit, axis=1)
        polar = np.arccos(np.clip(unit[:, 1] / scale, -1, 1))
        around = np.arctan2(unit[:, 0], unit[:, 2])
        wobble = 0.05 * np.sin(9 * around + 5 * polar) + rng.normal(0, 0.02, count)
        return cls(centre, radii, roots, scale, polar, around, wobble)

    def surface(self, off: np.ndarray, polar: np.ndarray, around: np.ndarray) -> np.ndarray:
        """(S, K, 3) points in directions (S, K), `off` times as far out as the ellipsoid."""
        unit = np.stack(
            [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)],
            axis=-1,
        )
        return self.centre + self.radii * unit * off[..., None]


def _eye_height(posed: Posed) -> float:
    return float(posed.rest[np.unique(anatomy().left_eye), 1].mean())


def grow(name: str, posed: Posed, rng: np.random.Generator) -> list[Strands]:
    """The hair of a head, posed; none for "bald"."""
    if name == "bald":
        return []
    style = CUTS[name]
    head = Head.of(posed, style.count, rng)
    if style.tied:
        strands = _to_bun(head, style)
    elif style.fall is None:
        strands = _combed(head, style, rng)
    else:
        strands = _hanging(head, style, _eye_height(posed) - style.fall, rng)
    strands[:, 0] = head.roots
    result = [Strands(posed.with_head(strands), THICKNESS)]
    if style.tied:
        result.append(Strands(posed.with_head(_bun(head, rng)), THICKNESS))
    return result


def _combed(head: Head, style: Cut, rng: np.random.Generator) -> np.ndarray:
    """Short hair: from the crown outwards, to one side in front."""
    share = np.linspace(0, 1, STEPS)
    length = style.length * rng.uniform(0.75, 1.0, len(head.roots))
    reach = (length / head.radii.mean())[:, None] * share
    ahead = np.clip(np.cos(head.around), 0, 1)[:, None]
    turn = 0.9 * ahead * style.length / 0.055 + head.wobble[:, None]
    # Tips come back to the skull: off it, a fringe looks like the peak of a cap.
    rise = style.rise / head.radii.mean() * np.sin(np.pi * (0.1 + 0.9 * share))
    return head.surface(
        head.scale[:, None] * (1 + rise),
        head.polar[:, None] + reach * (1 - 0.7 * ahead),
        head.around[:, None] + turn * share,
    )


def _hanging(head: Head, style: Cut, tip_height: float, rng: np.random.Generator) -> np.ndarray:
    """Bob and long hair: over the skull from a middle parting, then straight down."""
    count, share = len(head.roots), np.linspace(0, 1, STEPS)
    side = np.where(head.around == 0, 1.0, np.sign(head.around))
    free = np.radians(FACE_HALF_ANGLE + rng.uniform(-8, 18, count))
    beside = np.where(np.abs(head.around) < free, side * free, head.around) + 0.3 * head.wobble
    widest, split = np.radians(96), 0.5
    start = np.minimum(head.polar, widest)
    over = np.clip(share / split, 0, 1)
    rise = style.rise / head.radii.mean() * np.sin(np.pi / 2 * over)
    strands = head.surface(
        head.scale[:, None] * (1 + rise * (0.7 + 0.5 * rng.random((count, 1)))),
        start[:, None] + (widest - start)[:, None] * over,
        head.around[:, None] + (beside - head.around)[:, None] * np.sqrt(over),
    )
    down = np.clip((share - split) / (1 - split), 0, 1)
    bottom = tip_height + rng.uniform(-0.012, 0.012, count) - 0.02 * np.cos(head.around)
    strands[..., 1] -= (strands[:, -1:, 1] - bottom[:, None]) * down
    strands[..., 0] *= 1 - 0.30 * down  # a little inwards, towards the neck
    return strands


def _to_bun(head: Head, style: Cut) -> np.ndarray:
    """All hair drawn back over the skull to one point."""
    share = np.linspace(0, 1, STEPS)
    unit = (head.roots - head.centre) / head.radii / head.scale[:, None]
    mixed = unit[:, None] * (1 - share[:, None]) + np.array(KNOT) * share[:, None]
    mixed /= np.linalg.norm(mixed, axis=-1, keepdims=True)
    rise = 1 + style.rise / head.radii.mean() * np.minimum(1, 4 * share)
    return head.centre + head.radii * mixed * (head.scale[:, None] * rise)[..., None]


def _bun(head: Head, rng: np.random.Generator) -> np.ndarray:
    """Strands wound around a small ball at the back of the head."""
    count = 1500
    middle = head.centre + head.radii * np.array(KNOT) + [0, 0.005, -0.018]
    axis = np.array([0.0, 0.35, -1.0]) / np.hypot(0.35, 1.0)
    u = np.array([1.0, 0.0, 0.0])
    v = np.cross(axis, u)
    lift = rng.uniform(-0.9, 1.0, count)[:, None]
    turn = rng.uniform(0, 2 * np.pi, count)[:, None] + 1.6 * np.linspace(0, 1, STEPS)
    tilt = lift + 0.25 * np.sin(turn + 4 * lift)
    ring = np.sqrt(np.clip(1 - tilt**2, 0.02, None))[..., None]
    around = np.cos(turn)[..., None] * u + np.sin(turn)[..., None] * v
    ball = ring * around + 0.8 * tilt[..., None] * axis
    return middle + BUN_RADIUS * ball * rng.uniform(0.94, 1.03, (count, 1, 1))


def brows(posed: Posed, rng: np.random.Generator) -> Strands:
    """Short strands along both brows, on the skin."""
    data = anatomy()
    m = data.mean
    eye = np.abs(m[np.unique(data.left_eye)].mean(axis=0))

    def across(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """-1 near the nose to +1 at the temple; metres above the brow's middle line."""
        along = (np.abs(points[:, 0]) - eye[0]) / 0.021
        return along, points[:, 1] - (data.eye_height + 0.0215 - 0.0035 * along**2)

    along, above = across(m)
    near = (np.abs(above) < 0.012) & (np.abs(along) < 1.3) & (m[:, 2] > 0.09)
    faces = data.skin[near[data.skin].any(axis=1)]
    chosen = rng.integers(0, len(faces), 9000)
    share = rng.dirichlet((1, 1, 1), len(chosen))
    along, above = across(np.einsum("sk,skc->sc", share, m[faces[chosen]]))
    thick = 0.0020 * (1 - 0.35 * np.clip(along, -1, 1))
    kept = (np.abs(above) < thick) & (np.abs(along) < 1)
    root = np.einsum("sk,skc->sc", share[kept], posed.rest[faces[chosen[kept]]])
    comb = np.tile([0.0065, 0.0022, -0.0012], (len(root), 1))
    comb[:, 0] *= np.sign(root[:, 0])
    off_skin = np.array([0, 0, 0.0015])
    strands = (root + off_skin)[:, None] + comb[:, None] * np.linspace(0, 1, 4)[:, None]
    return Strands(posed.with_head(strands), 0.00028)
