"""Put a public set's questions to a model, and take the body that it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.evaluation.public.crops import Box, roomy
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample
from chatpose_demo.perception.person import Person
from chatpose_demo.photo import PhotoError, load_photo

LEAST_OVERLAP = 0.3  # our choice: intersection over union below which it is somebody else


@dataclass(frozen=True)
class Answer:
    """What a model gave for one sample.

    Attributes:
        reply: its words, `<POSE>` where a body belongs.
        rotations: (24, 3, 3) the first body, world frame, or None.
        forced: whether the model would have given no body, had it not been made to; None where
            the model does not tell.
    """

    reply: str
    rotations: np.ndarray | None
    forced: bool | None = None


class Answerer(Protocol):
    """A model under test; several samples at once where it can."""

    def __call__(self, samples: Sequence[Sample]) -> list[Answer]:
        """One answer per sample, in their order; a body is demanded."""
        ...


@dataclass(frozen=True)
class Wording:
    """What is asked where a set has no question of its own.

    Attributes:
        photo: about a photo of one person.
        caption: about a caption, which stands for {}.
    """

    photo: str
    caption: str

    def question(self, sample: Sample) -> str:
        """The set's own question, else ours."""
        if sample.text:
            return sample.text
        return self.caption.format(sample.caption) if sample.caption else self.photo


PLAIN = Wording("What pose is this person in?", "{}")  # our choice, for the embedded network
PAPER = Wording(  # reference, utils/utils.py: two of the forms that the paper's model learnt
    "Can you predict the SMPL pose of the person in this image?",
    "There is a person: {} Please output this person's SMPL pose.",
)


class ChatAnswerer:
    """Asks the wrapper behind the page, one conversation per sample.

    Where the set asks, its words choose the person in the whole photo. Where it has only a box, the
    person in it is all that the wrapper is shown, as regressors are.
    """

    def __init__(self, chat: ChatPose, wording: Wording = PLAIN) -> None:
        self.chat, self.wording = chat, wording

    def __call__(self, samples: Sequence[Sample]) -> list[Answer]:
        return [self._ask(sample) for sample in samples]

    def _ask(self, sample: Sample) -> Answer:
        conversation = Conversation()
        turn = conversation.ask(self.wording.question(sample))
        if sample.image is not None and sample.text:
            turn.scene = Scene(open_photo(sample.image))
        elif sample.image is not None:
            crop, box = roomy(sample)
            turn.scene = Scene(crop, _the_one_in(box, self.chat.people(crop)))
        for _ in self.chat.reply(conversation, mode="always"):
            pass
        return Answer(turn.reply, turn.poses[0].rotations if turn.poses else None)


def open_photo(path: Path) -> Image.Image:
    """The whole photo, upright.

    Raises:
        PublicSetError: it cannot be read.
    """
    try:
        return load_photo(path)
    except PhotoError as error:
        raise PublicSetError(f"{path} cannot be used as a photo: {error}") from error


def _the_one_in(box: Box, people: Sequence[Person]) -> list[Person]:
    """The person whose box overlaps best, alone; nobody when no one overlaps enough."""
    best = max(people, key=lambda person: overlap(person.box, box), default=None)
    if best is None or overlap(best.box, box) < LEAST_OVERLAP:
        return []
    return [best]


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, width) * max(0.0, height)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union if union > 0 else 0.0
