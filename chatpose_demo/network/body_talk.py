"""Answers in words about shown bodies, from their geometry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatpose_demo.geometry.answers import answer
from chatpose_demo.geometry.compare import compare
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.network.earlier import earlier_index
from chatpose_demo.network.interface import Question
from chatpose_demo.network.topics import BODY_TOPICS
from chatpose_demo.network.understanding import Understanding
from chatpose_demo.pose import Pose

SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
NO_SIDE = re.compile(r"\bright (?:now|away|here|there)\b|,? right\?", re.IGNORECASE)
ORDER = tuple(f"the {word}" for word in ("first", "second", "third", "fourth", "fifth", "sixth"))
PLACES = {name.removeprefix("the "): place for place, name in enumerate(ORDER)} | {"last": -1}
PLACE = re.compile(rf"(?<!\ba )\b({'|'.join(PLACES)})\b", re.IGNORECASE)
NUMBERED = re.compile(r"\b(?:body|number|figure|pose|no\.?|#) ?(\d{1,2})\b", re.IGNORECASE)
BOTH_FIRST = re.compile(r"\bfirst two\b", re.IGNORECASE)
CANNOT_TELL = (
    "That cannot be told from a body alone. I can describe it, measure its joints, say whether it "
    "could fall, or compare two bodies. The buttons under the viewer save it: GLB opens in "
    "Blender, JSON and NPZ hold the SMPL parameters; dragging turns the view."
)
SURE = 0.35  # our choice: an answer to another question is worse than none
ONLY_ONE = "There is only one body so far; ask for another one, and I can compare them."


def about_bodies(topic: str, question: Question, seen: Understanding) -> str:
    """One answer.

    Args:
        topic: one of topics.BODY_TOPICS.
    """
    among = sum(seen.topic[name] for name in BODY_TOPICS)
    if topic == "body_other" or seen.topic[topic] < SURE * among:
        return CANNOT_TELL
    bodies = question.bodies
    if topic == "compare":
        return _compared(bodies, question.text)
    body = bodies[earlier_index(seen.earlier, bodies)]
    sides = {side.lower() for side in SIDE.findall(NO_SIDE.sub("", question.text))}
    side = sides.pop() if len(sides) == 1 else None
    return answer(topic, body.rotations, side=side, unseen=body.unseen_joints)


def _compared(bodies: Sequence[Pose], text: str) -> str:
    """Two bodies that the words name by their order, else the last two."""
    if len(bodies) < 2:
        return ONLY_ONE
    named = [PLACES[word.lower()] for word in PLACE.findall(text)]
    named += [int(number) - 1 for number in NUMBERED.findall(text)]
    if BOTH_FIRST.search(text):
        named = [0, 1]
    places = sorted({place % len(bodies) for place in named if -len(bodies) <= place < len(bodies)})
    if len(places) == 1:
        last = len(bodies) - 1
        places = sorted({places[0], last if places[0] != last else last - 1})
    if len(places) != 2:
        places = [len(bodies) - 2, len(bodies) - 1]
    names = tuple(ORDER[place] if len(bodies) <= len(ORDER) else "" for place in places)
    one, other = (Figure.of(bodies[i].rotations, bodies[i].unseen_joints) for i in places)
    if not all(names):
        names = ("the earlier one", "the later one")
    return compare(one, other, (names[0], names[1]))
