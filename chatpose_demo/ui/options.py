"""What a visitor can ask next with one click, offered under the last reply."""

from __future__ import annotations

from dataclasses import dataclass

from chatpose_demo.perception.person import Person
from chatpose_demo.ui.boxes import brief_name
from chatpose_demo.ui.session import Exchange, Session

MOST_FOLLOW_UPS = 4  # our choice: one line on a desktop page, two on a phone
MOST_CANDIDATES = 8  # our choice: more names are easier to click on the photo
CROWD = 6  # our choice: a reply shows no more bodies than that, so "everyone" would be untrue

DESCRIBE = "Describe it"
MIRROR = "Mirror it"
BALANCE = "Could it fall over?"
ANOTHER = "Show me another"
EVERYONE = "Show me everyone"
COMPARE = "Compare with the one before"


@dataclass(frozen=True)
class Option:
    """One chip.

    Attributes:
        label: what it says; no two of a reply are the same.
        text: the question that a click asks.
        picked: index of the person that the question then means, if any.
    """

    label: str
    text: str
    picked: int | None = None


def offered(session: Session) -> list[Option]:
    """The chips under the last reply; none while it is written, nor after a stop or a fault."""
    last = session.exchanges[-1] if session.exchanges else None
    if last is None or session.busy or not last.complete or last.trouble:
        return []
    if last.turn.asked_back:
        return _candidates(last, _people(session))
    return _follow_ups(session, last) if last.bodies else []


def _people(session: Session) -> list[Person]:
    """Who is in the photo that the last reply was about; nobody once another one is on the page."""
    scene = session.scene
    return (scene.people or []) if scene is not None and session.draft is None else []


def _candidates(last: Exchange, people: list[Person]) -> list[Option]:
    """The same question again, once for each person who may have been meant."""
    named = sorted(index for index in last.turn.candidates if index < len(people))
    names = {index: brief_name(people, index) for index in named[:MOST_CANDIDATES]}
    return [
        Option(name[:1].upper() + name[1:], last.turn.text, index) for index, name in names.items()
    ]


def _follow_ups(session: Session, last: Exchange) -> list[Option]:
    """Questions about the reply's body, what fits best first."""
    if not session.served.points:
        return [Option(DESCRIBE, DESCRIBE)]  # the paper's model was not taught to edit or compare
    source = last.bodies[-1].pose.source
    texts = [DESCRIBE, MIRROR]
    if source == "text":
        texts.append(ANOTHER)
    if source == "photo" and len(last.bodies) < len(_people(session)) <= CROWD:
        texts.append(EVERYONE)
    if len(session.bodies) > 1:
        texts.append(COMPARE)
    texts.append(BALANCE)
    return [Option(text, text) for text in texts[:MOST_FOLLOW_UPS]]
