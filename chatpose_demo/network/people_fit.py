"""Who of the photo is meant: properties asked for, properties ruled out, and relations.

The words only ever predict *what* is asked for; people are then scored by it. That is what lets a
small network choose (a direct text-to-person score stays near chance) and say why nobody fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES, SOFT_FEATURES
from chatpose_demo.pose import mirror

# Where a person's fit starts: with one needed feature it is +-2.5 logits, then it is learned.
GAIN, COST, BIAS = 6.0, 5.0, 2.5
BAN_COST = 6.0  # a property that was ruled out outweighs the bias and one that was asked for
RELATION_GAIN, RELATION_COST = 6.0, 5.0
SOFT = 4.0  # our choice: a face that contradicts the only word rules out; agreeing counts 1
SOFT_COLUMNS = [FEATURES.index(name) for name in SOFT_FEATURES]
ACTION = FEATURES.index("action")
# Degrees; our choice: unrelated atlas poses are 28 apart (median), the eyes' poses some 12 off.
ACTION_SPREAD, ACTION_NEAR, ACTION_FAR = 5.0, 18.0, 32.0


@dataclass(frozen=True)
class Asked:
    """What the words ask of a person, for a batch of B questions.

    Attributes:
        needs, bans: (B, F) logits that each of FEATURES is asked for / ruled out.
        anchor: (B, F) logits that each feature is asked of somebody else, to whom they stand in
        relation: (B, R) logits over RELATIONS.
    """

    needs: Tensor
    bans: Tensor
    anchor: Tensor
    relation: Tensor


class PeopleFit(nn.Module):
    """Scores people by what is asked; a few learned weights per feature."""

    soft: Tensor

    def __init__(self) -> None:
        super().__init__()
        hard = torch.ones(NUM_FEATURES)
        hard[SOFT_COLUMNS] = 0
        self.register_buffer("soft", 1 - hard, persistent=False)
        self.gain = nn.Parameter(torch.full((NUM_FEATURES,), GAIN))
        self.cost = nn.Parameter(torch.full((NUM_FEATURES,), COST))
        self.ban = nn.Parameter(torch.full((NUM_FEATURES,), BAN_COST))
        self.bias = nn.Parameter(torch.tensor(BIAS))
        self.relation_gain = nn.Parameter(torch.tensor(RELATION_GAIN))
        self.relation_cost = nn.Parameter(torch.tensor(RELATION_COST))

    def _wanted(self, needs: Tensor, people: Tensor) -> Tensor:
        """(B, P): how well people have the needed features, (B, F) probabilities."""
        hard = (people * self.gain - self.cost) * (1 - self.soft)
        sure = 2 * (people - 0.5)  # from -1, surely not, to 1, surely so
        soft = (sure.clamp(min=0) + SOFT * sure.clamp(max=0)) * self.soft
        return ((hard + soft) * needs[:, None]).sum(-1)

    def forward(self, asked: Asked, people: Tensor, pairs: Tensor, present: Tensor) -> Tensor:
        """
        Args:
            people: (B, P, F) features.
            pairs: (B, P, P, R) how person i stands to person j.
            present: (B, P) True where there is somebody.

        Returns:
            (B, P) logit that each person is meant.
        """
        bans = asked.bans.sigmoid()
        # "The one who isn't sitting" names sitting, but does not ask for it.
        fit = self.bias + self._wanted(asked.needs.sigmoid() * (1 - bans), people)
        fit = fit - (people * self.ban * bans[:, None]).sum(-1)
        anchors = self.bias + self._wanted(asked.anchor.sigmoid(), people)
        weights = anchors.masked_fill(~present, -1e4).softmax(-1)
        relation = asked.relation.softmax(-1)
        stands = torch.einsum("bijr,bj,br->bi", pairs, weights, relation)
        related = 1 - relation[:, 0]
        return fit + self.relation_gain * stands - self.relation_cost * related[:, None]


def action_match(poses: np.ndarray, atlas: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """How much each person does what the words name.

    Args:
        poses: (P, 24, 3, 3) people's rotations.
        atlas: (A, 24, 3, 3) atlas poses.
        odds: (A,) probability that the words mean each of them.

    Returns:
        (P,) in [0, 1]: 1 for who comes closest, 0 when nobody is anywhere near.
    """
    likely = np.argsort(-odds)[:5]  # our choice: several atlas poses may name one action
    weights = odds[likely] / max(float(odds[likely].sum()), 1e-9)
    named = atlas[likely]
    apart = np.minimum(_apart(poses, named), _apart(poses, mirror(named)))
    nearness = (np.exp(-apart / ACTION_SPREAD) * weights).sum(1)
    level = np.clip((ACTION_FAR - apart.min(1)) / (ACTION_FAR - ACTION_NEAR), 0, 1)
    return level * nearness / max(float(nearness.max()), 1e-12)


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(P, K) mean angle in degrees between the body joints of P and K poses."""
    cosine = (np.einsum("pjkl,ajkl->paj", a[:, 1:22], b[:, 1:22]) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean(-1)
