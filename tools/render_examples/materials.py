"""Surfaces for Cycles: skin, cloth, hair, wood, walls ... all procedural, no picture files."""

from __future__ import annotations

import bpy
import numpy as np

from chatpose_demo.body.mesh import srgb_to_linear

Colour = tuple[float, float, float]  # sRGB in [0, 1]


def linear(colour: Colour) -> tuple[float, float, float, float]:
    """sRGB -> Blender's linear RGBA."""
    return (*(float(x) for x in srgb_to_linear(np.asarray(colour, float))), 1.0)


class Surface:
    """A Principled material and short-hands to wire nodes into it."""

    def __init__(self, name: str, colour: Colour, roughness: float = 0.6) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.nodes = self.material.node_tree.nodes
        self.links = self.material.node_tree.links
        self.principled = self.nodes["Principled BSDF"]
        self.set(Roughness=roughness)
        self.principled.inputs["Base Color"].default_value = linear(colour)

    def set(self, **values: float) -> Surface:
        """Set inputs of the Principled node; underscores stand for spaces."""
        for key, value in values.items():
            self.principled.inputs[key.replace("_", " ")].default_value = value
        return self

    def node(self, kind: str, **values) -> bpy.types.Node:
        """A new node with some inputs set."""
        node = self.nodes.new(kind)
        for key, value in values.items():
            node.inputs[key.replace("_", " ")].default_value = value
        return node

    def place(self, stretch: tuple[float, float, float] = (1, 1, 1)) -> bpy.types.NodeSocket:
        """Object coordinates in metres, stretched."""
        coordinates = self.node("ShaderNodeTexCoord")
        mapping = self.node("ShaderNodeMapping", Scale=stretch)
        self.links.new(coordinates.outputs["Object"], mapping.inputs["Vector"])
        return mapping.outputs["Vector"]

    def noise(self, scale: float, detail: float = 4.0, stretch=(1, 1, 1)) -> bpy.types.NodeSocket:
        """Noise in [0, 1] with `scale` bumps a metre."""
        noise = self.node("ShaderNodeTexNoise", Scale=scale, Detail=detail)
        self.links.new(self.place(stretch), noise.inputs["Vector"])
        return noise.outputs["Fac"]

    def bump(self, height: bpy.types.NodeSocket, metres: float, strength: float = 1.0) -> Surface:
        """Bump from a height in [0, 1]."""
        bump = self.node("ShaderNodeBump", Strength=strength, Distance=metres)
        self.links.new(height, bump.inputs["Height"])
        earlier = self.principled.inputs["Normal"]
        if earlier.is_linked:
            self.links.new(earlier.links[0].from_socket, bump.inputs["Normal"])
        self.links.new(bump.outputs["Normal"], earlier)
        return self

    def shade(self, factor: bpy.types.NodeSocket, dark: Colour, bright: Colour) -> Surface:
        """Base colour between two colours."""
        ramp = self.nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].color = linear(dark)
        ramp.color_ramp.elements[0].position = 0.3
        ramp.color_ramp.elements[1].color = linear(bright)
        ramp.color_ramp.elements[1].position = 0.7
        self.links.new(factor, ramp.inputs["Fac"])
        self.links.new(ramp.outputs["Color"], self.principled.inputs["Base Color"])
        return self


def times(colour: Colour, factor: float) -> Colour:
    """A colour made darker or brighter."""
    red, green, blue = (min(1.0, x * factor) for x in colour)
    return red, green, blue


def plain(name: str, colour: Colour, roughness: float = 0.5) -> bpy.types.Material:
    """Paint, plastic, ceramic."""
    return Surface(name, colour, roughness).material


def metal(name: str, colour: Colour, roughness: float = 0.3) -> bpy.types.Material:
    """Bare metal."""
    return Surface(name, colour, roughness).set(Metallic=1.0).material


def glow(name: str, colour: Colour, strength: float) -> bpy.types.Material:
    """A lamp's shade or a bright window."""
    surface = Surface(name, colour)
    surface.principled.inputs["Emission Color"].default_value = linear(colour)
    return surface.set(Emission_Strength=strength).material


def cloth(name: str, colour: Colour) -> bpy.types.Material:
    """Woven cloth with soft folds."""
    surface = Surface(name, colour, 0.85).set(Sheen_Weight=0.15, Specular_IOR_Level=0.2)
    surface.shade(surface.noise(7, 5), times(colour, 0.88), times(colour, 1.06))
    return surface.bump(surface.noise(13, 2, (1, 1, 0.4)), 0.03, 0.6).material


def upholstery(name: str, colour: Colour) -> bpy.types.Material:
    """Coarse furniture cloth."""
    surface = Surface(name, colour, 0.9).set(Sheen_Weight=0.3, Specular_IOR_Level=0.2)
    surface.shade(surface.noise(220, 3), times(colour, 0.85), times(colour, 1.1))
    return surface.bump(surface.noise(6, 2), 0.012, 0.35).material


def shoe(name: str, colour: Colour) -> bpy.types.Material:
    """Smooth leather."""
    return Surface(name, colour, 0.45).material


def skin(name: str) -> bpy.types.Material:
    """Skin in the mesh's "colour" attribute."""
    surface = Surface(name, (1, 1, 1), 0.55)
    attribute = surface.nodes.new("ShaderNodeAttribute")
    attribute.attribute_name = "colour"
    surface.links.new(attribute.outputs["Color"], surface.principled.inputs["Base Color"])
    surface.set(Specular_IOR_Level=0.35)
    return surface.material


def eye(name: str) -> bpy.types.Material:
    """Wet eyeball in the mesh's "colour" attribute."""
    surface = Surface(name, (1, 1, 1), 0.15)
    attribute = surface.nodes.new("ShaderNodeAttribute")
    attribute.attribute_name = "colour"
    surface.links.new(attribute.outputs["Color"], surface.principled.inputs["Base Color"])
    return surface.material


def hair(name: str, colour: Colour) -> bpy.types.Material:
    """Hair strands of one colour, each a little different."""
    surface = Surface(name, colour, 0.42).set(Specular_IOR_Level=0.4)
    strand = surface.nodes.new("ShaderNodeHairInfo")
    surface.shade(strand.outputs["Random"], times(colour, 0.72), times(colour, 1.22))
    return surface.material


def wood(
    name: str, colour: Colour, stretch=(1, 9, 9), roughness: float = 0.4
) -> bpy.types.Material:
    """Wood with its grain along one axis (the one that is stretched least)."""
    surface = Surface(name, colour, roughness)
    return surface.shade(
        surface.noise(4.5, 6, stretch), times(colour, 0.72), times(colour, 1.14)
    ).material


def planks(
    name: str, colour: Colour, length: float = 1.4, width: float = 0.14
) -> bpy.types.Material:
    """A floor of boards along x."""
    surface = Surface(name, colour, 0.38)
    bricks = surface.node(
        "ShaderNodeTexBrick", Scale=1.0, Mortar_Size=0.0022, Brick_Width=length, Row_Height=width
    )
    bricks.offset, bricks.offset_frequency = 0.37, 3
    surface.links.new(surface.place(), bricks.inputs["Vector"])
    for key, factor in (("Color1", 0.82), ("Color2", 1.12), ("Mortar", 0.4)):
        bricks.inputs[key].default_value = linear(times(colour, factor))
    grain = surface.nodes.new("ShaderNodeMix")
    grain.data_type, grain.blend_type = "RGBA", "MULTIPLY"
    grain.inputs["Factor"].default_value = 0.5
    surface.links.new(bricks.outputs["Color"], grain.inputs["A"])
    ramp = surface.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].color = (0.45, 0.42, 0.4, 1)
    ramp.color_ramp.elements[0].position = 0.3
    ramp.color_ramp.elements[1].position = 0.65
    surface.links.new(surface.noise(3, 6, (1.2, 14, 1)), ramp.inputs["Fac"])
    surface.links.new(ramp.outputs["Color"], grain.inputs["B"])
    surface.links.new(grain.outputs["Result"], surface.principled.inputs["Base Color"])
    return surface.material


def tiles(
    name: str, colour: Colour, width: float, height: float, joint: Colour, roughness: float = 0.5
) -> bpy.types.Material:
    """Tiles, bricks or paving stones in the xy plane of the object."""
    surface = Surface(name, colour, roughness)
    bricks = surface.node(
        "ShaderNodeTexBrick",
        Scale=1.0,
        Mortar_Size=0.006 if width < 0.5 else 0.01,
        Brick_Width=width,
        Row_Height=height,
    )
    surface.links.new(surface.place(), bricks.inputs["Vector"])
    bricks.inputs["Color1"].default_value = linear(times(colour, 0.92))
    bricks.inputs["Color2"].default_value = linear(times(colour, 1.06))
    bricks.inputs["Mortar"].default_value = linear(joint)
    surface.links.new(bricks.outputs["Color"], surface.principled.inputs["Base Color"])
    return surface.material


def plaster(name: str, colour: Colour) -> bpy.types.Material:
    """A painted wall, not quite even."""
    surface = Surface(name, colour, 0.9).set(Specular_IOR_Level=0.2)
    return surface.shade(surface.noise(1.3, 3), times(colour, 0.965), times(colour, 1.01)).material


def grass(name: str, colour: Colour) -> bpy.types.Material:
    """Lawn and leaves."""
    surface = Surface(name, colour, 0.8).set(Specular_IOR_Level=0.15)
    surface.shade(surface.noise(35, 6), times(colour, 0.6), times(colour, 1.3))
    return surface.bump(surface.noise(90, 4), 0.01, 0.8).material
