"""Put people into a room: on seats, beds, stairs and the floor, nobody inside anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.pose import JOINT
from chatpose_demo.studio.stage import sight
from chatpose_demo.studio.stage.anatomy import Bones
from chatpose_demo.studio.stage.camera import StageCamera
from chatpose_demo.studio.stage.looks import Look, sample_look
from chatpose_demo.studio.stage.poses import jittered, library
from chatpose_demo.studio.stage.rooms import CEILING, Room
from chatpose_demo.studio.stage.seating import (
    body_points,
    headed,
    seated,
    standing_point,
    stature,
    straight,
)
from chatpose_demo.studio.stage.shapes import about_y
from chatpose_demo.studio.stage.things import Spot, Thing

# Our choices, metres.
SEAT_SINK = {"sofa": 0.045, "armchair": 0.045, "bed": 0.03}  # cushions give way; wood does not
BED_SINK = 0.03
GAP_PEOPLE = 0.03
OFF_BED = 0.45  # how far a hand or a knee of somebody lying may be from the bed
NEAREST, FARTHEST = 2.1, 9.5  # depth range of people
SEAT_ODDS = 0.65  # that a person takes a seat, a bed or a stair if one is free
COMPANY_ODDS = 0.4  # that a person on the floor keeps close to somebody
SPOT_TRIALS = 4  # poses tried on one seat
TRIALS = 60  # places tried for one person
TOUCH = np.where(sight.HANDS, 0.3, 0.9)  # share of a ball: hands may rest on things
LEAST_VISIBLE = 7  # joints of 24 that must be seen
WHOLE_BODY_ODDS = 0.75  # that somebody may not stand cut off by the picture's edge


@dataclass(frozen=True, eq=False)
class StagePerson:
    """One person of a scene; metres, world frame, y up.

    Attributes:
        look: looks and betas.
        pose: id of the atlas pose that this is a variation of.
        rotations: (24, 3, 3) SMPL; joint 0 is the orientation in the world.
        transl: (3,) such that body.pose(rotations, betas).joints + transl are the world joints.
        joints: (24, 3) world.
        on: index of the thing that carries the person, or None for the ground.
        use: "sit", "lie", "stand" or "ground".
        stature: body height when upright.
    """

    look: Look
    pose: str
    rotations: np.ndarray
    transl: np.ndarray
    joints: np.ndarray
    on: int | None
    use: str
    stature: float


class Stagehand:
    """Places people one by one into a furnished room."""

    def __init__(
        self, rng: np.random.Generator, room: Room, things: list[Thing], camera: StageCamera
    ) -> None:
        self.rng, self.room, self.things, self.camera = rng, room, things, camera
        self._people: list[StagePerson] = []
        self._balls: list[np.ndarray] = []
        self._eye = np.array(camera.eye)
        spots = [(i, spot) for i, thing in enumerate(things) for spot in thing.spots]
        seen = [item for item in spots if self._spot_in_view(*item)]
        self._free = [seen[k] for k in rng.permutation(len(seen))]

    def place(self, count: int) -> list[StagePerson] | None:
        """`count` people, or None if they find no room."""
        for _ in range(count):
            if not self._place_one():
                return None
        return self._people if self._all_seen() else None

    def _place_one(self) -> bool:
        if self._free and self.rng.random() < SEAT_ODDS:
            index, spot = self._free.pop()
            for _ in range(SPOT_TRIALS):
                person = self._on_spot(index, spot)
                if person is not None:
                    self._add(person)
                    return True
        person = self._on_ground()
        if person is not None:
            self._add(person)
        return person is not None

    def _add(self, person: StagePerson) -> None:
        self._people.append(person)
        self._balls.append(sight.balls(person.joints))

    def _spot_in_view(self, index: int, spot: Spot) -> bool:
        middle = self.things[index].to_world(np.array(spot.at)) + [0, 0.35, 0]
        u, v, depth = self.camera.project(middle, 1000)
        width, height = self.camera.size(1000)
        inside = 0.06 * width < u < 0.94 * width and 0.1 * height < v < 0.92 * height
        return bool(inside and depth > NEAREST - 0.3)

    def _on_spot(self, index: int, spot: Spot) -> StagePerson | None:
        """Somebody on a thing, or None if the pose does not fit there."""
        thing = self.things[index]
        pose = library().pick(self.rng, spot.use)
        rotations = jittered(self.rng, pose.rotations, legs=False)
        look = sample_look(self.rng, may_skirt=spot.use == "stand", may_hang=spot.use != "lie")
        yaw = thing.yaw + spot.yaw + (self.rng.normal(0, 7) if spot.use != "lie" else 0.0)
        if spot.use == "lie":
            rotations = headed(rotations, look, yaw)
        else:
            rotations[0] = about_y(yaw) @ straight(rotations[0])
        place = thing.to_world(np.array(spot.at))
        floor = spot.floor + thing.lift
        if spot.use == "sit":
            fitted = seated(rotations, look, place, floor, SEAT_SINK.get(thing.kind, 0.012))
            if fitted is None:
                return None
            rotations, transl = fitted
        else:
            bones = Bones.of(rotations, np.array(look.betas))
            points = body_points(bones, np.array(look.betas))
            if spot.use == "lie":
                middle = (points.min(axis=0) + points.max(axis=0)) / 2
                low = points[:, 1].min() + BED_SINK
                transl = place - np.array([middle[0], low, middle[2]])
            else:
                transl = place - standing_point(bones, points)
        person = self._person(look, pose.id, rotations, transl, index, spot.use)
        return person if self._free_of_others(person) else None

    def _on_ground(self) -> StagePerson | None:
        """Somebody on the floor where there is room."""
        whole = self.rng.random() < WHOLE_BODY_ODDS
        for trial in range(TRIALS):
            if trial % 12 == 0:  # another body, another pose
                pose = library().pick(self.rng, "ground")
                upright = pose in library().upright
                look = sample_look(self.rng, may_skirt=upright, may_hang=upright)
                betas = np.array(look.betas)
                start = jittered(self.rng, pose.rotations, legs=upright)
                bones = Bones.of(start, betas)
                points = body_points(bones, betas)
                contact = standing_point(bones, points)
                height = stature(betas)
            at, yaw = self._ground_place()
            turn = about_y(yaw)
            rotations = start.copy()
            rotations[0] = turn @ start[0]
            # Turning the body turns it about its pelvis' rest place, not about the origin.
            pivot = bones.rest_joints[0]
            joints = (bones.joints - pivot) @ turn.T + pivot
            shifted = (contact - pivot) @ turn.T + pivot
            transl = np.array([at[0], 0.0, at[1]]) - shifted
            person = StagePerson(
                look, pose.id, rotations, transl, joints + transl, None, "ground", height
            )
            if self._in_view(person, whole) and self._free_of_others(person):
                return person
        return None

    def _ground_place(self) -> tuple[np.ndarray, float]:
        """(x, z) and a yaw: beside somebody, or anywhere in view."""
        rng, half = self.rng, self.room.width / 2 - 0.35
        if self._people and rng.random() < COMPANY_ODDS:
            friend = self._people[rng.integers(len(self._people))]
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.55, 1.15)
            off = reach * np.array([np.sin(angle), np.cos(angle)])
            at = friend.joints[0, [0, 2]] + off
            facing = np.degrees(np.arctan2(-off[0], -off[1]))  # towards the friend
            return at, float(facing + rng.normal(0, 35))
        back = -self.camera.axes()[2]
        depth = rng.uniform(NEAREST, min(FARTHEST, self.room.depth + self._eye[2] - 0.4))
        spread = (
            0.9 * np.tan(np.radians(self.camera.field_of_view / 2)) * min(1.0, self.camera.aspect)
        )
        side = rng.uniform(-spread, spread) * depth
        ahead = np.array([back[0], back[2]]) / np.hypot(back[0], back[2])
        at = self._eye[[0, 2]] + depth * ahead + side * np.array([-ahead[1], ahead[0]])
        at[0] = np.clip(at[0], -half, half)
        towards = np.degrees(np.arctan2(self._eye[0] - at[0], self._eye[2] - at[1]))
        return at, float(towards + rng.vonmises(0, 0.7) * 180 / np.pi)

    def _person(
        self,
        look: Look,
        pose: str,
        rotations: np.ndarray,
        transl: np.ndarray,
        on: int | None,
        use: str,
    ) -> StagePerson:
        betas = np.array(look.betas)
        joints = Bones.of(rotations, betas).joints + transl
        return StagePerson(look, pose, rotations, transl, joints, on, use, stature(betas))

    def _in_view(self, person: StagePerson, whole: bool) -> bool:
        """Whether enough of a body lies in the picture."""
        pixels = self.camera.project(person.joints, 1000)
        width, height = self.camera.size(1000)
        inside = (pixels[:, 0] > 0) & (pixels[:, 0] < width)
        inside &= (pixels[:, 1] > 0) & (pixels[:, 1] < height) & (pixels[:, 2] > 0.5)
        if pixels[:, 2].min() < 1.0 or not inside[[JOINT["neck"], JOINT["spine3"]]].all():
            return False
        return bool(inside.all() if whole else inside.sum() >= 12)

    def _free_of_others(self, person: StagePerson) -> bool:
        """Whether a body touches neither things, walls nor people."""
        mine = sight.balls(person.joints)
        half = self.room.width / 2
        if self.room.indoor:
            reach = mine[:, 0]
            if (np.abs(reach) + sight.RADII > half).any():
                return False
            if (mine[:, 2] - sight.RADII < -self.room.depth).any():
                return False
            if (mine[:, 1] + sight.RADII > CEILING).any():
                return False
        for k, thing in enumerate(self.things):
            distance = sight.thing_distance(mine, thing)
            if k != person.on:
                if (distance < TOUCH * sight.RADII).any():
                    return False
            elif person.use == "sit":
                if (distance[~sight.LOWER_BODY] < 0.02).any():
                    return False
            elif person.use == "lie" and (distance > OFF_BED).any():
                return False
        for other in self._balls:
            away = np.linalg.norm(mine[:, None] - other[None], axis=-1)
            if (away < sight.RADII[:, None] + sight.RADII[None] + GAP_PEOPLE).any():
                return False
        return True

    def _all_seen(self) -> bool:
        """Whether of everybody enough is seen past things and people."""
        for k, person in enumerate(self._people):
            hidden = sight.hidden_by_things(self._eye, person.joints, self.things)
            for j, other in enumerate(self._balls):
                if j != k:
                    hidden |= sight.hidden_by_balls(self._eye, person.joints, other, sight.RADII)
            if (~hidden).sum() < LEAST_VISIBLE:
                return False
        return True
