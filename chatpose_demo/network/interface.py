"""What every pose network offers to the chat: one question in, words and bodies out.

The embedded network points and edits before it speaks; the paper's model speaks and reads each
body off the hidden state that says `<POSE>`. The chat cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from chatpose_demo.perception.person import Person
from chatpose_demo.pose import Pose
from chatpose_demo.settings import PoseMode


@dataclass(frozen=True)
class Question:
    """One turn as a network sees it.

    Attributes:
        text: the user's words.
        history: earlier (question, reply) pairs, oldest first.
        image: the upright photo under discussion, if any.
        people: who was found in it, left to right.
        last: index of the person that the talk was about last (or that was clicked).
        picked: index of the person that the user chose for this very question, if any.
        bodies: earlier poses of the conversation, oldest first.
        replies: the earlier replies again, with `<POSE>` where each body stood.
        photos: every picture that the talk was about with the index of the turn that brought it,
            for networks that cannot point (see `chosen.seen_photos`); this question's own index
            is len(history).
        mode: whether a body is up to the network, demanded or forbidden.
    """

    text: str
    history: Sequence[tuple[str, str]] = ()
    image: Image.Image | None = None
    people: Sequence[Person] = ()
    last: int | None = None
    picked: int | None = None
    bodies: Sequence[Pose] = ()
    replies: Sequence[str] = ()
    photos: Sequence[tuple[int, Image.Image]] = ()
    mode: PoseMode = "auto"


@dataclass(frozen=True)
class Words:
    """A piece of the reply.

    Attributes:
        about: index of the one person of the photo whom it is about, if any.
    """

    text: str
    about: int | None = None


@dataclass(frozen=True)
class Body:
    """A body at this place of the reply.

    Attributes:
        rotations: (24, 3, 3) SMPL rotations in the world frame.
        source: "photo", "text" or "edit".
        subject: whose body it is, in words.
        person: index into Question.people when it was taken from the photo.
        base: index into Question.bodies when an earlier body was changed.
        unseen: SMPL joints that the photo did not show.
    """

    rotations: np.ndarray
    source: str
    subject: str
    person: int | None = None
    base: int | None = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskBack:
    """The reply asks which person was meant; `candidates` index Question.people."""

    candidates: tuple[int, ...] = field(default=())


class CannotLoad(RuntimeError):
    """A network's files are missing or do not fit; the text says which and what helps."""


class PoseNetwork(Protocol):
    """A model that answers questions about poses."""

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        """Stream the reply to one question; ends early when `stopped()` turns true."""
        ...
