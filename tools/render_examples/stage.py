"""Blender's side: meshes, people, camera, light, and the picture itself.

Everything here takes our coordinates (metres, y up) and turns them once into Blender's (z up).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from chatpose_demo.body.mesh import srgb_to_linear
from tools.render_examples import materials
from tools.render_examples.hair import Strands
from tools.render_examples.materials import Colour
from tools.render_examples.person import HAIR, Figure

R_BLENDER_WORLD = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
WIDTH, HEIGHT = 1280, 800
Point = Sequence[float]
SENSOR = 36.0  # mm, Blender's default sensor width


def to_blender(points: np.ndarray) -> np.ndarray:
    """(..., 3) y up -> z up."""
    return np.asarray(points, float) @ R_BLENDER_WORLD.T


def clear() -> None:
    """An empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.world = bpy.data.worlds.new("world")


def add(item: bpy.types.ID, name: str) -> bpy.types.Object:
    """Put a mesh, light or camera into the scene."""
    thing = bpy.data.objects.new(name, item)
    bpy.context.collection.objects.link(thing)
    return thing


def mesh(
    name: str,
    points: np.ndarray,
    faces: np.ndarray | list,
    material: bpy.types.Material,
    colours: np.ndarray | None = None,
    smooth: bool = True,
) -> bpy.types.Object:
    """A mesh object from y-up points; colours are (V, 3) sRGB, kept as attribute "colour"."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(to_blender(points).tolist(), [], [list(face) for face in faces])
    if colours is not None:
        layer = data.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
        rgba = np.concatenate([srgb_to_linear(colours), np.ones((len(colours), 1))], axis=1)
        layer.data.foreach_set("color", rgba.astype(np.float32).ravel())
    if smooth:
        data.shade_smooth()
    data.materials.append(material)
    return add(data, name)


def strands(name: str, hair: Strands, material: bpy.types.Material) -> None:
    """Hair curves, thinner towards the tip."""
    curves = bpy.data.hair_curves.new(name)
    count, steps = hair.points.shape[:2]
    curves.add_curves([steps] * count)
    place = to_blender(hair.points).astype(np.float32).ravel()
    curves.attributes["position"].data.foreach_set("vector", place)
    radius = hair.radius * np.linspace(1, 0.35, steps)
    layer = curves.attributes.new("radius", "FLOAT", "POINT")
    layer.data.foreach_set("value", np.tile(radius, count).astype(np.float32))
    curves.materials.append(material)
    add(curves, name)


def add_figure(figure: Figure) -> None:
    """One person: skin, eyes, clothes and hair."""
    look = figure.look
    points, faces, colours = figure.skin
    body = mesh(look.name, points, faces, materials.skin(f"{look.name} skin"), colours)
    _subdivide(body, 1)
    for eye_points, eye_faces, eye_colours in figure.eyes:
        material = materials.eye(f"{look.name} eye")
        mesh(f"{look.name} eye", eye_points, eye_faces, material, eye_colours)
    colour = {
        "top": look.top_colour,
        "bottom": look.bottom_colour,
        "shoes": look.shoe_colour,
        "soles": look.sole_colour,
    }
    for garment in figure.garments:
        worn_on_foot = garment.name in ("shoes", "soles")
        make = materials.shoe if worn_on_foot else materials.cloth
        material = make(f"{look.name} {garment.name}", colour[garment.name])
        thing = mesh(f"{look.name} {garment.name}", garment.vertices, garment.faces, material)
        _subdivide(thing, 1)
        if not worn_on_foot:
            _crumple(thing)
        solid = thing.modifiers.new("thickness", "SOLIDIFY")
        solid.thickness, solid.offset = 0.0035, 0.0
    for index, hair in enumerate(figure.strands):
        shade = HAIR[look.hair]
        if index == len(figure.strands) - 1:  # brows
            shade = materials.times(shade, 0.6)
        strands(f"{look.name} hair", hair, materials.hair(f"{look.name} hair", shade))


def _subdivide(thing: bpy.types.Object, levels: int) -> None:
    modifier = thing.modifiers.new("smooth", "SUBSURF")
    modifier.levels = modifier.render_levels = levels


def _crumple(thing: bpy.types.Object) -> None:
    """Soft folds in the cloth."""
    texture = bpy.data.textures.new("folds", "CLOUDS")
    texture.noise_scale, texture.noise_depth = 0.10, 1
    modifier = thing.modifiers.new("folds", "DISPLACE")
    modifier.texture, modifier.strength, modifier.mid_level = texture, 0.024, 0.42
    modifier.texture_coords = "LOCAL"


@dataclass(frozen=True)
class Camera:
    """A pinhole camera at `eye` looking at `target` (y-up metres); focal length in 36 mm units."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    focal: float = 35.0

    def axes(self) -> np.ndarray:
        """(3, 3) rows: right, up, back in our world."""
        back = np.subtract(self.eye, self.target)
        back = back / np.linalg.norm(back)
        right = np.cross([0, 1.0, 0], back)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(back, right), back])

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) world -> (N, 2) pixels of the WIDTH x HEIGHT picture."""
        local = (np.asarray(points) - self.eye) @ self.axes().T
        pixels = self.focal / SENSOR * WIDTH
        depth = np.maximum(-local[:, 2], 1e-3)
        u = WIDTH / 2 + pixels * local[:, 0] / depth
        v = HEIGHT / 2 - pixels * local[:, 1] / depth
        return np.stack([u, v], axis=1)

    def install(self, blur_from: float | None = None) -> None:
        """Make this the scene's camera; `blur_from` is an f-number for depth of field."""
        data = bpy.data.cameras.new("camera")
        data.lens, data.sensor_width = self.focal, SENSOR
        if blur_from:
            data.dof.use_dof = True
            data.dof.focus_distance = float(np.linalg.norm(np.subtract(self.eye, self.target)))
            data.dof.aperture_fstop = blur_from
        thing = add(data, "camera")
        placement = np.eye(4)
        placement[:3, :3] = R_BLENDER_WORLD @ self.axes().T
        placement[:3, 3] = to_blender(np.array(self.eye))
        thing.matrix_world = Matrix(placement.tolist())
        bpy.context.scene.camera = thing


def _aim(thing: bpy.types.Object, place: np.ndarray, target: np.ndarray) -> None:
    direction = Vector((to_blender(target) - to_blender(place)).tolist())
    thing.location = to_blender(place).tolist()
    thing.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()


def panel(
    place: Point, target: Point, size: float, watts: float, colour: Colour = (1, 0.96, 0.9)
) -> None:
    """A soft square light that the camera does not see."""
    data = bpy.data.lights.new("panel", "AREA")
    data.energy, data.size, data.color = watts, size, colour
    thing = add(data, "panel")
    thing.visible_camera = False
    _aim(thing, np.array(place, float), np.array(target, float))


def sun(
    towards: Point, strength: float, soft_degrees: float = 2.0, colour: Colour = (1, 0.94, 0.84)
) -> None:
    """Sunlight that travels along `towards`."""
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.color, data.angle = strength, colour, np.radians(soft_degrees)
    _aim(add(data, "sun"), np.zeros(3), np.array(towards, float))


def ambient(colour: Colour, strength: float) -> None:
    """Even light from everywhere, and the colour outside."""
    world = bpy.context.scene.world
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = materials.linear(colour)
    background.inputs["Strength"].default_value = strength


def sky(horizon: Colour, zenith: Colour, strength: float) -> None:
    """A clear sky: a gradient from the horizon up, which also lights the scene."""
    ambient(horizon, strength)
    nodes = bpy.context.scene.world.node_tree.nodes
    links = bpy.context.scene.world.node_tree.links
    place = nodes.new("ShaderNodeTexCoord")
    split = nodes.new("ShaderNodeSeparateXYZ")
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].color = materials.linear(horizon)
    ramp.color_ramp.elements[1].color = materials.linear(zenith)
    ramp.color_ramp.elements[1].position = 0.6
    links.new(place.outputs["Generated"], split.inputs["Vector"])
    links.new(split.outputs["Z"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], nodes["Background"].inputs["Color"])


def shoot(path: Path, samples: int, scale: float = 1.0, exposure: float = 0.0) -> None:
    """Render with Cycles on the CPU, denoise, and write a PNG."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_denoising = "CPU", samples, True
    cycles.denoiser, cycles.seed = "OPENIMAGEDENOISE", 1
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.03
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 6, 3, 2
    cycles.transparent_max_bounces, cycles.caustics_reflective = 8, False
    cycles.caustics_refractive, cycles.sample_clamp_indirect = False, 4.0
    scene.cycles_curves.shape = "RIBBONS"
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = round(100 * scale)
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(path)
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = exposure
    bpy.ops.render.render(write_still=True)
