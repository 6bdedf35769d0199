"""Landmarks of several people -> SMPL rotations: closed form, one batched LBFGS, joint limits.

BlazePose's metres have proportions of their own, so the fit matches bone DIRECTIONS, never places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import roma
import torch
from scipy.spatial.transform import Rotation

from chatpose_demo.perception.skeleton import JOINT_OF_LANDMARK, kinematics, skeleton
from chatpose_demo.perception.start import closed_form
from chatpose_demo.perception.swing import swing, twist_about, unit
from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS, R_WORLD_CAMERA


@dataclass(frozen=True)
class FitSettings:
    """Weights of the fit; our choice, checked on bodies of known rotations and on photos."""

    steps: int = 20  # LBFGS; measured: 40 from a cold start are no better
    least_trust: float = 0.03  # weight of a landmark pair nobody saw
    prior: float = 0.0875  # of the squared angles below
    hinge: float = 0.35  # of a hinge joint's off-axis angles
    spine_limit: float = 0.5  # radians for each spine joint


# Pairs of landmark groups whose directions are compared, with weights. A group is a midpoint.
DIRECTIONS: tuple[tuple[tuple[int, ...], tuple[int, ...], float], ...] = (
    ((11,), (13,), 1), ((13,), (15,), 1), ((12,), (14,), 1), ((14,), (16,), 1),  # arms
    ((23,), (25,), 1), ((25,), (27,), 1), ((24,), (26,), 1), ((26,), (28,), 1),  # legs
    ((24,), (23,), 0.7), ((12,), (11,), 1), ((23, 24), (11, 12), 1.5),  # hips, shoulders, torso
    ((8,), (7,), 0.5), ((7, 8), (0,), 0.6),  # ears, nose
    ((29,), (31,), 0.4), ((30,), (32,), 0.4),  # feet
    ((15,), (17, 19), 0.15), ((16,), (18, 20), 0.15), ((17,), (19,), 0.08), ((18,), (20,), 0.08),
)  # fmt: skip
# How strongly each joint stays near rest: free limbs, stiff spine, collars and feet.
STIFFNESS = {
    "pelvis": 0, "left_hip": 0.02, "left_knee": 0.02, "spine1": 0.3, "spine2": 0.3, "spine3": 0.3,
    "left_ankle": 0.25, "left_foot": 1, "neck": 0.15, "head": 0.15, "left_collar": 0.6,
    "left_shoulder": 0.015, "left_elbow": 0.02, "left_wrist": 0.12, "left_hand": 1,
}  # fmt: skip
KNEES, ELBOWS = (
    (JOINT["left_knee"], JOINT["right_knee"]),
    (JOINT["left_elbow"], JOINT["right_elbow"]),
)
SPINE = (JOINT["spine1"], JOINT["spine2"], JOINT["spine3"])
# Hinge joint -> (axis index, sign) of a natural bend as a rotation vector.
BEND = {KNEES[0]: (0, 1), KNEES[1]: (0, 1), ELBOWS[0]: (1, -1), ELBOWS[1]: (1, 1)}


def _direction_matrix(numbers: list[int]) -> torch.Tensor:
    """(D, len(numbers)) matrix that turns landmarks into the difference vectors of DIRECTIONS."""
    matrix = torch.zeros(len(DIRECTIONS), len(numbers))
    for row, (start, end, _) in enumerate(DIRECTIONS):
        for group, sign in ((start, -1.0), (end, 1.0)):
            for number in group:
                matrix[row, numbers.index(number)] += sign / len(group)
    return matrix


def _units(vectors: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(vectors, dim=-1, eps=1e-6)


class _Problem:
    """The energy of a batch of bodies."""

    def __init__(self, marks: np.ndarray, visibility: np.ndarray, settings: FitSettings) -> None:
        self.settings = settings
        place = skeleton().landmarks
        numbers = list(place)
        self.carriers = [place[n][0] for n in numbers]
        self.offsets = torch.as_tensor(np.stack([place[n][1] for n in numbers])).float()
        self.directions = _direction_matrix(numbers)
        self.target = _units(self.directions @ torch.as_tensor(marks[:, numbers]).float())
        seen = torch.as_tensor(visibility, dtype=torch.float32)
        pair = [
            weight * torch.minimum(seen[:, list(a)].amin(1), seen[:, list(b)].amin(1))
            .mul(1.5).sub(0.25).clamp(settings.least_trust, 1)
            for a, b, weight in DIRECTIONS
        ]  # fmt: skip
        self.weight = torch.stack(pair, 1)
        stiff = [STIFFNESS[n.replace("right", "left")] for n in JOINT]
        self.stiffness = torch.tensor(stiff)[None, :, None]
        self.off_axis = torch.zeros(NUM_JOINTS, 3)
        for joint, (axis, _) in BEND.items():
            free = {axis} if joint in KNEES else {axis, 0}  # a forearm also turns about itself
            for other in {0, 1, 2} - free:
                self.off_axis[joint, other] = settings.hinge if joint in KNEES else 0.15

    def energy(self, vectors: torch.Tensor) -> torch.Tensor:
        """Sum over the batch for rotation vectors (B, 24, 3)."""
        joints, turned = kinematics(roma.rotvec_to_rotmat(vectors))
        places = joints[:, self.carriers]
        places = places + (turned[:, self.carriers] @ self.offsets[..., None])[..., 0]
        gap = _units(self.directions @ places) - self.target
        misfit = (self.weight * gap.square().sum(-1)).sum()
        square = vectors.square()
        prior = self.settings.prior * (self.stiffness * square).sum()
        hinge = self.settings.hinge * (self.off_axis * square).sum()
        backwards = sum(
            torch.relu(-sign * vectors[:, joint, axis]).square().sum() * (4 if axis == 0 else 2)
            for joint, (axis, sign) in BEND.items()
        )
        bent = torch.relu(vectors[:, SPINE].norm(dim=-1) - self.settings.spine_limit)
        return misfit + prior + hinge + backwards + 4 * bent.square().sum()


def forbid_backward_bends(rotations: np.ndarray) -> np.ndarray:
    """Knees and elbows of one body (24, 3, 3) that bend the wrong way are straightened.

    The swing of the lower bone keeps its sideways part; the part that goes backwards is removed.
    """
    rotations = rotations.copy()
    for joint, (axis, sign) in BEND.items():
        child = PARENTS.index(joint)
        bone = unit(skeleton().offsets[child])
        twist = twist_about(rotations[joint], bone)
        vector = Rotation.from_matrix(swing(bone, rotations[joint] @ bone)).as_rotvec()
        if vector[axis] * sign < 0:
            vector[axis] = 0.0
            rotations[joint] = Rotation.from_rotvec(vector).as_matrix() @ twist
    return rotations


def backward_bend_degrees(rotations: np.ndarray) -> dict[int, float]:
    """Degrees by which each knee and elbow of (24, 3, 3) bends the wrong way (0 = natural)."""
    result = {}
    for joint, (axis, sign) in BEND.items():
        bone = unit(skeleton().offsets[PARENTS.index(joint)])
        vector = Rotation.from_matrix(swing(bone, rotations[joint] @ bone)).as_rotvec()
        result[joint] = float(max(0.0, -np.degrees(vector[axis]) * sign))
    return result


def fit(
    landmarks_m: np.ndarray, visibility: np.ndarray, settings: FitSettings | None = None
) -> np.ndarray:
    """SMPL rotations of several people.

    Args:
        landmarks_m: (B, 33, 3) metres, camera frame (x right, y down, z away).
        visibility: (B, 33) in [0, 1]; unseen landmarks hardly count.

    Returns:
        (B, 24, 3, 3) float32, world frame (y up, +z towards the camera).
    """
    if not len(landmarks_m):
        return np.zeros((0, NUM_JOINTS, 3, 3), np.float32)
    settings = settings or FitSettings()
    marks = landmarks_m @ R_WORLD_CAMERA.T
    start = np.stack([closed_form(m, v) for m, v in zip(marks, visibility, strict=True)])
    problem = _Problem(marks, visibility, settings)
    first = roma.rotmat_to_rotvec(torch.as_tensor(start, dtype=torch.float32))
    vectors = first.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [vectors],
        max_iter=settings.steps,
        history_size=12,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-6,
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        energy = problem.energy(vectors)
        energy.backward()
        return energy

    with torch.enable_grad():
        optimiser.step(closure)
    # A line search that met a number that is not finite leaves it behind: keep the start then.
    broken = ~torch.isfinite(vectors.detach()).all(-1).all(-1)
    final = torch.where(broken[:, None, None], first, vectors.detach())
    rotations = roma.rotvec_to_rotmat(final).numpy().astype(np.float64)
    return np.stack([forbid_backward_bends(r) for r in rotations]).astype(np.float32)


def residual_cm(rotations: np.ndarray, landmarks_m: np.ndarray, visibility: np.ndarray) -> float:
    """Mean distance in cm of the seen limb joints after the best scale and translation.

    Returns NaN with fewer than four of the twelve joints seen.
    """
    numbers = [n for n in JOINT_OF_LANDMARK if visibility[n] > 0.5]
    if len(numbers) < 4:
        return float("nan")
    posed = kinematics(torch.as_tensor(rotations[None]))[0][0].numpy()
    ours = posed[[JOINT_OF_LANDMARK[n] for n in numbers]]
    seen = (landmarks_m @ R_WORLD_CAMERA.T)[numbers]
    ours, seen = ours - ours.mean(0), seen - seen.mean(0)
    scale = (ours * seen).sum() / (ours**2).sum()
    return float(np.linalg.norm(scale * ours - seen, axis=1).mean() * 100)
