"""Where clothes, hair and the features of the face lie on the resting body.

Each region is a scalar field on the T pose: positive inside, zero on its border. Everything is
measured from joints and SMPL's landmark vertices, so the rules fit the embedded body and the
user's SMPL alike. Distances scale with the body's or the head's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import sparse
from scipy.sparse import csgraph
from smplx.vertex_ids import vertex_ids

from chatpose_demo.body.smpl import Body
from chatpose_demo.body.smpl_file import NUM_VERTICES
from chatpose_demo.body.smplx_file import NUM_SMPLX_VERTICES
from chatpose_demo.pose import JOINT

# smplx's landmark vertices by the number of all vertices; SMPL shares SMPL-H's.
_LANDMARKS = {NUM_VERTICES: vertex_ids["smplh"], NUM_SMPLX_VERTICES: vertex_ids["smplx"]}


@dataclass(frozen=True)
class Cut:
    """The tailor's numbers: our choice, judged by eye on the embedded body.

    Fractions are of the named bone; metres of head and neck are for ears 17 cm apart.
    """

    sleeve: float = 0.60  # of shoulder -> elbow
    shirt_hem: float = 0.10  # of pelvis -> knee, below the pelvis
    neckline_drop: float = 0.006  # m, centre of the neckline below the neck joint
    neckline_forward: float = 0.010  # m, and in front of it
    neckline_radius: float = 0.085  # m
    neck_tilt_degrees: float = 12.0  # the neck leans forward
    trouser_hem: float = 0.89  # of knee -> ankle
    sole: float = 0.020  # m above the ground
    forehead: float = 0.068  # m from the eyes up to the hairline
    nape: float = -0.040  # m from the ears to the hairline at the back
    ear_radius: float = 0.034  # m around the ear that hair leaves free
    brow_height: float = 0.0185  # m above the eyes
    brow_thickness: float = 0.0026  # m, half
    mouth_drop: float = 0.72  # of the height eyes -> nose, below the nose
    mouth_half_width: float = 0.023  # m
    mouth_half_height: float = 0.0078  # m
    eye_half_width: float = 0.0135  # m
    eye_half_height: float = 0.0058  # m
    iris: float = 0.0060  # m
    pupil: float = 0.0026  # m


CUT = Cut()
FIELD_NAMES = (
    "shirt", "above_ankle", "hair", "brows", "lips", "eyes", "iris", "pupil", "below_hem",
    "above_sole",
)  # fmt: skip
# The mesh is cut along these; along the hem it is cut as part of the shirt, and along the soles
# once the shoes have their shape.
CUT_FIELDS = FIELD_NAMES[:-2]


@dataclass(frozen=True)
class RestBody:
    """The T pose that the fields are measured on.

    vertices: (V, 3); joints: (24, 3); faces: (F, 3); weights: (V, 24).
    """

    vertices: np.ndarray
    joints: np.ndarray
    faces: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, body: Body) -> RestBody:
        """The mean shape of a body model."""
        with torch.no_grad():
            vertices, joints = (item[0].numpy() for item in body.rest())
        return cls(vertices, joints, body.faces, body.weights.numpy())

    @property
    def landmarks(self) -> dict[str, int]:
        """Vertex numbers of smplx's named landmarks ("nose", "leye", "lear", ...)."""
        return _LANDMARKS[len(self.vertices)]

    def landmark(self, name: str) -> np.ndarray:
        """(3,) position of a landmark."""
        return self.vertices[self.landmarks[name]]

    def joint(self, name: str) -> np.ndarray:
        """(3,) position of a joint."""
        return self.joints[JOINT[name]]

    @property
    def head_scale(self) -> float:
        """Size of the head relative to one whose ears are 17 cm apart."""
        return float(np.linalg.norm(self.landmark("lear") - self.landmark("rear")) / 0.17)

    @cached_property
    def eyeballs(self) -> np.ndarray:
        """(V,) float, 1 on eyeballs that are pieces of their own: the embedded body's, SMPL-X's.

        SMPL is one closed surface (6890 - 20664 + 13776 = 2): there it is 0 everywhere.
        """
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]]])
        count = len(self.vertices)
        graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
        _, piece = csgraph.connected_components(graph, directed=False)
        eyes = np.isin(piece, [piece[self.landmarks[name]] for name in ("leye", "reye")])
        return eyes.astype(np.float32) * (eyes.sum() < count / 5)  # SMPL-X's are 1092 of 10475


def coarse_faces(
    body: RestBody, points: np.ndarray, weights: np.ndarray, faces: np.ndarray, cut: Cut = CUT
) -> np.ndarray:
    """(F,) bool: faces of the brows, lips and irises that are too large to draw their outline."""
    values = fields(body, points, weights, cut)
    corner = points[faces]
    longest = np.linalg.norm(corner - np.roll(corner, -1, axis=1), axis=2).max(axis=1)
    coarse = np.zeros(len(faces), bool)
    for name, edge in (
        ("brows", 0.007),
        ("lips", 0.007),
        ("eyes", 0.005),
        ("iris", 0.005),
        ("pupil", 0.004),
    ):
        near = np.abs(values[faces, FIELD_NAMES.index(name)]).min(axis=1) < edge / 2
        coarse |= near & (longest > edge * body.head_scale)
    return coarse


def fields(body: RestBody, points: np.ndarray, weights: np.ndarray, cut: Cut = CUT) -> np.ndarray:
    """(N, 10) values of all regions, in FIELD_NAMES' order, at points of the resting surface.

    Args:
        body: the resting body.
        points: (N, 3) rest positions.
        weights: (N, 24) skinning weights there.
        cut: the tailor's numbers.
    """
    head = weights[:, [JOINT["head"], JOINT["neck"]]].sum(axis=1) > 0.5
    away = np.full(len(points), -1.0)
    hair, brows, lips, eyes = (
        np.where(head, rule(body, points, cut), away) for rule in (_hair, _brows, _lips, _eyes)
    )
    iris, pupil = (
        np.where(head, _eye_disc(body, points, radius), away) for radius in (cut.iris, cut.pupil)
    )
    ground = body.vertices[:, 1].min()
    above_ankle = points[:, 1] - _between(body, "left_knee", "left_ankle", cut.trouser_hem)[1]
    above_sole = points[:, 1] - (ground + cut.sole)
    # Arms are level in the T pose, so whatever lies below the hem is legs.
    below_hem = _hem(body, cut) - points[:, 1]
    columns = (
        _shirt(body, points, cut), above_ankle, hair, brows, lips, eyes, iris, pupil,
        below_hem, above_sole,
    )  # fmt: skip
    return np.stack(columns, axis=1)


def _between(body: RestBody, start: str, end: str, share: float) -> np.ndarray:
    return (1 - share) * body.joint(start) + share * body.joint(end)


def _hem(body: RestBody, cut: Cut) -> float:
    """Height of the shirt's hem."""
    return float(_between(body, "pelvis", "left_knee", cut.shirt_hem)[1])


def _shirt(body: RestBody, points: np.ndarray, cut: Cut) -> np.ndarray:
    """Above the hem, inside the sleeves' ends, around the neckline."""
    sleeve = _between(body, "left_shoulder", "left_elbow", cut.sleeve)[0]
    ends = np.minimum(points[:, 1] - _hem(body, cut), sleeve - np.abs(points[:, 0]))
    # The neckline is where a capsule around the neck, open upwards, meets the skin.
    s, tilt = body.head_scale, np.radians(cut.neck_tilt_degrees)
    axis = np.array([0.0, np.cos(tilt), np.sin(tilt)])
    offset = points - body.joint("neck")
    offset = offset + np.array([0, cut.neckline_drop, -cut.neckline_forward]) * s
    along = offset @ axis
    nearest = np.clip(along, 0, None)[:, None] * axis
    outside = np.linalg.norm(offset - nearest, axis=1) - cut.neckline_radius * s
    below_chin = 0.05 * s - along
    return np.minimum(ends, np.minimum(outside, below_chin))


def _smoothstep(x: np.ndarray, start: float, end: float) -> np.ndarray:
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _hair(body: RestBody, points: np.ndarray, cut: Cut) -> np.ndarray:
    """Above a line that runs from the nape behind the ears and up over the forehead."""
    s, ear, eye = body.head_scale, body.landmark("lear"), body.landmark("leye")
    height_nape = ear[1] + cut.nape * s
    height_front = eye[1] + cut.forehead * s
    rise = _smoothstep(points[:, 2], ear[2] - 0.02 * s, ear[2] + 0.055 * s)
    line = height_nape + (height_front - height_nape) * rise
    line -= 0.014 * s * rise * (points[:, 0] / (0.06 * s)) ** 2  # arched over the forehead
    above = points[:, 1] - line
    mirrored = np.abs(points) * [1, 0, 0] + points * [0, 1, 1]
    free = np.linalg.norm((mirrored - ear) / [1.0, 1.25, 1.0], axis=1) - cut.ear_radius * s
    return np.minimum(above, free)


def _brows(body: RestBody, points: np.ndarray, cut: Cut) -> np.ndarray:
    """Two flat arcs that thin out towards the temples."""
    s, eye = body.head_scale, body.landmark("leye")
    along = (np.abs(points[:, 0]) - eye[0]) / (0.021 * s)  # -1 near the nose, +1 at the temple
    arc = eye[1] + s * (cut.brow_height - 0.0032 * along**2)
    half = cut.brow_thickness * s * (1 - 0.35 * np.clip(along, -1, 1.2))
    inside = half * np.sqrt(np.clip(1 - along**4, 0, None)) - np.abs(points[:, 1] - arc)
    front = points[:, 2] - (body.landmark("leye")[2] - 0.04 * s)
    return np.minimum(inside, front)


def _lips(body: RestBody, points: np.ndarray, cut: Cut) -> np.ndarray:
    """A flat ellipse with pointed corners."""
    s, eye, nose = body.head_scale, body.landmark("leye"), body.landmark("nose")
    mouth = nose[1] - cut.mouth_drop * (eye[1] - nose[1])
    along = np.abs(points[:, 0]) / (cut.mouth_half_width * s)
    half = cut.mouth_half_height * s * np.clip(1 - along**2, 0, None)
    front = points[:, 2] - (nose[2] - 0.045 * s)
    inside = half - np.abs(points[:, 1] - mouth) - np.clip(along - 1, 0, None)
    return np.minimum(inside, front)


def _eyes(body: RestBody, points: np.ndarray, cut: Cut) -> np.ndarray:
    """Openings of the lids painted on a closed face; nowhere if there are real eyeballs."""
    if body.eyeballs.any():
        return np.full(len(points), -1.0)
    s, eye = body.head_scale, body.landmark("leye")
    along = (np.abs(points[:, 0]) - eye[0]) / (cut.eye_half_width * s)
    half = cut.eye_half_height * s * np.clip(1 - along**2, 0, None)
    inside = half - np.abs(points[:, 1] - eye[1]) - np.clip(np.abs(along) - 1, 0, None)
    return np.minimum(inside, points[:, 2] - (eye[2] - 0.022 * s))


def _eye_disc(body: RestBody, points: np.ndarray, radius: float) -> np.ndarray:
    """Discs around the fronts of the eyes."""
    s, eye = body.head_scale, body.landmark("leye")
    mirrored = np.abs(points[:, :1]) * [1, 0, 0] + points * [0, 1, 1]
    disc = radius * s - np.linalg.norm((mirrored - eye)[:, :2], axis=1)
    return np.minimum(disc, points[:, 2] - (eye[2] - 0.008 * s))
