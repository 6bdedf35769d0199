"""Answers in words about shown bodies, from their geometry."""

from __future__ import annotations

import re

from chatpose_demo.geometry.answers import answer
from chatpose_demo.geometry.figure import Figure
from chatpose_demo.network.bodies import earlier_index
from chatpose_demo.network.interface import Question
from chatpose_demo.network.understanding import Understanding

SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
CANNOT_TELL = (
    "That cannot be told from a body alone. I can describe it, measure its joints, say whether it "
    "could fall, or compare two bodies. The buttons under the viewer save it: GLB opens in "
    "Blender, JSON and NPZ hold the SMPL parameters; dragging turns the view."
)
ONLY_ONE = "There is only one body so far; ask for another one, and I can compare them."


def about_bodies(topic: str, question: Question, seen: Understanding) -> str:
    """One answer.

    Args:
        topic: one of topics.BODY_TOPICS.
    """
    if topic == "body_other":
        return CANNOT_TELL
    bodies = question.bodies
    index = earlier_index(seen.earlier, len(bodies))
    body = bodies[index]
    other = None
    if topic == "compare":
        if len(bodies) < 2:
            return ONLY_ONE
        body, other = bodies[-2], bodies[-1]
    side = SIDE.search(question.text)
    return answer(
        topic,
        body.rotations,
        side=side.group(1).lower() if side else None,
        other=None if other is None else Figure.of(other.rotations, other.unseen_joints),
        unseen=body.unseen_joints,
    )
