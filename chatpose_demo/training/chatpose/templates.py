"""How a body is asked for and answered with; the counts are the paper's, the words our own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.network.base_model import POSE_TOKEN

# reference, utils/utils.py: 9 forms; a description, then the wish, or the other way round.
TEXT_QUESTIONS = (
    "Somebody is described like this: {caption} Give me the SMPL pose of that person.",
    "{caption} Output the SMPL pose.",
    "{caption} What would the SMPL pose of this body be?",
    "Here is a person: {caption} Can you tell me their SMPL pose?",
    "Read this description of a pose. {caption} Answer with the SMPL pose.",
    "What SMPL pose fits this description? {caption}",
    "Please turn these words into an SMPL pose: {caption}",
    "Imagine a person. {caption} Which SMPL pose do they have?",
    "I am thinking of this body: {caption} Please show it as an SMPL pose.",
)
# reference, utils/utils.py: 5 forms
IMAGE_QUESTIONS = (
    "What is the SMPL pose of the person in this photo?",
    "Please give me the SMPL pose of the person in the middle of the image.",
    "Can you read the SMPL pose of this person off the picture?",
    "Somebody is in the centre of this image; output the SMPL pose.",
    "Look at the person here and estimate their SMPL pose.",
)
# reference, utils/utils.py: 8 forms
ANSWERS = (
    f"{POSE_TOKEN}.",
    f"Sure, {POSE_TOKEN}.",
    f"It is {POSE_TOKEN}.",
    f"Sure, the pose is {POSE_TOKEN}.",
    f"This is the SMPL pose: {POSE_TOKEN}.",
    f"Here is the person's SMPL pose: {POSE_TOKEN}.",
    f"The body you asked for is {POSE_TOKEN}.",
    f"Of course. The SMPL pose is {POSE_TOKEN}.",
)


def pick(rng: np.random.Generator, forms: Sequence[str]) -> str:
    """One of the forms."""
    return forms[int(rng.integers(len(forms)))]


def ask_text(rng: np.random.Generator, caption: str) -> str:
    """A question for the body that a caption describes."""
    return pick(rng, TEXT_QUESTIONS).replace("{caption}", as_sentence(caption))


def as_sentence(text: str) -> str:
    """With a capital and an end mark."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
