"""Ask a model every sample of a set, in batches and shares, and keep what it answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import roma
import torch

from chatpose_demo.evaluation.public.asking import Answer, Answerer
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.evaluation.public.share import Share, answer_all
from chatpose_demo.evaluation.public.store import Answers, Record
from chatpose_demo.pose import from_axis_angle


def ask_every(
    answerer: Answerer, samples: Sequence[Sample], answers: Answers, share: Share, batch: int
) -> list[Answer]:
    """Ask every sample that is not answered yet.

    Args:
        samples: with unique keys.
        answers: gets one record per sample: key, reply, forced (true, false or null), and pose
            (24 x 3 axis-angle or null).

    Returns:
        One answer per sample, in their order, its pose rounded as it was written.
    """
    by_key = {sample.key: sample for sample in samples}

    def answer(keys: list[str]) -> list[Record]:
        found = answerer([by_key[key] for key in keys])
        return [_record(key, one) for key, one in zip(keys, found, strict=True)]

    known = answer_all(list(by_key), answer, answers, share, batch)
    return [_answer(known[sample.key]) for sample in samples]


def _record(key: str, answer: Answer) -> Record:
    pose = None
    if answer.rotations is not None:
        vectors = roma.rotmat_to_rotvec(torch.from_numpy(answer.rotations))
        pose = vectors.numpy().round(6).tolist()
    return {"key": key, "reply": answer.reply, "forced": answer.forced, "pose": pose}


def _answer(record: Record) -> Answer:
    pose = record["pose"]
    rotations = None if pose is None else from_axis_angle(np.array(pose))
    return Answer(record["reply"], rotations, record["forced"])
