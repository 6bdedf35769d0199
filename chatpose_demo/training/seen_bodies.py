"""Rendered people as the eyes' landmarks show them, beside the truth: what the lifter learns from.

`python -m chatpose_demo.training seen_bodies --out FOLDER [--scenes N] [--first K]` renders scenes
(extra package `moderngl`), looks at them and writes shards of SHARD scenes; run again, it goes on.
Scene k follows from (SEED, k) alone, so several processes can each make a range of them.

Half of the people take their arms, trunk or head from another pose of the atlas, never from one of
`held_out()`. A third of the pictures are cut so that somebody shows only from the knees, hips or
the chest up, as in portraits.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from tqdm import tqdm

from chatpose_demo.evaluation.descriptions import match
from chatpose_demo.evaluation.public.asking import Box
from chatpose_demo.perception.landmarks import find_landmarks
from chatpose_demo.perception.people_finder import find_people
from chatpose_demo.pose import JOINT
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.stage.anatomy import Bones
from chatpose_demo.studio.stage.picture import StageRenderer
from chatpose_demo.studio.stage.placing import StagePerson
from chatpose_demo.studio.stage.scene import StageScene, sample_stage
from chatpose_demo.studio.stage.truth import truth

SEED = 3000  # our choice; neither RPE-Studio nor the evaluation of descriptions has it
LONGER = 512  # pixels of the pictures' longer side
SHARD = 25  # scenes in a file
CUT = 1 / 3  # our choice: share of pictures that are cut
SHOWN = (0.3, 1.0)  # share of a body's height that a cut picture shows
LEAST_HEIGHT = 120  # pixels; less makes no portrait
MIXED = 0.5  # our choice: share of people who take a part of another pose
HELD_OUT_EVERY = 10  # every tenth pose of the atlas is kept for judging
ARM_JOINTS = ("collar", "shoulder", "elbow", "wrist")
PARTS = {
    "arms": tuple(JOINT[f"{s}_{j}"] for s in ("left", "right") for j in ARM_JOINTS),
    "left arm": tuple(JOINT[f"left_{j}"] for j in ARM_JOINTS),
    "right arm": tuple(JOINT[f"right_{j}"] for j in ARM_JOINTS),
    "upper body": tuple(JOINT[j] for j in ("spine1", "spine2", "spine3", "neck", "head"))
    + tuple(JOINT[f"{s}_{j}"] for s in ("left", "right") for j in ARM_JOINTS),
    "head": (JOINT["neck"], JOINT["head"]),
}


@dataclass(frozen=True)
class SeenBodies:
    """N people, each found by the eyes in a rendered picture.

    Attributes:
        px: (N, 33, 2) BlazePose landmarks in pixels. world_m: (N, 33, 3) the same in metres about
            the hips, camera frame (x right, y down, z away), as the network says them.
        visibility: (N, 33). picture: (N, 2) width and height in pixels.
        rotations: (N, 24, 3, 3) the truth; joint 0 is the orientation with the camera's tilt taken
            out: y up, +z towards the camera along the ground.
        scene: (N,) number of the scene. pose: (N,) id of the atlas pose that the body varies.
    """

    px: np.ndarray
    world_m: np.ndarray
    visibility: np.ndarray
    picture: np.ndarray
    rotations: np.ndarray
    scene: np.ndarray
    pose: np.ndarray


@cache
def held_out() -> frozenset[str]:
    """Atlas poses that the lifter never learns from."""
    return frozenset(pose.id for pose in load_atlas()[::HELD_OUT_EVERY])


def heading(axes: np.ndarray) -> np.ndarray:
    """(3, 3) R_level_world of a camera with axes (3, 3): its heading without its tilt."""
    right = axes[0]  # a stage's camera has no roll, so this is level
    return np.stack([right, [0.0, 1.0, 0.0], np.cross(right, [0.0, 1.0, 0.0])])


def mixed(rng: np.random.Generator, person: StagePerson) -> StagePerson:
    """A person who does something else with a part of the body."""
    donors = [pose for pose in load_atlas() if pose.id not in held_out()]
    donor = donors[rng.integers(len(donors))].rotations
    joints = list(PARTS[list(PARTS)[rng.integers(len(PARTS))]])
    rotations = person.rotations.copy()
    rotations[joints] = donor[joints]
    posed = Bones.of(rotations, np.array(person.look.betas)).joints + person.transl
    return replace(person, rotations=rotations, joints=posed)


def draw(number: int) -> StageScene:
    """The plan of scene `number`."""
    rng = np.random.default_rng([SEED, number])
    scene = sample_stage(rng)
    people = tuple(mixed(rng, p) if rng.random() < MIXED else p for p in scene.people)
    return replace(scene, people=people)


def window(rng: np.random.Generator, box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of a cut that shows the upper part of somebody in a box; whole pixels."""
    width, height = box[2] - box[0], box[3] - box[1]
    x0 = max(0.0, box[0] - rng.uniform(0.0, 1.5) * width)
    x1 = min(size[0], box[2] + rng.uniform(0.0, 1.5) * width)
    y0 = max(0.0, box[1] - rng.uniform(0.02, 0.3) * height)
    y1 = box[1] + rng.uniform(*SHOWN) * height
    return round(x0), round(y0), round(x1), round(y1)


def cut(
    rng: np.random.Generator, image: np.ndarray, boxes: list[Box | None]
) -> tuple[np.ndarray, list[Box | None]]:
    """A picture around the upper part of one of its people, and where everybody is in it."""
    shown = [box for box in boxes if box and box[3] - box[1] >= LEAST_HEIGHT]
    if not shown:
        return image, boxes
    x0, y0, x1, y1 = window(rng, shown[rng.integers(len(shown))], image.shape[1::-1])
    part = image[y0:y1, x0:x1]
    zoom = LONGER / max(part.shape[:2])
    part = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    limit = np.array([x1 - x0, y1 - y0] * 2)
    moved: list[Box | None] = []
    for box in boxes:
        inside = np.clip(np.subtract(box or (0.0,) * 4, [x0, y0] * 2), 0, limit) * zoom
        there = inside[2] > inside[0] and inside[3] > inside[1]
        moved.append(tuple(inside.tolist()) if there else None)
    return part, moved


def seen_in(number: int, renderer: StageRenderer) -> Iterator[tuple]:
    """A row of SeenBodies for everybody whom the eyes find in scene `number`."""
    scene = draw(number)
    shot = renderer.render(scene)
    people = truth(scene, shot)["people"]
    image, boxes = shot.image, [one["box"] for one in people]
    rng = np.random.default_rng([SEED, number, 1])
    if rng.random() < CUT:
        image, boxes = cut(rng, image, boxes)
    found = find_landmarks(image, find_people(image))
    level = heading(scene.camera.axes())
    size = np.array(image.shape[1::-1])
    seen: list[Box] = [tuple(marks.box.tolist()) for _, marks in found]
    for i, j in match(seen, boxes).items():
        marks, rotations = found[i][1], scene.people[j].rotations.copy()
        rotations[0] = level @ rotations[0]
        pose = people[j]["pose"]
        yield marks.px, marks.world, marks.visibility, size, rotations, number, pose


def write(path: Path, rows: list[tuple]) -> None:
    """One shard of at least one row; a stop in the middle leaves no half shard."""
    columns = zip(*rows, strict=True)
    arrays: dict[str, Any] = dict(
        zip(SeenBodies.__annotations__, map(np.array, columns), strict=True)
    )
    arrays = {k: a.astype(np.float32) if a.dtype == float else a for k, a in arrays.items()}
    half = path.with_suffix(".part")
    with half.open("wb") as file:
        np.savez_compressed(file, **arrays)
    half.replace(path)


def read(folder: Path) -> SeenBodies:
    """All shards of a folder, in order.

    Raises:
        FileNotFoundError: there is none.
    """
    files = sorted(folder.glob("seen-*.npz"))
    if not files:
        raise FileNotFoundError(f"no seen-*.npz in {folder}: run `training seen_bodies` first")
    shards = [dict(np.load(file)) for file in files]
    return SeenBodies(**{k: np.concatenate([s[k] for s in shards]) for k in shards[0]})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument("--scenes", type=int, default=5600, help=f"how many, in steps of {SHARD}")
    parser.add_argument("--first", type=int, default=0, help="number of the first one, likewise")
    arguments = parser.parse_args()
    if arguments.scenes % SHARD or arguments.first % SHARD:
        parser.error(f"--scenes and --first go in steps of {SHARD}: a file holds so many")
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    renderer = StageRenderer(LONGER)
    last = arguments.first + arguments.scenes
    with tqdm(total=arguments.scenes, unit="scene", mininterval=10) as bar:
        for first in range(arguments.first, last, SHARD):
            path = arguments.out / f"seen-{first:06d}.npz"
            numbers = range(first, first + SHARD)
            if not path.exists():
                rows = [row for k in numbers for row in seen_in(k, renderer)]
                write(path, rows)
            bar.update(len(numbers))


if __name__ == "__main__":
    main()
