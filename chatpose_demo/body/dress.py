"""Dress a body: T-shirt, trousers, shoes, hair and a calm face, on any pose and shape.

The clothes are the body's own surface, cut along hems, smoothed as cloth smooths what it covers,
and lifted by its thickness. All of that is linear in the posed vertices but for the lift along the
normals, so dressing a new pose is one sparse product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from chatpose_demo.body import regions
from chatpose_demo.body.cut import Blend, cut, subdivide
from chatpose_demo.body.mesh import Mesh, vertex_normals
from chatpose_demo.body.shoe import cap_toes
from chatpose_demo.body.smooth import neighbour_mean, smooth
from chatpose_demo.body.smpl import Body
from chatpose_demo.pose import JOINT

Colour = tuple[float, float, float]  # sRGB in [0, 1]


@dataclass(frozen=True)
class Outfit:
    """Colours in sRGB [0, 1]; the defaults are our choice: calm, and apart from each other."""

    skin: Colour = (0.82, 0.64, 0.53)
    lips: Colour = (0.76, 0.51, 0.45)
    shirt: Colour = (0.36, 0.52, 0.67)
    trousers: Colour = (0.27, 0.29, 0.34)
    shoes: Colour = (0.87, 0.87, 0.85)
    soles: Colour = (0.62, 0.62, 0.61)
    hair: Colour = (0.27, 0.20, 0.16)
    brows: Colour = (0.36, 0.27, 0.21)
    eyes: Colour = (0.93, 0.93, 0.92)
    iris: Colour = (0.38, 0.30, 0.22)
    pupil: Colour = (0.12, 0.11, 0.11)


OUTFIT = Outfit()

# Names of the regions, in the order of the labels; the index is a region's label.
REGIONS = (
    "skin", "lips", "brows", "eyes", "iris", "pupil", "hair", "shirt", "trousers", "shoes", "soles",
)  # fmt: skip
_FIELD = {name: column for column, name in enumerate(regions.FIELD_NAMES)}
_LABEL = {name: label for label, name in enumerate(REGIONS)}
# Regions of one layer share a surface; where two layers meet, a wall as high as the cloth closes
# the step.
_LAYERS = {"hair": 1, "shirt": 2, "trousers": 3, "shoes": 4, "soles": 4}


class Dress:
    """The tailored clothes of one body model.

    Attributes:
        faces: (F, 3) int32 triangles of the dressed mesh.
    """

    def __init__(self, body: Body) -> None:
        rest = regions.RestBody.of(body)
        mesh, values = _cut_all(rest)
        label = _labels(mesh, values, rest.eyeballs)
        layer_of = np.array([_LAYERS.get(name, 0) for name in REGIONS])

        # One vertex per (place, region), so that colours do not run into each other.
        corners = np.stack([mesh.faces, np.repeat(label[:, None], 3, axis=1)], axis=2)
        pairs, index = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
        place, self._label = pairs.T
        faces = index.reshape(-1, 3)
        # One normal per (place, layer), so that shading runs on across the borders of a layer.
        layer = layer_of[self._label]
        groups, self._group = np.unique(
            np.stack([place, layer], axis=1), axis=0, return_inverse=True
        )
        self._group = self._group.ravel()
        self._group_faces = self._group[faces]
        group_place, group_layer = groups.T
        rows = mesh.rows[group_place]
        rest_points = rows @ rest.vertices
        group_values = values[group_place]
        scale = _drape(rows @ rest.weights, group_layer)
        self._rows = smooth(rows, rest_points, self._group_faces, scale)
        self._lift = _lift(rest, rest_points, group_values, group_layer).astype(np.float32)
        self._calm = neighbour_mean(self._group_faces, len(groups), steps=6)
        self._close_steps(faces, mesh.faces, label, layer_of)

    def _close_steps(
        self, faces: np.ndarray, places: np.ndarray, label: np.ndarray, layer_of: np.ndarray
    ) -> None:
        """Add the walls between layers, in the colour of the higher one."""
        edge = np.stack([places, np.roll(places, -1, axis=1)], axis=2).reshape(-1, 2)
        ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)
        layer = np.repeat(layer_of[label], 3)
        key = edge[:, 0] * (places.max() + 1) + edge[:, 1]
        reverse = edge[:, 1] * (places.max() + 1) + edge[:, 0]
        order = np.argsort(key)
        found = np.searchsorted(key[order], reverse).clip(0, len(key) - 1)
        partner = order[found]
        meets = (key[partner] == reverse) & (layer > layer[partner])
        upper, lower = ends[meets], ends[partner[meets]][:, ::-1]
        # The wall's foot: copies of the lower vertices that take the upper region's colour.
        pairs = np.stack([lower.ravel(), self._label[upper.ravel()], upper.ravel()], axis=1)
        _, first, inverse = np.unique(pairs[:, :2], axis=0, return_index=True, return_inverse=True)
        foot = (len(self._label) + inverse).reshape(-1, 2)
        walls = np.concatenate(
            [
                np.stack([upper[:, 1], upper[:, 0], foot[:, 0]], axis=1),
                np.stack([upper[:, 1], foot[:, 0], foot[:, 1]], axis=1),
            ]
        )
        below, _, above = pairs[first].T
        self.faces: np.ndarray = np.concatenate([faces, walls]).astype(np.int32)
        # Where each vertex lies, and whose normal shades it: a wall's foot is shaded as its top.
        self._shade = np.concatenate([self._group, self._group[above]])
        self._group = np.concatenate([self._group, self._group[below]])
        self._label = np.concatenate([self._label, self._label[above]])

    def colours(self, outfit: Outfit = OUTFIT) -> np.ndarray:
        """(N, 3) float32 sRGB vertex colours of the dressed mesh."""
        palette = np.array([getattr(outfit, name) for name in REGIONS], np.float32)
        return palette[self._label]

    def put_on(self, vertices: np.ndarray | torch.Tensor, outfit: Outfit = OUTFIT) -> Mesh:
        """Dress one posed body, vertices (V, 3) in metres, y up."""
        points = self._rows @ np.asarray(vertices, np.float32)
        normals = vertex_normals(points, self._group_faces)
        # Cloth lifts along calmed normals: along the raw ones, hems and folds would ripple.
        outwards = self._calm @ normals
        outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
        lifted = points + self._lift[:, None] * outwards
        return Mesh(lifted[self._group], self.faces, self.colours(outfit), normals[self._shade])


def default_colours(body: Body, outfit: Outfit = OUTFIT) -> np.ndarray:
    """(V, 3) float32 sRGB colours for the bare mesh, for viewers that need its vertex order.

    Borders are as coarse as the mesh; `Dress` draws them clean.
    """
    rest = regions.RestBody.of(body)
    label = _pick(regions.fields(rest, rest.vertices, rest.weights), rest.eyeballs > 0)
    palette = np.array([getattr(outfit, name) for name in REGIONS], np.float32)
    return palette[label]


def _cut_all(rest: regions.RestBody) -> tuple[Blend, np.ndarray]:
    """Refine the face, cut along every border, shape the shoes."""
    mesh = Blend.of(len(rest.vertices), rest.faces)
    for _ in range(2):
        points, weights = mesh.rows @ rest.vertices, mesh.rows @ rest.weights
        mesh = subdivide(mesh, regions.coarse_faces(rest, points, weights, mesh.faces))
    values = regions.fields(rest, mesh.rows @ rest.vertices, mesh.rows @ rest.weights)
    for name in regions.CUT_FIELDS:
        mesh, values = cut(mesh, values, _FIELD[name])
    shod = (values[:, _FIELD["above_ankle"]] <= 0) & (values[:, _FIELD["below_hem"]] > 0)
    mesh = cap_toes(mesh, mesh.rows @ rest.vertices, shod)
    points, weights = mesh.rows @ rest.vertices, mesh.rows @ rest.weights
    column = _FIELD["above_sole"]
    values[:, column] = regions.fields(rest, points, weights)[:, column]
    return cut(mesh, values, column)


def _labels(mesh: Blend, values: np.ndarray, eyeballs: np.ndarray) -> np.ndarray:
    """(F,) region of each face: after the cuts, one sign of each field holds on the whole face."""
    corner_values = values[mesh.faces]
    extreme = np.abs(corner_values).argmax(axis=1)
    sign = np.take_along_axis(corner_values, extreme[:, None], axis=1)[:, 0]
    eyeball = (mesh.rows @ eyeballs)[mesh.faces].min(axis=1) > 0.99
    return _pick(sign, eyeball)


def _pick(values: np.ndarray, eyeball: np.ndarray) -> np.ndarray:
    """(N,) region labels from field values (N, K); later rules win over earlier ones."""
    inside = {name: values[:, column] > 0 for name, column in _FIELD.items()}
    in_eye = eyeball | inside["eyes"]
    legs = inside["below_hem"]
    rules = (
        ("lips", inside["lips"]),
        ("brows", inside["brows"]),
        ("hair", inside["hair"]),
        ("eyes", in_eye),
        ("iris", in_eye & inside["iris"]),
        ("pupil", in_eye & inside["pupil"]),
        ("shirt", inside["shirt"]),
        ("trousers", legs & inside["above_ankle"]),
        ("shoes", legs & ~inside["above_ankle"]),
        ("soles", legs & ~inside["above_sole"]),
    )
    label = np.full(len(values), _LABEL["skin"])
    for name, where in rules:
        label[where] = _LABEL[name]
    return label


def _drape(weights: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """(N,) metres: size of the forms that each layer smooths away; our choice, by eye.

    The shirt hangs over the chest more freely than it fits the arms.
    """
    torso = weights[:, [JOINT[name] for name in ("spine1", "spine2", "spine3")]].sum(axis=1)
    size = {"hair": 0.008, "shirt": 0.015 + 0.035 * torso**2, "trousers": 0.02, "shoes": 0.012}
    drape = np.zeros(len(layer))
    for name, metres in size.items():
        drape = np.where(layer == _LAYERS[name], metres, drape)
    return drape


def _lift(
    rest: regions.RestBody, points: np.ndarray, values: np.ndarray, layer: np.ndarray
) -> np.ndarray:
    """(N,) thickness of what is worn, metres: our choice, by eye.

    Hair thins out towards the hairline; the shirt hangs looser towards its hem, and trousers
    towards theirs.
    """
    knee, ankle = rest.joint("left_knee")[1], rest.joint("left_ankle")[1]
    chest, pelvis = rest.joint("spine3")[1], rest.joint("pelvis")[1]
    down_torso = np.clip((chest - points[:, 1]) / (chest - pelvis), 0, 1)
    down_shin = np.clip((knee - points[:, 1]) / (knee - ankle), 0, 1)
    worn = {
        "hair": 0.003 + 0.012 * np.clip(values[:, _FIELD["hair"]] / 0.035, 0, 1) ** 0.7,
        "shirt": 0.006 + 0.010 * down_torso,
        "trousers": 0.007 + 0.012 * down_shin,
        "shoes": np.full(len(points), 0.006),
    }
    lift = np.zeros(len(points))
    for name, thickness in worn.items():
        lift = np.where(layer == _LAYERS[name], thickness, lift)
    return lift
