"""What one visitor's page holds, and the store of all visitors."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from chatpose_demo.conversation import Conversation, Scene, Turn
from chatpose_demo.pose import Pose
from chatpose_demo.ui.served import EMBEDDED, Served

FORGET_AFTER_S = 6 * 3600  # our choice: for browsers that vanish without saying goodbye
AWAY_S = 600.0  # our choice: a phone that slept or lost its network finds its chat again
LINGER_S = 10.0  # our choice: a reply that was just stopped may still write and serve a last file
THUMB_SIDE = 360  # measured: larger pictures in the history slow every update of the chat


@dataclass(eq=False)
class ShownBody:
    """One body of a reply with its files."""

    pose: Pose
    glb: str
    json: str
    npz: str
    thumb: str


@dataclass(eq=False)
class Exchange:
    """A question and its reply, with everything that only the page shows.

    Attributes:
        turn: the conversation's own record; the model fills in the reply.
        thumb: small copy of the photo that came with the question.
        bodies: the bodies of the reply, in the order of their `<POSE>`.
        notices: remarks about the reply, shown under the viewer.
        progress: what is being done while there is no text yet.
        trouble: shown after the reply when it ended early.
        complete: the model has said all it wanted to.
    """

    turn: Turn
    thumb: str | None = None
    bodies: list[ShownBody] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    progress: str = ""
    trouble: str = ""
    complete: bool = False


@dataclass(eq=False)
class Session:
    """One visitor.

    Attributes:
        folder: the visitor's files; removed after the page closes.
        conversation: what the model reads.
        exchanges: one per turn of the conversation, in the same order.
        draft: a photo that is on the page but not yet part of a turn.
        set_aside: the visitor took the photo off the page; the conversation still knows it.
        picked: index of the person chosen for the next question.
        shown: the body in the viewer.
        waiting: the exchange that has been asked and waits for its reply.
        stop: set to end the reply that is being written; None when none is.
        last_seen: monotonic seconds of the last request.
        upload: the visitor's own file of the last photo; the browser shows it until another comes.
        left: the visitor is gone; nothing more is shown.
        away: forgets the visitor soon; set while their page is closed or its connection lost.
        served: the model that answers.
    """

    folder: Path
    conversation: Conversation = field(default_factory=Conversation)
    exchanges: list[Exchange] = field(default_factory=list)
    draft: Scene | None = None
    set_aside: bool = False
    picked: int | None = None
    shown: ShownBody | None = None
    waiting: Exchange | None = None
    stop: threading.Event | None = None
    last_seen: float = field(default_factory=time.monotonic)
    upload: Path | None = None
    left: bool = False
    away: threading.Timer | None = None
    served: Served = EMBEDDED
    _files: Counter[str] = field(default_factory=Counter)

    @property
    def scene(self) -> Scene | None:
        """The photo on the page."""
        return self.draft or (None if self.set_aside else self.conversation.scene)

    def set_photo(self, scene: Scene | None) -> None:
        """Put another photo on the page, or take it off."""
        self.draft, self.picked, self.set_aside = scene, None, scene is None

    @property
    def bodies(self) -> list[ShownBody]:
        """All bodies of the conversation, oldest first."""
        return [body for exchange in self.exchanges for body in exchange.bodies]

    @property
    def busy(self) -> bool:
        """Whether a question waits for its reply or is being answered."""
        return self.waiting is not None or self.stop is not None

    def ask(self, text: str) -> Exchange:
        """Append a question about the photo on the page and the chosen person."""
        turn = self.conversation.ask(text, picked=self.picked)
        if self.shown in self.bodies:
            turn.shown = self.bodies.index(self.shown)
        exchange = Exchange(turn)
        if self.draft is not None:
            turn.scene = self.draft
            exchange.thumb = self.save_thumb(self.draft.image)
        self.exchanges.append(exchange)
        self.draft, self.picked, self.set_aside = None, None, False
        self.waiting = exchange
        return exchange

    def reopen(self, index: int, text: str | None = None) -> None:
        """Ask exchange `index` again, with other words if given; later ones are dropped."""
        self.halt()
        old, before = self.exchanges[index], self.scene
        picked = old.turn.picked
        if text is not None and self.picked is not None and before is self.about(old):
            picked, self.picked = self.picked, None  # new words are about whom one chose since
        self.cut(index)
        # A new turn: the stopped model may still write a last token into the old one.
        turn = self.conversation.ask(old.turn.text if text is None else text, picked=picked)
        turn.scene, turn.shown = old.turn.scene, old.turn.shown
        self.waiting = Exchange(turn, old.thumb)
        self.exchanges.append(self.waiting)
        if self.scene is not before:
            self.picked = None  # it was somebody of the other photo
        self._forget_lost_body()

    def take_back(self, index: int) -> Turn:
        """Drop exchange `index` and all later ones; its photo and choice return to the page."""
        self.halt()
        turn, scene = self.exchanges[index].turn, self.about(self.exchanges[index])
        self.cut(index)
        if self.draft is None:
            self.draft = turn.scene
        self.picked = turn.picked if self.scene is scene else None
        self._forget_lost_body()
        return turn

    def about(self, exchange: Exchange) -> Scene | None:
        """The photo that was under discussion in an exchange."""
        turns = self.conversation.turns[: self.exchanges.index(exchange) + 1]
        return next((turn.scene for turn in reversed(turns) if turn.scene is not None), None)

    def cut(self, length: int) -> None:
        """Keep only the first `length` exchanges."""
        del self.exchanges[length:]
        del self.conversation.turns[length:]

    def clear(self) -> None:
        """Back to an empty page."""
        self.halt()
        self.cut(0)
        self.draft = self.picked = self.shown = None
        self.set_aside = False
        self.keep_upload(None)

    def keep_upload(self, path: Path | None) -> None:
        """Remember an uploaded file, and delete the one before it."""
        if self.upload is not None and self.upload != path:
            self.upload.unlink(missing_ok=True)
        self.upload = path

    def halt(self) -> None:
        """End the running reply, and forget the one that waits."""
        if self.stop is not None:
            self.stop.set()
        self.stop = self.waiting = None

    def _forget_lost_body(self) -> None:
        if self.shown not in self.bodies:
            self.shown = self.bodies[-1] if self.bodies else None

    def new_file(self, kind: str, suffix: str) -> Path:
        """A fresh path in the visitor's folder; names never repeat, so browsers never mix them."""
        self._files[kind] += 1
        return self.folder / f"{kind}-{self._files[kind]:03d}{suffix}"

    def save_photo(self, image: Image.Image) -> str:
        """Write a picture for the page; returns its path."""
        path = self.new_file("photo", ".jpg")
        image.save(path, quality=88)
        return str(path)

    def save_thumb(self, image: Image.Image) -> str:
        """Write a small copy for the chat; returns its path."""
        small = image.copy()
        small.thumbnail((THUMB_SIDE, THUMB_SIDE))
        return self.save_photo(small)


class SessionStore:
    """All visitors, by Gradio's session hash.

    The folders have random names: the hash comes from the browser and is never part of a path.
    """

    def __init__(self, root: Path, served: Served = EMBEDDED) -> None:
        self._root, self._served = root, served
        self._sessions: dict[str, Session] = {}
        self._leaving: set[Path] = set()
        self._lock = threading.Lock()
        atexit.register(self.close)

    def of(self, session_hash: str | None) -> Session:
        """The visitor's session, made on first sight."""
        key = session_hash or "without a page"
        with self._lock:
            for old in list(self._stale()):
                self._remove(old)
            session = self._sessions.get(key)
            if session is None:
                self._root.mkdir(parents=True, exist_ok=True)
                session = Session(Path(tempfile.mkdtemp(dir=self._root)), served=self._served)
                self._sessions[key] = session
            session.last_seen = time.monotonic()
            if session.away is not None:
                session.away.cancel()
                session.away = None
            return session

    def away(self, session_hash: str | None) -> None:
        """The page was closed or lost its connection: forget it unless it is back in `AWAY_S`."""
        with self._lock:
            session = self._sessions.get(session_hash or "")
            if session is None or session.away is not None:
                return
            session.halt()
            session.away = threading.Timer(AWAY_S, self.drop, [session_hash])
            session.away.daemon = True
            session.away.start()

    def drop(self, session_hash: str | None) -> None:
        """Forget a visitor: stop the reply, and delete the files `LINGER_S` later."""
        with self._lock:
            if session_hash in self._sessions:
                self._remove(session_hash)

    def close(self) -> None:
        """The app ends: delete every visitor's files now."""
        with self._lock:
            for key in list(self._sessions):
                self._remove(key)
            folders = list(self._leaving)
        for folder in folders:
            self._delete(folder)

    def _stale(self) -> Iterator[str]:
        now = time.monotonic()
        for key, session in self._sessions.items():
            if now - session.last_seen > FORGET_AFTER_S:
                yield key

    def _remove(self, key: str) -> None:
        session = self._sessions.pop(key)
        session.left = True
        session.halt()
        session.keep_upload(None)
        self._leaving.add(session.folder)
        later = threading.Timer(LINGER_S, self._delete, [session.folder])
        later.daemon = True
        later.start()

    def _delete(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._leaving.discard(folder)
