"""Turn bare feet into shoes: one smooth cap over the toes, on the foot's convex hull."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.spatial import ConvexHull

from chatpose_demo.body.cut import Blend

TOES_START = 0.58  # of the foot's length from the heel: behind the clefts. Our choice


def cap_toes(mesh: Blend, points: np.ndarray, shod: np.ndarray) -> Blend:
    """Rewrite the blend rows of the toes so that they form the closed front of a shoe.

    The skin of five toes folds on itself, so it is first stretched flat over the ball of the foot
    (each vertex at the mean of its neighbours: no folds), then blown up to the hull.

    Args:
        mesh: the body, already cut along the top of the shoes.
        points: (N, 3) rest positions, metres, y up, toes towards +z.
        shod: (N,) bool, vertices of the shoes; x tells left from right.

    Returns:
        The mesh with new rows; a hull point is a blend of its hull triangle's corners, so the
        shoe follows the posed foot.
    """
    rows = mesh.rows.tolil(copy=True)
    for side in (-1, 1):
        foot = np.flatnonzero(shod & (points[:, 0] * side > 0))
        heel, tip = points[foot, 2].min(), points[foot, 2].max()
        start = heel + TOES_START * (tip - heel)
        toes = foot[points[foot, 2] > start]
        flat = _stretched_flat(mesh.faces, points, toes)
        middle = (points[foot].min(axis=0) + points[foot].max(axis=0)) / 2
        ball = points[foot][np.abs(points[foot, 2] - start) < 0.01]
        origin = np.array([middle[0], ball[:, 1].mean(), start - 0.02])
        hull_rows = _blown_up(points[foot], origin, flat)
        rows[toes] = hull_rows @ mesh.rows[foot]
    return Blend(sparse.csr_matrix(rows), mesh.faces)


def _stretched_flat(faces: np.ndarray, points: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """(n, 3): positions of the inner vertices when each is the mean of its neighbours."""
    count = len(points)
    pairs = np.stack([faces.ravel(), np.roll(faces, -1, axis=1).ravel()])
    near = sparse.csr_matrix((np.ones(pairs.shape[1]), pairs), shape=(count, count))
    near = ((near + near.T) > 0).astype(float)
    laplacian = sparse.csr_matrix(sparse.diags(np.asarray(near.sum(axis=1)).ravel()) - near)
    outer = np.setdiff1d(np.arange(count), inner)
    inside = laplacian[inner]
    right = -(inside[:, outer] @ points[outer])
    return np.asarray(spsolve(sparse.csc_matrix(inside[:, inner]), right))


def _blown_up(foot: np.ndarray, origin: np.ndarray, flat: np.ndarray) -> sparse.csr_matrix:
    """(n, m) rows over the foot's m points: where rays from the origin leave the foot's hull."""
    hull = ConvexHull(foot)
    normal, offset = hull.equations[:, :3], hull.equations[:, 3]
    ray = flat - origin
    slope = ray @ normal.T
    with np.errstate(divide="ignore"):
        reach = np.where(slope > 1e-9, -(normal @ origin + offset) / slope, np.inf)
    facet = reach.argmin(axis=1)
    hit = origin + ray * reach[np.arange(len(ray)), facet][:, None]

    corner = hull.simplices[facet]
    a, b, c = (foot[corner[:, k]] for k in range(3))
    area = np.cross(b - a, c - a)
    square = (area**2).sum(axis=1)
    u = (np.cross(c - b, hit - b) * area).sum(axis=1) / square
    v = (np.cross(a - c, hit - c) * area).sum(axis=1) / square
    weight = np.stack([u, v, 1 - u - v], axis=1)
    index = np.repeat(np.arange(len(ray)), 3)
    shape = (len(ray), len(foot))
    return sparse.csr_matrix((weight.ravel(), (index, corner.ravel())), shape=shape)
