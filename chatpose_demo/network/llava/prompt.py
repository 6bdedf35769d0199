"""The text that the model reads: the reference's template, photos and bodies in their places.

A photo stands as `<image>` and a line break before the words of the turn that brought it. The
reference's terminal demo also writes `<im_start>` and `<im_end>` around it; its training code
does not by default and its vocabulary lacks both, so they are left out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.llava.config import BOS, PoseLlavaConfig, TemplateName

IMAGE = "<image>"
CONTROL = ("<s>", "</s>", "<unk>", IMAGE, POSE_TOKEN)


@dataclass(frozen=True)
class Template:
    """How turns become one text: system, then `USER: …` and `ASSISTANT: …` in turn."""

    system: str
    user: str = "USER"
    assistant: str = "ASSISTANT"
    after_user: str = " "
    after_assistant: str = "</s>"


def _system(whom: str) -> str:
    return (
        f"A chat between a curious {whom} and an artificial intelligence assistant. The assistant "
        f"gives helpful, detailed, and polite answers to the {whom}'s questions."
    )


TEMPLATES: dict[TemplateName, Template] = {
    "llava_v1": Template(_system("human")),  # reference, llava/conversation.py
    "vicuna_v1": Template(_system("user")),  # LLaVA-1.5
}


@dataclass(frozen=True)
class Exchange:
    """One turn of a prompt.

    Attributes:
        text: the user's words.
        reply: with `<POSE>` for each body; None while it is open.
        photos: that arrived with the turn.
    """

    text: str
    reply: str | None = None
    photos: tuple[Image.Image, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """What the model gets: token ids, and the photos of their image places in order."""

    ids: list[int]
    photos: tuple[Image.Image, ...]


class PromptTooLong(ValueError):
    """The last question alone does not fit."""


def render(turns: Sequence[Exchange], config: PoseLlavaConfig) -> str:
    """The prompt as text, `<image>` for each photo and the pose token for each body."""
    template = TEMPLATES[config.template]
    parts = [template.system, " "]
    for turn in turns:
        marks = f"{IMAGE}\n" * len(turn.photos)
        words = _plain(turn.text, config)
        parts.append(f"{template.user}: {marks}{words}{template.after_user}")
        if turn.reply is None:
            parts.append(f"{template.assistant}:")
        else:
            pieces = [_plain(piece, config) for piece in turn.reply.split(POSE_TOKEN)]
            reply = config.pose_token.join(pieces)
            parts.append(f"{template.assistant}: {reply}{template.after_assistant}")
    return "".join(parts)


def _plain(text: str, config: PoseLlavaConfig) -> str:
    """Words that look like a control token lose their brackets."""
    for mark in (*CONTROL, config.pose_token):
        text = text.replace(mark, mark[1:-1])
    return text


def encode(text: str, tokenizer: PreTrainedTokenizerBase, config: PoseLlavaConfig) -> list[int]:
    """Token ids of a rendered prompt, each `<image>` as `config.image_tokens` image tokens.

    The text between two photos is tokenised by itself, as LLaVA does.
    """
    ids = [BOS]
    for count, piece in enumerate(text.split(IMAGE)):
        if count:
            ids += [config.image_token_id] * config.image_tokens
        ids += tokenizer(piece, add_special_tokens=False)["input_ids"]
    return ids


def make_prompt(
    turns: Sequence[Exchange],
    tokenizer: PreTrainedTokenizerBase,
    config: PoseLlavaConfig,
    room: int = 0,
) -> Prompt:
    """Encode a conversation; the oldest turns go when it would be too long.

    Args:
        room: tokens that must stay free for the reply.

    Raises:
        PromptTooLong: even the last turn alone leaves no room.
    """
    kept = list(turns)
    while True:
        ids = encode(render(kept, config), tokenizer, config)
        if len(ids) + room <= config.max_positions:
            return Prompt(ids, tuple(photo for turn in kept for photo in turn.photos))
        if len(kept) == 1:
            raise PromptTooLong("This question is too long for the model; please shorten it.")
        gone = kept.pop(0)
        if not any(turn.photos for turn in kept):  # the photo under discussion stays
            kept[0] = replace(kept[0], photos=gone.photos)
