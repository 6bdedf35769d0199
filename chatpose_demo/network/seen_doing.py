"""What somebody in a photo does, in words: their body's geometry, less what nobody saw."""

from __future__ import annotations

from dataclasses import replace

from chatpose_demo.geometry.describe import PoseWords, describe
from chatpose_demo.network.people_words import HELD
from chatpose_demo.network.prompts import arms_among
from chatpose_demo.perception.person import POSTURES, Person
from chatpose_demo.perception.skeleton import joints_of

CROUCHED = "standing with bent knees"  # how a body that sits on something may look by itself


def seen_doing(person: Person) -> PoseWords:
    """Posture and details; who seems to sit is said to sit."""
    words = describe(person.rotations, joints_of(person.rotations))
    if words.posture == CROUCHED and person.appearance.postures[POSTURES.index("sitting")] > HELD:
        words = replace(words, posture="sitting")
    return words.without(arms_among(person.unseen_joints))
