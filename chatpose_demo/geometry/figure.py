"""One posed body, ready to be measured: joints, bone directions, skin, and what nobody saw.

Lengths are metres, angles degrees. The world is y up, its floor is the body's lowest point
(y = 0) and the viewer stands at +z. "Left" and "right" are the body's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from smplx.vertex_ids import vertex_ids

from chatpose_demo.body.smpl import Body
from chatpose_demo.geometry.describe import PoseWords, describe
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.perception.swing import angle, unit
from chatpose_demo.pose import JOINT, mirror

SIDES = ("left", "right")
UP = np.array([0.0, 1.0, 0.0])
LIMBS = {"arm": ("elbow", "wrist"), "leg": ("knee", "ankle")}  # joints that show a limb
LYING_COSINE = 0.5  # as in describe: a trunk more than 60 degrees from upright
_LANDMARKS = vertex_ids["smplh"]  # SMPL shares SMPL-H's vertex numbers


def other_side(side: str) -> str:
    """The opposite of "left" or "right"."""
    return SIDES[side == "left"]


def sign(side: str) -> int:
    """+1 for the left, which lies at +x of a body's own frame, else -1."""
    return 1 if side == "left" else -1


@lru_cache(maxsize=1)
def embedded_body() -> Body:
    """The body that ships with the demo, read once."""
    return Body.embedded()


@dataclass(frozen=True, eq=False)
class Figure:
    """A posed body.

    Attributes:
        rotations: (24, 3, 3) rotations relative to the parent.
        joints: (24, 3) places. frames: (24, 3, 3) world rotations of the bones, whose columns are
            the own left, up the body, and ahead.
        vertices: (6890, 3) skin, standing on y = 0.
        unseen: names of joints that the photo did not show.
    """

    rotations: np.ndarray
    joints: np.ndarray
    frames: np.ndarray
    vertices: np.ndarray
    unseen: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        rotations: np.ndarray,
        unseen: Iterable[str] = (),
        vertices: np.ndarray | None = None,
        joints: np.ndarray | None = None,
    ) -> Figure:
        """Pose a body.

        Args:
            rotations: (24, 3, 3), world frame, y up.
            unseen: joints at rest because the photo does not show them.
            vertices, joints: (6890, 3) and (24, 3) of the same body in one frame, where another
                shape than the embedded body's mean was posed; give both or neither.

        Raises:
            ValueError: a wrong shape, or only one of vertices and joints.
        """
        rotations = np.asarray(rotations, np.float64)
        if rotations.shape != (24, 3, 3):
            raise ValueError(f"rotations must be (24, 3, 3), not {rotations.shape}")
        if (vertices is None) != (joints is None):
            raise ValueError("give vertices and joints, or neither")
        places, frames = kinematics(torch.from_numpy(rotations)[None])
        if vertices is None or joints is None:
            with torch.no_grad():
                posed = embedded_body().pose(torch.from_numpy(rotations)[None])
            vertices, joints = posed.vertices[0].double().numpy(), places[0].numpy()
        floor = UP * float(np.asarray(vertices)[_carries(frozenset(unseen)), 1].min())
        return cls(
            rotations,
            np.asarray(joints, np.float64) - floor,
            frames[0].numpy(),
            np.asarray(vertices, np.float64) - floor,
            frozenset(unseen),
        )

    def mirrored(self) -> Figure:
        """The left-right mirror image of the pose, on the embedded body."""
        return Figure.of(mirror(self.rotations), self.unseen)

    @cached_property
    def words(self) -> PoseWords:
        """The short description; everything said at length agrees with it."""
        return describe(self.rotations, self.joints)

    def at(self, name: str) -> np.ndarray:
        """(3,) place of a joint."""
        return self.joints[JOINT[name]]

    def mark(self, side: str, name: str) -> np.ndarray:
        """(3,) place of a foot's vertex: "Heel" or "BigToe"."""
        return self.vertices[_LANDMARKS[f"{side[0].upper()}{name}"]]

    def bone(self, start: str, end: str) -> np.ndarray:
        """(3,) unit direction from one joint to another."""
        return unit(self.at(end) - self.at(start))

    def axis(self, name: str, column: int) -> np.ndarray:
        """(3,) a bone frame's axis in the world: 0 own left, 1 up the body, 2 ahead."""
        return self.frames[JOINT[name]][:, column]

    def bend(self, side: str, joint: str) -> float:
        """How far the elbow, knee or hip is bent; 0 is straight."""
        names = {
            "elbow": ("shoulder", "elbow", "wrist"),
            "knee": ("hip", "knee", "ankle"),
        }
        if joint == "hip":
            return angle(-self.axis("pelvis", 1), self.bone(f"{side}_hip", f"{side}_knee"))
        first, middle, last = (f"{side}_{name}" for name in names[joint])
        return angle(self.bone(first, middle), self.bone(middle, last))

    def hand(self, side: str) -> np.ndarray:
        """(3,) middle of the palm."""
        return self.at(f"{side}_hand")

    def foot(self, side: str) -> np.ndarray:
        """(3,) middle of the foot: halfway between heel and big toe."""
        return (self.mark(side, "Heel") + self.mark(side, "BigToe")) / 2

    @cached_property
    def crown(self) -> np.ndarray:
        """(3,) the head's highest point along its own axis."""
        reach = self.vertices @ self.axis("head", 1)
        return self.vertices[int(np.argmax(np.where(head_vertices(), reach, -np.inf)))]

    @cached_property
    def lying(self) -> bool:
        """Whether the trunk is nearer to level, or to upside down, than to upright."""
        return bool(self.bone("pelvis", "neck") @ UP < LYING_COSINE)

    @cached_property
    def ahead(self) -> np.ndarray:
        """(3,) level direction that the pelvis faces; a lying body's is where its head points."""
        facing = self.axis("pelvis", 2)
        if abs(facing[1]) > 0.8:  # face up or face down
            facing = self.bone("pelvis", "neck")
        return unit(facing * [1, 0, 1])

    @cached_property
    def leftward(self) -> np.ndarray:
        """(3,) level direction to the own left of somebody who faces `ahead`."""
        return np.cross(UP, self.ahead)

    def hides(self, limb: str, side: str) -> bool:
        """Whether the photo did not show an "arm" or "leg" far enough to speak of it."""
        return any(f"{side}_{joint}" in self.unseen for joint in LIMBS[limb])

    @property
    def hidden_legs(self) -> bool:
        """Whether no leg was seen, so that the posture is a guess."""
        return self.hides("leg", "left") and self.hides("leg", "right")

    @property
    def hidden_head(self) -> bool:
        """Whether the photo did not show the head."""
        return "head" in self.unseen


@lru_cache(maxsize=16)
def _carries(unseen: frozenset[str]) -> np.ndarray:
    """(6890,) bool: skin that may lie on the floor; arms that no photo showed hang through it."""
    names = []
    for side in SIDES:
        joints = [f"{side}_{joint}" for joint in (*LIMBS["arm"], "hand")]
        if unseen & set(joints):
            names += joints
    hidden = [JOINT[name] for name in names]
    return ~np.isin(embedded_body().weights.numpy().argmax(1), hidden)


@lru_cache(maxsize=1)
def head_vertices() -> np.ndarray:
    """(6890,) bool: skin that moves with the head."""
    return embedded_body().weights.numpy().argmax(1) == JOINT["head"]
