"""Any number of bodies with landmarks such as the eyes might report, without a picture.

Seen bodies (`seen_bodies`) are few, as each must be rendered. These come from joints alone: posed
bodies of the atlas in all mixtures, looked at from somewhere, with errors of about the size that
the eyes make. They teach what bodies can do; the seen ones then teach how the eyes err.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.lifter import MARK_NUMBERS, NUM_LANDMARKS, Marks
from chatpose_demo.perception.skeleton import kinematics, skeleton
from chatpose_demo.pose import NUM_JOINTS, R_WORLD_CAMERA, mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.training.seen_bodies import PARTS, held_out

FOCAL = 500.0  # pixels; only shapes count
# Landmark -> the ones beyond it on the same limb, which move with its error.
BEYOND = {
    13: (15, 17, 19), 14: (16, 18, 20), 15: (17, 19), 16: (18, 20),
    25: (27, 29, 31), 26: (28, 30, 32), 27: (29, 31), 28: (30, 32), 0: (7, 8),
}  # fmt: skip


@dataclass(frozen=True)
class SimulationConfig:
    """Poses: our choice. Errors: about those of seen bodies, by eye on their percentiles."""

    part_odds: float = 0.15  # that each of PARTS comes from another pose
    jitter: float = 6.0  # degrees of every joint's random turn
    tilt: tuple[float, float] = (7.0, 7.0)  # degrees that a camera looks down: mean, spread
    metres: tuple[float, float] = (1.8, 9.0)  # from the camera
    scale: tuple[float, float] = (0.88, 0.1)  # BlazePose's metres for one of ours
    depth: tuple[float, float] = (0.66, 0.3)  # its depth for ours
    lean: tuple[float, float] = (0.12, 0.18)  # depth that it adds per metre downwards
    metre_error: tuple[float, float, float] = (0.03, 0.03, 0.055)  # of clear landmarks, x, y, z
    pixel_error: float = 0.012  # of clear landmarks, in body sizes
    unclear: float = 3.0  # times as large for landmarks that nobody sees


def _bodies(rng: np.random.Generator, count: int, config: SimulationConfig) -> np.ndarray:
    """(count, 24, 3, 3) float32 poses in a level world, facing anywhere."""
    atlas = np.stack([pose.rotations for pose in load_atlas() if pose.id not in held_out()])
    rotations = atlas[rng.integers(len(atlas), size=count)].astype(np.float64)
    for joints in PARTS.values():
        rows = np.flatnonzero(rng.random(count) < config.part_odds)
        donors = atlas[rng.integers(len(atlas), size=len(rows))]
        rotations[np.ix_(rows, joints)] = donors[:, joints]
    turns = rng.normal(0, np.radians(config.jitter), (count * NUM_JOINTS, 3))
    turned = Rotation.from_rotvec(turns).as_matrix().reshape(count, NUM_JOINTS, 3, 3)
    rotations = (rotations @ turned).astype(np.float32)
    flipped = rng.random(count) < 0.5
    rotations[flipped] = mirror(rotations[flipped])
    yaw = Rotation.from_euler("y", rng.uniform(0, 360, (count, 1)), degrees=True).as_matrix()
    rotations[:, 0] = yaw @ rotations[:, 0]
    return rotations


def _errors(rng: np.random.Generator, visibility: np.ndarray, unclear: float) -> np.ndarray:
    """(N, M, 3) errors in units of a clear landmark's; whole limbs stray together."""
    size = 1 + (unclear - 1) * (1 - visibility[..., None])
    # Laplace: mostly small, now and then a limb is taken for something else.
    errors = rng.laplace(0, 1, (*visibility.shape, 3)) * size
    place = {number: column for column, number in enumerate(MARK_NUMBERS)}
    total = errors.copy()
    for number, further in BEYOND.items():
        for one in further:
            total[:, place[one]] += errors[:, place[number]]
    return total


def simulate(
    rng: np.random.Generator, like: Marks, count: int, config: SimulationConfig | None = None
) -> tuple[Marks, np.ndarray]:
    """Landmarks and rotations of made-up people.

    Args:
        like: people who were seen; visibility, and where people stand in pictures, are theirs.

    Returns:
        Marks of `count` people and their rotations (count, 24, 3, 3) float32, as the lifter is to
        say them. Landmarks that are not in MARK_NUMBERS are zero.
    """
    config = config or SimulationConfig()
    rotations = _bodies(rng, count, config)
    joints, turned = kinematics(torch.from_numpy(rotations))
    places = skeleton().landmarks
    carriers = [places[number][0] for number in MARK_NUMBERS]
    offsets = torch.from_numpy(np.stack([places[n][1] for n in MARK_NUMBERS])).float()
    world = (joints[:, carriers] + (turned[:, carriers] @ offsets[..., None])[..., 0]).numpy()
    hips = [MARK_NUMBERS.index(23), MARK_NUMBERS.index(24)]
    world = world - world[:, hips].mean(1, keepdims=True)
    tilt = rng.normal(*config.tilt, (count, 1))
    R_view_world = Rotation.from_euler("x", tilt, degrees=True).as_matrix()
    camera = np.einsum("nij,nkj->nki", R_view_world, world) @ R_WORLD_CAMERA.T
    away = rng.uniform(*config.metres, (count, 1))
    px = FOCAL * camera[..., :2] / (away + camera[..., 2])[..., None]

    row = rng.integers(len(like.px), size=count)
    visibility = like.visibility[row][:, MARK_NUMBERS]
    size = np.ptp(px, axis=1).max(1)[:, None, None]
    errors = _errors(rng, visibility, config.unclear)
    px = px + config.pixel_error * size * errors[..., :2]
    metres = camera * rng.normal(*config.scale, (count, 1, 1))
    metres[..., 2] *= rng.normal(*config.depth, (count, 1))
    metres[..., 2] += rng.normal(*config.lean, (count, 1)) * camera[..., 1]
    metres += np.array(config.metre_error) * _errors(rng, visibility, config.unclear)

    def spread(values: np.ndarray) -> np.ndarray:
        """Values of MARK_NUMBERS at their places among all landmarks."""
        result = np.zeros((count, NUM_LANDMARKS, *values.shape[2:]))
        result[:, MARK_NUMBERS] = values
        return result

    # Put where somebody else was seen, as large.
    seen = like.px[row][:, MARK_NUMBERS]
    zoom = np.ptp(seen, axis=1).max(1)[:, None, None] / size
    px = (px - px.mean(1, keepdims=True)) * zoom + seen.mean(1, keepdims=True)
    marks = Marks(spread(px), spread(metres), spread(visibility), like.picture[row])
    return marks, rotations
