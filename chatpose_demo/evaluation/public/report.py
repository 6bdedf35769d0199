"""From poses to the numbers of a public set, with 95 % intervals, beside always standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from chatpose_demo.evaluation.metrics import Interval, interval, wilson
from chatpose_demo.evaluation.public.recall import Judge, recalls
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.evaluation.public.scoring import Measure, Scorer
from chatpose_demo.studio.rig import Spec, build

SEED = 0  # of the bootstrap
ALL = "all"
OWN_TRUTH = "truth not shared"  # without samples whose truth is another question's, too
Row = dict[str, Any]


def found(samples: Sequence[Sample]) -> str:
    """What was read, in a few lines."""
    parts = dict.fromkeys(one.part for one in samples if one.part)
    lines = [
        f"{len(samples)} samples of {len({one.person for one in samples})} people "
        f"in {len({one.group for one in samples})} groups",
        f"with a question {sum(bool(one.text) for one in samples)}, "
        f"with a caption {sum(bool(one.caption) for one in samples)}, "
        f"with a photo {sum(one.image is not None for one in samples)}, "
        f"with rotations {sum(one.rotations is not None for one in samples)}, "
        f"with joints {sum(one.joints is not None for one in samples)}",
    ]
    if parts:
        counts = [f"{part} {sum(one.part == part for one in samples)}" for part in parts]
        lines.append("parts: " + ", ".join(counts))
    lines.append("first keys: " + ", ".join(one.key for one in samples[:3]))
    return "\n".join(lines)


def report(
    scorer: Scorer,
    samples: Sequence[Sample],
    poses: Sequence[np.ndarray | None],
    judge: Judge | None = None,
    forced: Sequence[bool | None] = (),
) -> dict[str, Any]:
    """Every measure of every part, as plain JSON values (metres, degrees and shares).

    A sample without an answer counts with the standing pose, so that not answering never helps.

    Args:
        judge: for the recalls of sets with captions; None leaves them out.
        forced: whose body the model had to be made to give, see `Answer`; nothing is said of it
            where the model does not tell.
    """
    standing = build(Spec())
    ours = np.stack([standing if pose is None else pose for pose in poses])
    still = np.repeat(standing[None], len(samples), axis=0)
    answered = [pose is not None for pose in poses]
    rows = []
    for measure, beside in zip(scorer(samples, ours), scorer(samples, still), strict=True):
        for part, places in _parts(samples, measure).items():
            sides = _mean(measure, samples, places), _mean(beside, samples, places)
            rows.append(_row(measure.name, measure.unit, part, len(places), *map(asdict, sides)))
    if judge is not None:
        found = recalls(judge.texts(samples), judge.poses(samples, ours))
        rows += [
            _row(one.measure, "share", one.part, len(one.hits), one.rate(), None) for one in found
        ]
    told = [one for one in forced if one is not None]
    return {
        "answered": asdict(wilson(sum(answered), len(answered))),
        "forced": asdict(wilson(sum(told), len(told))) if told else None,
        "forced_bodies": sum(told) if told else None,
        "rows": rows,
    }


def _row(measure: str, unit: str, part: str, count: int, model: dict, standing: dict | None) -> Row:
    return {
        "measure": measure,
        "unit": unit,
        "part": part,
        "count": count,
        "model": model,
        "standing": standing,
    }


def _parts(samples: Sequence[Sample], measure: Measure) -> dict[str, list[int]]:
    """Part -> places of its samples that the measure has a value of; empty parts left out."""
    known = [place for place, value in enumerate(measure.values) if np.isfinite(value)]
    parts = {ALL: known}
    if any(one.shared_truth for one in samples):
        parts[OWN_TRUTH] = [place for place in known if not samples[place].shared_truth]
    for part in dict.fromkeys(one.part for one in samples if one.part):
        parts[part] = [place for place in known if samples[place].part == part]
    return {part: places for part, places in parts.items() if places}


def _mean(measure: Measure, samples: Sequence[Sample], places: list[int]) -> Interval:
    return interval(measure.values[places], SEED, [samples[place].group for place in places])
