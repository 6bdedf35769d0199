"""The paper's loss, as sums: what is divided by is counted over all processes and passes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812

from chatpose_demo.network.llava.model import IGNORE, PoseLlavaOutput, rotations
from chatpose_demo.pose import geodesic_degrees
from chatpose_demo.training.chatpose.collate import Batch


@dataclass(frozen=True)
class Sums:
    """Sums over a batch.

    Attributes:
        text: () cross entropy over the tokens that are learnt.
        pose: () over bodies: mean |difference| of the 23 body rotation matrices plus the same of
            the global one (reference, model/chatpose.py).
    """

    text: torch.Tensor
    pose: torch.Tensor


def loss_sums(out: PoseLlavaOutput, batch: Batch) -> Sums:
    """Both losses of a batch; nil where it has nothing to learn, but always with gradients."""
    goals = batch.labels[:, 1:]
    learnt = goals != IGNORE
    text = F.cross_entropy(out.logits[:, :-1][learnt].float(), goals[learnt], reduction="sum")
    gap = (rotations(out.poses_6d) - batch.rotations).abs()
    pose = gap[:, 1:].mean((1, 2, 3)).sum() + gap[:, 0].mean((1, 2)).sum()
    return Sums(text, pose)


MEASURES = ("text", "pose", "degrees", "root_degrees", "said")


@torch.no_grad()
def measure(out: PoseLlavaOutput, batch: Batch, pose_token: int) -> torch.Tensor:
    """(5,) float64 sums over a batch, in the order of MEASURES.

    The two losses; over bodies the mean angle of the 23 body joints and that of the global
    orientation, in degrees; and how many pose tokens would have been said.
    """
    sums = loss_sums(out, batch)
    angles = geodesic_degrees(rotations(out.poses_6d), batch.rotations)
    before = batch.pose_mask[:, 1:]
    said = (out.logits[:, :-1][before].argmax(-1) == pose_token).sum()
    parts = [sums.text, sums.pose, angles[:, 1:].mean(1).sum(), angles[:, 0].sum(), said]
    return torch.stack([part.double().cpu() for part in parts])
