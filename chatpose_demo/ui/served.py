"""Which model answers, in words for the page, and what the page may offer with it."""

from __future__ import annotations

from dataclasses import dataclass

from chatpose_demo.settings import Settings


@dataclass(frozen=True)
class Served:
    """The model behind a page.

    Attributes:
        about: a sentence under the title; empty for the model that ships with the project.
        points: whether it finds by itself whom a question means, and edits earlier bodies. One
            that does not gets the part of the photo around the person whom the visitor picks.
    """

    about: str = ""
    points: bool = True


EMBEDDED = Served()
_PAPER = "Answered by {name}, the paper's model: LLaVA-1.5 with a pose head{bits}."
_TINY = (
    "Answered by the paper's architecture in a tiny size with random weights: "
    "its words and bodies mean nothing."
)


def served(settings: Settings) -> Served:
    """What the settings' model is."""
    if settings.model == "embedded":
        return EMBEDDED
    if settings.model == "tiny-llava" and settings.weights is None:
        return Served(_TINY, points=False)
    bits = f", in {settings.quantize.removesuffix('bit')} bits" if settings.quantize else ""
    name = settings.model.replace("chatpose", "ChatPose").replace("b", "B")
    return Served(_PAPER.format(name=name, bits=bits), points=False)
