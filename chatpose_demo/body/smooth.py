"""Smooth a surface as cloth smooths the body under it, written as a blend of its vertices."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

NEGLIGIBLE = 2e-4  # blend weights below this are dropped: under 0.1 mm on a body. Our choice


def smooth(
    rows: sparse.csr_matrix, points: np.ndarray, faces: np.ndarray, scale: np.ndarray
) -> sparse.csr_matrix:
    """Flatten forms smaller than `scale`; keep larger ones, and the borders where they are.

    Minimises |x - x0|^2 + |scale^2 laplacian(x)|^2 over each piece. Unlike plain Laplacian
    smoothing this hardly shrinks limbs, and it does not depend on how fine the mesh is.

    Args:
        rows: (N, V) blend rows whose points are smoothed.
        points: (N, 3) rest positions, metres.
        faces: (F, 3) triangles; separate pieces are smoothed separately.
        scale: (N,) metres; 0 leaves a vertex alone.

    Returns:
        (N, V) rows, float32.
    """
    count = len(points)
    laplacian, mass = _cotangent(points, faces)
    held = _on_border(faces, count) | (scale <= 0)
    stiff = laplacian.T @ sparse.diags(scale**4 / mass) @ laplacian
    free_part = sparse.diags((~held).astype(float))
    system = sparse.csr_matrix(sparse.diags(mass) + free_part @ stiff)
    edges = sparse.csr_matrix(
        (np.ones(faces.size), (faces.ravel(), np.roll(faces, -1, axis=1).ravel())),
        shape=(count, count),
    )
    _, piece = csgraph.connected_components(edges, directed=False)
    blocks = sparse.lil_matrix(sparse.identity(count))
    for label in np.unique(piece[~held]):
        index = np.flatnonzero(piece == label)
        dense = np.linalg.solve(system[index][:, index].toarray(), np.diag(mass[index]))
        dense[np.abs(dense) < NEGLIGIBLE] = 0
        blocks[np.ix_(index, index)] = dense / dense.sum(axis=1, keepdims=True)
    return sparse.csr_matrix(sparse.csr_matrix(blocks) @ rows, dtype=np.float32)


def neighbour_mean(faces: np.ndarray, count: int, steps: int) -> sparse.csr_matrix:
    """(N, N) rows that replace each vertex's value by the mean around it, `steps` rings wide."""
    pairs = np.stack([faces.ravel(), np.roll(faces, -1, axis=1).ravel()])
    near = sparse.csr_matrix((np.ones(pairs.shape[1]), pairs), shape=(count, count))
    near = ((near + near.T + sparse.identity(count)) > 0).astype(np.float32)
    mean = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    rows = mean
    for _ in range(steps - 1):
        rows = mean @ rows
    return sparse.csr_matrix(rows, dtype=np.float32)


def _cotangent(points: np.ndarray, faces: np.ndarray) -> tuple[sparse.csr_matrix, np.ndarray]:
    """The cotangent Laplacian (N, N), positive semi-definite, and (N,) vertex areas."""
    count = len(points)
    mass = np.full(count, 1e-12)
    index, values = [], []
    for k in range(3):
        a, b, c = (faces[:, (k + i) % 3] for i in range(3))
        u, v = points[b] - points[a], points[c] - points[a]
        double_area = np.linalg.norm(np.cross(u, v), axis=1)
        # Obtuse slivers would make negative or huge weights, which wrinkle the result.
        cotangent = np.clip((u * v).sum(axis=1) / np.maximum(double_area, 1e-12), 0.05, 5.0)
        np.add.at(mass, a, double_area / 6)
        index.append(np.stack([b, c]))
        values.append(cotangent / 2)
    pairs, weight = np.concatenate(index, axis=1), np.concatenate(values)
    upper = sparse.csr_matrix((weight, pairs), shape=(count, count))
    near = upper + upper.T
    degree = sparse.diags(np.asarray(near.sum(axis=1)).ravel())
    return sparse.csr_matrix(degree - near), mass


def _on_border(faces: np.ndarray, count: int) -> np.ndarray:
    """(N,) bool: vertices of edges that belong to one face only."""
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
    once = sparse.csr_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    return (once - once.T).getnnz(axis=1) > 0
