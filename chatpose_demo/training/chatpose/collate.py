"""Samples to one padded batch: only answers are learnt, bodies are read before their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.llava.config import PAD, PoseLlavaConfig
from chatpose_demo.network.llava.images import pixel_values
from chatpose_demo.network.llava.model import IGNORE
from chatpose_demo.network.llava.prompt import Exchange, encode, render
from chatpose_demo.pose import NUM_JOINTS
from chatpose_demo.settings import ImageWay
from chatpose_demo.training.chatpose.sample import Sample


@dataclass(frozen=True)
class Batch:
    """B samples with I photos and P bodies.

    Attributes:
        input_ids: (B, L). attention_mask: (B, L), 0 where padded.
        labels: (B, L) token ids of the answers with their end tokens, -100 elsewhere; not shifted.
        pose_mask: (B, L) bool, the pose tokens; each body is read one place before.
        pixel_values: (I, 3, S, S), or None without photos.
        rotations: (P, 24, 3, 3) the true bodies in reading order, camera frame.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor
    pose_mask: torch.Tensor
    pixel_values: torch.Tensor | None
    rotations: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        pixels = self.pixel_values
        return Batch(
            self.input_ids.to(device),
            self.attention_mask.to(device),
            self.labels.to(device),
            self.pose_mask.to(device),
            None if pixels is None else pixels.to(device),
            self.rotations.to(device),
        )

    def counts(self) -> torch.Tensor:
        """(2,) float64: tokens that are learnt, and bodies."""
        learnt = int((self.labels[:, 1:] != IGNORE).sum())
        return torch.tensor([learnt, len(self.rotations)], dtype=torch.float64)


@dataclass(frozen=True)
class Collator:
    """Makes batches.

    Attributes:
        max_tokens: longer conversations lose their last turns, then the end of their last answer.
        image_way: how photos are prepared.
        padding_side: "right" to train, "left" where something goes on behind the prompts.
        always_photo: give a batch without any photo a blank one behind its first row, hidden from
            everything; where weights are spread over processes (ZeRO-3, FSDP) all of them must run
            the vision tower alike.
    """

    tokenizer: PreTrainedTokenizerBase
    config: PoseLlavaConfig
    max_tokens: int
    image_way: ImageWay
    padding_side: Literal["left", "right"] = "right"
    always_photo: bool = False

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        rows = [self.encode(sample) for sample in samples]
        photos = [one.image for one in samples if one.image is not None]
        ids = [torch.tensor(row) for row, _ in rows]
        labels = [torch.tensor(goals) for _, goals in rows]
        marks = [torch.ones_like(row) for row in ids]
        if self.always_photo and not photos:
            photos = [Image.new("RGB", (self.config.image_size, self.config.image_size))]
            blank = torch.full((self.config.image_tokens,), self.config.image_token_id)
            ids[0] = torch.cat([ids[0], blank])
            labels[0] = torch.cat([labels[0], torch.full_like(blank, IGNORE)])
            marks[0] = torch.cat([marks[0], torch.zeros_like(blank)])
        padded = self._pad(ids, PAD)
        bodies = [one.rotations for one in samples if one.rotations is not None]
        pose_mask = padded == self.config.pose_token_id
        if int(pose_mask.sum()) != len(bodies):
            raise ValueError(f"{int(pose_mask.sum())} pose tokens for {len(bodies)} bodies")
        truth = np.stack(bodies) if bodies else np.zeros((0, NUM_JOINTS, 3, 3))
        return Batch(
            padded,
            self._pad(marks, 0),
            self._pad(labels, IGNORE),
            pose_mask,
            pixel_values(photos, self.image_way, self.config.image_size) if photos else None,
            torch.tensor(truth, dtype=torch.float32),
        )

    def _pad(self, rows: list[torch.Tensor], value: int) -> torch.Tensor:
        return pad_sequence(
            rows, batch_first=True, padding_value=value, padding_side=self.padding_side
        )

    def encode(self, sample: Sample) -> tuple[list[int], list[int]]:
        """Token ids and labels of one sample, unpadded.

        Raises:
            ValueError: a sample with a body does not fit into `max_tokens`.
        """
        turns = [Exchange(question, answer) for question, answer in sample.messages]
        if sample.image is not None:
            turns[0] = replace(turns[0], photos=(sample.image,))
        ids, labels = self._label(turns)
        while len(ids) > self.max_tokens and len(turns) > 1 and sample.rotations is None:
            turns.pop()
            ids, labels = self._label(turns)
        if len(ids) > self.max_tokens and sample.rotations is not None:
            raise ValueError(
                f"A sample with a body has {len(ids)} tokens, {self.max_tokens} are allowed."
            )
        if sample.image is not None:  # a photo's places are never cut
            last = max(i for i, token in enumerate(ids) if token == self.config.image_token_id)
            if last >= self.max_tokens:
                raise ValueError(f"A photo does not fit into {self.max_tokens} tokens.")
        return ids[: self.max_tokens], labels[: self.max_tokens]

    def _label(self, turns: list[Exchange]) -> tuple[list[int], list[int]]:
        """All ids; labels from behind each `ASSISTANT:` to the answer's end token."""
        ids = encode(render(turns, self.config), self.tokenizer, self.config)
        labels = [IGNORE] * len(ids)
        for index, turn in enumerate(turns):
            open_turn = [*turns[:index], replace(turn, reply=None)]
            asked = encode(render(open_turn, self.config), self.tokenizer, self.config)
            closed = encode(render(turns[: index + 1], self.config), self.tokenizer, self.config)
            start, end = len(asked), len(closed)
            if ids[:start] != asked:
                raise ValueError(f"The answer {turn.reply!r} runs into its question's tokens.")
            labels[start:end] = ids[start:end]
        return ids, labels
