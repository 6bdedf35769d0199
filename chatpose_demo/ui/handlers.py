"""What happens when a visitor does something. No exception leaves a handler."""

from __future__ import annotations

import html
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from chatpose_demo.chat import Done, Notice, PoseReady, Progress
from chatpose_demo.conversation import Scene
from chatpose_demo.photo import load_photo
from chatpose_demo.settings import PoseMode
from chatpose_demo.ui import boxes
from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.examples import Example
from chatpose_demo.ui.options import offered
from chatpose_demo.ui.session import Exchange, Session, SessionStore
from chatpose_demo.ui.transcript import MEANT, messages
from chatpose_demo.ui.uploads import take_photo
from chatpose_demo.ui.viewer import FRONT, camera_of
from chatpose_demo.ui.views import ANYONE, Parts, Update, Views
from chatpose_demo.ui.worker import ModelNotLoaded, Waiting, Worker

log = logging.getLogger(__name__)

SETTLE_S = 0.4  # our choice: longer than an update takes from the server to the page
UPDATE_S = 0.065  # measured: browsers keep up with about 16 updates of the chat a second
MAX_QUESTION = 2000  # characters; our choice
STOPPED = "Stopped."
FAILED = "Something went wrong; please try again."


class Handlers:
    """All reactions of one page."""

    def __init__(
        self, parts: Parts, worker: Worker[Engine], store: SessionStore, examples: list[Example]
    ) -> None:
        self._parts, self._worker, self._store = parts, worker, store
        self._examples = examples
        self._views = Views(parts)

    def session(self, request: gr.Request) -> Session:
        """The visitor behind a request."""
        return self._store.of(request.session_hash)

    # Asking

    def ask(self, message: dict[str, Any] | None, request: gr.Request) -> Update:
        """Take the question from the text box; `answer` follows."""
        session = self.session(request)
        text = ((message or {}).get("text") or "").strip()
        files = (message or {}).get("files") or []
        if session.busy:
            gr.Info("A reply is under way; wait for it or press Stop.")
            return self._views.input(session)
        if len(text) > MAX_QUESTION:
            gr.Warning(f"Please keep the question below {MAX_QUESTION} characters.")
            return self._views.input(session)
        if files and not take_photo(files[0], session):
            return {self._parts.box: {"text": text, "files": []}}
        if not text:
            if files:
                gr.Info("Photo added. Now ask about someone in it.")
                return {self._parts.box: None} | self._views.scene(session)
            gr.Info("Type a question first.")
            return self._views.input(session)
        return self._open(session, text)

    def ask_example(self, event: gr.SelectData, request: gr.Request) -> Update:
        """Ask one of the examples; only its number is taken from the browser."""
        session = self.session(request)
        if session.busy or event.index not in range(len(self._examples)):
            return self._views.input(session)
        example = self._examples[event.index]
        if example.photo is not None:
            session.set_photo(Scene(load_photo(example.photo)))
        return self._open(session, example.text)

    def ask_option(self, event: gr.SelectData, request: gr.Request) -> Update:
        """Ask a follow-up that the last reply offers; words in the text box stay there."""
        session = self.session(request)
        option = next((one for one in offered(session) if one.label == event.value), None)
        if option is None:
            return self._views.input(session)
        session.picked = option.picked
        return self._open(session, option.text) | self._views.input(session)

    def retry(self, event: gr.RetryData, request: gr.Request) -> Update:
        """Ask the last question again."""
        session = self.session(request)
        index = self._exchange_of(session, event.index)
        if index is None:
            return self._views.input(session)
        session.reopen(index)
        return self._views.whole(session)

    def edit(self, event: gr.EditData, request: gr.Request) -> Update:
        """Ask an earlier question in other words; what came after it is dropped."""
        session = self.session(request)
        index = self._exchange_of(session, event.index)
        text = str(event.value).partition(MEANT)[0].strip()[:MAX_QUESTION]
        if index is None or not text:
            return self._views.whole(session)
        session.reopen(index, text)
        return self._views.whole(session)

    def _open(self, session: Session, text: str) -> Update:
        session.ask(text).progress = "Thinking…"
        cleared = gr.MultimodalTextbox(value=None, submit_btn=False, stop_btn=True)
        return self._views.talk(session) | self._views.scene(session) | {self._parts.box: cleared}

    # Answering

    def answer(self, mode: PoseMode, view: gr.Model3D, request: gr.Request) -> Iterator[Update]:
        """Stream the reply to the question that waits."""
        session = self.session(request)
        exchange = session.waiting
        if exchange is None:  # nothing was asked; a photo may have come alone
            yield self._views.input(session)
            yield from self._look(session)
            return
        stop = threading.Event()
        session.waiting, session.stop = None, stop
        try:
            yield from self._relay(session, exchange, mode, stop, camera_of(view))
        except ModelNotLoaded as fault:
            exchange.trouble = f"The model could not be loaded: {fault}"
        except gr.Error as fault:  # a Space says so when it has no GPU for this visitor now
            exchange.trouble = html.escape(str(fault.message))
        except Exception:
            log.exception("a reply failed")
            exchange.trouble = FAILED
            gr.Warning("The model stopped with an error. Your conversation is kept.")
        finally:
            # Also runs when Gradio closes the stream, on its event loop: set flags, nothing else.
            stop.set()
            if session.stop is stop:
                session.stop = None
        exchange.progress = ""
        if exchange in session.exchanges:
            if not exchange.turn.reply.strip() and not exchange.trouble:
                exchange.trouble = "The model had nothing to say; please ask in other words."
            yield self._views.talk(session) | self._views.input(session)

    def _relay(
        self,
        session: Session,
        exchange: Exchange,
        mode: PoseMode,
        stop: threading.Event,
        camera: tuple[float, float, float],
    ) -> Iterator[Update]:
        told = 0.0
        events = self._worker.stream(
            lambda engine: engine.reply(session, exchange, mode, stop), stop
        )
        for event in events:
            if isinstance(event, PoseReady):
                session.shown = exchange.bodies[-1]
                told = time.monotonic()
                yield (
                    self._views.talk(session)
                    | self._views.body(session, camera)
                    | self._views.scene(session)
                )
                continue
            if isinstance(event, Notice):
                exchange.notices.append(event.text)
            elif isinstance(event, Progress):
                exchange.progress = _sentence_in_progress(event.message)
            elif isinstance(event, Waiting):
                exchange.progress = _waiting_note(event, exchange.progress)
            elif isinstance(event, Done):
                exchange.turn.asked_back = event.asked_back
                exchange.complete = True
            if time.monotonic() - told >= UPDATE_S:
                told = time.monotonic()
                yield self._views.talk(session)
        found = session.scene is not None and session.scene.people is not None
        if found and not session.left:
            yield self._views.scene(session)

    def settle(self, request: gr.Request) -> Update:
        """After any reply, however it ended: the right button in the text box."""
        return self._views.input(self.session(request))

    def stop(self, request: gr.Request) -> Update:
        """The visitor had enough: keep what has been said."""
        session = self.session(request)
        # Gradio may have closed the stream before this runs, so what counts is not whether a reply
        # is under way but whether the last one got to its end.
        if session.exchanges and not session.exchanges[-1].complete:
            session.exchanges[-1].trouble = session.exchanges[-1].trouble or STOPPED
        session.halt()
        return self._views.talk(session) | self._views.input(session)

    def settled(self, request: gr.Request) -> Update:
        """The page once more, when whatever was under way has arrived."""
        time.sleep(SETTLE_S)
        session = self.session(request)
        last = session.exchanges[-1] if session.exchanges else None
        late: Update = {}
        if last is not None and last.bodies and session.shown not in last.bodies:
            # It was on its way when the visitor pressed Stop.
            session.shown = last.bodies[-1]
            late = self._views.body(session, FRONT) | self._views.scene(session)
        return late | self._views.talk(session) | self._views.input(session)

    # Going back

    def undo(self, event: gr.UndoData, request: gr.Request) -> Update:
        """Take the last question back into the text box."""
        session = self.session(request)
        index = self._exchange_of(session, event.index)
        if index is None:
            return self._views.whole(session)
        turn = session.take_back(index)
        words = {"text": turn.text, "files": []}
        box = gr.MultimodalTextbox(value=words, submit_btn=True, stop_btn=False)
        return self._views.whole(session) | {self._parts.box: box}

    def clear(self, request: gr.Request) -> Update:
        """An empty page."""
        session = self.session(request)
        session.clear()
        box = gr.MultimodalTextbox(value=None, submit_btn=True, stop_btn=False)
        return self._views.whole(session) | {self._parts.box: box}

    def leave(self, request: gr.Request) -> None:
        """The page was closed or reloaded, or its connection broke."""
        self._store.away(request.session_hash)

    # Photo and people

    def set_photo(self, payload: dict[str, Any] | None, request: gr.Request) -> Iterator[Update]:
        """A new photo beside the viewer (or none): show it at once, its people when found."""
        session = self.session(request)
        if payload is None:
            session.set_photo(None)
            yield self._views.scene(session) | self._views.talk(session)
            return
        take_photo(payload.get("path") or "", session)
        yield self._views.scene(session) | self._views.talk(session)
        yield from self._look(session)

    def _look(self, session: Session) -> Iterator[Update]:
        """Find the people of the photo on the page, if nobody has looked yet."""
        scene = session.scene
        if scene is None or scene.people is not None:
            return
        try:
            for _ in self._worker.stream(lambda engine: engine.look(scene), threading.Event()):
                pass
        except Exception:
            log.exception("looking for people failed")
            gr.Warning("The photo could not be searched for people; you can still ask.")
            return
        if session.scene is scene and not session.left:
            yield self._views.scene(session) | self._views.talk(session)

    def pick_by_click(self, event: gr.SelectData, request: gr.Request) -> Update:
        """A click on the photo chooses the person under it; a second click lets them go."""
        session = self.session(request)
        scene = session.scene
        x, y = event.index if isinstance(event.index, (list, tuple)) else (None, None)
        if scene is None or not scene.people or x is None or y is None:
            return self._views.talk(session)
        hit = boxes.person_at(scene.people, x, y, scene.image.width)
        session.picked = None if hit == session.picked else hit
        return self._views.choice(session)

    def pick_by_name(self, name: str, request: gr.Request) -> Update:
        """The same from the list of names."""
        session = self.session(request)
        scene = session.scene
        names = [ANYONE, *boxes.choices((scene and scene.people) or [])]
        index = names.index(name) - 1 if name in names else -1
        session.picked = index if index >= 0 else None
        return self._views.choice(session)

    # Bodies

    def show_body(self, event: gr.SelectData, view: gr.Model3D, request: gr.Request) -> Update:
        """A thumbnail was clicked: that body goes back into the viewer."""
        session = self.session(request)
        bodies = session.bodies
        if event.index in range(len(bodies)):
            session.shown = bodies[event.index]
        return self._shown(session, view)

    def show_reply(self, event: gr.SelectData, view: gr.Model3D, request: gr.Request) -> Update:
        """A chat bubble was clicked: its last body goes back into the viewer."""
        session = self.session(request)
        index = self._exchange_of(session, event.index)
        if index is None or not session.exchanges[index].bodies:
            return {self._parts.status: gr.skip()}
        session.shown = session.exchanges[index].bodies[-1]
        return self._shown(session, view)

    def _shown(self, session: Session, view: gr.Model3D) -> Update:
        return self._views.body(session, camera_of(view)) | self._views.scene(session)

    @staticmethod
    def _exchange_of(session: Session, index: int | list[int] | tuple[int, ...]) -> int | None:
        """The exchange that a chat message belongs to."""
        number = index if isinstance(index, int) else index[0]
        owner = messages(session)[1]
        return owner[number] if 0 <= number < len(owner) else None


def _sentence_in_progress(message: str) -> str:
    message = message.strip().rstrip(".…")
    return f"{message[:1].upper()}{message[1:]}…"


def _waiting_note(event: Waiting, before: str) -> str:
    if event.loading:
        return f"Loading the model, your question is next… {event.seconds:.0f} s"
    return before or "Thinking…"
