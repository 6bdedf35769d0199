"""Clothes: surfaces near the body, cut along clean hems in the T pose, then posed and relaxed.

Every garment is a field on the mean T pose: positive where it covers, zero along its hem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from chatpose_demo.body.cut import Blend, cut
from chatpose_demo.body.mesh import vertex_normals
from tools.render_examples.anatomy import Anatomy, Posed, anatomy

# All lengths are our choice, judged by eye on the mean body (1.68 m; pelvis at y = -0.22).
SLEEVES = {"tank": 0.0, "short": 0.52, "long": 1.84}  # elbow = 1, wrist = 2, along the arm
SLEEVELESS_END = 0.150  # m from the middle
TOP_HEM = {"shirt": -0.315, "tucked": -0.17}  # y of the mean body
LEG_HEM = {"trousers": -1.035, "shorts": -0.56, "leggings": -0.99, "skirt": -0.66}
WAIST = -0.135
SHOE_TOP = -1.005
SOLE = 0.022  # m, thickness of a shoe's sole
NECKLINE_RADIUS = {"crew": 0.078, "wide": 0.098}
HIDE_MARGIN = 0.02  # m: skin this far inside a garment is removed


@dataclass(frozen=True)
class Garment:
    """Posed cloth, y up, metres: vertices (V, 3), faces (F, 3)."""

    name: str
    vertices: np.ndarray
    faces: np.ndarray


def along_arm(points: np.ndarray, data: Anatomy) -> np.ndarray:
    """(N,) 0 at the shoulder joint, 1 at the elbow, 2 at the wrist; negative on the torso."""
    stations = [data.joint(f"left_{name}")[0] for name in ("shoulder", "elbow", "wrist", "hand")]
    reach = np.abs(points[:, 0])
    inside = (reach - stations[0]) / (stations[1] - stations[0])
    return np.where(reach < stations[0], inside, np.interp(reach, stations, [0, 1, 2, 3]))


def top_field(points: np.ndarray, sleeve: str, hem: str, neckline: str) -> np.ndarray:
    """Inside a top: above its hem, up to the sleeves' ends, outside the neckline."""
    data = anatomy()
    if sleeve == "tank":
        arm = SLEEVELESS_END - np.abs(points[:, 0])
    else:
        arm = (SLEEVES[sleeve] - along_arm(points, data)) * 0.24  # m per bone, about
    tilt = np.radians(16.0)  # the neck leans forward
    axis = np.array([0.0, np.cos(tilt), np.sin(tilt)])
    offset = points - (data.joint("neck") + [0.0, -0.020, 0.022])
    nearest = np.clip(offset @ axis, 0, None)[:, None] * axis
    neck = np.linalg.norm(offset - nearest, axis=1) - NECKLINE_RADIUS[neckline]
    low_enough = 0.34 - points[:, 1]
    return np.minimum.reduce([points[:, 1] - TOP_HEM[hem], arm, neck, low_enough])


def bottom_field(points: np.ndarray, kind: str) -> np.ndarray:
    """Inside trousers, shorts, leggings or a skirt."""
    return np.minimum(WAIST - points[:, 1], points[:, 1] - LEG_HEM[kind])


def shoe_field(points: np.ndarray) -> np.ndarray:
    """Inside the shoes: lower at the ankle bones than behind and in front."""
    data = anatomy()
    ankle = data.joint("left_ankle")
    dip = 0.012 * np.exp(-(((points[:, 2] - ankle[2]) / 0.03) ** 2))
    return SHOE_TOP - 0.02 - dip - points[:, 1]


def above_sole(points: np.ndarray) -> np.ndarray:
    """Metres above the upper edge of the shoes' soles."""
    ground = points[np.unique(anatomy().tights), 1].min()
    return points[:, 1] - (ground + SOLE)


def tailor(
    name: str, faces: np.ndarray, field: np.ndarray, lift: np.ndarray, drape: float, posed: Posed
) -> Garment:
    """Cut a surface along the zero line of a field, lift it off the body, pose and relax it.

    Args:
        name: of the garment.
        faces: (F, 3) of the surface that it is cut from.
        field: (N,) over all points of the body.
        lift: (N,) metres off that surface.
        drape: metres; forms smaller than about this are smoothed away.
        posed: who wears it.
    """
    mesh, fields = cut(Blend.of(len(field), faces), field[:, None], 0)
    inside = fields[mesh.faces, 0].sum(axis=1) > 0
    used, index = np.unique(mesh.faces[inside], return_inverse=True)
    kept = index.reshape(-1, 3)
    rows = mesh.rows[used]
    rest = rows @ posed.rest
    rest = relax(rest, kept, drape)
    normals = vertex_normals(rest, kept)
    for _ in range(4):  # calm normals: along raw ones, hems would ripple
        normals = _neighbours(kept, len(used)) @ normals
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    rest = rest + normals * (rows @ lift)[:, None]
    points = posed.move(rest, rows @ anatomy().weights)
    return Garment(name, relax(points, kept, 0.6 * drape), kept)


def relax(points: np.ndarray, faces: np.ndarray, scale: float) -> np.ndarray:
    """Flatten forms smaller than `scale` metres; a border is smoothed along itself only."""
    count = len(points)
    mean = _neighbours(faces, count)
    edge = np.linalg.norm(points[faces[:, 0]] - points[faces[:, 1]], axis=1).mean()
    rough = sparse.identity(count) - mean
    stiff = (scale / edge) ** 4 / 4
    system = sparse.identity(count) + stiff * (rough.T @ rough)
    return spsolve(system.tocsc(), points)


def _neighbours(faces: np.ndarray, count: int) -> sparse.csr_matrix:
    """(N, N) rows of means over neighbours; border vertices see the border only."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    once = sparse.csr_matrix((np.ones(len(ends)), ends.T), shape=(count, count))
    border_edges = (once - once.T).multiply(once - once.T)
    border = np.asarray(border_edges.sum(axis=1)).ravel() > 0
    near = ((once + once.T) > 0).astype(float)
    inner = sparse.diags((~border).astype(float))
    near = inner @ near + sparse.diags(border.astype(float)) @ border_edges
    return sparse.diags(1 / np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1)) @ near


def hidden_skin(fields: list[np.ndarray], faces: np.ndarray) -> np.ndarray:
    """(F,) bool: skin faces that lie well inside one garment."""
    return np.any([(field[faces] > HIDE_MARGIN).all(axis=1) for field in fields], axis=0)
