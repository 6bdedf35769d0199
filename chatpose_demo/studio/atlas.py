"""The pose atlas: a few hundred everyday poses, each written by hand as one line.

The files `atlas/*.txt` hold lines `id | spec | description`: a unique snake_case id, the pose in
the language of `rig.parse`, and one plain sentence about its geometry. The order of the poses is
part of the format (trained networks count on it): files by name, then line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from chatpose_demo.studio.rig import Spec, build, parse

SEPARATOR = " | "


@dataclass(frozen=True, eq=False)
class AtlasPose:
    """One named pose.

    Attributes:
        id: unique name, snake_case ("tennis_serve").
        spec: the pose as written, part by part.
        rotations: (24, 3, 3) float32 SMPL rotations, y up, facing +z; read-only.
        description: one neutral sentence about the geometry ("own" left and right).
    """

    id: str
    spec: Spec
    rotations: np.ndarray
    description: str


@cache
def load_atlas() -> tuple[AtlasPose, ...]:
    """All poses, in their stable order.

    Raises:
        ValueError: a line that is not `id | spec | description`, or an id used twice.
    """
    poses: dict[str, AtlasPose] = {}
    folder = files("chatpose_demo.studio") / "atlas"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".txt"):
            continue
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
            try:
                pose = _read(line)
            except ValueError as error:
                raise ValueError(f"{file.name}, line {number}: {error}") from error
            if pose.id in poses:
                raise ValueError(f"{file.name}, line {number}: {pose.id!r} is used twice")
            poses[pose.id] = pose
    return tuple(poses.values())


def _read(line: str) -> AtlasPose:
    columns = line.split(SEPARATOR)
    if len(columns) != 3:
        raise ValueError(f"expected `id | spec | description`, got {line!r}")
    name, written, description = (column.strip() for column in columns)
    spec = parse(written)
    rotations = build(spec)
    rotations.setflags(write=False)
    return AtlasPose(name, spec, rotations, description)
