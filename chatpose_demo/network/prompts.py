"""The exact texts that the two voices read. Training and the demo use these same functions."""

from __future__ import annotations

from collections.abc import Sequence

from chatpose_demo.geometry.describe import PoseWords
from chatpose_demo.pose import JOINT_NAMES

TALKER = (
    "You are ChatPose, a friendly assistant in an app that shows 3D human bodies. "
    "Answer in one or two short sentences."
)
# Made-up turns before the real ones: a model of this size answers small talk by repeating it or
# with condolences, unless it sees how such turns go.
SHOWN_TURNS = (
    ("hi there", "Hello! Describe a pose, or add a photo and ask about someone in it."),
    ("what is the capital of France?", "The capital of France is Paris."),
    (
        "my shoulder hurts since yesterday",
        "That sounds unpleasant. Rest it, and see a doctor if it does not get better.",
    ),
    ("haha nice one", "Glad you like it! Shall I change anything?"),
    ("I don't know what to do today", "Maybe go for a walk, or read a good book."),
    (
        "that's nonsense",
        "Sorry about that. Say in other words what you would like, and I will try again.",
    ),
)
MAX_DETAILS = 4  # our choice: more than four details read like a list
HISTORY_TURNS = 3  # our choice: what a small model can follow
HISTORY_LENGTH = 160  # characters of each earlier reply; longer ones make the model repeat them
SOURCES = {"photo": "seen in the photo", "text": "imagined", "edit": "changed"}
LIMBS = {"arm": ("shoulder", "elbow", "wrist"), "leg": ("hip", "knee", "ankle")}


def limb_words(joints: Sequence[str]) -> str:
    """Joint names as limbs: "the left arm and the legs"; empty when no whole limb is named.

    Args:
        joints: some of pose.JOINT_NAMES.
    """
    unknown = set(joints) - set(JOINT_NAMES)
    if unknown:
        raise ValueError(f"not SMPL joints: {sorted(unknown)}")
    limbs = []
    for limb, parts in LIMBS.items():
        sides = [s for s in ("left", "right") if any(f"{s}_{part}" in joints for part in parts)]
        if len(sides) == 2:
            limbs.append(f"the {limb}s")
        elif sides:
            limbs.append(f"the {sides[0]} {limb}")
    if "head" in joints:
        limbs.append("the head")
    return " and ".join([", ".join(limbs[:-1]), limbs[-1]]) if len(limbs) > 1 else "".join(limbs)


def arms_among(joints: Sequence[str]) -> tuple[str, ...]:
    """Sides whose arm is (partly) among the joints."""
    return tuple(s for s in ("left", "right") if any(f"{s}_{p}" in joints for p in LIMBS["arm"]))


def body_facts(words: PoseWords, source: str, unseen: Sequence[str] = ()) -> str:
    """What geometry says about a body, as the system line of a pose turn."""
    seen = words.without(arms_among(unseen))
    facts = f"Body ({SOURCES[source]}): {seen.sentence(MAX_DETAILS)}."
    hidden = limb_words(unseen)
    return f"{facts} Not visible: {hidden}." if hidden else facts


def _system(words: str) -> str:
    return f"<|im_start|>system\n{words}<|im_end|>\n"


def _answered(turns: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f"<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n{replied}<|im_end|>\n"
        for asked, replied in turns
    )


def _turns(turns: Sequence[tuple[str, str]], text: str) -> str:
    asked = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    return _answered(turns) + asked


def pose_prompt(facts: str, text: str) -> str:
    """The adapted voice's prompt: facts and the question; earlier turns would only distract."""
    return _system(facts) + _turns((), text)


TALK_OPENING = _system(TALKER) + _answered(SHOWN_TURNS)  # of every ordinary turn


def talk_prompt(history: Sequence[tuple[str, str]], text: str) -> str:
    """The base voice's prompt: who it is, how turns go, the last turns, the question."""
    recent = [(asked, replied[:HISTORY_LENGTH]) for asked, replied in history[-HISTORY_TURNS:]]
    return TALK_OPENING + _turns(recent, text)
