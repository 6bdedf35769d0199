"""The eyes: a photo in, its people out."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from chatpose_demo.perception.appearance import clothes_and_hair
from chatpose_demo.perception.camera import fit_camera
from chatpose_demo.perception.hinges import unbent
from chatpose_demo.perception.landmarks import Landmarks, find_landmarks
from chatpose_demo.perception.lifter import Marks, load_lifter
from chatpose_demo.perception.networks import open_network
from chatpose_demo.perception.people_finder import find_people
from chatpose_demo.perception.person import Appearance, Person
from chatpose_demo.perception.postures import postures
from chatpose_demo.perception.things import look_around
from chatpose_demo.perception.unseen import rest_unseen, shows_hips

NETWORKS = (
    "movenet_multipose", "blazepose_landmarks", "nanodet", "efficientnet_lite0", "blazeface",
    "face_gender", "face_age",
)  # fmt: skip
MIN_SIDE = 32  # pixels; our choice: nothing smaller can hold a readable person
MAX_SIDE = 2048  # pixels; our choice: the finest pass looks at 1024, a crop at 256


class Eyes:
    """Finds people in a photo and reads pose, place and appearance of each.

    Holds no state beside the networks and the lifter, which several threads may use at once, so one
    instance may be called from anywhere.
    """

    def load(self) -> None:
        """Open the networks now instead of at the first photo."""
        load_lifter()
        for name in NETWORKS:
            open_network(name)

    def __call__(self, image: Image.Image) -> list[Person]:
        """The people of an upright photo, from left to right; an empty list if there are none."""
        full = np.asarray(image.convert("RGB"))
        if min(full.shape[:2]) < MIN_SIDE:
            return []
        scale = min(1.0, MAX_SIDE / max(full.shape[:2]))
        rgb = np.ascontiguousarray(full)
        if scale < 1:
            size = tuple(max(MIN_SIDE, round(s * scale)) for s in full.shape[1::-1])
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        candidates = find_people(rgb)
        found = find_landmarks(rgb, candidates)
        if not found:
            return []
        marks = Marks(
            px=np.stack([one.px for _, one in found]),
            world_m=np.stack([one.world for _, one in found]),
            visibility=np.stack([one.visibility for _, one in found]),
            picture=np.tile([float(rgb.shape[1]), float(rgb.shape[0])], (len(found), 1)),
        )
        rotations = load_lifter().lift(marks)
        zoom = np.array(full.shape[1::-1]) / rgb.shape[1::-1]  # back to pixels of the photo
        people = [
            self._person(rgb, one, candidates.boxes[i], candidates.scores[i], turn, zoom)
            for (i, one), turn in zip(found, rotations, strict=True)
        ]
        people.sort(key=lambda person: person.box[0] + person.box[2])
        for person, looks in zip(people, look_around(full, people), strict=True):
            person.looks = looks
        return people

    @staticmethod
    def _person(
        rgb: np.ndarray,
        marks: Landmarks,
        box: np.ndarray,
        score: float,
        rotations: np.ndarray,
        zoom: np.ndarray,
    ) -> Person:
        """Everything about one person, in pixels of the photo."""
        visibility = marks.visibility.copy()
        size = (rgb.shape[1], rgb.shape[0])
        hips_seen = shows_hips(marks.world, marks.px, visibility, size)
        if not hips_seen:
            visibility[23:] = 0  # hips and all below: BlazePose may claim to see what it guesses
        rotations, unseen = rest_unseen(unbent(rotations), visibility, hips_seen)
        top, bottom, hair = clothes_and_hair(rgb, marks.px, visibility)
        limit = np.array([rgb.shape[1], rgb.shape[0]] * 2)
        x0, y0, x1, y1 = (np.clip(box, 0, limit) * np.tile(zoom, 2)).tolist()
        px = marks.px * zoom
        return Person(
            box=(x0, y0, x1, y1),
            score=float(score),
            landmarks_px=px.astype(np.float32),
            landmarks_m=marks.world.astype(np.float32),
            visibility=visibility.astype(np.float32),
            rotations=rotations,
            camera=fit_camera(rotations, px, visibility),
            unseen_joints=unseen,
            appearance=Appearance(top, bottom, hair, postures(rotations, unseen)),
        )
