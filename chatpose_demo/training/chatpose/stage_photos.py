"""The studio's pictures as training data: rendered people whose poses are exactly known.

Pictures come from a folder that `python -m chatpose_demo.studio.stage --out FOLDER` wrote, or are
rendered when they are asked for, which needs the extra `studio`.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from chatpose_demo.studio.corpus import Composer
from chatpose_demo.studio.stage.picture import StageRenderer
from chatpose_demo.studio.stage.scene import sample_stage
from chatpose_demo.studio.stage.truth import truth
from chatpose_demo.studio.words import WRITERS, load_words
from chatpose_demo.training.chatpose.sample import (
    DataError,
    Sample,
    crop_square,
    hmr2_side,
    open_photo,
    put_here,
    to_camera,
)
from chatpose_demo.training.chatpose.studio import ROWS, ask_about, questions
from chatpose_demo.training.chatpose.templates import ANSWERS, IMAGE_QUESTIONS, pick

LEAST_VISIBLE = 0.5  # our choice: share of the body that shows
LEAST_PIXELS = 64  # our choice: longer side of the box
BOX_GROWTH = 1.2  # SPIN and BEDLAM: a tight box grows by this before it is cropped
PIXELS = 512  # our choice: longer side of rendered pictures
FEW = 3  # our choice: people in a rendered picture, at most
Wish = Literal["pose", "talk"]


@dataclass(frozen=True)
class StagePhoto:
    """Somebody in a picture.

    Attributes:
        box: pixels: x0, y0, x1, y1.
        body: (24, 3, 3), joint 0 in the frame of the view: y up, +z towards the camera.
    """

    box: tuple[float, float, float, float]
    body: np.ndarray


def people_of(record: dict[str, Any]) -> Iterator[StagePhoto]:
    """Everybody in a truth record who shows well enough to be asked for."""
    for person in record["people"]:
        box = person["box"]
        if box is None or person["visible"] < LEAST_VISIBLE:
            continue
        if max(box[2] - box[0], box[3] - box[1]) < LEAST_PIXELS:
            continue
        body = np.array(person["rotations"], np.float32)
        body[0] = np.array(person["orientation_in_view"], np.float32)
        yield StagePhoto(tuple(box), body)


class Pictures:
    """What both ways share: from a picture and a person to a sample."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish

    @cached_property
    def _questions(self) -> list[tuple[str, str]]:
        writers = [load_words(name) for name in WRITERS]
        return questions(Composer(writers, np.random.default_rng(0)))

    def made(self, picture: Image.Image, who: StagePhoto, rng: np.random.Generator) -> Sample:
        """The person cropped as HMR2 does, with the pose or with questions about it."""
        x0, y0, x1, y1 = who.box
        size = BOX_GROWTH * np.array([x1 - x0, y1 - y0])
        crop = crop_square(picture, np.array([x0 + x1, y0 + y1]) / 2, hmr2_side(size))
        if self.wish == "pose":
            messages = ((pick(rng, IMAGE_QUESTIONS), pick(rng, ANSWERS)),)
            return Sample(messages, crop, to_camera(who.body))
        count = int(rng.integers(1, 4))
        return Sample(tuple(ask_about(rng, self._questions, who.body) for _ in range(count)), crop)


class StageFolder(Pictures):
    """Pictures already rendered into a folder; a person per row."""

    def __init__(self, folder: Path, wish: Wish) -> None:
        """Read the truth.

        Raises:
            DataError: it is missing, or shows nobody well enough.
        """
        super().__init__(wish)
        what = f"pictures (`python -m chatpose_demo.studio.stage --out {folder} --count 2000`)"
        file = put_here(folder / "truth.jsonl", what)
        self.what = what
        self.rows: list[tuple[Path, StagePhoto]] = []
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["photo"] is None:
                raise DataError(f"{file} was written without pictures (--no-render).")
            self.rows += [(folder / record["photo"], who) for who in people_of(record)]
        if not self.rows:
            raise DataError(f"Nobody shows well enough in the pictures of {folder}.")

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """A person of the folder."""
        path, who = self.rows[row]
        return self.made(open_photo(path, self.what), who, rng)


class StageLive(Pictures):
    """Pictures rendered when they are asked for; row k comes from the seeds (seed, k) alone."""

    def __init__(self, seed: int, wish: Wish, rows: int = ROWS) -> None:
        """Nothing is rendered yet.

        Raises:
            DataError: the renderer is not installed.
        """
        super().__init__(wish)
        if importlib.util.find_spec("moderngl") is None:
            raise DataError(
                "Rendering pictures needs the package moderngl (`pip install moderngl`); or name "
                "a folder of rendered ones: studio=FOLDER."
            )
        self.seed, self.rows = seed, rows

    def __len__(self) -> int:
        return self.rows

    @cached_property
    def _renderer(self) -> StageRenderer:
        # Belongs to the process that first asks, so each loading worker makes its own.
        return StageRenderer(PIXELS)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """Somebody in a fresh picture."""
        own = np.random.default_rng([self.seed, row])
        while True:
            scene = sample_stage(own, int(own.integers(1, FEW + 1)))
            shot = self._renderer.render(scene)
            people = list(people_of(truth(scene, shot)))
            if people:
                who = people[int(own.integers(len(people)))]
                return self.made(Image.fromarray(shot.image), who, rng)
