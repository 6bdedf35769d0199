"""Clothes: surfaces near the body, cut along clean hems in the T pose, then posed and relaxed.

A garment is a field on the mean T pose: positive where it covers, zero along its hem. Everything
that does not depend on the pose is worked out once a kind, so that dressing a person is a few
matrix products and one solve with a ready factorisation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from chatpose_demo.body.cut import Blend, cut
from chatpose_demo.body.mesh import vertex_normals
from chatpose_demo.studio.stage.anatomy import Anatomy, Bones, anatomy

# All lengths are our choice, judged by eye on the mean body (1.68 m; pelvis at y = -0.22).
SLEEVES = {"tank": 0.0, "short": 0.52, "long": 1.84}  # elbow = 1, wrist = 2, along the arm
SLEEVELESS_END = 0.150  # m from the middle
ARMHOLE = 0.13  # m below the shoulder joint
TOP_HEM = {"shirt": -0.315, "tucked": -0.17}  # y of the mean body
LEG_HEM = {"trousers": -1.035, "shorts": -0.56, "leggings": -0.99, "skirt": -0.66}
WAIST = -0.135
SHOE_TOP = -1.025
SOLE = 0.022  # m, thickness of a shoe's sole
NECKLINE_RADIUS = {"crew": 0.078, "wide": 0.098}
HIDE_MARGIN = 0.02  # m: skin this far inside a garment is removed
NORMAL_STEPS = 4  # rings over which lift directions are calmed: along raw ones, hems would ripple


def along_arm(points: np.ndarray, data: Anatomy) -> np.ndarray:
    """(N,) 0 at the shoulder joint, 1 at the elbow, 2 at the wrist; negative on the torso."""
    stations = [data.joint(f"left_{name}")[0] for name in ("shoulder", "elbow", "wrist", "hand")]
    reach = np.abs(points[:, 0])
    inside = (reach - stations[0]) / (stations[1] - stations[0])
    return np.where(reach < stations[0], inside, np.interp(reach, stations, [0, 1, 2, 3]))


def top_field(sleeve: str, hem: str, neckline: str) -> np.ndarray:
    """(N,) inside a top: above its hem, up to the sleeves' ends, outside the neckline."""
    data = anatomy()
    points = data.mean
    if sleeve == "tank":
        below = np.clip(data.joint("left_shoulder")[1] - ARMHOLE - points[:, 1], 0, None)
        arm = SLEEVELESS_END - np.abs(points[:, 0]) + 2 * below
    else:
        arm = (SLEEVES[sleeve] - along_arm(points, data)) * 0.24  # m a bone, about
    tilt = np.radians(16.0)  # the neck leans forward
    axis = np.array([0.0, np.cos(tilt), np.sin(tilt)])
    offset = points - (data.joint("neck") + [0.0, -0.020, 0.022])
    nearest = np.clip(offset @ axis, 0, None)[:, None] * axis
    neck = np.linalg.norm(offset - nearest, axis=1) - NECKLINE_RADIUS[neckline]
    return np.minimum.reduce([points[:, 1] - TOP_HEM[hem], arm, neck, 0.34 - points[:, 1]])


def bottom_field(kind: str) -> np.ndarray:
    """(N,) inside trousers, shorts, leggings or a skirt."""
    height = anatomy().mean[:, 1]
    return np.minimum(WAIST - height, height - LEG_HEM[kind])


def shoe_field() -> np.ndarray:
    """(N,) inside the shoes: lower at the ankle bones than behind and in front."""
    data = anatomy()
    ankle = data.joint("left_ankle")
    dip = 0.012 * np.exp(-(((data.mean[:, 2] - ankle[2]) / 0.03) ** 2))
    return SHOE_TOP - dip - data.mean[:, 1]


def above_sole() -> np.ndarray:
    """(N,) metres above the upper edge of the shoes' soles."""
    data = anatomy()
    ground = data.mean[np.unique(data.tights), 1].min()
    return data.mean[:, 1] - (ground + SOLE)


class Normals:
    """Vertex normals of a fixed topology, quickly."""

    def __init__(self, faces: np.ndarray, count: int) -> None:
        self._faces = faces
        columns = np.repeat(np.arange(len(faces)), 3)
        ones = np.ones(columns.size, np.float32)
        shape = (count, len(faces))
        self._share = sparse.csr_matrix((ones, (faces.ravel(), columns)), shape=shape)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(V, 3) unit normals of points (V, 3)."""
        a, b, c = (points[self._faces[:, k]] for k in range(3))
        normals = self._share @ np.cross(b - a, c - a).astype(np.float32)
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True, eq=False)
class Garment:
    """One kind of garment, tailored to the mean body.

    Attributes:
        faces: (F, 3).
        mean, shapes: (V, 3) and (3 V, 10) relaxed and lifted rest points, by betas.
        body: (V, 6890) sparse: which correctives of the embedded body bend it.
        weights: (V, 24) skinning weights.
        solve: relaxes posed points (V, 3).
        normals: of posed points.
    """

    faces: np.ndarray
    mean: np.ndarray
    shapes: np.ndarray
    body: sparse.csr_matrix
    weights: np.ndarray
    solve: Callable[[np.ndarray], np.ndarray]
    normals: Normals

    def put_on(
        self, bones: Bones, betas: np.ndarray, bent: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3) posed points and normals; `bent` is `anatomy.bend` of the pose."""
        rest = self.mean + (self.shapes @ np.asarray(betas, np.float32)).reshape(-1, 3)
        posed = self.solve(bones.move(rest + self.body @ bent, self.weights)).astype(np.float32)
        return posed, self.normals(posed)


@cache
def top(sleeve: str, hem: str, neckline: str) -> Garment:
    """A shirt, a tank top or a sweater."""
    data = anatomy()
    down = np.clip((0.10 - data.mean[:, 1]) / 0.4, 0, 1) * (hem != "tucked")
    on_arm = np.clip(along_arm(data.mean, data), 0, 1)
    lift = 0.004 + 0.010 * down + 0.006 * on_arm
    return _tailor(data.tights, top_field(sleeve, hem, neckline), lift, 0.030)


@cache
def bottom(kind: str) -> Garment:
    """Trousers, shorts, leggings or a skirt."""
    data = anatomy()
    loose = {"trousers": 0.012, "shorts": 0.018, "leggings": 0.0, "skirt": 0.01}[kind]
    at_waist = 0.006 if kind == "skirt" else 0.001
    lift = at_waist + loose * np.clip((-0.30 - data.mean[:, 1]) / 0.5, 0, 1)
    surface = data.skirt if kind == "skirt" else data.tights
    return _tailor(surface, bottom_field(kind), lift, 0.022)


@cache
def shoes() -> Garment:
    """The uppers of a pair of shoes."""
    field = np.minimum(shoe_field(), above_sole())
    return _tailor(anatomy().tights, field, np.full(len(field), 0.004), 0.010)


@cache
def soles() -> Garment:
    """The soles of a pair of shoes."""
    field = -above_sole()
    return _tailor(anatomy().tights, field, np.full(len(field), 0.009), 0.006)


@cache
def visible_skin(sleeve: str, hem: str, neckline: str, kind: str) -> np.ndarray:
    """(F, 3) skin faces that do not lie well inside one garment."""
    data = anatomy()
    fields = [top_field(sleeve, hem, neckline), shoe_field()]
    if kind != "skirt":  # one can see under a skirt
        fields.append(bottom_field(kind))
    hidden = [(field[data.skin] > HIDE_MARGIN).all(axis=1) for field in fields]
    return data.skin[~np.any(hidden, axis=0)]


def _tailor(faces: np.ndarray, field: np.ndarray, lift: np.ndarray, drape: float) -> Garment:
    """Cut a surface along the zero line of a field, relax it and lift it off the body.

    Args:
        faces: (F, 3) of the surface that it is cut from.
        field: (N,) over all points of the body.
        lift: (N,) metres off that surface.
        drape: metres; forms smaller than about this are smoothed away.
    """
    data = anatomy()
    mesh, fields = cut(Blend.of(len(field), faces), field[:, None], 0)
    inside = fields[mesh.faces, 0].sum(axis=1) > 0
    used, index = np.unique(mesh.faces[inside], return_inverse=True)
    kept = index.reshape(-1, 3)
    rows = sparse.csr_matrix(mesh.rows[used])
    mean = rows @ data.mean
    near = _neighbours(kept, len(used))
    smooth = _relaxer(mean, kept, near, drape)
    columns = np.concatenate([mean, rows @ data.shapes.reshape(len(field), 30)], axis=1)
    relaxed = smooth(columns)
    mean, shapes = relaxed[:, :3], relaxed[:, 3:]
    normals = vertex_normals(mean, kept)
    for _ in range(NORMAL_STEPS):
        normals = near @ normals
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    mean = mean + normals * (rows @ lift)[:, None]
    return Garment(
        faces=kept,
        mean=mean.astype(np.float32),
        shapes=np.ascontiguousarray(shapes.reshape(-1, 10), np.float32),
        body=sparse.csr_matrix(rows @ data.near, dtype=np.float32),
        weights=(rows @ data.weights).astype(np.float32),
        solve=_relaxer(mean, kept, near, 0.6 * drape),
        normals=Normals(kept, len(mean)),
    )


def _relaxer(
    points: np.ndarray, faces: np.ndarray, near: sparse.csr_matrix, scale: float
) -> Callable[[np.ndarray], np.ndarray]:
    """A solver that flattens forms smaller than `scale` metres; borders are smoothed along
    themselves only."""
    edge = np.linalg.norm(points[faces[:, 0]] - points[faces[:, 1]], axis=1).mean()
    identity = sparse.identity(len(points))
    rough = identity - near
    stiff = (scale / edge) ** 4 / 4
    return splu(sparse.csc_matrix(identity + stiff * (rough.T @ rough))).solve


def _neighbours(faces: np.ndarray, count: int) -> sparse.csr_matrix:
    """(N, N) rows of means over neighbours; border vertices see the border only."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    once = sparse.csr_matrix((np.ones(len(ends)), ends.T), shape=(count, count))
    border_edges = (once - once.T).multiply(once - once.T)
    border = np.asarray(border_edges.sum(axis=1)).ravel() > 0
    near = ((once + once.T) > 0).astype(float)
    inner = sparse.diags((~border).astype(float))
    near = inner @ near + sparse.diags(border.astype(float)) @ border_edges
    total = np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1)
    return sparse.csr_matrix(sparse.diags(1 / total) @ near)
