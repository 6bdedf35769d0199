"""Decoders that were trained apart, read as one: their answers are averaged.

One training learns some words by chance better than another. The mean of their log-probabilities
is right more often than either, for a few milliseconds more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import torch
from torch import Tensor, nn

from chatpose_demo.network.people_fit import Asked
from chatpose_demo.network.pose_decoder import Crowd, Decoded, PoseDecoder


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(tensors)).mean(0)


def _chances(logits: Sequence[Tensor]) -> Tensor:
    """Mean log-probabilities over the last axis."""
    return _mean([one.log_softmax(-1) for one in logits])


class SeveralDecoders(nn.Module):
    """Answers as a `PoseDecoder` does; each member's part of the answer weighs the same."""

    def __init__(self, members: Sequence[PoseDecoder]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def each(self) -> list[PoseDecoder]:
        """The single decoders."""
        return [one for one in self.members if isinstance(one, PoseDecoder)]

    def fit(self, asked: Asked, people: Tensor, pairs: Tensor, present: Tensor) -> Tensor:
        """(B, P) logits that each person fits, see `PeopleFit`."""
        return _mean([one.fit(asked, people, pairs, present) for one in self.each()])

    def forward(
        self,
        states: Tensor,
        tokens: Tensor,
        mask: Tensor,
        context: Tensor,
        shown: Tensor,
        crowd: Crowd | None = None,
    ) -> Decoded:
        """Arguments as of `PoseDecoder`; logits are mean log-probabilities."""
        said = [one(states, tokens, mask, context, shown, crowd) for one in self.each()]

        def all_of(name: str) -> list[Tensor]:
            return [getattr(one, name) for one in said]

        asked = {
            field.name: _mean([getattr(one.asked, field.name) for one in said])
            for field in fields(Asked)
        }
        return Decoded(
            intent=_chances(all_of("intent")),
            topic=_chances(all_of("topic")),
            atlas=_chances(all_of("atlas")),
            asked=Asked(**asked),
            person=None if crowd is None else _mean(all_of("person")),
            many=_mean(all_of("many")),
            act=_chances(all_of("act")),
            region=_chances(all_of("region")),
            earlier=_chances(all_of("earlier")),
            other=_chances(all_of("other")),
            parts={part: _chances([one.parts[part] for one in said]) for part in said[0].parts},
        )


Decoder = PoseDecoder | SeveralDecoders
Fit = Callable[[Asked, Tensor, Tensor, Tensor], Tensor]


def members(decoder: Decoder) -> list[PoseDecoder]:
    """The single decoders of one or several."""
    return decoder.each() if isinstance(decoder, SeveralDecoders) else [decoder]
