"""Could it fall? The centre of mass against the area on the floor that carries the body.

Masses of the segments and their centres along them: de Leva 1996, "Adjustments to
Zatsiorsky-Seluyanov's segment inertia parameters", table 4, mean of women and men. Each centre is
placed across its segment in the middle of the skin, and moves with the segment's bone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from chatpose_demo.geometry.contacts import floor_points, lowest, on_floor
from chatpose_demo.geometry.figure import SIDES, Figure, embedded_body
from chatpose_demo.perception.swing import unit
from chatpose_demo.pose import JOINT


@dataclass(frozen=True)
class SupportSettings:
    """Our choices; metres."""

    safe: float = 0.03  # further inside than this, small errors of the pose change nothing
    doubt: float = 0.05  # less outside than this, they might change the verdict
    seat_height: float = 0.1  # buttocks higher than this do not rest on the floor
    narrow: float = 0.08  # feet nearer to each other do not tell which one carries


SETTINGS = SupportSettings()

# Segment: (percent of the body's mass, from joint, to joint, part of the way). de Leva 1996.
# The trunk's three parts lie between the neck (C7) and the middle of the hips.
LIMBS = {
    "upper_arm": (2.63, "shoulder", "elbow", 0.576),
    "forearm": (1.50, "elbow", "wrist", 0.457),
    "hand": (0.585, "wrist", "hand", 0.769),
    "thigh": (14.47, "hip", "knee", 0.385),
    "shank": (4.57, "knee", "ankle", 0.444),
}
TRUNK = {"spine3": (15.71, 0.195), "spine1": (15.49, 0.542), "pelvis": (11.82, 0.878)}
HEAD = (6.81, 0.492)  # from the crown to C7
FOOT = (1.33, 0.421)  # from the heel to the tip of the longest toe


@lru_cache(maxsize=1)
def segments() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mass shares (S,), summing to 1; bones (S,); offsets (S, 3) from their joints, at rest."""
    body = embedded_body()
    rest = body.rest()
    skin, joints = rest.vertices[0].double().numpy(), rest.joints[0].double().numpy()
    follows = body.weights.numpy().argmax(1)
    rows: list[tuple[float, int, np.ndarray]] = []

    def add(mass: float, bone: int, start: np.ndarray, end: np.ndarray, part: float) -> None:
        along, middle = unit(end - start), start + part * (end - start)
        level = abs((skin - middle) @ along) < 0.06  # a slice of the segment around its centre
        own = follows == bone
        slice_ = skin[level & own] if (level & own).any() else skin[own]
        across = (slice_.max(0) + slice_.min(0)) / 2 - middle
        centre = middle + across - (across @ along) * along
        rows.append((mass, bone, centre - joints[bone]))

    hips = (joints[JOINT["left_hip"]] + joints[JOINT["right_hip"]]) / 2
    neck, crown = joints[JOINT["neck"]], skin[skin[:, 1].argmax()]
    for bone, (mass, part) in TRUNK.items():
        add(mass, JOINT[bone], neck, hips, part)
    add(HEAD[0], JOINT["head"], np.array([0, crown[1], neck[2]]), neck, HEAD[1])
    for side in SIDES:
        for mass, start, end, part in LIMBS.values():
            bone = JOINT[f"{side}_{start}"]
            add(mass, bone, joints[bone], joints[JOINT[f"{side}_{end}"]], part)
        bone = JOINT[f"{side}_ankle"]
        foot = skin[(follows == bone) | (follows == JOINT[f"{side}_foot"])]
        heel = joints[bone] * [1, 0, 0] + foot[foot[:, 2].argmin()] * [0, 1, 1]
        toe = heel * [1, 1, 0] + foot[foot[:, 2].argmax()] * [0, 0, 1]
        add(FOOT[0], bone, heel, toe, FOOT[1])
    masses, bones, offsets = zip(*rows, strict=True)
    return np.array(masses) / sum(masses), np.array(bones), np.stack(offsets)


def centre_of_mass(figure: Figure) -> np.ndarray:
    """(3,) metres."""
    masses, bones, offsets = segments()
    places = figure.joints[bones] + np.einsum("sij,sj->si", figure.frames[bones], offsets)
    return masses @ places


@dataclass(frozen=True)
class Support:
    """How a body is carried.

    Attributes:
        regions: skin regions on the floor.
        margin: metres from the weight's line to the edge of the carried area; negative outside.
        way: (3,) level unit direction from the area to the weight, or to the nearest edge.
        seat: metres from the floor to the buttocks where a seat that is not shown must carry the
            body, else None.
    """

    regions: tuple[str, ...]
    margin: float
    way: np.ndarray
    seat: float | None


def signed_margin(points: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    """Distance of a point (2,) to the edge of the hull of points (P, 2), negative outside.

    Returns:
        The margin, and the direction (2,) towards the nearest edge, or outside away from the hull.
    """
    try:
        hull = ConvexHull(points)
    except QhullError:  # on one line, or fewer than three points: an area without inside
        corners, outside, normal = points, True, np.zeros(2)
    else:
        gaps = hull.equations[:, :2] @ weight + hull.equations[:, 2]
        corners, outside = points[hull.vertices], bool(gaps.max() > 0)
        normal = hull.equations[gaps.argmax(), :2]
    if not outside:
        return -float(gaps.max()), normal
    ends = np.roll(corners, -1, axis=0)
    edges = ends - corners
    length = np.maximum((edges**2).sum(1), 1e-12)
    along = np.clip(((weight - corners) * edges).sum(1) / length, 0, 1)
    away = weight - (corners + along[:, None] * edges)
    nearest = (away**2).sum(1).argmin()
    return -float(np.linalg.norm(away[nearest])), unit(away[nearest])


@lru_cache(maxsize=64)
def support(figure: Figure) -> Support:
    """What carries the body, and how safely, were it standing still on a level floor."""
    carried = on_floor(figure)
    points = np.concatenate([floor_points(figure, name) for name in carried])
    margin, way = signed_margin(points, centre_of_mass(figure)[[0, 2]])
    seat = lowest(figure, "seat")
    sits = figure.words.posture.startswith("sitting") and seat > SETTINGS.seat_height
    behind = float(np.array([way[0], 0, way[1]]) @ figure.ahead) < 0
    needs_seat = sits and margin < 0 and behind
    return Support(carried, margin, np.array([way[0], 0.0, way[1]]), seat if needs_seat else None)


def weight_share(figure: Figure) -> float | None:
    """Share of the weight on the left foot in [0, 1] by the lever rule; None if feet do not tell.

    The feet tell when they alone are on the floor, and apart by more than `narrow`.
    """
    carried = support(figure)
    sides = [side for side in SIDES if f"{side}_foot" in carried.regions]
    if not sides or len(carried.regions) > len(sides):
        return None
    if len(sides) == 1:
        return 1.0 if sides[0] == "left" else 0.0
    left, right = (floor_points(figure, f"{side}_foot").mean(0) for side in SIDES)
    between = left - right
    if np.linalg.norm(between) < SETTINGS.narrow:
        return None
    weight = centre_of_mass(figure)[[0, 2]]
    return float(np.clip((weight - right) @ between / (between @ between), 0, 1))


def way_words(figure: Figure, way: np.ndarray) -> str:
    """A level direction (3,) as the body would say it: forward, back, to its left or right."""
    ahead, left = float(way @ figure.ahead), float(way @ figure.leftward)
    if abs(ahead) >= abs(left):
        return "forward" if ahead > 0 else "back"
    return "to its left" if left > 0 else "to its right"
