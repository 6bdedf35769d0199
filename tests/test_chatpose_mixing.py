"""How the tasks of the paper's training are mixed, shared by processes and held out."""

from __future__ import annotations

import numpy as np

from chatpose_demo.training.chatpose.mixing import Shares, mixtures, split_rows
from chatpose_demo.training.chatpose.sample import Sample


class Numbers:
    """Rows that say which they are."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count

    def __len__(self) -> int:
        return self.count

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        return Sample(((f"{self.name} {row}", str(rng.integers(1000))),))


def numbers() -> dict:
    return {"text": [Numbers("t", 10), Numbers("u", 5)], "image": [Numbers("i", 40)]}


SHARES = {"text": 1, "instruction": 0, "image": 2}


def test_mixture_keeps_the_shares_and_goes_through_every_row():
    stream, held_out = mixtures(numbers(), SHARES, seed=3, held_out=0)  # type: ignore[arg-type]
    assert held_out.tasks == ()
    said = [stream[k].messages[0] for k in range(45)]
    asked = [question for question, _ in said]
    kinds = [text[0] for text in asked]
    for start in range(0, 45, 3):  # blocks of one text and two images
        assert sorted("t" if k in "tu" else k for k in kinds[start : start + 3]) == ["i", "i", "t"]
    words = [text for text in asked if text[0] in "tu"]
    assert len(set(words)) == 15 and words != sorted(words)
    assert said == [mixtures(numbers(), SHARES, 3, 0)[0][k].messages[0] for k in range(45)]  # type: ignore[arg-type]
    other = mixtures(numbers(), SHARES, 4, 0)[0]  # type: ignore[arg-type]
    assert said != [other[k].messages[0] for k in range(45)]


def test_processes_share_the_stream_without_overlap():
    def take(shares: Shares, count: int) -> list[list[int]]:
        stream = iter(shares)
        return [next(stream) for _ in range(count)]

    alone = take(Shares(0, batch=6), 4)
    pair = [take(Shares(0, batch=3, rank=rank, processes=2), 4) for rank in (0, 1)]
    assert [a + b for a, b in zip(*pair, strict=True)] == alone
    assert take(Shares(12, batch=3, rank=1, processes=2), 2) == pair[1][2:]
    assert len(list(Shares(0, 3, batches=5))) == 5


def test_held_out_rows_are_never_trained_on():
    train, test = split_rows(100, 8)
    assert len(test) == 8 and not set(train) & set(test) and len(train) == 92
    assert np.ptp(test) > 80  # from all of the set
    assert len(split_rows(5, 8)[1]) == 0
    data = {"text": [Numbers("t", 100)]}
    streams = mixtures(data, {"text": 1}, seed=0, held_out=8)  # type: ignore[arg-type]
    seen = [{int(one[k].messages[0][0].split()[1]) for k in range(92)} for one in streams]
    assert seen == [set(train.tolist()), set(test.tolist())]
