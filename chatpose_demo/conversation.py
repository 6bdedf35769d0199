"""A conversation as plain data: turns, their photo, and the poses that the replies gave."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from chatpose_demo.perception.person import Person
from chatpose_demo.pose import Pose


@dataclass
class Scene:
    """A photo and the people found in it (None until perception has looked)."""

    image: Image.Image  # upright RGB
    people: list[Person] | None = None


@dataclass
class Turn:
    """One question and its reply.

    Attributes:
        text: what the user wrote.
        scene: a photo that arrived with this turn, if any.
        picked: index of the person the user clicked before asking, if any.
        shown: index of the earlier body that the user had brought back before asking, if any.
        reply: what was answered, with `<POSE>` where a body belongs.
        poses: the bodies of this reply, in order of their `<POSE>`.
        pointed: for each pose, the index of the person it was taken from, or None.
        about: index of the person that a reply without a body is about, or None.
        asked_back: the reply asks which person was meant.
        candidates: indices of the people that it offers to choose from.
    """

    text: str
    scene: Scene | None = None
    picked: int | None = None
    shown: int | None = None
    reply: str = ""
    poses: list[Pose] = field(default_factory=list)
    pointed: list[int | None] = field(default_factory=list)
    about: int | None = None
    asked_back: bool = False
    candidates: tuple[int, ...] = ()


@dataclass
class Conversation:
    """All turns so far. The photo of the last turn that brought one is the current scene."""

    turns: list[Turn] = field(default_factory=list)

    @property
    def scene(self) -> Scene | None:
        """The scene under discussion."""
        for turn in reversed(self.turns):
            if turn.scene is not None:
                return turn.scene
        return None

    @property
    def poses(self) -> list[Pose]:
        """Every body given so far, oldest first."""
        return [pose for turn in self.turns for pose in turn.poses]

    def ask(self, text: str, image: Image.Image | None = None, picked: int | None = None) -> Turn:
        """Append the user's next turn and return it, ready for a reply."""
        turn = Turn(text.strip(), Scene(image) if image is not None else None, picked)
        self.turns.append(turn)
        return turn
