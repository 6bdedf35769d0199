"""What is exactly known about a stage and everybody on it, as plain JSON.

Rotations: (24, 3, 3) SMPL relative to the parent, joint 0 = orientation in the world (metres,
y up). `orientation_in_view` is joint 0 as the eyes report it: y up, +z towards the camera, x to
the right of the picture. Boxes and joints are pixels, origin at the upper left. Left and right
between people are the picture's; between body parts, the body's own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from chatpose_demo.perception.person import POSTURES
from chatpose_demo.perception.postures import postures
from chatpose_demo.studio.stage import sight
from chatpose_demo.studio.stage.anatomy import Bones
from chatpose_demo.studio.stage.picture import FIRST_PERSON, FIRST_THING, StageShot
from chatpose_demo.studio.stage.placing import StagePerson
from chatpose_demo.studio.stage.scene import StageScene
from chatpose_demo.studio.stage.seating import body_points

NEAR_METRES = 1.0  # our choice: a thing this close is "near"
NEXT_TO_METRES = 1.3  # our choice: two people this close are "next to" each other
DEPTH_MARGIN = 0.35  # m: our choice: less than this is neither in front nor behind
SIDE_MARGIN = 0.02  # of the picture's width: less than this is neither left nor right
POINT_STEP = 29  # every 29th of 6890 body points stands for the surface when there is no picture
PATCH = 2  # pixels around a joint in which its person must show
HOLDS_DEGREE = 0.5  # our choice: a posture holds from here on
SMALL = {"rug", "window", "picture"}  # nobody is told to be near these


def truth(scene: StageScene, shot: StageShot | None = None, longer: int = 512) -> dict[str, Any]:
    """The record of a scene.

    Args:
        scene: the plan.
        shot: its picture; visibility then comes from the id buffer, otherwise from rays against
            boxes and balls, which is quick and about right.
        longer: pixels of the picture's longer side, for boxes without a shot.
    """
    if shot is not None:
        longer = max(shot.ids.shape)
    camera = scene.camera
    sights = _from_pixels(scene, shot) if shot is not None else _from_rays(scene, longer)
    people = [
        _person(scene, person, seen, longer)
        for person, seen in zip(scene.people, sights, strict=True)
    ]
    _relate(people, scene, camera.size(longer)[0])
    return {
        "size": list(camera.size(longer)),
        "seed": scene.seed,
        "place": scene.room.kind,
        "indoor": scene.room.indoor,
        "visibility": "pixels" if shot is not None else "rays",
        "camera": {
            "eye": _round(camera.eye),
            "target": _round(camera.target),
            "focal_px": round(camera.focal(longer), 2),
            "R_view_world": _round(camera.axes(), 5),
        },
        "things": _things(scene, shot, longer),
        "people": people,
    }


def _round(values: Any, digits: int = 4) -> Any:
    return np.round(np.asarray(values, float), digits).tolist()


def _person(scene: StageScene, person: StagePerson, seen: dict, longer: int) -> dict[str, Any]:
    look, camera = person.look, scene.camera
    view = camera.axes() @ person.rotations[0]
    degrees = postures(person.rotations)
    on = None if person.on is None else scene.things[person.on].name
    facing = view[:, 2]
    return {
        "pose": person.pose,
        "rotations": _round(person.rotations, 5),
        "orientation_in_view": _round(view, 5),
        "betas": _round(look.betas),
        "transl": _round(person.transl),
        "height": round(person.stature, 3),
        "joints": _round(person.joints),
        "joints_in_view": _round((person.joints - camera.eye) @ camera.axes().T),
        "joints_px": _round(camera.project(person.joints, longer)[:, :2], 1),
        "depth": round(float(camera.project(person.joints[0], longer)[2]), 3),
        **seen,
        "woman": look.woman,
        "skin": look.skin,
        "top": look.top,
        "bottom": look.bottom,
        "hair": look.hair,
        "haircut": look.haircut,
        "hat": look.hat,
        "hat_colour": look.hat_name,
        "sleeve": look.sleeve,
        "legwear": look.legwear,
        "worn": [
            name for name, on_ in (("hat", look.hat), ("skirt", look.legwear == "skirt")) if on_
        ],
        "postures": {n: round(float(d), 3) for n, d in zip(POSTURES, degrees, strict=True)},
        "posture": [n for n, d in zip(POSTURES, degrees, strict=True) if d >= HOLDS_DEGREE],
        "faces": _faces(facing),
        "use": person.use,
        "on": on,
        "on_thing": person.on,
    }


def _faces(ahead: np.ndarray) -> str:
    """Which way a body faces in the picture, from its +z axis in the view."""
    if abs(ahead[2]) >= abs(ahead[0]):
        return "camera" if ahead[2] > 0 else "away"
    return "right" if ahead[0] > 0 else "left"


def _from_pixels(scene: StageScene, shot: StageShot) -> list[dict[str, Any]]:
    """Box, visible share and state of each joint, from the id buffer."""
    longer, result = max(shot.ids.shape), []
    height, width = shot.ids.shape
    for k, person in enumerate(scene.people):
        mine = shot.ids == FIRST_PERSON + k
        rows, columns = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
        box = None
        if len(rows):
            box = [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]
        pixels = scene.camera.project(person.joints, longer)
        padded = np.pad(mine, PATCH)
        states = []
        for (u, v, depth), inside in zip(pixels, _inside(pixels, width, height), strict=True):
            if not inside or depth <= 0:
                states.append("outside")
                continue
            patch = padded[int(v) : int(v) + 2 * PATCH + 1, int(u) : int(u) + 2 * PATCH + 1]
            states.append("visible" if patch.any() else "hidden")
        surface, inside = _surface(scene, person, longer)
        share = float(mine.sum() / max(int(shot.covered[k]), 1) * inside.mean())
        result.append(_seen(box, surface, inside, share, states))
    return result


def _from_rays(scene: StageScene, longer: int) -> list[dict[str, Any]]:
    """The same without a picture."""
    eye, result = np.array(scene.camera.eye), []
    width, height = scene.camera.size(longer)
    bodies = [sight.balls(person.joints) for person in scene.people]
    for k, person in enumerate(scene.people):
        surface, inside = _surface(scene, person, longer)
        points = np.concatenate([person.joints, _points(person)])
        hidden = sight.hidden_by_things(eye, points, list(scene.things))
        for j, body in enumerate(bodies):
            if j != k:
                hidden |= sight.hidden_by_balls(eye, points, body, sight.RADII)
        pixels = scene.camera.project(person.joints, longer)
        in_picture = _inside(pixels, width, height)
        states = [
            "outside" if not i else "hidden" if h else "visible"
            for i, h in zip(in_picture, hidden[:24], strict=True)
        ]
        seen = inside & ~hidden[24:]
        box = None
        if seen.any():
            low, high = surface[seen].min(axis=0), surface[seen].max(axis=0)
            box = [int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1]
        result.append(_seen(box, surface, inside, float(seen.mean()), states))
    return result


def _seen(
    box: list[int] | None, surface: np.ndarray, inside: np.ndarray, share: float, states: list[str]
) -> dict[str, Any]:
    low, high = surface.min(axis=0), surface.max(axis=0)
    return {
        "box": box,
        "whole_box": _round([*low, *high], 1),
        "in_picture": round(float(inside.mean()), 3),
        "visible": round(min(share, 1.0), 3),
        "joint_states": states,
    }


def _inside(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    u, v, depth = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    return (u >= 0) & (u < width) & (v >= 0) & (v < height) & (depth > 0)


def _points(person: StagePerson) -> np.ndarray:
    """(M, 3) points of the body's surface in the world."""
    betas = np.array(person.look.betas)
    points = body_points(Bones.of(person.rotations, betas), betas)
    return points[::POINT_STEP] + person.transl


def _surface(scene: StageScene, person: StagePerson, longer: int) -> tuple[np.ndarray, np.ndarray]:
    """(M, 2) pixels of the body's surface points, and whether each lies in the picture."""
    pixels = scene.camera.project(_points(person), longer)
    return pixels[:, :2], _inside(pixels, *scene.camera.size(longer))


def _things(scene: StageScene, shot: StageShot | None, longer: int) -> list[dict[str, Any]]:
    result = []
    for k, thing in enumerate(scene.things):
        record: dict[str, Any] = {
            "name": thing.name,
            "kind": thing.kind,
            "at": _round([thing.at[0], thing.lift, thing.at[1]], 3),
            "yaw": round(thing.yaw, 1),
            "size": _round(thing.size, 3),
        }
        pixels = scene.camera.project(thing.corners(), longer)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        record["whole_box"] = _round([*low[:2], *high[:2]], 1) if low[2] > 0.1 else None
        if shot is not None:
            record["pixels"] = int((shot.ids == FIRST_THING + k).sum())
        result.append(record)
    return result


def _relate(people: list[dict[str, Any]], scene: StageScene, width: int) -> None:
    """Add what each person is near, and how people stand to each other in the picture."""
    centres = []
    for record in people:
        box = record["box"] or record["whole_box"]
        centres.append((box[0] + box[2]) / 2)
    order = sorted(range(len(people)), key=lambda k: centres[k])
    bodies = [sight.balls(person.joints) for person in scene.people]
    for k, record in enumerate(people):
        near = []
        for index, thing in enumerate(scene.things):
            if thing.kind in SMALL:
                continue
            distance = float(sight.thing_distance(bodies[k], thing).min() - 0.05)
            if distance < NEAR_METRES:
                near.append(
                    {"thing": index, "name": thing.name, "distance": round(max(distance, 0.0), 2)}
                )
        record["near"] = sorted(near, key=lambda item: item["distance"])
        record["from_left"] = order.index(k)
        others = [j for j in range(len(people)) if j != k]
        margin = SIDE_MARGIN * width
        record["left_of"] = [j for j in others if centres[k] < centres[j] - margin]
        record["right_of"] = [j for j in others if centres[k] > centres[j] + margin]
        depth = record["depth"]
        record["in_front_of"] = [j for j in others if depth < people[j]["depth"] - DEPTH_MARGIN]
        record["behind"] = [j for j in others if depth > people[j]["depth"] + DEPTH_MARGIN]
        flat = [
            scene.people[j].joints[0][[0, 2]] - scene.people[k].joints[0][[0, 2]] for j in others
        ]
        distances = [float(np.linalg.norm(way)) for way in flat]
        record["nearest"] = None
        if others:
            best = int(np.argmin(distances))
            record["nearest"] = {"person": others[best], "distance": round(distances[best], 2)}
        record["next_to"] = [
            j for j, d in zip(others, distances, strict=True) if d < NEXT_TO_METRES
        ]
    for a, b in pairwise(order):
        people[a]["right_neighbour"], people[b]["left_neighbour"] = b, a
    for record in people:
        record.setdefault("left_neighbour", None)
        record.setdefault("right_neighbour", None)
