"""A scene: who stands where in which pose, what is around them, and the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT, PARENTS
from chatpose_demo.studio.rig import build, parse
from tools.render_examples.person import Figure, Look, make
from tools.render_examples.stage import Camera

# A stride whose two feet both touch the ground: our choice, measured on the mean body.
WALK = "left_leg=24,3,6,4,-6 right_leg=-18,3,32,4,14"


@dataclass(frozen=True)
class Actor:
    """One person of a scene.

    Attributes:
        look: what they look like.
        pose: the pose in the language of `studio.rig.parse`, or an atlas pose's `spec` line.
        at: (x, z) of the pelvis, metres.
        facing: yaw in degrees to the own left; 0 looks along +z, towards most cameras.
        ground: height that the lowest point of the body stands on, metres.
        planted: the feet that stand flat on level ground.
    """

    look: Look
    pose: str
    at: tuple[float, float]
    facing: float = 0.0
    ground: float = 0.0
    planted: tuple[str, ...] = ("left", "right")

    def figure(self, seed: int) -> Figure:
        """The posed and placed person."""
        rotations = build(parse(self.pose))
        for side in self.planted:
            plant(rotations, side)
        yaw = Rotation.from_euler("y", self.facing, degrees=True).as_matrix()
        rotations[0] = yaw @ rotations[0]
        figure = make(self.look, rotations, seed)
        figure.shift(np.array([self.at[0], self.ground, self.at[1]]))
        return figure


@dataclass(frozen=True)
class Scene:
    """An example picture.

    Attributes:
        name: the picture's file name without its ending.
        actors: the people, in any order.
        camera: where it is seen from.
        furnish: builds everything but the people; gets them, to fit seats to sitters.
        exposure: stops.
        aperture: f-number for a blurred background, or None for a sharp one.
    """

    name: str
    actors: tuple[Actor, ...]
    camera: Camera
    furnish: Callable[[list[Figure]], None]
    exposure: float = 0.0
    aperture: float | None = None


def plant(rotations: np.ndarray, side: str) -> None:
    """Turn one ankle of (24, 3, 3) rotations so that its sole is level; the toes keep pointing
    the way they did."""
    ankle = JOINT[f"{side}_ankle"]
    leg, joint = np.eye(3), PARENTS[ankle]
    while joint >= 0:
        leg, joint = rotations[joint] @ leg, PARENTS[joint]
    ahead = leg @ rotations[ankle][:, 2]
    level = Rotation.from_euler("y", np.arctan2(ahead[0], ahead[2])).as_matrix()
    rotations[ankle] = leg.T @ level
