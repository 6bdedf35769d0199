"""The pose decoder's losses over one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from chatpose_demo.network.parts import PARTS
from chatpose_demo.network.pose_decoder import Decoded
from chatpose_demo.training.targets import UNSET, Targets


@dataclass(frozen=True)
class LossWeights:
    """How much each decision counts; all our choice, by watching a held-out writer."""

    intent: float = 1.5
    topic: float = 0.5
    earlier: float = 0.3
    act: float = 0.4
    features: float = 36.0  # the mean is over a hundred features, nearly all absent
    relation: float = 0.5
    smoothing: float = 0.02
    atlas_smoothing: float = 0.05


def person_loss(scores: Tensor, fits: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Does each person fit (BCE), and who fits best (CE); also the share of right choices."""
    flat = F.binary_cross_entropy_with_logits(scores[present], fits[present].float())
    masked = scores.masked_fill(~present, -1e4)
    any_fit = fits.any(1)
    log = masked.log_softmax(1)
    share = fits.float() / fits.sum(1, keepdim=True).clamp(min=1)
    choose = -(log * share).sum(1)[any_fit].mean() if any_fit.any() else flat * 0
    best = masked.argmax(1)
    right = fits.gather(1, best[:, None])[any_fit].float().mean()
    return flat + choose, right


def batch_losses(
    out: Decoded,
    targets: Targets,
    rows: np.ndarray,
    asking: list[int],
    fits: Tensor,
    present: Tensor,
    weights: LossWeights,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weighted losses and a few accuracies.

    Args:
        rows: (B,) indices of the examples in `targets`.
        asking: places in the batch that point at a person.
        fits, present: (len(asking), 8) truth of their scenes.

    Returns:
        name -> loss, and name -> share of right choices. A term that no example of the batch
        settles is left out (its mean would be over nothing).
    """
    device = out.intent.device

    def labels(values: np.ndarray) -> Tensor:
        return torch.from_numpy(values[rows]).to(device)

    def choice(logits: Tensor, wanted: Tensor, smoothing: float = 0.0) -> Tensor:
        return F.cross_entropy(logits, wanted, ignore_index=UNSET, label_smoothing=smoothing)

    atlas = labels(targets.atlas)
    every = torch.arange(len(rows), device=device)
    way = labels(targets.way)
    parts = [choice(out.parts[part][every, way], labels(targets.parts[part])) for part in PARTS]
    settled = [one for one in parts if one.isfinite()]
    losses = {
        "intent": weights.intent * choice(out.intent, labels(targets.intent), weights.smoothing),
        "topic": weights.topic * choice(out.topic, labels(targets.topic), weights.smoothing),
        "atlas": choice(out.atlas, atlas, weights.atlas_smoothing),
        "earlier": weights.earlier * (choice(out.earlier, labels(targets.earlier))),
        "other": weights.earlier * choice(out.other, labels(targets.other)),
        "act": weights.act * choice(out.act, labels(targets.act)),
        "region": weights.act * choice(out.region, labels(targets.region)),
    }
    if settled:  # the shortest texts of a batch may all leave the body open
        losses["parts"] = torch.stack(settled).sum()
    shares = {"atlas right": (out.atlas.argmax(1) == atlas)[atlas > 0].float().mean()}
    if asking:
        assert out.person is not None
        losses["person"], shares["chosen"] = person_loss(out.person[asking], fits, present)
        asked = out.asked
        for name in ("needs", "bans", "anchor"):
            wanted = labels(getattr(targets, name))[asking]
            found = F.binary_cross_entropy_with_logits(getattr(asked, name)[asking], wanted)
            losses[name] = weights.features * found
        relation = labels(targets.relation)
        losses["relation"] = weights.relation * choice(asked.relation, relation)
        many = labels(targets.many)[asking]
        losses["many"] = weights.relation * F.binary_cross_entropy_with_logits(
            out.many[asking], many
        )
    return {name: loss for name, loss in losses.items() if loss.isfinite()}, shares
