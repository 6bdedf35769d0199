"""Stage 5: pose correctives, fitted so that linear skinning keeps its volume in bends.

The goal of each training pose is 30 % linear blend skinning + 70 % dual-quaternion skinning
(Kavan et al., 2007), with the forearm's vertices following the wrist's twist. Each vertex's
correction is a ridge regression on R - I of the joints around it. Spreading the twist of hips,
shoulders or elbows as well is not linear in R: it was tried and made limbs collapse.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from chatpose_demo.pose import JOINT, NUM_JOINTS, PARENTS, mirror
from tools.build_body.fit import FLIP, Shaped
from tools.build_body.random_pose import random_pose

DUAL_QUATERNION_SHARE = 0.7  # our choice, by eye
RIDGE = 6.0
NEGLIGIBLE = 2e-4  # metres per unit of R - I


def fit_posedirs(body: Shaped, count: int, seed: int = 1) -> np.ndarray:
    """(V, 3, 207) float32 correctives from `count` random poses and their mirror images."""
    rng = np.random.default_rng(seed)
    skin = _Skin(body)
    num_vertices = len(body.v_template)
    features = np.zeros((2 * count, 207), np.float32)
    corrections = np.zeros((2 * count, num_vertices, 3), np.float32)
    for k in range(count):
        rotations = random_pose(rng)
        features[k], corrections[k] = feature(rotations), skin.correction(rotations)
        features[count + k] = feature(mirror(rotations))
        corrections[count + k] = corrections[k, body.mirror] * FLIP
    posedirs = np.zeros((num_vertices, 3, 207), np.float32)
    for joints, vertices in _groups(body.weights).items():
        columns = np.concatenate([np.arange(9) + 9 * (joint - 1) for joint in joints])
        x = features[:, columns]
        y = corrections[:, vertices].reshape(2 * count, -1)
        solution = np.linalg.solve(x.T @ x + RIDGE * np.eye(len(columns)), x.T @ y)
        block = solution.T.reshape(len(vertices), 3, len(columns))
        posedirs[np.ix_(np.array(vertices), np.arange(3), columns)] = block
    posedirs[np.abs(posedirs) < NEGLIGIBLE] = 0
    _report(body, skin, posedirs, rng)
    return posedirs


def feature(rotations: np.ndarray) -> np.ndarray:
    """(24, 3, 3) -> (207,) SMPL's pose feature."""
    return (rotations[1:] - np.eye(3)).reshape(-1)


def _groups(weights: np.ndarray) -> dict[tuple[int, ...], list[int]]:
    """Vertices by the joints whose rotations may correct them."""
    children = [[c for c in range(NUM_JOINTS) if PARENTS[c] == j] for j in range(NUM_JOINTS)]
    spreads = {
        JOINT["left_elbow"]: children[JOINT["left_elbow"]],  # the wrist's twist
        JOINT["right_elbow"]: children[JOINT["right_elbow"]],
        JOINT["spine3"]: [JOINT["left_collar"], JOINT["right_collar"]],
        JOINT["left_collar"]: [JOINT["left_shoulder"]],
        JOINT["right_collar"]: [JOINT["right_shoulder"]],
    }
    groups: dict[tuple[int, ...], list[int]] = {}
    for vertex, row in enumerate(weights):
        active = set(np.flatnonzero(row > 0.02).tolist())
        for joint in list(active):
            active |= set(spreads.get(joint, []))
        joints = tuple(sorted(active - {0}))
        if joints:
            groups.setdefault(joints, []).append(vertex)
    return groups


def _report(body: Shaped, skin: _Skin, posedirs: np.ndarray, rng: np.random.Generator) -> None:
    """Distance to the goal on fresh poses, without and with the correctives."""
    plain, corrected = [], []
    for _ in range(120):
        rotations = random_pose(rng)
        A, shift = skin.linear(rotations)
        goal = skin.goal(rotations)
        for found, rest in (
            (plain, body.v_template),
            (corrected, body.v_template + posedirs @ feature(rotations)),
        ):
            posed = np.einsum("vab,vb->va", A, rest) + shift
            found.append(np.linalg.norm(posed - goal, axis=1) * 1e3)
    for name, found in (("without", plain), ("with", corrected)):
        print(
            f"{name} correctives: {np.mean(found):.2f} mm mean, {np.percentile(found, 99):.1f} p99"
        )


class _Skin:
    """Linear and dual-quaternion skinning of the mean shape."""

    def __init__(self, body: Shaped) -> None:
        self.rest, self.weights = body.v_template, body.weights
        self.joints = body.J_regressor @ body.v_template
        self.twist = {}
        for side in ("left", "right"):
            elbow, wrist = JOINT[f"{side}_elbow"], JOINT[f"{side}_wrist"]
            axis = self.joints[wrist] - self.joints[elbow]
            length = np.linalg.norm(axis)
            along = (self.rest - self.joints[elbow]) @ (axis / length) / length
            share = np.clip((along - 0.05) / 0.9, 0, 1) ** 1.5 * 0.8  # our choice, by eye
            self.twist[elbow] = (wrist, axis / length, share)

    def bones(self, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(24, 3, 3), (24, 3): each joint's map of rest points, x -> R x + t."""
        R, place = np.zeros((NUM_JOINTS, 3, 3)), np.zeros((NUM_JOINTS, 3))
        for joint, parent in enumerate(PARENTS):
            if parent < 0:
                R[joint], place[joint] = rotations[joint], self.joints[joint]
                continue
            R[joint] = R[parent] @ rotations[joint]
            place[joint] = place[parent] + R[parent] @ (self.joints[joint] - self.joints[parent])
        return R, place - np.einsum("jab,jb->ja", R, self.joints)

    def linear(self, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(V, 3, 3), (V, 3): linear blend skinning as one affine map per vertex."""
        R, shift = self.bones(rotations)
        return np.einsum("vj,jab->vab", self.weights, R), self.weights @ shift

    def goal(self, rotations: np.ndarray) -> np.ndarray:
        """(V, 3) where the vertices should be."""
        A, shift = self.linear(rotations)
        linear = np.einsum("vab,vb->va", A, self.rest) + shift
        return linear + DUAL_QUATERNION_SHARE * (self._dual(rotations) - linear)

    def correction(self, rotations: np.ndarray) -> np.ndarray:
        """(V, 3) rest offsets that linear skinning would carry to the goal.

        The inverse is regularised: in tight bends the blended matrix is nearly singular.
        """
        A, shift = self.linear(rotations)
        miss = self.goal(rotations) - np.einsum("vab,vb->va", A, self.rest) - shift
        At = A.transpose(0, 2, 1)
        system = At @ A + 0.03 * np.eye(3)
        return np.linalg.solve(system, At @ miss[..., None])[..., 0]

    def _dual(self, rotations: np.ndarray) -> np.ndarray:
        """(V, 3) dual-quaternion skinning, the forearm twisted with the wrist."""
        R, shift = self.bones(rotations)
        quaternions = Rotation.from_matrix(R).as_quat(scalar_first=True)
        strongest = quaternions[self.weights.argmax(axis=1)]
        real, dual = np.zeros((len(self.rest), 4)), np.zeros((len(self.rest), 4))
        for joint in range(NUM_JOINTS):
            active = self.weights[:, joint] > 1e-4
            if not active.any():
                continue
            turn = np.broadcast_to(quaternions[joint], (active.sum(), 4))
            move = np.broadcast_to(shift[joint], (active.sum(), 3))
            if joint in self.twist:
                wrist, axis, share = self.twist[joint]
                angle = _twist(rotations[wrist], axis) * share[active]
                spin = np.concatenate(
                    [np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * axis], axis=1
                )
                turn = _multiply(turn, spin)
                head = np.broadcast_to(self.joints[joint], (active.sum(), 3))
                move = (head - _rotate(spin, head)) @ R[joint].T + shift[joint]
            sign = np.sign((turn * strongest[active]).sum(axis=1, keepdims=True))
            turn = turn * np.where(sign == 0, 1, sign)
            pure = np.concatenate([np.zeros((len(move), 1)), move], axis=1)
            weight = self.weights[active, joint][:, None]
            real[active] += weight * turn
            dual[active] += weight * 0.5 * _multiply(pure, turn)
        length = np.linalg.norm(real, axis=1, keepdims=True)
        real, dual = real / length, dual / length
        return _rotate(real, self.rest) + 2 * _multiply(dual, real * [1, -1, -1, -1])[:, 1:]


def _twist(rotation: np.ndarray, axis: np.ndarray) -> float:
    """Angle of a rotation about an axis (swing-twist decomposition)."""
    w, *vector = Rotation.from_matrix(rotation).as_quat(scalar_first=True)
    angle = 2 * np.arctan2(np.dot(vector, axis), w)
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (..., 4), scalar first."""
    w, v = a[..., :1], a[..., 1:]
    x, u = b[..., :1], b[..., 1:]
    scalar = w * x - (v * u).sum(axis=-1, keepdims=True)
    return np.concatenate([scalar, w * u + x * v + np.cross(v, u)], axis=-1)


def _rotate(quaternion: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Rotate points (..., 3) by unit quaternions (..., 4), scalar first."""
    w, v = quaternion[..., :1], quaternion[..., 1:]
    t = 2 * np.cross(v, points)
    return points + w * t + np.cross(v, t)
