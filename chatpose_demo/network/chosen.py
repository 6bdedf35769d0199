"""A chosen person for a network that cannot point: it gets the part of the photo around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from chatpose_demo.conversation import Conversation
from chatpose_demo.network.interface import AskBack, Body, PoseNetwork, Question, Words
from chatpose_demo.network.people_words import left_to_right, place
from chatpose_demo.perception.person import Person

# The crops of people that the paper's model learnt from: a tight box grows, then it gets the
# height over width that HMR 2.0 gives every box, then it is cut out as a square.
GROWTH = 1.2  # SPIN's and BEDLAM's box scale
ASPECT = 256 / 192  # HMR 2.0 config


def around(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """The square around a person's box (x0, y0, x1, y1 in pixels), black beyond the photo."""
    x0, y0, x1, y1 = box
    side = max(1, round(GROWTH * max(y1 - y0, ASPECT * (x1 - x0))))
    left, top = (round(middle - side / 2) for middle in ((x0 + x1) / 2, (y0 + y1) / 2))
    return image.crop((left, top, left + side, top + side))


def seen_photos(conversation: Conversation) -> list[tuple[int, Image.Image]]:
    """The pictures that the talk was about, with the index of the turn that brought each.

    A photo is whole unless somebody was chosen when it came; choosing somebody else later brings
    another picture, of them. That way every earlier reply stays with what it was about.
    """
    seen: list[tuple[int, Image.Image]] = []
    scene = chosen = None
    for index, turn in enumerate(conversation.turns):
        if turn.scene is not None:
            scene, chosen = turn.scene, turn.picked
        elif scene is None or turn.picked in (None, chosen):
            continue
        else:
            chosen = turn.picked
        people = scene.people or []
        if chosen is None or chosen >= len(people):
            seen.append((index, scene.image))
        else:
            seen.append((index, around(scene.image, people[chosen].box)))
    return seen


class NamesTheChosen:
    """A network that cannot point; its bodies are those of the person whom the visitor chose."""

    def __init__(self, network: PoseNetwork) -> None:
        self.network = network

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        """Stream the reply to one question."""
        for part in self.network.answer(question, stopped):
            if isinstance(part, Body) and part.source == "photo" and question.last is not None:
                subject = _name(question.people, question.last)
                yield replace(part, person=question.last, subject=subject)
            else:
                yield part


def _name(people: Sequence[Person], index: int) -> str:
    if len(people) == 1:
        return "the person in the photo"
    return f"person {left_to_right(people).index(index) + 1}, {place(people, index)}"
