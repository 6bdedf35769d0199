"""The public sets by name: how each is read, where it comes from and how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatpose_demo.evaluation.metrics import LSP14_PELVIS, SMPL22, SMPL24, Protocol
from chatpose_demo.evaluation.public import human36m, posescript, rpe, spg, threedpw
from chatpose_demo.evaluation.public.sample import Sample


@dataclass(frozen=True)
class PublicSet:
    """One set.

    Attributes:
        load: (root, split, limit) -> samples.
        where: words on what to put where.
        protocol: how joints are compared.
        has_smpl_betas: whether the samples' betas belong to SMPL bodies (AMASS has SMPL-H's).
    """

    load: Callable[[Path, str, int | None], Iterator[Sample]]
    where: str
    protocol: Protocol
    has_smpl_betas: bool


SETS: dict[str, PublicSet] = {
    "3dpw": PublicSet(threedpw.load, threedpw.WHERE, SMPL24, True),
    **{
        f"h36m-{frames}": PublicSet(
            partial(human36m.load, frames=frames), choice.where, LSP14_PELVIS, True
        )
        for frames, choice in human36m.CHOICES.items()
    },
    "rpe-refined": PublicSet(rpe.load, rpe.WHERE["3dpw"], SMPL22, True),
    "rpe-refined-first-photos": PublicSet(
        partial(rpe.load, photos="numbered"), rpe.WHERE["numbered"], SMPL22, True
    ),
    "spg": PublicSet(spg.load, spg.WHERE, SMPL22, False),
    "posescript": PublicSet(
        partial(posescript.load, captions="human"), posescript.WHERE, SMPL22, False
    ),
    "posescript-auto": PublicSet(
        partial(posescript.load, captions="auto"), posescript.WHERE, SMPL22, False
    ),
}
