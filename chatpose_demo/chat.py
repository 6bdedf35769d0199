"""The one wrapper behind the page and the scripts: conversations in, reply events out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from PIL import Image

from chatpose_demo.body.smpl import Body as SmplBody
from chatpose_demo.conversation import Conversation
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.chosen import seen_photos
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import AskBack, Body, PoseNetwork, Question, Words
from chatpose_demo.network.prompts import limb_words
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.person import Person
from chatpose_demo.pose import Pose
from chatpose_demo.settings import PoseMode, Settings


@dataclass(frozen=True)
class Text:
    """A piece of the reply's words."""

    text: str


@dataclass(frozen=True)
class PoseReady:
    """The body that belongs at this point of the reply."""

    pose: Pose


@dataclass(frozen=True)
class Notice:
    """Something the user should know about the reply ("the left arm is not visible")."""

    text: str


@dataclass(frozen=True)
class Progress:
    """What is being done now, when it may take a while."""

    message: str


@dataclass(frozen=True)
class Done:
    """The reply is complete."""

    asked_back: bool


Event = Text | PoseReady | Notice | Progress | Done


class ChatPose:
    """Body, eyes and network, loaded once and shared by all conversations.

    Not safe for two replies at a time; callers run it in one thread.
    """

    def __init__(self, body: SmplBody, eyes: Eyes, network: PoseNetwork) -> None:
        self.body, self.eyes, self.network = body, eyes, network

    @classmethod
    def load(cls, settings: Settings) -> ChatPose:
        """Build everything from settings.

        Raises:
            BodyFileError: the user's SMPL file is not one.
            LanguageModelMissing: the package with the language model is not installed.
            CannotLoad: the paper's model is asked for and its weights are missing or do not fit.
        """
        if settings.threads:
            torch.set_num_threads(settings.threads)
        body = SmplBody.resolve(settings.smpl)
        return cls(body, Eyes(), _network(settings))

    def people(self, image: Image.Image) -> list[Person]:
        """Everybody in an upright RGB photo, left to right."""
        return self.eyes(image)

    def reply(
        self,
        conversation: Conversation,
        mode: PoseMode = "auto",
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Answer the conversation's last turn; fills the turn while events stream.

        Args:
            conversation: its last turn is the open question.
            mode: whether a body is up to the network, demanded or forbidden.
            stop: set it to end the reply early; what was said so far stays.
        """
        turn = conversation.turns[-1]
        turn.reply, turn.poses, turn.pointed = "", [], []
        turn.about, turn.asked_back, turn.candidates = None, False, ()
        stopped = stop.is_set if stop is not None else lambda: False
        scene = conversation.scene
        if scene is not None and scene.people is None:
            yield Progress("Looking for people in the photo …")
            scene.people = self.people(scene.image)
        for part in self.network.answer(self._question(conversation, mode), stopped):
            yield from self._event(conversation, part)
        turn.reply = turn.reply.strip()
        if not turn.reply and not stopped():
            yield Text("I have no answer to that.")
            turn.reply = "I have no answer to that."
        if mode == "always" and not turn.poses and not turn.asked_back and not stopped():
            yield Notice("No body in this reply.")
        yield Done(turn.asked_back)

    def _question(self, conversation: Conversation, mode: PoseMode) -> Question:
        turn, scene = conversation.turns[-1], conversation.scene
        earlier = conversation.turns[:-1]
        bodies = [pose for one in earlier for pose in one.poses]
        if turn.shown is not None and turn.shown < len(bodies) - 1:
            # A body that was brought back is the last one again.
            bodies.append(bodies[turn.shown].with_(made_from=turn.shown))
        return Question(
            text=turn.text,
            history=[(one.text, one.reply.replace(POSE_TOKEN, "").strip()) for one in earlier],
            image=scene.image if scene else None,
            people=tuple(scene.people or ()) if scene else (),
            last=_last_person(conversation),
            picked=turn.picked,
            bodies=bodies,
            replies=[one.reply for one in earlier],
            photos=seen_photos(conversation),
            mode=mode,
        )

    def _event(self, conversation: Conversation, part: Words | Body | AskBack) -> Iterator[Event]:
        turn = conversation.turns[-1]
        if isinstance(part, Words):
            turn.reply += part.text
            turn.about = turn.about if part.about is None else part.about
            yield Text(part.text)
        elif isinstance(part, AskBack):
            people = (conversation.scene.people or ()) if conversation.scene else ()
            turn.asked_back = True
            turn.candidates = part.candidates or tuple(range(len(people)))
        else:
            pose = _pose_of(part, conversation)
            turn.reply += POSE_TOKEN
            turn.poses.append(pose)
            turn.pointed.append(part.person)
            yield PoseReady(pose)
            if hidden := limb_words(pose.unseen_joints):
                many = " and " in hidden or hidden.endswith(("arms", "legs"))
                verb = "are" if many else "is"
                yield Notice(f"{hidden[0].upper()}{hidden[1:]} {verb} not visible; shown at rest.")


def _network(settings: Settings) -> PoseNetwork:
    if settings.model == "embedded":
        return EmbeddedNetwork.load(settings)
    # The paper's model is heavy to import and most visitors never ask for it.
    from chatpose_demo.network.paper import load_paper_model

    return load_paper_model(settings)


def _last_person(conversation: Conversation) -> int | None:
    """Whom the talk is about in the current photo: clicked now, or shown or told of last."""
    for turn in reversed(conversation.turns):
        if turn.picked is not None:
            return turn.picked
        shown = [index for index in turn.pointed if index is not None]
        if shown:
            return shown[-1]
        if turn.about is not None:
            return turn.about
        if turn.scene is not None:
            return None  # what came before belongs to another photo
    return None


def _pose_of(body: Body, conversation: Conversation) -> Pose:
    """The network's body as a Pose; an edited one keeps shape and box of the body it changed."""
    scene = conversation.scene
    box = size = None
    if body.person is not None and scene is not None and scene.people:
        box, size = scene.people[body.person].box, scene.image.size
    if body.base is not None:
        count = sum(len(turn.poses) for turn in conversation.turns[:-1])
        brought_back = conversation.turns[-1].shown
        source = brought_back if body.base == count and brought_back is not None else body.base
        return conversation.poses[source].with_(
            rotations=body.rotations,
            subject=body.subject,
            source=body.source,
            unseen_joints=body.unseen,
            made_from=source,
        )
    return Pose(
        body.rotations,
        subject=body.subject,
        source=body.source,
        person_box=box,
        photo_size=size,
        unseen_joints=body.unseen,
    )
