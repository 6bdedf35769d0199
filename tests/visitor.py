"""People, bodies and exchanges for tests of the page's own logic."""

from __future__ import annotations

from typing import Any

import numpy as np

from chatpose_demo.perception.person import COLOUR_NAMES, Appearance, Person
from chatpose_demo.pose import Pose
from chatpose_demo.ui.session import Exchange, Session, ShownBody


def person(box: tuple[float, float, float, float], top: str | None = None) -> Person:
    """Somebody of whom only place and top are known."""
    look = Appearance()
    if top:
        look.top[COLOUR_NAMES.index(top)] = 0.9
    return Person(
        box=box,
        score=0.9,
        landmarks_px=np.zeros((33, 2), np.float32),
        landmarks_m=np.zeros((33, 3), np.float32),
        visibility=np.ones(33, np.float32),
        rotations=np.tile(np.eye(3, dtype=np.float32), (24, 1, 1)),
        camera=(100.0, 0.0, 0.0),
        appearance=look,
    )


def shown(**changes: Any) -> ShownBody:
    """A body whose files are never opened."""
    pose = Pose(np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))).with_(**changes)
    return ShownBody(pose, "b.glb", "b.json", "b.npz", "b.png")


def answered(session: Session, question: str, reply: str, bodies: int, **changes: Any) -> Exchange:
    """One exchange that has come to its end; `changes` are of its bodies' poses."""
    exchange = session.ask(question)
    exchange.turn.reply = reply
    exchange.bodies = [shown(**changes) for _ in range(bodies)]
    exchange.complete = True
    session.waiting = None
    return exchange
