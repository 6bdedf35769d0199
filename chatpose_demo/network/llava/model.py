"""LLaVA with a pose head: a body is read off the hidden state that predicts the pose token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers import Cache, LlavaForConditionalGeneration

from chatpose_demo.network.llava.config import PoseLlavaConfig
from chatpose_demo.pose import NUM_JOINTS, matrix_from_6d

IGNORE = -100  # label of a place whose token is not learnt; torch's cross entropy default


@dataclass
class PoseLlavaOutput:
    """What one pass over whole sequences gives.

    Attributes:
        loss_text: () mean cross entropy over the labelled tokens, or None without labels.
        logits: (B, L, V) of the next token at every place.
        poses_6d: (N, 144) fp32, one for each pose token, in reading order over the batch.
    """

    loss_text: torch.Tensor | None
    logits: torch.Tensor
    poses_6d: torch.Tensor


def pose_head(hidden: int, out: int) -> nn.Sequential:
    """The paper's head, Linear-ReLU-Linear; fp32 because rotations suffer from rounding."""
    layers = nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, out)
    return nn.Sequential(*layers).float()


class PoseLlava(nn.Module):
    """The paper's model.

    Attributes:
        llava: transformers' LLaVA; with LoRA its layers are wrapped in place.
        pose_head: fp32 (hidden) -> (144).
    """

    def __init__(self, config: PoseLlavaConfig, llava: LlavaForConditionalGeneration) -> None:
        super().__init__()
        self.config = config
        self.llava = llava
        self.pose_head = pose_head(config.hidden, config.head_out)

    @property
    def device(self) -> torch.device:
        """Where inputs go: the first real device among the weights."""
        devices = (weight.device for weight in self.llava.parameters())
        return next((d for d in devices if d.type != "meta"), torch.device("cpu"))

    def embed(self, input_ids: torch.Tensor, pixel_values: torch.Tensor | None) -> torch.Tensor:
        """Token embeddings with the photos' features at the image places.

        Args:
            input_ids: (B, L); each photo stands as `config.image_tokens` image tokens.
            pixel_values: (I, 3, S, S) preprocessed photos of the whole batch in reading order.

        Returns:
            (B, L, H).

        Raises:
            ValueError: the places do not match the photos.
        """
        places = input_ids == self.config.image_token_id
        photos = 0 if pixel_values is None else len(pixel_values)
        if int(places.sum()) != photos * self.config.image_tokens:
            raise ValueError(
                f"{int(places.sum())} image places for {photos} photos of "
                f"{self.config.image_tokens} places each"
            )
        words = self.llava.get_input_embeddings()(input_ids.masked_fill(places, 0))
        if pixel_values is None:
            return words
        vision = next(self.llava.model.vision_tower.parameters())
        out: Any = self.llava.model.get_image_features(pixel_values.to(vision.dtype))
        seen = torch.cat(list(out.pooler_output)).to(words.device, words.dtype)
        return words.masked_scatter(places.unsqueeze(-1).to(words.device), seen)

    def hidden_states(
        self,
        embeddings: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        cache: Cache | None = None,
    ) -> torch.Tensor:
        """(B, L, H) embeddings -> (B, L, H) last hidden states after the final norm."""
        out = self.llava.model.language_model(
            inputs_embeds=embeddings,
            attention_mask=attention_mask,
            past_key_values=cache,
            use_cache=cache is not None,
        )
        return out.last_hidden_state

    def read_poses(self, vectors: torch.Tensor) -> torch.Tensor:
        """(..., H) hidden vectors -> (..., 144) in fp32, also under autocast."""
        weight = next(self.pose_head.parameters())
        with torch.autocast(weight.device.type, enabled=False):
            return self.pose_head(vectors.to(weight.device, weight.dtype))

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        pose_mask: torch.Tensor | None = None,
    ) -> PoseLlavaOutput:
        """One pass over whole sequences, for training and teacher-forced evaluation.

        Args:
            input_ids: (B, L), padded on the right.
            attention_mask: (B, L), 0 where padded.
            pixel_values: (I, 3, S, S), see `embed`.
            labels: (B, L) token ids, -100 where nothing is learnt; not shifted.
            pose_mask: (B, L) bool, the pose tokens to read; None reads every one.
        """
        hidden = self.hidden_states(self.embed(input_ids, pixel_values), attention_mask)
        logits = self.llava.lm_head(hidden)
        if pose_mask is None:
            pose_mask = input_ids == self.config.pose_token_id
        # The vector that says a token stands one place before it.
        before = pose_mask[:, 1:].to(hidden.device)
        poses = self.read_poses(hidden[:, :-1][before])
        loss = None
        if labels is not None:
            told = logits[:, :-1].flatten(0, 1).float()
            goals = labels[:, 1:].flatten().to(told.device)
            loss = F.cross_entropy(told, goals, ignore_index=IGNORE)
        return PoseLlavaOutput(loss, logits, poses)


def rotations(six_d: torch.Tensor) -> torch.Tensor:
    """(..., 144) -> (..., 24, 3, 3) rotations in the camera frame (x right, y down, z forward).

    Each joint's six numbers are column 1, then column 2 of its matrix.
    """
    return matrix_from_6d(six_d.float().unflatten(-1, (NUM_JOINTS, 6)))
