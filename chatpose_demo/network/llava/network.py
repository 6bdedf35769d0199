"""The paper's model as a pose network: it speaks, and each body is read off its hidden state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.interface import AskBack, Body, Question, Words
from chatpose_demo.network.llava.build import CONVERT, WeightsError, build
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.generate import Speech, speak
from chatpose_demo.network.llava.images import pixel_values
from chatpose_demo.network.llava.model import PoseLlava, rotations
from chatpose_demo.network.llava.prompt import Exchange, Prompt, PromptTooLong, make_prompt
from chatpose_demo.network.llava.tokenizer import load_tokenizer, tiny_tokenizer
from chatpose_demo.pose import R_WORLD_CAMERA
from chatpose_demo.settings import ImageWay, ModelName, Settings

SIZE_OF: dict[ModelName, str] = {
    "chatpose-13b": "13b",
    "chatpose-7b": "7b",
    "tiny-llava": "tiny",
}
SUBJECT = "the person asked about"  # the model does not say whom it chose


class LlavaNetwork:
    """Implements `PoseNetwork` with the paper's model."""

    def __init__(
        self,
        model: PoseLlava,
        tokenizer: PreTrainedTokenizerBase,
        max_tokens: int,
        image_way: ImageWay | None = None,
    ) -> None:
        self.model, self.tokenizer, self.max_tokens = model, tokenizer, max_tokens
        self.image_way: ImageWay = image_way or model.config.image_way

    @classmethod
    def load(cls, settings: Settings) -> LlavaNetwork:
        """The network that the settings name.

        Raises:
            WeightsError: its weights are missing or do not fit; says what helps.
        """
        size = SIZE_OF[settings.model]
        weights = Path(settings.weights) if settings.weights else None
        if weights is None and size != "tiny":
            raise WeightsError(
                f"{settings.model} needs its weights: give their folder with --weights. "
                f"`{CONVERT}` makes it, `python -m chatpose_demo doctor` says what to download."
            )
        model = build(
            size,
            weights=weights,
            quantize=settings.quantize,
            device_map="auto" if torch.cuda.is_available() and weights else None,
            dtype=torch.float32 if size == "tiny" else torch.bfloat16,
        )
        if weights is None:
            tokenizer = tiny_tokenizer(config_of(size))
        else:
            tokenizer = load_tokenizer(weights, model.config)
        return cls(model, tokenizer, settings.max_llava_tokens, settings.image_way)

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        """Stream the reply to one question."""
        try:
            prompt = self.prompt(question)
        except PromptTooLong as error:
            yield Words(str(error))
            return
        config = self.model.config
        photos = prompt.photos
        pixels = pixel_values(photos, self.image_way, config.image_size) if photos else None
        speech = Speech(mode=question.mode, max_tokens=self.max_tokens)
        for part in speak(self.model, self.tokenizer, prompt.ids, pixels, speech, stopped):
            if isinstance(part, str):
                yield Words(part)
            else:
                yield Body(to_world(part), "photo" if photos else "text", SUBJECT)

    def prompt(self, question: Question) -> Prompt:
        """The whole conversation as the model reads it.

        Raises:
            PromptTooLong: the question alone does not fit.
        """
        replies = question.replies or [reply for _, reply in question.history]
        asked = [text for text, _ in question.history] + [question.text]
        photos = question.photos or ([(0, question.image)] if question.image else [])
        turns = [
            Exchange(
                text,
                reply,
                tuple(photo for turn, photo in photos if turn == index),
            )
            for index, (text, reply) in enumerate(zip(asked, [*replies, None], strict=True))
        ]
        return make_prompt(turns, self.tokenizer, self.model.config, self.max_tokens)


def to_world(six_d: torch.Tensor) -> np.ndarray:
    """(144,) of the head -> (24, 3, 3) rotations in the world frame.

    The model's bodies stand in a camera frame (x right, y down, z forward); only the global
    orientation, joint 0, knows of it.
    """
    turned = rotations(six_d).numpy().copy()
    turned[0] = R_WORLD_CAMERA @ turned[0]
    return turned
