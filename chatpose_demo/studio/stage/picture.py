"""From a planned scene to its picture: builds the triangles and hands them to the canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.studio.stage.anatomy import Bones
from chatpose_demo.studio.stage.figure import figure
from chatpose_demo.studio.stage.placing import StagePerson
from chatpose_demo.studio.stage.render import Canvas, Optics, Shot
from chatpose_demo.studio.stage.scene import StageScene
from chatpose_demo.studio.stage.shapes import Solid

FIRST_PERSON, FIRST_THING, ROOM = 1, 101, 1000  # ids in the id buffer


@dataclass(frozen=True)
class StageShot:
    """A picture of a scene.

    Attributes:
        image: (H, W, 3) uint8 sRGB.
        ids: (H, W) int32: person k is FIRST_PERSON + k, thing k is FIRST_THING + k, walls and
            ground are ROOM, the sky is 0.
        depth: (H, W) float32 metres along the view, infinite in the sky.
        covered: (P,) pixels that each person would cover if nothing stood before it.
    """

    image: np.ndarray
    ids: np.ndarray
    depth: np.ndarray
    covered: np.ndarray


class StageRenderer:
    """Renders scenes; may stand beside others, and draws in one thread at a time.

    Args:
        longer: pixels of the pictures' longer side.
        optics: samples, shadows, noise.
    """

    def __init__(self, longer: int = 512, optics: Optics | None = None) -> None:
        self.longer = longer
        self._canvas = Canvas(optics)

    def render(self, scene: StageScene) -> StageShot:
        """Draw a scene; the same scene gives the same picture on the same driver."""
        people = [person_solid(person) for person in scene.people]
        solids = [(solid, FIRST_PERSON + k) for k, solid in enumerate(people)]
        solids += [(thing.solid(), FIRST_THING + k) for k, thing in enumerate(scene.things)]
        solids += [(solid, ROOM) for solid in scene.room.solids()]
        focus = np.mean([person.joints[0] for person in scene.people], axis=0)
        rng = np.random.default_rng(scene.seed)
        count = len(people)
        shot: Shot = self._canvas.shoot(
            solids, scene.camera, scene.light, self.longer, rng, focus, alone=count
        )
        return StageShot(shot.image, shot.ids, shot.depth, shot.alone)


def person_solid(person: StagePerson) -> Solid:
    """A dressed person in the world."""
    bones = Bones.of(person.rotations, np.array(person.look.betas))
    return figure(person.look, person.rotations, bones).moved(0.0, person.transl)
