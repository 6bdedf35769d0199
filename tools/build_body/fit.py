"""Stage 4: shape directions, joints, weights and landmarks of the decimated body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from smplx.vertex_ids import vertex_ids

from chatpose_demo.pose import JOINT, MIRROR, NUM_BETAS, NUM_JOINTS
from tools.build_body.decimate import Decimated
from tools.build_body.joints import joint_shares, smpl_joints
from tools.build_body.sample import Samples

# The first betas are these phenotypes, with these signs; the rest are PCA of what they leave.
SEMANTIC = (
    ("height", 1), ("weight", -1), ("gender", 1), ("muscle", 1), ("age", 1), ("proportions", 1),
)  # fmt: skip
PELVIS = np.array([0.0, -0.22, 0.02])  # where SMPL's template has it, roughly
FLIP = np.array([-1.0, 1.0, 1.0])
SPINE = tuple(JOINT[name] for name in ("pelvis", "spine1", "spine2", "spine3", "neck", "head"))
TORSO = tuple(JOINT[n] for n in ("pelvis", "spine1", "spine2", "spine3", "left_hip", "right_hip"))


@dataclass(frozen=True)
class Shaped:
    """A body without pose correctives, under SMPL's array names (see chatpose_demo.body).

    `mirror` (V,) and `anny_vertex` (V,) are vertex numbers; `phenotype_to_betas` (1 + P, 10) is
    affine, row 0 the constant.
    """

    v_template: np.ndarray
    shapedirs: np.ndarray
    J_regressor: np.ndarray
    weights: np.ndarray
    f: np.ndarray
    mirror: np.ndarray
    anny_vertex: np.ndarray
    phenotype_labels: np.ndarray
    phenotype_to_betas: np.ndarray


def fit(samples: Samples, mesh: Decimated) -> Shaped:
    """Fit everything linear; prints how well it fits."""
    vertices = samples.vertices[:, mesh.keep].astype(np.float64)
    joints = smpl_joints(samples.heads, samples.bones)
    shift = (PELVIS - joints[:, 0])[:, None]
    vertices, joints = vertices + shift, joints + shift
    vertices = (vertices + vertices[:, mesh.mirror] * FLIP) / 2
    joints = (joints + joints[:, list(MIRROR)] * FLIP) / 2

    # Sample 0, the mean person, has served to decimate the mesh.
    vertices, joints, phenotypes = vertices[1:], joints[1:], samples.phenotypes[1:]
    mean = vertices.mean(axis=0)
    shapedirs, betas = _shape_space(vertices - mean, phenotypes, samples.labels)
    design = np.c_[np.ones(len(betas)), phenotypes]
    to_betas, *_ = np.linalg.lstsq(design, betas, rcond=None)
    weights = _weights(samples, mesh)
    regressor = _joint_regressor(mean, shapedirs, joints, betas, mesh.mirror)
    order = _landmark_order(samples, mesh, mean, joints.mean(axis=0), weights)
    number = np.argsort(order)
    return Shaped(
        v_template=mean[order],
        shapedirs=shapedirs[order],
        J_regressor=regressor[:, order],
        weights=weights[order],
        f=number[mesh.faces].astype(np.uint32),
        mirror=number[mesh.mirror[order]].astype(np.int32),
        anny_vertex=mesh.keep[order].astype(np.int32),
        phenotype_labels=np.array(samples.labels),
        phenotype_to_betas=to_betas,
    )


def _shape_space(
    offsets: np.ndarray, phenotypes: np.ndarray, labels: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3, 10) directions, one standard deviation each, and (N, 10) betas of the samples."""
    count = len(offsets)
    flat = offsets.reshape(count, -1)
    chosen = phenotypes[:, [labels.index(name) for name, _ in SEMANTIC]]
    scores = (chosen - chosen.mean(axis=0)) / chosen.std(axis=0) * [sign for _, sign in SEMANTIC]
    solution, *_ = np.linalg.lstsq(np.c_[np.ones(count), scores], flat, rcond=None)
    semantic = solution[1:]
    rest = flat - scores @ semantic
    rest -= rest.mean(axis=0)
    print(f"variance in the named directions: {1 - (rest**2).sum() / (flat**2).sum():.3f}")
    _, vectors = np.linalg.eigh(rest @ rest.T)
    largest = vectors[:, ::-1][:, : NUM_BETAS - len(SEMANTIC)]
    residual = (largest.T @ rest) / np.sqrt(count - 1)
    directions = np.concatenate([semantic, residual])
    betas = np.linalg.lstsq(directions.T, flat.T, rcond=None)[0].T
    error = np.linalg.norm((betas @ directions - flat).reshape(count, -1, 3), axis=2) * 1e3
    print(f"10 betas rebuild the samples to {error.mean():.2f} mm mean, {error.max():.1f} max")
    return directions.reshape(NUM_BETAS, -1, 3).transpose(1, 2, 0), betas


def _weights(samples: Samples, mesh: Decimated) -> np.ndarray:
    """(V, 24) skinning weights, regrouped from Anny's bones, symmetric, rows sum to 1."""
    regroup = np.zeros((len(samples.bones), NUM_JOINTS))
    for row, bone in enumerate(samples.bones):
        for joint, share in joint_shares(bone).items():
            regroup[row, JOINT[joint]] = share
    weights = samples.weights[mesh.keep].astype(np.float64) @ regroup
    weights /= weights.sum(axis=1, keepdims=True)
    return (weights + weights[mesh.mirror][:, list(MIRROR)]) / 2


def _joint_regressor(
    mean: np.ndarray,
    shapedirs: np.ndarray,
    joints: np.ndarray,
    betas: np.ndarray,
    mirror: np.ndarray,
) -> np.ndarray:
    """(24, V) non-negative rows over nearby vertices that follow the joints over all shapes."""
    design = np.c_[np.ones(len(betas)), betas]
    solution, *_ = np.linalg.lstsq(design, joints.reshape(len(joints), -1), rcond=None)
    directions = solution[1:].reshape(NUM_BETAS, NUM_JOINTS, 3)
    centre = joints.mean(axis=0)
    regressor = np.zeros((NUM_JOINTS, len(mean)))
    for joint in range(NUM_JOINTS):
        # Rings around the bone: distance along the bone counts more. Arms lie along x.
        along = [2.2, 1, 1] if joint >= JOINT["left_shoulder"] else [1, 2.2, 1]
        distance = np.linalg.norm((mean - centre[joint]) * along, axis=1)
        if joint not in SPINE:  # limbs take vertices of their own side only
            distance += (np.sign(mean[:, 0]) != np.sign(centre[joint, 0])) * 9
        near = np.argsort(distance)[: 420 if joint in TORSO else 220]
        if joint in SPINE:
            near = np.union1d(near, mirror[near])
        rows = [np.full((1, len(near)), 3.0), mean[near].T * 3]
        rows += [shapedirs[near, :, k].T * 2 for k in range(NUM_BETAS)]
        goal = np.r_[3.0, centre[joint] * 3, (directions[:, joint] * 2).ravel()]
        ridge = 2e-3 * np.eye(len(near))
        share, _ = nnls(np.concatenate([*rows, ridge]), np.r_[goal, np.zeros(len(near))])
        regressor[joint, near] = share / share.sum()
    return (regressor + regressor[list(MIRROR)][:, mirror]) / 2


def _landmark_order(
    samples: Samples, mesh: Decimated, mean: np.ndarray, joints: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(V,) permutation that gives the landmarks the vertex numbers smplx expects of SMPL."""
    anny_weights = samples.weights[mesh.keep]
    found: dict[str, int] = {}

    def farthest(bone: str, joint: str) -> int:
        part = np.flatnonzero(anny_weights[:, samples.bones.index(bone)] > 0.5)
        return int(part[np.linalg.norm(mean[part] - joints[JOINT[joint]], axis=1).argmax()])

    head = np.flatnonzero(weights[:, JOINT["head"]] > 0.9)
    middle = head[np.abs(mean[head, 0]) < 0.004]
    height = mean[middle, 1] - joints[JOINT["head"], 1]
    front = middle[(height > -0.03) & (height < 0.11)]
    found["nose"] = int(front[mean[front, 2].argmax()])
    for side, s, sign in (("left", "L", 1), ("right", "R", -1)):
        short = side[0]
        eye = np.flatnonzero(anny_weights[:, samples.bones.index(f"eye.{s}")] > 0.9)
        found[f"{short}eye"] = int(eye[mean[eye, 2].argmax()])
        half = head[np.sign(mean[head, 0]) == sign]
        found[f"{short}ear"] = int(half[np.abs(mean[half, 0]).argmax()])
        for k, finger in enumerate(("thumb", "index", "middle", "ring", "pinky"), start=1):
            found[f"{short}{finger}"] = farthest(f"finger{k}-3.{s}", f"{side}_wrist")
        found[f"{s}BigToe"] = farthest(f"toe1-2.{s}", f"{side}_ankle")
        found[f"{s}SmallToe"] = farthest(f"toe5-3.{s}", f"{side}_ankle")
        foot = np.flatnonzero(weights[:, JOINT[f"{side}_ankle"]] > 0.8)
        foot = foot[mean[foot, 1] < mean[foot, 1].min() + 0.03]
        found[f"{s}Heel"] = int(foot[mean[foot, 2].argmin()])
    numbers = vertex_ids["smplh"]
    if len(set(found.values())) != len(numbers):
        raise RuntimeError("two landmarks fell on one vertex")
    order = np.full(len(mean), -1)
    for name, place in numbers.items():
        order[place] = found[name]
    order[order < 0] = np.setdiff1d(np.arange(len(mean)), list(found.values()))
    return order
