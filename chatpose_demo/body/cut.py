"""Cut a triangle mesh along the zero lines of scalar fields, so that colours meet on clean lines.

Every vertex of the result is a fixed blend of the original vertices, kept as one sparse matrix.
The same matrix therefore carries the cuts to any pose and shape of the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

# A vertex nearer to the line than this share of its edge slides onto it; no slivers are left.
SNAP = 0.15  # our choice


@dataclass(frozen=True)
class Blend:
    """A mesh whose vertices are blends of the vertices of another mesh.

    Attributes:
        rows: (N, V) sparse, `rows @ original_vertices` gives this mesh's vertices.
        faces: (F, 3) int64.
    """

    rows: sparse.csr_matrix
    faces: np.ndarray

    @classmethod
    def of(cls, num_vertices: int, faces: np.ndarray) -> Blend:
        """The mesh itself."""
        return cls(sparse.csr_matrix(sparse.identity(num_vertices)), faces.astype(np.int64))

    @property
    def count(self) -> int:
        """Number of vertices."""
        return len(self.rows.indptr) - 1


def subdivide(mesh: Blend, chosen: np.ndarray) -> Blend:
    """Split the chosen faces (F,) in four; their neighbours follow without leaving cracks."""
    edges, edge_of = _edges(mesh.faces)
    split = np.zeros(len(edges), bool)
    split[edge_of[chosen].ravel()] = True
    number = np.full(len(edges), -1)
    number[split] = mesh.count + np.arange(split.sum())
    middle = number[edge_of]  # (F, 3): new vertex on edge k -> k + 1, or -1
    a, b, c = mesh.faces.T
    ab, bc, ca = middle.T
    count = (middle >= 0).sum(axis=1)
    parts = [mesh.faces[count == 0]]
    four = count == 3
    for triple in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)):
        parts.append(np.stack(triple, 1)[four])
    for k in range(3):
        a, b, c = (mesh.faces[:, (k + i) % 3] for i in range(3))
        ab, bc, ca = (middle[:, (k + i) % 3] for i in range(3))
        one = (count == 1) & (ab >= 0)
        parts += [np.stack(t, 1)[one] for t in ((a, ab, c), (ab, b, c))]
        two = (count == 2) & (ca < 0)
        parts += [np.stack(t, 1)[two] for t in ((a, ab, bc), (ab, b, bc), (a, bc, c))]
    blend = _pairs(edges[split], np.full(split.sum(), 0.5), mesh.count)
    rows = sparse.csr_matrix(sparse.vstack([mesh.rows, blend @ mesh.rows]))
    return Blend(rows, np.concatenate(parts))


def cut(mesh: Blend, fields: np.ndarray, column: int) -> tuple[Blend, np.ndarray]:
    """Split the faces that the zero line of one field crosses.

    Args:
        mesh: what to cut.
        fields: (N, K) values of all fields at the vertices.
        column: the field to cut along.

    Returns:
        The cut mesh and its (N', K) field values; no face has both signs of `column` any more.
    """
    mesh, fields = _slide_onto_line(mesh, fields, column)
    value = fields[:, column]
    edges, edge_of = _edges(mesh.faces)
    u, v = value[edges[:, 0]], value[edges[:, 1]]
    crossed = u * v < 0
    number = np.full(len(edges), -1)
    number[crossed] = len(value) + np.arange(crossed.sum())
    share = u[crossed] / (u[crossed] - v[crossed])
    blend = _pairs(edges[crossed], share, len(value))

    middle = number[edge_of]
    count = (middle >= 0).sum(axis=1)
    parts = [mesh.faces[count == 0]]
    for k in range(3):
        a, b, c = (mesh.faces[:, (k + i) % 3] for i in range(3))
        ab, _, ca = (middle[:, (k + i) % 3] for i in range(3))
        one = (count == 1) & (ab >= 0)  # the line leaves through vertex c
        parts += [np.stack(t, 1)[one] for t in ((a, ab, c), (ab, b, c))]
        two = (count == 2) & (ab >= 0) & (ca >= 0)  # vertex a is alone on its side
        parts += [np.stack(t, 1)[two] for t in ((a, ab, ca), (ab, b, ca), (b, c, ca))]
    rows = sparse.csr_matrix(sparse.vstack([mesh.rows, blend @ mesh.rows]))
    new_fields = blend @ fields
    new_fields[:, column] = 0
    return Blend(rows, np.concatenate(parts)), np.concatenate([fields, new_fields])


def _slide_onto_line(mesh: Blend, fields: np.ndarray, column: int) -> tuple[Blend, np.ndarray]:
    """Move vertices that almost touch the line along their edge until they lie on it."""
    value = fields[:, column]
    edges, _ = _edges(mesh.faces)
    directed = np.concatenate([edges, edges[:, ::-1]])
    near, far = value[directed[:, 0]], value[directed[:, 1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(near * far < 0, near / (near - far), 1.0)
    order = np.argsort(share)
    order = order[share[order] < SNAP]
    vertex, first = np.unique(directed[order, 0], return_index=True)
    chosen = order[first]
    moved = np.zeros(len(value))
    moved[vertex] = share[chosen]
    target = np.arange(len(value))
    target[vertex] = directed[chosen, 1]
    slide = _pairs(np.stack([np.arange(len(value)), target], axis=1), moved, len(value))
    fields = slide @ fields
    fields[vertex, column] = 0
    return Blend(sparse.csr_matrix(slide @ mesh.rows), mesh.faces), fields


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique undirected edges (E, 2), and (F, 3) the edge k -> k + 1 of each face."""
    ends = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    count = faces.max() + 1
    number, inverse = np.unique(ends[:, 0] * count + ends[:, 1], return_inverse=True)
    return np.stack(np.divmod(number, count), axis=1), inverse.reshape(-1, 3)


def _pairs(edges: np.ndarray, share: np.ndarray, num_vertices: int) -> sparse.csr_matrix:
    """(E, N) rows that blend each edge's ends: (1 - share) of the first, share of the second."""
    index = np.repeat(np.arange(len(edges)), 2)
    values = np.stack([1 - share, share], axis=1).ravel()
    shape = (len(edges), num_vertices)
    return sparse.csr_matrix((values, (index, edges.ravel())), shape=shape)
