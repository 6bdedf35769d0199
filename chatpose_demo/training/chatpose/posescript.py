"""Text to pose: PoseScript's captions over AMASS, as the paper learns from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.posescript import WHERE, Release
from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.training.chatpose.sample import Sample, as_data_error, put_here, to_camera
from chatpose_demo.training.chatpose.templates import ANSWERS, ask_text, pick

HUMAN_ODDS = 0.5  # reference, utils/posescript_dataset.py: where people wrote a caption, too


class PoseScript:
    """The training split; a pose per row."""

    def __init__(self, root: Path) -> None:
        """Open a release; see `evaluation.public.posescript.WHERE` for what `root` holds.

        Raises:
            DataError: something is missing.
        """
        put_here(root, f"PoseScript and AMASS; {WHERE}")
        try:
            self.human = Release.open(root, "human")
            self.automatic = Release.open(root, "auto")
            names = self.human.ids("train")
            self.names = [n for n in names if self.human.captions(n) or self.automatic.captions(n)]
        except PublicSetError as error:
            raise as_data_error(error) from error

    def __len__(self) -> int:
        return len(self.names)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """A pose with one of its captions."""
        name = self.names[row]
        try:
            pose = self.human.pose(name)
            written, made = self.human.captions(name), self.automatic.captions(name)
        except PublicSetError as error:
            raise as_data_error(error) from error
        by_people = bool(written) and (not made or rng.random() < HUMAN_ODDS)
        caption = pick(rng, written if by_people else made)
        messages = ((ask_text(rng, caption), pick(rng, ANSWERS)),)
        return Sample(messages, rotations=to_camera(pose.rotations))
