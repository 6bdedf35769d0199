"""The stage's pinhole camera and its light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Vector = tuple[float, float, float]
NEAR, FAR = 0.1, 200.0  # metres


@dataclass(frozen=True)
class StageCamera:
    """A pinhole camera without roll.

    Attributes:
        eye, target: (3,) world, metres, y up.
        field_of_view: degrees over the picture's longer side.
        aspect: width / height.
    """

    eye: Vector
    target: Vector
    field_of_view: float
    aspect: float

    def size(self, longer: int) -> tuple[int, int]:
        """(width, height) in pixels, both even."""
        if self.aspect >= 1:
            return longer, round(longer / self.aspect / 2) * 2
        return round(longer * self.aspect / 2) * 2, longer

    def axes(self) -> np.ndarray:
        """(3, 3) R_view_world: rows right, up, back; the eyes' "world" is y up, +z to the camera
        in just these axes."""
        back = np.subtract(self.eye, self.target)
        back = back / np.linalg.norm(back)
        right = np.cross([0.0, 1.0, 0.0], back)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(back, right), back])

    def focal(self, longer: int) -> float:
        """Focal length in pixels."""
        return 0.5 * longer / np.tan(np.radians(self.field_of_view) / 2)

    def project(self, points: np.ndarray, longer: int) -> np.ndarray:
        """(..., 3) world -> (..., 3): pixel x, pixel y (down), depth in metres."""
        local = (np.asarray(points, float) - self.eye) @ self.axes().T
        width, height = self.size(longer)
        depth = np.maximum(-local[..., 2], 1e-3)
        focal = self.focal(longer)
        u = width / 2 + focal * local[..., 0] / depth
        v = height / 2 - focal * local[..., 1] / depth
        return np.stack([u, v, -local[..., 2]], axis=-1)

    def clip(self) -> np.ndarray:
        """(4, 4) T_clip_world for OpenGL."""
        longer = 1000
        width, height = self.size(longer)
        focal = self.focal(longer)
        lens = np.zeros((4, 4))
        lens[0, 0], lens[1, 1] = 2 * focal / width, 2 * focal / height
        lens[2, 2] = -(FAR + NEAR) / (FAR - NEAR)
        lens[2, 3] = -2 * FAR * NEAR / (FAR - NEAR)
        lens[3, 2] = -1
        view = np.eye(4)
        view[:3, :3] = self.axes()
        view[:3, 3] = -self.axes() @ self.eye
        return lens @ view


@dataclass(frozen=True)
class Light:
    """Linear RGB light; the numbers are our choice, by eye.

    Attributes:
        towards: unit vector to the sun, or to the largest window or ceiling lamp of a room.
        sun, sky, ground: direct light, and ambient light from above and from below.
        lamp_place, lamp: a soft lamp without shadows.
        zenith, horizon: the sky's colours; cover: share of clouds in [0, 1].
        fog: per metre.
        exposure: factor.
    """

    towards: Vector
    sun: Vector
    sky: Vector
    ground: Vector
    lamp_place: Vector = (0.0, 2.4, 0.0)
    lamp: Vector = (0.0, 0.0, 0.0)
    zenith: Vector = (0.20, 0.42, 0.80)
    horizon: Vector = (0.72, 0.82, 0.92)
    cover: float = 0.35
    fog: float = 0.0
    exposure: float = 1.0
