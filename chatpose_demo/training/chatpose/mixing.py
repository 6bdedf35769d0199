"""One endless stream of samples out of all data sets, the same however many processes read it.

Sample k of the stream is a function of the seed and k alone: the state of a run is one number, and
processes that take different k are disjoint. Tasks come in their exact shares: every block of
`sum(shares)` samples holds each task so often, in an order drawn per block; each task goes through
its rows in an order drawn per pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch.utils.data import Dataset

from chatpose_demo.training.chatpose.sample import TASKS, DataError, DataSet, Sample, Task

HELD_OUT_PART = 10  # our choice: at most one row in so many is held out


def split_rows(count: int, held_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows held out, the latter evenly from all of them."""
    few = min(held_out, count // HELD_OUT_PART)
    kept = np.arange(few) * count // max(few, 1)
    return np.delete(np.arange(count), kept), kept


@dataclass(frozen=True)
class Part:
    """Some rows of a data set."""

    data: DataSet
    rows: np.ndarray


class Mixture(Dataset[Sample]):
    """The stream; indexed by any k >= 0."""

    def __init__(
        self, parts: Mapping[Task, Sequence[Part]], shares: Mapping[Task, int], seed: int
    ) -> None:
        """Mix.

        Args:
            parts: of each task; a task without any rows is left out.
            shares: how often each task comes in a block.
        """
        self.parts: dict[Task, list[Part]] = {
            task: [part for part in parts.get(task, ()) if len(part.rows)] for task in TASKS
        }
        self.tasks: tuple[Task, ...] = tuple(
            task for task in TASKS if self.parts[task] and shares.get(task, 0) > 0
        )
        self.shares: dict[Task, int] = {task: shares[task] for task in self.tasks}
        self.block: list[Task] = [task for task in self.tasks for _ in range(self.shares[task])]
        self.seed = seed
        self._order = lru_cache(maxsize=2 * len(self.tasks))(self._shuffled)

    def rows(self) -> dict[Task, int]:
        """How many rows each task has, all data sets together."""
        return {task: sum(len(part.rows) for part in self.parts[task]) for task in self.tasks}

    def told(self) -> list[str]:
        """One line per task: its rows, and which part of all samples it is."""
        return [
            f"{task}: {count:,} rows, {self.shares[task] / len(self.block):.0%} of the samples"
            for task, count in self.rows().items()
        ]

    def task_of(self, k: int) -> tuple[Task, int]:
        """The task of sample k, and how many of that task came before it."""
        number, place = divmod(k, len(self.block))
        order = np.random.default_rng([self.seed, 0, number]).permutation(len(self.block))
        task = self.block[order[place]]
        earlier = sum(self.block[index] == task for index in order[:place])
        return task, number * self.shares[task] + earlier

    def _shuffled(self, task: Task, turn: int) -> np.ndarray:
        """The order of a task's rows, all data sets together, in one pass."""
        count = sum(len(part.rows) for part in self.parts[task])
        return np.random.default_rng([self.seed, 1, TASKS.index(task), turn]).permutation(count)

    def __getitem__(self, k: int) -> Sample:
        task, number = self.task_of(k)
        count = sum(len(part.rows) for part in self.parts[task])
        turn, place = divmod(number, count)
        row = int(self._order(task, turn)[place])
        for part in self.parts[task]:
            if row < len(part.rows):
                rng = np.random.default_rng([self.seed, 2, k])
                return part.data.sample(int(part.rows[row]), rng)
            row -= len(part.rows)
        raise AssertionError("a row beyond all parts")


@dataclass(frozen=True)
class Shares:
    """Which samples of the stream this process takes, as a DataLoader's `batch_sampler`.

    The stream is cut into batches; process r of n takes every n-th, from the r-th on.

    Attributes:
        start: first sample; a multiple of batch x processes.
        batch: samples in a batch.
        rank, processes: which process this is, and of how many.
        batches: how many, or None for an endless stream.
    """

    start: int
    batch: int
    rank: int = 0
    processes: int = 1
    batches: int | None = None

    def __iter__(self) -> Iterator[list[int]]:
        first, taken = self.start + self.rank * self.batch, 0
        while self.batches is None or taken < self.batches:
            yield list(range(first, first + self.batch))
            first += self.batch * self.processes
            taken += 1


def mixtures(
    data: Mapping[Task, Sequence[DataSet]],
    shares: Mapping[Task, int],
    seed: int,
    held_out: int,
) -> tuple[Mixture, Mixture]:
    """The stream to train on, and the stream of the `held_out` rows of every data set.

    Raises:
        DataError: a task has a share but no data, or there are no shares at all.
    """
    train: dict[Task, list[Part]] = {}
    test: dict[Task, list[Part]] = {}
    for task, sets in data.items():
        for one in sets:
            rows, kept = split_rows(len(one), held_out)
            train.setdefault(task, []).append(Part(one, rows))
            test.setdefault(task, []).append(Part(one, kept))
    stream = Mixture(train, shares, seed)
    empty = [task for task in TASKS if shares.get(task, 0) > 0 and task not in stream.tasks]
    if empty:
        raise DataError(
            f"There are no data for {' and '.join(empty)}. Add some with --data, or give up that "
            f"part with --shares, whose numbers are for {', '.join(TASKS)}."
        )
    if not stream.tasks:
        raise DataError("There is nothing to train on: all --shares are 0.")
    return stream, Mixture(test, shares, seed)
