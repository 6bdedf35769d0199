"""Draw a stage with OpenGL on the processor: picture, id of every pixel, depth.

Needs the extra package `moderngl` and an EGL driver (Debian: libegl1, libgl1-mesa-dri). Sun with
a soft shadow map, sky and lamp light, procedural textures, 4 samples a pixel, and corners darkened
by depth differences (after Luft et al. 2006, "Image enhancement by unsharp masking the depth
buffer").

OpenGL draws into whichever context is current in the thread, and a new context makes itself so.
Every canvas therefore makes its own current whenever it draws, and none afterwards, so any number
of them can live in a process. One canvas must not draw in two threads at once.

Mesa draws with threads of its own, which a forked process does not have: it would wait for them for
ever. Once a process has opened a canvas, those forked from it are refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any, NamedTuple
from weakref import finalize

import cv2
import numpy as np

from chatpose_demo.body.mesh import srgb_to_linear
from chatpose_demo.studio.stage.camera import Light, StageCamera
from chatpose_demo.studio.stage.corners import darkened_corners
from chatpose_demo.studio.stage.shapes import Solid

LAYOUT = "3f 3f 3f 3f 1f 1f"
NAMES = ("place", "normal", "colour", "grain", "material", "id")
_opened_in: int | None = None  # the process that opened the first canvas


@dataclass(frozen=True)
class Optics:
    """Our choice, by eye and by the clock."""

    samples: int = 4
    shadow_size: int = 1536
    shadow_reach: float = 7.0  # metres around the people that the shadow map covers
    corner_metres: float = 0.10  # size of the depth differences that darken corners
    corner_strength: float = 0.30
    grain: float = 0.007  # sensor noise, share of full scale
    blur: float = 0.45  # pixels


class Shot(NamedTuple):
    """One rendered picture.

    image: (H, W, 3) uint8 sRGB; ids: (H, W) int32, 0 = background; depth: (H, W) float32 metres,
    infinite where nothing is; alone: (K,) pixels that each of the first K solids covers alone.
    """

    image: np.ndarray
    ids: np.ndarray
    depth: np.ndarray
    alone: np.ndarray


class Canvas:
    """An OpenGL context that draws solids; see the module's notes. It goes with the object.

    Raises:
        RuntimeError: the process was forked from one that had opened a canvas; `shoot` as well.
    """

    def __init__(self, optics: Optics | None = None) -> None:
        _refuse_forked()
        # An extra, for pictures only: the rest of the stage runs without it.
        moderngl: Any = import_module("moderngl")

        self.optics = optics or Optics()
        self._gl = moderngl.create_standalone_context(
            backend="egl", libgl="libGL.so.1", libegl="libEGL.so.1"
        )
        # Unlike its objects, a context is not given back when nothing refers to it any more.
        finalize(self, self._gl.release)
        with self._gl:
            self._prepare()
        self._targets: dict[tuple[int, int], tuple] = {}

    def _prepare(self) -> None:
        """The programs and what they share."""
        self._draw = self._program("surface", "surface")
        self._mark = self._program("surface", "ids")
        self._cast = self._program("shadow", "shadow")
        self._sky = self._program("sky", "sky")
        side = self.optics.shadow_size
        self._shadow = self._gl.depth_texture((side, side))
        self._shadow.compare_func = "<="
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_target = self._gl.framebuffer(depth_attachment=self._shadow)
        corners = np.array([-1, -1, 3, -1, -1, 3], "f4")
        self._corners = self._gl.vertex_array(
            self._sky, [(self._gl.buffer(corners.tobytes()), "2f", "corner")]
        )

    def _program(self, vertex: str, fragment: str) -> Any:
        folder = files("chatpose_demo.studio.stage") / "shaders"

        def read(name: str) -> str:
            text = (folder / name).read_text("utf-8")
            return text.replace("#include noise", (folder / "noise.glsl").read_text("utf-8"))

        return self._gl.program(read(f"{vertex}.vert"), read(f"{fragment}.frag"))

    def shoot(
        self,
        solids: list[tuple[Solid, int]],
        camera: StageCamera,
        light: Light,
        longer: int,
        rng: np.random.Generator,
        focus: np.ndarray,
        alone: int = 0,
    ) -> Shot:
        """Draw solids, each with its id, as seen by a camera.

        Args:
            solids: what to draw; ids are positive.
            camera, light: how.
            longer: pixels of the picture's longer side.
            rng: for the sensor noise.
            focus: (3,) the middle of what should have shadows.
            alone: how many of the first solids to draw once more, each by itself.
        """
        _refuse_forked()
        with self._gl:
            image, data, covered = self._drawn(solids, camera, light, longer, focus, alone)
        ids = (data[..., 0] + 0.5).astype(np.int32)
        depth = np.where(ids > 0, data[..., 1], np.inf).astype(np.float32)
        image = self._develop(image, depth, camera.focal(longer), rng)
        return Shot(image, ids, depth, np.array(covered, int))

    def _drawn(
        self,
        solids: list[tuple[Solid, int]],
        camera: StageCamera,
        light: Light,
        longer: int,
        focus: np.ndarray,
        alone: int,
    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """(H, W, 3) picture, (H, W, 2) id and depth, and the pixels that each covers alone."""
        width, height = camera.size(longer)
        single = [self._upload([item]) for item in solids[:alone]]
        others = solids[alone:]
        casting = [item for item in others if item[0].casts]
        groups = [self._upload(casting), self._upload([i for i in others if not i[0].casts])]
        everything = [*single, *(group for group in groups if group)]
        casters = everything[: alone + bool(casting)]
        picture, resolved, marks = self._target(width, height)
        self._gl.enable(self._gl.DEPTH_TEST)

        T_shadow_world = _shadow_view(light, focus, self.optics.shadow_reach)
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self._cast["T_shadow_world"].write(_bytes(T_shadow_world.T))
        for arrays in casters:
            arrays["cast"].render()

        picture.use()
        picture.clear()
        self._paint_sky(camera, light)
        self._set_light(camera, light, T_shadow_world)
        self._shadow.use(0)
        for arrays in everything:
            arrays["draw"].render()
        self._gl.copy_framebuffer(resolved, picture)

        self._mark["T_clip_world"].write(_bytes(camera.clip().T))
        covered = [
            int((self._marked(marks, [arrays], width, height)[..., 0] > 0).sum())
            for arrays in single
        ]
        data = self._marked(marks, everything, width, height)
        image = np.frombuffer(resolved.read(components=3), np.uint8).reshape(height, width, 3)[::-1]
        for arrays in everything:
            for item in arrays.values():
                item.release()
        return image, data, covered

    def _marked(self, marks: Any, groups: list[dict], width: int, height: int) -> np.ndarray:
        """(H, W, 2) id and depth of what is nearest."""
        marks.use()
        marks.clear()
        for arrays in groups:
            arrays["mark"].render()
        data = np.frombuffer(marks.read(components=2, dtype="f4"), np.float32)
        return data.reshape(height, width, 2)[::-1]

    def _upload(self, items: list[tuple[Solid, int]]) -> dict:
        """Vertex arrays for the programs, with their buffers."""
        if not items:
            return {}
        rows, faces, offset = [], [], 0
        for solid, number in items:
            count = len(solid.points)
            row = np.empty((count, 14), np.float32)
            row[:, 0:3], row[:, 3:6] = solid.points, solid.normals
            row[:, 6:9] = srgb_to_linear(np.asarray(solid.colours))
            row[:, 9:12], row[:, 12], row[:, 13] = solid.grain, solid.material, number
            rows.append(row)
            faces.append(np.asarray(solid.faces, np.int32) + offset)
            offset += count
        points = self._gl.buffer(np.concatenate(rows).tobytes())
        index = self._gl.buffer(np.concatenate(faces).astype(np.int32).tobytes())
        return {
            "draw": self._arrays(self._draw, points, index),
            "mark": self._arrays(self._mark, points, index),
            "cast": self._gl.vertex_array(self._cast, [(points, "3f 44x", "place")], index),
            "points": points,
            "index": index,
        }

    def _arrays(self, program: Any, points: Any, index: Any) -> Any:
        """A vertex array that skips what the program does not read."""
        return self._gl.vertex_array(program, [(points, LAYOUT, *NAMES)], index, skip_errors=True)

    def _target(self, width: int, height: int) -> tuple:
        if (width, height) not in self._targets:
            size, samples = (width, height), self.optics.samples
            picture = self._gl.framebuffer(
                self._gl.renderbuffer(size, 4, samples=samples),
                self._gl.depth_renderbuffer(size, samples=samples),
            )
            resolved = self._gl.framebuffer(self._gl.renderbuffer(size, 4))
            marks = self._gl.framebuffer(
                self._gl.renderbuffer(size, 2, dtype="f4"), self._gl.depth_renderbuffer(size)
            )
            self._targets[width, height] = (picture, resolved, marks)
        return self._targets[width, height]

    def _paint_sky(self, camera: StageCamera, light: Light) -> None:
        right, up, back = camera.axes()
        width, height = camera.size(1000)
        focal = camera.focal(1000)
        for name, value in (
            ("right", right * width / 2 / focal),
            ("up", up * height / 2 / focal),
            ("ahead", -back),
            ("zenith", light.zenith),
            ("horizon", light.horizon),
        ):
            self._sky[name].write(_bytes(value))
        self._sky["exposure"], self._sky["cover"] = light.exposure, light.cover
        self._corners.render()

    def _set_light(self, camera: StageCamera, light: Light, T_shadow_world: np.ndarray) -> None:
        towards = np.asarray(light.towards) / np.linalg.norm(light.towards)
        draw = self._draw
        draw["T_clip_world"].write(_bytes(camera.clip().T))
        draw["T_shadow_world"].write(_bytes(T_shadow_world.T))
        for name, value in (
            ("eye", camera.eye),
            ("sun_towards", towards),
            ("sun_light", light.sun),
            ("sky_light", light.sky),
            ("ground_light", light.ground),
            ("lamp_place", light.lamp_place),
            ("lamp_light", light.lamp),
            ("fog_colour", light.horizon),
        ):
            draw[name].write(_bytes(value))
        draw["fog_density"], draw["exposure"] = light.fog, light.exposure
        draw["shadow"], draw["shadow_texel"] = 0, 1.0 / self.optics.shadow_size

    def _develop(
        self, image: np.ndarray, depth: np.ndarray, focal: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Darken corners, then what a sensor does: slight blur, slight noise."""
        optics = self.optics
        dark = darkened_corners(depth, focal, optics.corner_metres)
        picture = image.astype(np.float32) * (1 - optics.corner_strength * dark)[..., None]
        picture = cv2.GaussianBlur(picture, (0, 0), optics.blur)
        picture += rng.normal(0, 255 * optics.grain, picture.shape[:2]).astype(np.float32)[
            ..., None
        ]
        return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _refuse_forked() -> None:
    global _opened_in
    _opened_in = _opened_in or os.getpid()
    if _opened_in != os.getpid():
        raise RuntimeError(
            "Pictures cannot be drawn here: the process that this one was forked from has drawn. "
            "Draw first in the new process, or start it with 'spawn'."
        )


def _bytes(values) -> bytes:
    return np.ascontiguousarray(values, np.float32).tobytes()


def _shadow_view(light: Light, focus: np.ndarray, reach: float) -> np.ndarray:
    """(4, 4) T_shadow_world: a parallel view along the sun's light, `reach` metres to each side."""
    back = np.asarray(light.towards, float) / np.linalg.norm(light.towards)
    right = np.cross([0.0, 1.0, 0.01], back)
    right /= np.linalg.norm(right)
    view = np.eye(4)
    view[:3, :3] = np.stack([right, np.cross(back, right), back])
    view[:3, 3] = -view[:3, :3] @ focus
    return np.diag([1 / reach, 1 / reach, -1 / (2 * reach), 1.0]) @ view
