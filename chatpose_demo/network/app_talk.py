"""Answers about the program itself. A language model of this size would make them up."""

from __future__ import annotations

from chatpose_demo.network.topics import APP_TOPICS, NOT_APP
from chatpose_demo.photo import LIMITS, READABLE
from chatpose_demo.studio.atlas import load_atlas


def about_app(topic: str) -> str:
    """One answer.

    Args:
        topic: one of topics.APP_TOPICS but NOT_APP.
    """
    if topic == NOT_APP or topic not in APP_TOPICS:
        raise ValueError(f"no topic about the program: {topic!r}")
    return ANSWERS[topic].format(
        poses=len(load_atlas()), formats=READABLE, size=LIMITS.max_bytes // 2**20
    )


def is_fact(reply: str) -> bool:
    """Whether a reply is one of these answers."""
    return reply.strip() in {about_app(topic) for topic in ANSWERS}


ANSWERS = {
    "app_can": (
        "Describe a pose in words, or add a photo and ask about somebody in it (“the woman near "
        "the stairs”): I answer with a 3D body beside the chat. Then change it (“lift the left "
        "arm”, “mirror it”), ask about it (“which knee is bent more?”, “could it fall over?”), "
        "compare it with another body, or ask for another one."
    ),
    "app_how": (
        "A language model of 135M parameters (SmolLM2) reads your words; a small network that was "
        "trained for this demo then picks one of {poses} poses and sets each part of the body. In "
        "a photo, MoveNet and BlazePose find people and their joints, and an SMPL body is fitted "
        "to them. What I say about a body is measured on it. The idea is that of ChatPose "
        "(CVPR 2024)."
    ),
    "app_who": (
        "This is an open re-implementation of the idea of ChatPose (CVPR 2024). Code, texts and "
        "trained weights are under Apache-2.0 and free; the smplx package that it uses allows "
        "non-commercial research only. The README names the licence of every part."
    ),
    "app_photo": (
        "Drop a photo into the field under the viewer, or attach it to your question: {formats}, "
        "up to {size} MB. Then name somebody in it in your own words, or click on them. Several "
        "people are fine; video is not read."
    ),
    "app_privacy": (
        "Your photo stays on the machine that runs this app, in a folder of your visit that is "
        "deleted ten minutes after you leave; one that you never asked about goes within hours. It "
        "is not sent on, and nothing is learned from it. I do not recognise who anybody is, and I "
        "remember nothing of this chat afterwards."
    ),
    "app_view": (
        "Drag the body in the viewer to look at it from any side, also from above; scroll or pinch "
        "to come nearer. “Front” and “Side” under it bring those views back. The background is the "
        "page's own, light or dark; there is no full screen."
    ),
    "app_save": (
        "Once a body is shown, the buttons under the viewer save it: GLB opens in Blender and "
        "other programs that read glTF, JSON and NPZ (as in AMASS) hold its SMPL parameters."
    ),
    "app_limits": (
        "I show people only, one pose at a time and always with an average body: no animals, "
        "fingers, faces, clothes or motion, and nobody touching anybody. Poses from words are "
        "close, seldom exact, and one photo cannot tell depth well. I read English. Beyond bodies "
        "I am a very small language model and often wrong."
    ),
    "app_chat": (
        "“New chat” starts over, and so does a reload. Under the last reply you can retry or undo "
        "it, and you can edit a question of yours; Enter sends, Shift+Enter starts a new line, and "
        "while I answer, the send button stops me. A click on a small picture brings an earlier "
        "body back, a click on a person in the photo chooses them. Replies take seconds, longer "
        "while others wait, too."
    ),
}
