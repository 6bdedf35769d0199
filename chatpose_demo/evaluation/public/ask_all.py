"""Ask a model every sample of a set, in batches and shares, and keep what it answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import roma
import torch

from chatpose_demo.evaluation.public.asking import Answerer
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.evaluation.public.share import Share, answer_all
from chatpose_demo.evaluation.public.store import Answers, Record
from chatpose_demo.pose import from_axis_angle


def ask_all(
    answerer: Answerer, samples: Sequence[Sample], answers: Answers, share: Share, batch: int
) -> list[np.ndarray | None]:
    """Ask every sample that is not answered yet.

    Args:
        samples: with unique keys.
        answers: gets one record per sample: key, reply, and pose (24 x 3 axis-angle or null).

    Returns:
        One pose (24, 3, 3) or None per sample, in their order, rounded as it was written.
    """
    by_key = {sample.key: sample for sample in samples}

    def answer(keys: list[str]) -> list[Record]:
        found = answerer([by_key[key] for key in keys])
        return [
            {"key": key, "reply": one.reply, "pose": _plain(one.rotations)}
            for key, one in zip(keys, found, strict=True)
        ]

    known = answer_all(list(by_key), answer, answers, share, batch)
    poses = [known[sample.key]["pose"] for sample in samples]
    return [None if pose is None else from_axis_angle(np.array(pose)) for pose in poses]


def _plain(rotations: np.ndarray | None) -> list | None:
    if rotations is None:
        return None
    return roma.rotmat_to_rotvec(torch.from_numpy(rotations)).numpy().round(6).tolist()
