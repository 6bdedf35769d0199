"""Draw a body to a picture with numpy alone: no GPU, no OpenGL, safe in any thread.

Made for thumbnails, contact sheets and reports. A body's triangles are a few pixels each, so every
pixel of every triangle's bounding box is tested at once and the nearest hit wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from chatpose_demo.body.mesh import linear_to_srgb, srgb_to_linear, vertex_normals


@dataclass(frozen=True)
class Look:
    """How pictures look; every number is our choice, judged by eye."""

    backdrop_top: tuple[float, float, float] = (0.945, 0.949, 0.957)  # sRGB
    backdrop_bottom: tuple[float, float, float] = (0.862, 0.872, 0.888)
    field_of_view_degrees: float = 22.0  # a long lens: little perspective distortion
    margin: float = 0.09  # of the picture, on each side
    least_height: float = 1.1  # metres that the frame spans at least, so that poses stay comparable
    key_light: tuple[float, float, float] = (-0.45, 0.65, 0.75)  # from the camera: left, up, front
    key: float = 0.74
    fill_light: tuple[float, float, float] = (0.85, 0.15, 0.45)
    fill: float = 0.20
    sky: float = 0.36  # light on upward surfaces
    ground: float = 0.17  # light on downward surfaces
    rim: float = 0.10  # brightening of grazing surfaces
    shadow: float = 0.42  # darkest value of the shadow under the body
    shadow_reach: float = 0.35  # metres of height at which a part's shadow has faded to 37 %
    supersample: int = 2


LOOK = Look()


def render(
    vertices: np.ndarray,
    faces: np.ndarray,
    colours: np.ndarray,
    normals: np.ndarray | None = None,
    *,
    size: tuple[int, int] = (256, 256),
    azimuth_degrees: float = 0.0,
    elevation_degrees: float = 8.0,
    look: Look = LOOK,
) -> Image.Image:
    """A picture of a mesh, framed to fit, on a neutral backdrop with a soft ground shadow.

    Args:
        vertices: (V, 3) metres, y up. The floor is taken at the lowest vertex.
        faces: (F, 3) triangles.
        colours: (V, 3) sRGB in [0, 1].
        normals: (V, 3) unit normals; computed when None.
        size: (width, height) in pixels.
        azimuth_degrees: camera angle about y; 0 looks at the body's front, 90 at its left side.
        elevation_degrees: camera angle above the horizon.
        look: light, lens and backdrop.

    Returns:
        An RGB picture.
    """
    vertices = np.asarray(vertices, np.float32)
    faces = np.asarray(faces, np.int64)
    if normals is None:
        normals = vertex_normals(vertices, faces)
    width, height = size[0] * look.supersample, size[1] * look.supersample
    R_camera_world = _camera_rotation(azimuth_degrees, elevation_degrees)
    camera = _framed(vertices, R_camera_world, (width, height), look)

    picture = _backdrop(width, height, look)
    picture *= 1.0 - _shadow(vertices, faces, camera, (width, height), look)[..., None]
    pixels, triangle, weight = _rasterise(camera.project(vertices), faces, width, height)
    corner = faces[triangle]
    albedo = srgb_to_linear(np.asarray(colours, np.float32))
    shade_normals = np.asarray(normals, np.float32) @ R_camera_world.T
    light = _light(_mix(shade_normals, corner, weight), R_camera_world, look)
    picture.reshape(-1, 3)[pixels] = _mix(albedo, corner, weight) * light

    step = look.supersample
    small = picture.reshape(size[1], step, size[0], step, 3).mean(axis=(1, 3))
    return Image.fromarray((linear_to_srgb(small) * 255 + 0.5).astype(np.uint8))


def contact_sheet(images: list[Image.Image], labels: list[str], columns: int) -> Image.Image:
    """A labelled grid of equally large pictures."""
    if not images or len(images) != len(labels):
        raise ValueError("a contact sheet needs as many labels as pictures, and at least one")
    width, height = images[0].size
    text_size = max(11, width // 18)
    font = ImageFont.load_default(size=text_size)
    strip = int(text_size * 1.8)
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + strip)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(index, columns)
        top = row * (height + strip)
        sheet.paste(image, (column * width, top))
        middle = (column * width + width / 2, top + height + strip / 2)
        draw.text(middle, label, fill=(40, 44, 52), font=font, anchor="mm")
    return sheet


class _Camera(NamedTuple):
    """A pinhole camera: x right, y up, looking along -z, at `distance` from `target`."""

    R_camera_world: np.ndarray
    target: np.ndarray  # camera axes, metres
    distance: float
    focal: float  # pixels
    centre: tuple[float, float]  # pixels

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) world points -> (N, 3): pixel x, pixel y (down), 1 / depth."""
        local = points @ self.R_camera_world.T - self.target
        inverse_depth = 1.0 / (self.distance - local[:, 2])
        x = self.centre[0] + self.focal * local[:, 0] * inverse_depth
        y = self.centre[1] - self.focal * local[:, 1] * inverse_depth
        return np.stack([x, y, inverse_depth], axis=1)


def _camera_rotation(azimuth_degrees: float, elevation_degrees: float) -> np.ndarray:
    """R_camera_world for a camera that orbits the y axis."""
    a, e = np.radians([azimuth_degrees, elevation_degrees])
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
    return (about_x @ about_y).astype(np.float32)


def _framed(
    vertices: np.ndarray, R_camera_world: np.ndarray, size: tuple[int, int], look: Look
) -> _Camera:
    """The camera that shows the whole mesh with the chosen margin."""
    local = vertices @ R_camera_world.T
    low, high = local.min(axis=0), local.max(axis=0)
    target = (low + high) / 2
    width, height = size
    focal = 0.5 * height / np.tan(np.radians(look.field_of_view_degrees) / 2)
    usable = np.array([width, height]) * (1 - 2 * look.margin)
    least = np.array([0.0, look.least_height])
    spans = np.maximum((high - low)[:2], least)
    distance = float((focal * spans / usable).max() + (high[2] - low[2]) / 2)
    return _Camera(R_camera_world, target, distance, focal, (width / 2, height / 2))


def _rasterise(
    points: np.ndarray, faces: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Visible pixels of the triangles that face the camera.

    Returns:
        pixels (P,) flat indices, triangle (P,) face indices, weight (P, 3) barycentric weights.
    """
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    # Pixel y points down, so triangles that face the camera have a negative signed area.
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    low = np.minimum(np.minimum(a, b), c)[:, :2]
    high = np.maximum(np.maximum(a, b), c)[:, :2]
    limit = np.array([width, height])
    first = np.clip(np.ceil(low - 0.5), 0, limit).astype(np.int64)
    last = np.clip(np.floor(high - 0.5), -1, limit - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    total = count[:, 0] * count[:, 1]
    face = np.flatnonzero((area < -1e-9) & (total > 0))

    # One row per (triangle, pixel of its bounding box).
    total = total[face]
    triangle = np.repeat(face, total)
    offset = np.arange(len(triangle)) - np.repeat(np.cumsum(total) - total, total)
    columns = count[triangle, 0]
    x = first[triangle, 0] + offset % columns
    y = first[triangle, 1] + offset // columns

    # Barycentric weights are affine in the pixel position.
    inverse_area = 1.0 / area[face]
    gradients = []
    for p, q in ((b, c), (c, a)):
        p, q = p[face], q[face]
        slope_x, slope_y = (p[:, 1] - q[:, 1]) * inverse_area, (q[:, 0] - p[:, 0]) * inverse_area
        start = -(slope_x * p[:, 0] + slope_y * p[:, 1])
        gradients.append((slope_x, slope_y, start))
    px, py = x + 0.5, y + 0.5
    u, v = (
        np.repeat(sx, total) * px + np.repeat(sy, total) * py + np.repeat(start, total)
        for sx, sy, start in gradients
    )
    inside = (u >= 0) & (v >= 0) & (u + v <= 1)
    u, v, triangle = u[inside], v[inside], triangle[inside]
    pixel = y[inside] * width + x[inside]
    weight = np.stack([u, v, 1 - u - v], axis=1).astype(np.float32)
    nearness = (points[faces[triangle], 2] * weight).sum(axis=1)

    # Later writes win: order by nearness, then the last index stored per pixel is the nearest.
    order = np.argsort(nearness)
    winner = np.full(width * height, -1, np.int64)
    winner[pixel[order]] = order
    pixels = np.flatnonzero(winner >= 0)
    chosen = winner[pixels]
    return pixels, triangle[chosen], weight[chosen]


def _mix(values: np.ndarray, corner: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Blend (V, 3) vertex values over the corners (P, 3) of the hit triangles."""
    return np.einsum("pkc,pk->pc", values[corner], weight)


def _light(normals: np.ndarray, R_camera_world: np.ndarray, look: Look) -> np.ndarray:
    """(P, 1) light that falls on surfaces with these camera-frame normals."""
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    up = R_camera_world[:, 1]
    sky = look.ground + (look.sky - look.ground) * (0.5 + 0.5 * normals @ up)
    light = sky + look.rim * (1 - np.clip(normals[:, 2], 0, 1)) ** 3
    for direction, strength in ((look.key_light, look.key), (look.fill_light, look.fill)):
        unit = np.asarray(direction, np.float32) / np.linalg.norm(direction)
        # Wrapped diffuse light: softer terminator, as under a large lamp.
        light = light + strength * np.clip((normals @ unit + 0.25) / 1.25, 0, None)
    return light[:, None]


def _backdrop(width: int, height: int, look: Look) -> np.ndarray:
    """(height, width, 3) linear backdrop."""
    blend = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, bottom = np.array([look.backdrop_top, look.backdrop_bottom], np.float32)
    return np.repeat(srgb_to_linear(top * (1 - blend) + bottom * blend), width, axis=1)


def _shadow(
    vertices: np.ndarray, faces: np.ndarray, camera: _Camera, size: tuple[int, int], look: Look
) -> np.ndarray:
    """(height, width) darkness in [0, shadow]: parts near the floor darken it most."""
    scale = 8  # the shadow is soft: an eighth of the resolution is plenty
    width, height = -(-size[0] // scale), -(-size[1] // scale)
    centre = vertices[faces].mean(axis=1)
    floor = vertices[:, 1].min()
    weight = np.exp(-(centre[:, 1] - floor) / look.shadow_reach)
    flat = centre.copy()
    flat[:, 1] = floor
    spot = camera.project(flat)
    cell = np.floor(spot[:, :2] / scale).astype(np.int64)
    seen = (cell >= 0).all(axis=1) & (cell[:, 0] < width) & (cell[:, 1] < height)
    index = cell[seen, 1] * width + cell[seen, 0]
    # Cells hold the strongest part above them, not a sum: hands have many small triangles.
    dark = np.zeros(width * height, np.float32)
    np.maximum.at(dark, index, weight[seen].astype(np.float32))
    dark = dark.reshape(height, width)
    metre = camera.focal / camera.distance / scale
    dark = cv2.dilate(dark, np.ones((3, 3), np.uint8))
    blur_x, blur_y = max(0.06 * metre, 0.8), max(0.03 * metre, 0.5)  # wider than deep: seen flat
    dark = cv2.GaussianBlur(dark, (0, 0), sigmaX=blur_x, sigmaY=blur_y)
    return look.shadow * cv2.resize(dark, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
