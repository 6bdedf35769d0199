"""A mesh ready to be shown, its vertex normals, and the colour space helpers around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse


class Mesh(NamedTuple):
    """What the renderer and the exporters take, in their argument order.

    Attributes:
        vertices: (V, 3) float32, metres, y up.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        colours: (V, 3) float32 sRGB in [0, 1].
        normals: (V, 3) float32 unit vectors.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    normals: np.ndarray


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted smooth normals (V, 3) float32 of a mesh (V, 3), (F, 3)."""
    corners = vertices[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    columns = np.repeat(np.arange(len(faces)), 3)
    share = sparse.csr_matrix(
        (np.ones(columns.size, np.float32), (faces.ravel(), columns)),
        shape=(len(vertices), len(faces)),
    )
    normals = share @ face_normals
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.maximum(length, 1e-12)).astype(np.float32)


def srgb_to_linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] -> linear light (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light, clipped to [0, 1] -> sRGB (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
