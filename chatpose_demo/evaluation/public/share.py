"""One run by several processes: each answers its share, and the first one scores them all.

Start them with `torchrun --nproc-per-node N -m chatpose_demo.evaluation.public …` or with
`accelerate launch`; both say in the environment who is who. Messages go by gloo, on CPUs and GPUs
alike, for they are only names of samples. With GPUs, each process of a machine takes its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from tqdm import tqdm

from chatpose_demo.evaluation.public.store import Answers, Record

WAIT = timedelta(days=7)  # our choice: shares of a long run may end hours apart
T = TypeVar("T")


@dataclass(frozen=True)
class Share:
    """Which process this is.

    Attributes:
        rank: 0 scores and prints.
        count: of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process scores and prints."""
        return self.rank == 0

    def agree(self, value: T) -> T:
        """The first process's value, in all."""
        if self.count == 1:
            return value
        holder = [value]
        dist.broadcast_object_list(holder, src=0)
        return holder[0]

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def joined() -> Iterator[Share]:
    """This process among those that the launcher started; alone without a launcher."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Share()
        return
    _take_gpu(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("gloo", timeout=WAIT)
    try:
        yield Share(dist.get_rank(), count)
    finally:
        dist.destroy_process_group()


def _take_gpu(local_rank: int) -> None:
    """Show one GPU to this process; must come before anything uses one."""
    count = torch.cuda.device_count()
    if count:
        shown = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(count)))
        os.environ["CUDA_VISIBLE_DEVICES"] = shown.split(",")[local_rank % count]


def answer_all(
    keys: Sequence[str],
    answer: Callable[[list[str]], list[Record]],
    answers: Answers,
    share: Share,
    batch: int,
) -> dict[str, Record]:
    """Answer every key that no earlier run answered, all processes together.

    Args:
        keys: names of the samples, each once.
        answer: up to `batch` keys -> their records, "key" among the fields.

    Returns:
        Key -> record, the same in every process.
    """
    known = answers.read() if share.is_first else {}
    left = share.agree([key for key in keys if key not in known])
    mine = left[share.rank :: share.count]

    def batches() -> Iterator[list[Record]]:
        with tqdm(total=len(mine), unit="sample", disable=not share.is_first) as bar:
            for start in range(0, len(mine), batch):
                part = mine[start : start + batch]
                yield answer(part)
                bar.update(len(part))

    answers.append(share.rank, batches())
    share.wait()
    known = answers.read()
    return {key: known[key] for key in keys}
