"""Session -> what each component shows. Every handler answers with a dictionary of these."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from chatpose_demo.pose import Pose
from chatpose_demo.ui import boxes
from chatpose_demo.ui.session import Exchange, Session
from chatpose_demo.ui.transcript import messages
from chatpose_demo.ui.viewer import FRONT

ANYONE = "Anyone"
LONGEST_SUBJECT = 140  # characters; our choice: two lines under the viewer
WELCOME = "Ask in words, or add a photo and ask about someone in it."
REMEMBERED = "This chat still knows its photo. Add another, or start a new chat without one."
ORIGIN = {
    "photo": "read from the photo",
    "text": "from your words",
    "edit": "an earlier body, changed",
    "network": "from the network",
}

Update = dict[Any, Any]


@dataclass(frozen=True)
class Parts:
    """The page's components that handlers change."""

    chat: gr.Chatbot
    box: gr.MultimodalTextbox
    view: gr.Model3D
    status: gr.Markdown
    photo: gr.Image
    who: gr.Radio
    bodies: gr.Gallery
    glb: gr.DownloadButton
    json: gr.DownloadButton
    npz: gr.DownloadButton

    def all(self) -> list[Any]:
        """Every component, as an event's list of outputs."""
        return [getattr(self, field.name) for field in fields(self)]


class Views:
    """Builds updates for one page's components."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def whole(self, session: Session) -> Update:
        """Everything at once."""
        return (
            self.talk(session)
            | self.body(session, FRONT)
            | self.scene(session)
            | self.input(session)
        )

    def talk(self, session: Session) -> Update:
        """The chat and the line under the viewer."""
        return {
            self._parts.chat: messages(session)[0],
            self._parts.status: status_line(session),
        }

    def input(self, session: Session) -> Update:
        """The send button, or the stop button while a reply is under way."""
        busy = session.busy
        return {self._parts.box: gr.MultimodalTextbox(submit_btn=not busy, stop_btn=busy)}

    def body(self, session: Session, camera: tuple[float, float, float]) -> Update:
        """The viewer, the thumbnails and the download buttons."""
        shown, bodies = session.shown, session.bodies
        files = {
            self._parts.glb: shown and shown.glb,
            self._parts.json: shown and shown.json,
            self._parts.npz: shown and shown.npz,
        }
        return {
            self._parts.view: gr.Model3D(
                value=shown.glb if shown else None, camera_position=camera
            ),
            self._parts.bodies: gr.Gallery(
                value=[(body.thumb, f"Body {i}") for i, body in enumerate(bodies, 1)],
                selected_index=bodies.index(shown) if shown in bodies else None,
                visible=bool(bodies),
            ),
            self._parts.status: status_line(session),
            **{
                button: gr.DownloadButton(value=path, interactive=path is not None)
                for button, path in files.items()
            },
        }

    def scene(self, session: Session) -> Update:
        """The photo with its boxes, and the list to choose a person from."""
        scene = session.scene
        if scene is None:
            return {
                self._parts.photo: None,
                self._parts.who: gr.Radio(choices=[ANYONE], value=ANYONE, visible=False),
            }
        people = scene.people or []
        picture = boxes.draw(scene.image, people, highlighted(session))
        names = [ANYONE, *boxes.choices(people)]
        return {
            self._parts.photo: session.save_photo(picture),
            self._parts.who: gr.Radio(
                choices=names,
                value=ANYONE if session.picked is None else names[session.picked + 1],
                visible=bool(people),
            ),
        }

    def choice(self, session: Session) -> Update:
        """The photo with who is chosen in it, and what that means."""
        return self.scene(session) | {self._parts.status: status_line(session)}


def highlighted(session: Session) -> int | None:
    """The chosen person, else the one that the body in the viewer was taken from."""
    if session.picked is not None:
        return session.picked
    exchange = owner_of_shown(session)
    # A body of another photo says nothing about the people of this one.
    if exchange is None or session.shown is None or session.about(exchange) is not session.scene:
        return None
    position = exchange.bodies.index(session.shown)
    pointed = exchange.turn.pointed[position : position + 1]
    return pointed[0] if pointed else None


def owner_of_shown(session: Session) -> Exchange | None:
    """The exchange whose body is in the viewer."""
    return next((e for e in session.exchanges if session.shown in e.bodies), None)


def status_line(session: Session) -> str:
    """What is in the viewer, whose it is, and what to know about it."""
    last = session.exchanges[-1] if session.exchanges else None
    owner = owner_of_shown(session)
    if session.busy and last is not None and last.progress and not last.bodies:
        return last.progress
    sentences = []
    if owner is not None and session.shown is not None:
        pose = session.shown.pose
        number = session.bodies.index(session.shown) + 1
        whose = f"{_named(pose)}, {ORIGIN.get(pose.source, pose.source)}"
        sentences.append(f"**Body {number}**: {whose}.")
        sentences += map(_sentence, owner.notices)
    if last is not None and last is not owner and not session.busy and not last.bodies:
        sentences += map(_sentence, last.notices or ["No body in this reply"])
    if session.draft is not None or session.set_aside or not sentences:
        sentences.append(_invitation(session))
    if session.picked is not None and not session.served.points:
        sentences.append("With the next question the model gets the part of the photo around them.")
    return " ".join(dict.fromkeys(sentences))


def _named(pose: Pose) -> str:
    """Whose body it is; the visitor's own words are quoted."""
    subject = textwrap.shorten(pose.subject, LONGEST_SUBJECT, placeholder="…")
    return f"“{subject}”" if pose.source == "text" else subject


def _sentence(text: str) -> str:
    text = text.strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "."


def _invitation(session: Session) -> str:
    scene = session.scene
    if scene is None:
        return REMEMBERED if session.conversation.scene else WELCOME
    if scene.people is None:
        return "Looking for people in the photo…"
    count = len(scene.people)
    if count == 0:
        return "No people found in this photo; you can still ask in words."
    found = "1 person" if count == 1 else f"{count} people"
    if not session.served.points:
        return (
            f"{found} found. This model cannot point: click one and it gets that part of the photo."
        )
    return f"{found} found. Click one to ask about exactly them, or just ask."
