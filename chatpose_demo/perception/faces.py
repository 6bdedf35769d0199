"""Faces: where a person's face is, and what it suggests about gender and age.

BlazePose knows roughly where a head is; BlazeFace looks there again, says whether a face shows at
all and finds eyes, nose and mouth. The face is then turned upright into the small crops that dlib's
two classifiers were trained on. What they say is how a face looks to a classifier, no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit

from chatpose_demo.perception.crops import square_crop
from chatpose_demo.perception.networks import run_network
from chatpose_demo.perception.person import Person

FACE_INPUT = 128  # pixels; BlazeFace's input
GENDER_INPUT, AGE_INPUT = 32, 64  # pixels; dlib's dnn_gender_classifier_v1, dnn_age_predictor_v1
PADDING = 0.2  # of the face, around the crop; dlib's examples for both networks
MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # RGB; dlib's input_rgb_image
AGES = np.concatenate([[0.25], np.arange(1, 81)]).astype(np.float32)  # years; dlib's age example
# Right eye, left eye, tip of the nose, middle of the mouth in dlib's mean face, whose unit square
# reaches from the brows to the lower lip (means of the points 36-41, 42-47, 30, 62 and 66).
MEAN_FACE = np.array([[0.2273, 0.2159], [0.7528, 0.2159], [0.4901, 0.5156], [0.4901, 0.8053]])


@dataclass(frozen=True)
class FaceSettings:
    """Our choices, on the pictures named in `things`."""

    look: float = 4.5  # side of the crop that BlazeFace sees, in head sizes
    min_score: float = 0.72  # BlazeFace's "a face is here"; MediaPipe's default is 0.5
    reach: float = (
        1.3  # a face farther from the head landmarks than this, in head sizes, is not theirs
    )
    min_side: float = 28.0  # pixels of the photo across the upright crop; 16 already misleads
    max_turn: float = 0.55  # nose off the middle of the eyes, in eye distances: a profile beyond
    shifts: tuple[float, ...] = (-0.06, 0.0, 0.06)  # zooms and mirrored copies whose mean counts
    sure: float = 0.75  # mean probability of a gender that is worth saying


@dataclass(frozen=True)
class Face:
    """A face: points (6, 2) in pixels (right eye, left eye, nose, mouth, right ear, left ear)."""

    score: float
    points: np.ndarray


def _anchors() -> np.ndarray:
    """(896, 2) centres in [0, 1]: two for each cell of 16 x 16, six for each of 8 x 8."""
    parts = []
    for cells, each in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells].reshape(2, -1)
        parts.append(np.repeat((np.stack([x, y], 1) + 0.5) / cells, each, axis=0))
    return np.concatenate(parts)


ANCHORS = _anchors()


def head_of(person: Person) -> tuple[np.ndarray, float]:
    """Centre (2,) and size of the head in pixels, from BlazePose's eleven face landmarks."""
    px = person.landmarks_px
    ears = np.linalg.norm(px[7] - px[8])
    height = np.linalg.norm(px[[2, 5]].mean(0) - px[[9, 10]].mean(0))
    # Ear to ear in front, twice eyes to mouth in profile: both are about a head's width.
    return px[:11].mean(0), float(max(ears, 2 * height, 2.0))


def find_faces(
    rgb: np.ndarray, people: list[Person], settings: FaceSettings | None = None
) -> list[Face | None]:
    """The face of each person, or None where none is seen; no face serves two people.

    Args:
        rgb: (H, W, 3) uint8.
    """
    settings = settings or FaceSettings()
    if not people:
        return []
    heads = [head_of(person) for person in people]
    crops = [square_crop(rgb, c, settings.look * s, FACE_INPUT) for c, s in heads]
    outputs = run_network("blazeface", np.stack(crops).astype(np.float32) / 127.5 - 1)
    scores = expit(outputs["score"][..., 0])
    places = (
        outputs["place"].reshape(len(people), -1, 8, 2) / FACE_INPUT
    )  # box centre, size, points
    candidates = []
    for index, (centre, size) in enumerate(heads):
        for cell in np.flatnonzero(scores[index] >= settings.min_score):
            points = places[index, cell, 2:] + ANCHORS[cell] - 0.5
            points = points * settings.look * size + centre
            away = np.linalg.norm(points[:4].mean(0) - centre) / size
            if away <= settings.reach:
                score = float(scores[index, cell])
                candidates.append((score - 0.3 * away, index, Face(score, points)))
    faces: list[Face | None] = [None] * len(people)
    taken: list[tuple[np.ndarray, float]] = []
    for _, index, face in sorted(candidates, key=lambda c: -c[0]):
        middle = face.points[:4].mean(0)
        free = all(np.linalg.norm(middle - other) > width for other, width in taken)
        if faces[index] is None and free:
            faces[index] = face
            taken.append((middle, float(np.linalg.norm(face.points[0] - face.points[1]))))
    return faces


def upright(face: Face, size: int) -> np.ndarray:
    """(2, 3) similarity from the photo to an upright crop of `size` pixels, as in dlib."""
    target = (PADDING + MEAN_FACE) / (1 + 2 * PADDING) * size
    source = face.points[:4]
    a, b = (p[:, 0] + 1j * p[:, 1] for p in (source - source.mean(0), target - target.mean(0)))
    turn = np.vdot(a, b) / np.vdot(a, a)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target.mean(0) - linear @ source.mean(0)])


def readable(face: Face, settings: FaceSettings) -> bool:
    """Whether the face is large enough and turned enough towards the camera."""
    side = AGE_INPUT / np.linalg.norm(upright(face, AGE_INPUT)[:, 0])
    right, left, nose = face.points[:3]
    eyes = left - right
    turn = abs(np.dot(nose - (right + left) / 2, eyes)) / max(float(np.dot(eyes, eyes)), 1e-6)
    return bool(side >= settings.min_side and turn <= settings.max_turn)


def _crops(rgb: np.ndarray, face: Face, size: int, settings: FaceSettings) -> np.ndarray:
    """(K, size, size, 3) float32: the upright face at a few zooms, plain and mirrored."""
    # First a level square at the crop's own scale, so that a large photo is averaged, not sampled.
    centre, room = face.points[:4].mean(0), 3 * size
    side = room / float(np.linalg.norm(upright(face, size)[:, 0]))
    level = square_crop(rgb, centre, side, room)
    points = (face.points - centre) * room / side + room / 2
    matrix = upright(Face(face.score, points), size)
    crops = []
    for shift in settings.shifts:
        zoomed = matrix * (1 + shift)
        zoomed[:, 2] -= shift * size / 2
        crop = cv2.warpAffine(
            level, zoomed, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        crops += [crop, crop[:, ::-1]]
    return (np.stack(crops).astype(np.float32) - MEAN) / 256


def gender_and_age(
    rgb: np.ndarray, faces: list[Face | None], settings: FaceSettings | None = None
) -> list[tuple[float | None, float | None]]:
    """How each face looks to dlib's classifiers.

    Returns:
        (probability of looking female, years) for each face; both None where there is no readable
        face, and the first also None where the classifier wavers between copies of the face.
    """
    settings = settings or FaceSettings()
    found = {i: f for i, f in enumerate(faces) if f is not None and readable(f, settings)}
    results: list[tuple[float | None, float | None]] = [(None, None)] * len(faces)
    if not found:
        return results

    def mean_output(name: str, size: int) -> np.ndarray:
        crops = np.stack([_crops(rgb, face, size, settings) for face in found.values()])
        flat = crops.reshape(-1, size, size, 3).transpose(0, 3, 1, 2)
        values = run_network(name, np.ascontiguousarray(flat))["probabilities"]
        return values.reshape(len(found), -1, values.shape[-1]).mean(1)

    female = mean_output("face_gender", GENDER_INPUT)[:, 0]
    ages = mean_output("face_age", AGE_INPUT) @ AGES
    for i, f, years in zip(found, female, ages, strict=True):
        results[i] = (float(f) if max(f, 1 - f) >= settings.sure else None, float(years))
    return results
