"""The plan of a stage: a place, its things, its people, a camera and a light, from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.studio.stage.arrange import furnish
from chatpose_demo.studio.stage.camera import Light, StageCamera
from chatpose_demo.studio.stage.placing import Stagehand, StagePerson
from chatpose_demo.studio.stage.rooms import Room, sample_light, sample_room
from chatpose_demo.studio.stage.things import Thing

# Our choice: mostly a few people, now and then a crowd.
COUNT_ODDS = (0.13, 0.18, 0.17, 0.14, 0.10, 0.08, 0.06, 0.05, 0.03, 0.02, 0.02, 0.02)
MOST_PEOPLE = len(COUNT_ODDS)
ASPECTS = ((4 / 3, 0.45), (3 / 2, 0.25), (1.0, 0.15), (3 / 4, 0.15))
FILLED = (0.55, 0.92)  # share of the picture that the people's joints span
CLOSEST = 22.0  # degrees: the longest lens
ATTEMPTS = 40  # plans thrown away before giving up; measured: 1.3 needed on average


@dataclass(frozen=True)
class StageScene:
    """Everything that a picture and its truth follow from; plain data.

    Attributes:
        people: in no particular order. things: in no particular order.
        room: the place. camera, light: how it is seen.
        seed: for the sensor noise.
    """

    people: tuple[StagePerson, ...]
    things: tuple[Thing, ...]
    room: Room
    camera: StageCamera
    light: Light
    seed: int


def sample_stage(rng: np.random.Generator, count: int | None = None) -> StageScene:
    """A scene of `count` people (1 to 12; None draws a number).

    Raises:
        ValueError: a count out of range.
        RuntimeError: no room was found for everybody.
    """
    odds = np.array(COUNT_ODDS) / sum(COUNT_ODDS)
    number = int(rng.choice(MOST_PEOPLE, p=odds)) + 1 if count is None else count
    if not 1 <= number <= MOST_PEOPLE:
        raise ValueError(f"a stage holds 1 to {MOST_PEOPLE} people, not {number}")
    for _ in range(ATTEMPTS):
        room = sample_room(rng, number)
        things = furnish(rng, room)
        camera = _sample_camera(rng, room)
        people = Stagehand(rng, room, things, camera).place(number)
        if people is not None:
            camera = _aimed(rng, camera, people)
            light = sample_light(rng, room)
            seed = int(rng.integers(1 << 30))
            return StageScene(tuple(people), tuple(things), room, camera, light, seed)
    raise RuntimeError(f"no place for {number} people in {ATTEMPTS} rooms")


def _sample_camera(rng: np.random.Generator, room: Room) -> StageCamera:
    """From near z = 0 into the room, between a child's and a raised hand's height."""
    share = np.array([odds for _, odds in ASPECTS])
    aspect = ASPECTS[rng.choice(len(ASPECTS), p=share / share.sum())][0]
    x = rng.uniform(-0.3, 0.3) * room.width
    eye = (float(x), float(rng.uniform(1.15, 2.1)), float(rng.uniform(-0.3, 0.6)))
    target = (
        float(rng.uniform(-0.14, 0.14) * room.width),
        float(rng.uniform(0.75, 1.05)),
        float(-0.55 * room.depth),
    )
    low, high = (52, 70) if room.indoor else (38, 58)
    return StageCamera(eye, target, float(rng.uniform(low, high)), aspect)


def _aimed(rng: np.random.Generator, camera: StageCamera, people: list[StagePerson]) -> StageCamera:
    """The same eye, turned and zoomed so that the people fill the picture."""
    joints = np.concatenate([person.joints for person in people])
    local = (joints - camera.eye) @ camera.axes().T
    slopes = local[:, :2] / -local[:, 2:]
    # Who was cut off may stay cut off: only what the wide view showed counts.
    limit = np.tan(np.radians(camera.field_of_view) / 2)
    limits = np.array([min(1.0, camera.aspect), min(1.0, 1 / camera.aspect)]) * limit
    slopes = np.clip(slopes, -limits, limits)
    low, high = slopes.min(axis=0), slopes.max(axis=0)
    middle = (low + high) / 2 + rng.normal(0, 0.02, 2)
    ahead = camera.axes().T @ np.array([middle[0], middle[1], -1.0])
    frame = np.array([max(1.0, 1 / camera.aspect), max(1.0, camera.aspect)])
    half = float(((high - low) / 2 * frame).max()) / rng.uniform(*FILLED)
    view = float(np.clip(2 * np.degrees(np.arctan(half)), CLOSEST, camera.field_of_view))
    target = tuple(float(x) for x in np.asarray(camera.eye) + 4 * ahead)
    return StageCamera(camera.eye, (target[0], target[1], target[2]), view, camera.aspect)
