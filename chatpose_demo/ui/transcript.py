"""The conversation as Gradio's chat messages."""

from __future__ import annotations

import re
from typing import Any

from chatpose_demo.conversation import Scene
from chatpose_demo.ui.boxes import brief_name
from chatpose_demo.ui.options import offered
from chatpose_demo.ui.session import Exchange, Session

POSE_TAG = "<POSE>"
MEANT = "\n↳ "  # before the name of the person whom a question means
_HALF_TAG = re.compile(r"<(P(O(S(E)?)?)?)?$")

Message = dict[str, Any]


def messages(session: Session) -> tuple[list[Message], list[int]]:
    """All messages, and for each the index of its exchange."""
    out: list[Message] = []
    owner: list[int] = []
    bodies_before = 0
    scene = None
    for index, exchange in enumerate(session.exchanges):
        scene = exchange.turn.scene or scene
        mine = _question(exchange, scene)
        reply = reply_text(exchange, bodies_before)
        if reply:
            mine.append({"role": "assistant", "content": reply})
        out += mine
        owner += [index] * len(mine)
        bodies_before += len(exchange.bodies)
    if options := offered(session):
        out[-1]["options"] = [{"value": option.label} for option in options]
    return out, owner


def _question(exchange: Exchange, scene: Scene | None) -> list[Message]:
    words, picked = exchange.turn.text, exchange.turn.picked
    if picked is not None and scene is not None and picked < len(scene.people or []):
        words += MEANT + brief_name(scene.people or [], picked)
    text = {"role": "user", "content": words}
    if exchange.thumb is None:
        return [text]
    photo = {"path": exchange.thumb, "alt_text": "the photo"}
    return [{"role": "user", "content": photo}, text]


def reply_text(exchange: Exchange, bodies_before: int) -> str:
    """The reply with a numbered chip for each `<POSE>`, never half a tag."""
    text = _HALF_TAG.sub("", exchange.turn.reply)
    pieces = text.split(POSE_TAG)
    shown = pieces[0]
    for index, piece in enumerate(pieces[1:]):
        number = bodies_before + index + 1 if index < len(exchange.bodies) else None
        shown += chip(number) + piece
    shown = shown.strip()
    if not shown and exchange.progress and not exchange.trouble:
        return f'<span class="progress-note">{exchange.progress}</span>'
    if exchange.trouble:
        note = f'<span class="trouble-note">{exchange.trouble}</span>'
        shown = f"{shown}\n\n{note}" if shown else note
    return shown


def chip(number: int | None) -> str:
    """What stands for a body in the text; no number while the body is being made."""
    return f'<span class="pose-chip">body {number or "…"}</span>'
