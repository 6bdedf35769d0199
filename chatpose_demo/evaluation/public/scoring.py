"""Poses against the truth of a public set.

The models here answer with rotations only, so their bodies have the mean shape of the body in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chatpose_demo.body.smpl import Body, PosedBodies
from chatpose_demo.evaluation.metrics import (
    LSP14_HIPS,
    LSP14_PELVIS,
    SMPL22,
    Protocol,
    mpjpe,
    mpjre,
    mpve,
)
from chatpose_demo.evaluation.metrics import pa_mpjpe as pa
from chatpose_demo.evaluation.public.lsp14 import Lsp14
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample
from chatpose_demo.evaluation.public.sets import PublicSet
from chatpose_demo.pose import NUM_JOINTS

BATCH = 64  # our choice: 64 bodies of 6890 vertices are 5 MB


@dataclass(frozen=True)
class Measure:
    """One column of the table.

    Attributes:
        name: with its protocol in brackets.
        unit: "m" or "degrees".
        values: (N,) one per sample; NaN where the set does not say the truth.
    """

    name: str
    unit: str
    values: np.ndarray


class Scorer:
    """Compares rotations with samples.

    Attributes:
        body: the body that both are posed on.
        gendered: "male" and "female" SMPL bodies for the truth (SPIN); when empty, the truth is
            posed on `body` (METRO's protocol where that is the neutral SMPL).
        lsp14: the regressed joints of the papers, when the user has the regressor.
    """

    def __init__(
        self, public: PublicSet, body: Body, gendered: Mapping[str, Body], lsp14: Lsp14 | None
    ) -> None:
        if public.protocol is LSP14_PELVIS and lsp14 is None:
            raise PublicSetError(
                "This set's truth is the 14 regressed joints of Human3.6M: give --regressor "
                "(J_regressor_h36m.npy of SPIN's data, 17 x 6890) and your SMPL file with --smpl."
            )
        self.public, self.body, self.gendered, self.lsp14 = public, body, gendered, lsp14

    @torch.no_grad()
    def __call__(self, samples: Sequence[Sample], rotations: np.ndarray) -> list[Measure]:
        """Every measure that the samples' truth allows.

        Args:
            rotations: (N, 24, 3, 3) world frame, one pose per sample.
        """
        batches = [
            self._batch(samples[start : start + BATCH], rotations[start : start + BATCH])
            for start in range(0, len(samples), BATCH)
        ]
        names = dict.fromkeys(name for batch in batches for name in batch)
        return [
            Measure(
                name,
                "degrees" if name.startswith("MPJRE") else "m",
                np.concatenate([batch[name] for batch in batches]),
            )
            for name in names
        ]

    def _batch(self, samples: Sequence[Sample], rotations: np.ndarray) -> dict[str, np.ndarray]:
        ours = self.body.pose(torch.from_numpy(rotations))
        known = [place for place, one in enumerate(samples) if one.rotations is not None]
        truth = self._truth([samples[place] for place in known]) if known else None
        columns: dict[str, np.ndarray] = {}

        def add(name: str, values: np.ndarray, places: list[int]) -> None:
            columns[name] = np.full(len(samples), np.nan)
            columns[name][places] = values

        def add_joints(a: torch.Tensor, b: torch.Tensor, by: Protocol, places: list[int]) -> None:
            add(f"MPJPE ({by.name})", mpjpe(a, b, by), places)
            if by is LSP14_PELVIS:  # HMR and METRO put the mid-hip at the origin instead
                add(f"MPJPE ({LSP14_HIPS.name})", mpjpe(a, b, LSP14_HIPS), places)
            add(f"PA-MPJPE ({by.name.split(',')[0]})", pa(a, b, by), places)

        protocol = self.public.protocol
        if samples[0].joints is not None:
            given = torch.from_numpy(np.stack([one.joints for one in samples]))  # type: ignore
            mine = ours.joints if protocol is not LSP14_PELVIS else self._lsp14(ours.vertices)
            add_joints(mine, given, protocol, list(range(len(samples))))
        elif truth is not None:
            add_joints(ours.joints[known], truth.joints, protocol, known)
        if truth is not None:
            if self.lsp14 is not None and protocol is not LSP14_PELVIS:
                a, b = self._lsp14(ours.vertices[known]), self._lsp14(truth.vertices)
                add_joints(a, b, LSP14_PELVIS, known)
            a, b = ours.vertices[known], truth.vertices
            add(
                f"MPVE (pelvis aligned, {self._shape()})",
                mpve(a, b, ours.joints[known, 0], truth.joints[:, 0]),
                known,
            )
            true = np.stack([samples[place].rotations for place in known])  # type: ignore
            add(*self._rotation_error(rotations[known], true, first=0), known)
            add(*self._rotation_error(rotations[known], true, first=1), known)
        return columns

    def _rotation_error(self, ours: np.ndarray, true: np.ndarray, first: int):
        count = len(SMPL22.joints) if self.public.protocol is SMPL22 else NUM_JOINTS
        what = "global orientation and " if first == 0 else ""
        return f"MPJRE ({what}{count - 1} body joints)", mpjre(ours, true, range(first, count))

    def _lsp14(self, vertices: torch.Tensor) -> torch.Tensor:
        assert self.lsp14 is not None  # the constructor refuses sets that need it without one
        return self.lsp14(vertices)

    def _takes_betas(self) -> bool:
        return self.public.has_smpl_betas and (bool(self.gendered) or not self.body.is_embedded)

    def _shape(self) -> str:
        if not self._takes_betas():
            return "both bodies of the mean shape"
        return "true body by gender" if self.gendered else "true body neutral"

    def _truth(self, samples: Sequence[Sample]) -> PosedBodies:
        """The true bodies, in the samples' order."""
        rotations = torch.from_numpy(np.stack([one.rotations for one in samples]))  # type: ignore
        if not self._takes_betas():
            return self.body.pose(rotations)
        betas = torch.from_numpy(np.stack([one.betas for one in samples]))  # type: ignore
        vertices = torch.empty(len(samples), *self.body.rest().vertices.shape[1:])
        joints = torch.empty(len(samples), NUM_JOINTS, 3)
        for gender in {one.gender for one in samples}:
            rows = [place for place, one in enumerate(samples) if one.gender == gender]
            body = self.gendered.get(gender or "neutral", self.body)
            vertices[rows], joints[rows] = body.pose(rotations[rows], betas[rows])
        return PosedBodies(vertices, joints)
