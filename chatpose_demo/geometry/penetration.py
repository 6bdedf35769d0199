"""How deep a posed body passes through itself, measured on the skin of the embedded body.

The skin is cut into pieces (trunk, head, upper arms, ..., feet), each closed where it was cut off.
A vertex of one piece that lies inside another piece, by the winding number, is as deep as its
distance from the skin. Pieces that meet at a joint do not count, nor do the folds of the
armpits and of the crotch: of an upper arm and a thigh only the half beyond is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from chatpose_demo.body.mesh import vertex_normals
from chatpose_demo.body.regions import RestBody
from chatpose_demo.geometry.figure import SIDES, embedded_body
from chatpose_demo.pose import JOINT

# The bones (as SMPL names them: each by its upper joint) whose skin makes a piece.
LIMB_BONES = {
    "upper_arm": ("shoulder",),
    "forearm": ("elbow",),
    "hand": ("wrist", "hand"),
    "thigh": ("hip",),
    "shin": ("knee",),
    "foot": ("ankle", "foot"),
}
PIECES = ("trunk", "head", *(f"{side}_{limb}" for side in SIDES for limb in LIMB_BONES))
# Pieces of one limb that meet at a joint: their fold is flesh, not a fault.
MEETS = {
    "upper_arm": ("forearm",),
    "forearm": ("upper_arm", "hand"),
    "hand": ("forearm",),
    "thigh": ("shin",),
    "shin": ("thigh", "foot"),
    "foot": ("shin",),
}
ROOTS = {"upper_arm": "elbow", "thigh": "knee"}  # the joint at the end of a limb's first bone
# Limb -> its pieces.
LIMBS = {
    "left_arm": ("left_upper_arm", "left_forearm", "left_hand"),
    "right_arm": ("right_upper_arm", "right_forearm", "right_hand"),
    "left_leg": ("left_thigh", "left_shin", "left_foot"),
    "right_leg": ("right_thigh", "right_shin", "right_foot"),
    "head": ("head",),
}
BATCH = 16  # our choice: bodies posed at once


@dataclass(frozen=True)
class PenetrationSettings:
    """Our choices."""

    spacing: float = 0.012  # m between probes on the resting body; fingers have many more vertices
    folded: float = 0.5  # of an upper arm or a thigh, from its root: armpit and crotch
    inside: float = 0.5  # winding number, between outside (0) and inside (1)
    facing: float = 0.5  # cosine to the nearest normal: on which side of the skin a point lies


SETTINGS = PenetrationSettings()


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The pieces of SMPL's mesh.

    Attributes:
        piece: (6890,) index into PIECES of each vertex; -1 for eyeballs, which lie in the head.
        probes: per piece, the vertices that are looked for in other pieces.
        apart: per piece, the indices of the pieces that it should stay out of.
        at_cut: (6890,) bool, vertices on the rim of a cut.
        middles: (H, 6890) sparse, the middle of each cut's rim, from where a fan closes the cut.
        corners: per piece, the vertices of its closed surface; 6890 + i is the middle of cut i.
        faces: per piece, its closed surface (F, 3) as indices into its corners.
    """

    piece: np.ndarray
    probes: tuple[np.ndarray, ...]
    apart: tuple[tuple[int, ...], ...]
    at_cut: np.ndarray
    middles: sparse.csr_matrix
    corners: tuple[np.ndarray, ...]
    faces: tuple[np.ndarray, ...]


@lru_cache(maxsize=1)
def anatomy() -> Anatomy:
    """The embedded body's pieces."""
    rest = RestBody.of(embedded_body())
    bone = rest.weights.argmax(1)
    piece = np.full(len(bone), PIECES.index("trunk"))
    piece[np.isin(bone, [JOINT["neck"], JOINT["head"]])] = PIECES.index("head")
    is_probe = bone != JOINT["neck"]
    for side in SIDES:
        for limb, bones in LIMB_BONES.items():
            own = np.isin(bone, [JOINT[f"{side}_{name}"] for name in bones])
            piece[own] = PIECES.index(f"{side}_{limb}")
            if limb in ROOTS:
                top, end = rest.joint(f"{side}_{bones[0]}"), rest.joint(f"{side}_{ROOTS[limb]}")
                along = (rest.vertices - top) @ (end - top) / ((end - top) @ (end - top))
                is_probe &= ~own | (along > SETTINGS.folded)
    piece[rest.eyeballs > 0] = -1
    probes = [_thinned(rest.vertices, is_probe & (piece == i)) for i in range(len(PIECES))]
    probes[PIECES.index("trunk")] = probes[0][:0]  # limbs are looked for in it, that is enough
    holes: list[np.ndarray] = []
    corners, faces = [], []
    for index in range(len(PIECES)):
        # A triangle belongs to the piece of two of its corners, or of the first.
        corner = np.sort(piece[rest.faces], axis=1)
        owner = np.where(corner[:, 1] == corner[:, 2], corner[:, 2], corner[:, 0])
        surface = rest.faces[owner == index]
        fans, rims = _closing(surface, len(bone) + len(holes))
        used, local = np.unique(np.concatenate([surface, fans]), return_inverse=True)
        corners.append(used)
        faces.append(local.reshape(-1, 3))
        holes += rims
    middles = np.zeros((len(holes), len(bone)), np.float32)
    for row, rim in zip(middles, holes, strict=True):
        row[rim] = 1 / len(rim)
    return Anatomy(
        piece,
        tuple(probes),
        _apart(),
        np.asarray(middles.any(0)),
        sparse.csr_matrix(middles),
        tuple(corners),
        tuple(faces),
    )


def _thinned(vertices: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Indices of the chosen vertices, at most one in a cell; both sides of the body alike."""
    index = np.flatnonzero(among)
    place = np.abs(vertices[index] * [1, 0, 0]) + vertices[index] * [0, 1, 1]
    index, place = (item[np.lexsort(place.round(4).T)] for item in (index, place))
    _, first = np.unique(np.floor(place / SETTINGS.spacing), axis=0, return_index=True)
    return np.sort(index[first])


def _apart() -> tuple[tuple[int, ...], ...]:
    """For each piece, the others but those that it meets at a joint."""
    result = []
    for name in PIECES:
        side, _, limb = name.partition("_")
        meets = {name, *(f"{side}_{other}" for other in MEETS.get(limb, ()))}
        result.append(tuple(i for i, other in enumerate(PIECES) if other not in meets))
    return tuple(result)


def _closing(surface: np.ndarray, first: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Fans (N, 3) that close a surface (F, 3), and the rims of its holes.

    The fans' middle vertices are numbered from `first`, one per hole.
    """
    count = surface.max() + 1
    edges = np.concatenate([surface[:, [i, (i + 1) % 3]] for i in range(3)])
    there = sparse.csr_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    rim = sparse.coo_matrix((there - there.T) > 0)
    start, end = rim.row, rim.col
    _, hole = connected_components(rim, directed=False)
    names = np.unique(hole[start])
    middle = first + np.searchsorted(names, hole[start])
    rims = [np.unique(start[hole[start] == name]) for name in names]
    return np.stack([end, start, middle], axis=1), rims


class Flesh:
    """One posed body whose parts can be looked for in each other.

    Attributes:
        vertices: (6890, 3) metres, any frame.
    """

    def __init__(self, vertices: np.ndarray) -> None:
        self.vertices = np.asarray(vertices, np.float32)
        self._trees: dict[int, KDTree] = {}

    @cached_property
    def _normals(self) -> np.ndarray:
        return vertex_normals(self.vertices, embedded_body().faces)

    @cached_property
    def _closed(self) -> torch.Tensor:
        """(6890 + H, 3) vertices and the middles of the cuts."""
        return torch.from_numpy(np.concatenate([self.vertices, anatomy().middles @ self.vertices]))

    @cached_property
    def _boxes(self) -> np.ndarray:
        """(P, 2, 3) lower and upper corner of every piece."""
        parts = [self.vertices[anatomy().piece == index] for index in range(len(PIECES))]
        return np.stack([[part.min(0), part.max(0)] for part in parts])

    def _nearest(self, points: np.ndarray, piece: int) -> np.ndarray:
        """(N,) the vertex of a piece that is nearest to each of points (N, 3)."""
        own = np.flatnonzero(anatomy().piece == piece)
        if piece not in self._trees:  # built quickly rather than well: it is asked a few times
            self._trees[piece] = KDTree(
                self.vertices[own], balanced_tree=False, compact_nodes=False
            )
        return own[self._trees[piece].query(points)[1]]

    def _buried_in(self, points: np.ndarray, piece: int) -> tuple[np.ndarray, np.ndarray]:
        """(N,) metres that points (N, 3) lie under a piece's skin, and (N, 3) the ways out."""
        nearest = self._nearest(points, piece)
        offset, out = points - self.vertices[nearest], self._normals[nearest]
        height = (offset * out).sum(1)
        clear = SETTINGS.facing * np.linalg.norm(offset, axis=1)
        # Only near a cut, where the skin ends, or beside the skin the nearest normal may be wrong.
        inside = height < -clear
        doubt = np.flatnonzero((abs(height) <= clear) | (inside & anatomy().at_cut[nearest]))
        if len(doubt):
            surface = self._closed[torch.from_numpy(anatomy().corners[piece])]
            faces = torch.from_numpy(anatomy().faces[piece])
            turns = winding_number(torch.from_numpy(points[doubt]), surface, faces)
            inside[doubt] = turns.numpy() > SETTINGS.inside
        return np.where(inside, np.abs(height), 0.0), out

    def buried(self, piece: int) -> tuple[np.ndarray, np.ndarray]:
        """How deep the probes of a piece lie in the pieces that it should stay out of.

        Args:
            piece: index into PIECES.

        Returns:
            (N,) metres, 0 outside; (N, 3) unit normals of the nearest skin, the way out.
        """
        points, apart = self.vertices[anatomy().probes[piece]], list(anatomy().apart[piece])
        depth, out = np.zeros(len(points)), np.zeros_like(points)
        low, high = self._boxes[apart, 0, None], self._boxes[apart, 1, None]
        boxed = np.asarray(((points > low) & (points < high)).all(2))
        for other, near in zip(apart, boxed, strict=True):
            if near.any():
                maybe = np.flatnonzero(near)
                deep, way = self._buried_in(points[maybe], other)
                worse = deep > depth[maybe]
                depth[maybe[worse]], out[maybe[worse]] = deep[worse], way[worse]
        return depth, out

    def limb_depth(self, limb: str) -> float:
        """Metres that a limb of LIMBS lies at most in the rest of the body."""
        pieces = (PIECES.index(name) for name in LIMBS[limb])
        return max(float(self.buried(piece)[0].max()) for piece in pieces)

    def turned(self, limb: str, centre: np.ndarray, turn: np.ndarray) -> Flesh:
        """This body with the skin of one limb turned stiffly by (3, 3) about a centre (3,)."""
        pieces = [PIECES.index(name) for name in LIMBS[limb]]
        moved = np.isin(anatomy().piece, pieces)
        vertices, normals = self.vertices.copy(), self._normals.copy()
        vertices[moved] = (vertices[moved] - centre) @ turn.T + centre
        normals[moved] = normals[moved] @ turn.T
        body = Flesh(vertices)
        body._normals = normals
        body._trees = {p: tree for p, tree in self._trees.items() if p not in pieces}
        return body

    def deepest(self) -> np.ndarray:
        """(P,) metres that each piece lies at most in others."""
        return np.array([self.buried(index)[0].max(initial=0.0) for index in range(len(PIECES))])


def winding_number(
    points: torch.Tensor, vertices: torch.Tensor, faces: torch.Tensor
) -> torch.Tensor:
    """How often a closed surface goes around points: 1 inside, 0 outside.

    The sum of the triangles' solid angles (van Oosterom and Strackee, 1983), from distances alone.

    Args:
        points: (N, 3).
        vertices: (V, 3).
        faces: (F, 3) int64 triangles, counter-clockwise seen from outside.

    Returns:
        (N,).
    """
    corner = vertices[faces]
    a, b, c = corner.unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    volume = (a * normal).sum(1) - points @ normal.T
    reach = torch.cdist(points, vertices, compute_mode="donot_use_mm_for_euclid_dist")
    reach = reach[:, faces]  # (N, F, 3): from a point to a triangle's corners
    square = reach.square()
    below = reach.prod(2)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        edge = (corner[:, i] - corner[:, j]).square().sum(1)
        below += (square[..., i] + square[..., j] - edge) / 2 * reach[..., k]
    return torch.atan2(volume, below).sum(1) / (2 * torch.pi)


@torch.no_grad()
def posed(rotations: np.ndarray) -> list[Flesh]:
    """The embedded body's flesh in poses (B, 24, 3, 3)."""
    bodies = []
    for batch in torch.tensor(rotations, dtype=torch.float32).split(BATCH):
        bodies += [Flesh(skin) for skin in embedded_body().pose(batch).vertices.numpy()]
    return bodies


def penetration(rotations: np.ndarray) -> np.ndarray:
    """How deep bodies pass through themselves.

    Args:
        rotations: (B, 24, 3, 3) SMPL rotations.

    Returns:
        (B, P) centimetres: per piece of PIECES, the deepest of its vertices in another piece.
    """
    return np.stack([100 * body.deepest() for body in posed(rotations)])
