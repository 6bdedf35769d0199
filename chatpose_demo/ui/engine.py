"""What the page asks of the model, as jobs for the worker's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from chatpose_demo.body.smpl_file import BodyFileError
from chatpose_demo.chat import ChatPose, Event, PoseReady
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.network.base_model import LanguageModelMissing
from chatpose_demo.network.interface import CannotLoad
from chatpose_demo.settings import PoseMode, Settings
from chatpose_demo.ui.session import Exchange, Session
from chatpose_demo.ui.viewer import Tailor
from chatpose_demo.ui.worker import NotReady


@dataclass(frozen=True)
class Engine:
    """The chat model and the tailor of its bodies."""

    chat: ChatPose
    tailor: Tailor

    @classmethod
    def load(cls, settings: Settings) -> Engine:
        """Load everything that a reply needs.

        Raises:
            NotReady: a file is missing or does not fit; says what helps.
        """
        try:
            chat = ChatPose.load(settings)
        except (BodyFileError, LanguageModelMissing, CannotLoad) as fault:
            raise NotReady(str(fault)) from fault
        return cls(chat, Tailor(chat.body))

    def look(self, scene: Scene) -> Iterator[Scene]:
        """Find the people of a photo; yields the scene once when that is done."""
        if scene.people is None:
            scene.people = self.chat.people(scene.image)
        yield scene

    def reply(
        self, session: Session, exchange: Exchange, mode: PoseMode, stop: threading.Event
    ) -> Iterator[Event]:
        """Answer `exchange`, the last of the session; writes each body's files before its event."""
        # A copy of the list: the visitor may undo while the model still reads it.
        conversation = Conversation(list(session.conversation.turns))
        for event in self.chat.reply(conversation, mode, stop):
            if isinstance(event, PoseReady):
                exchange.bodies.append(self.tailor.make(event.pose, session))
            yield event
