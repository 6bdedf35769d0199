"""From poses to the table of a public set: means with 95 % intervals, beside always standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from chatpose_demo.evaluation.metrics import Interval, interval, wilson
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.evaluation.public.scoring import Measure, Scorer
from chatpose_demo.studio.rig import Spec, build

SEED = 0  # of the bootstrap
ALL = "all"
_PRINTED = {"m": (1000.0, "mm"), "degrees": (1.0, "degrees")}


def found(samples: Sequence[Sample]) -> str:
    """What was read, in a few lines."""
    parts = dict.fromkeys(one.part for one in samples if one.part)
    lines = [
        f"{len(samples)} samples of {len({one.person for one in samples})} people "
        f"in {len({one.group for one in samples})} groups",
        f"with words {sum(bool(one.text) for one in samples)}, "
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
    scorer: Scorer, samples: Sequence[Sample], poses: Sequence[np.ndarray | None]
) -> dict[str, Any]:
    """Every measure of every part, as plain JSON values (metres and degrees).

    A sample without an answer counts with the standing pose, so that not answering never helps.
    """
    standing = build(Spec())
    ours = np.stack([standing if pose is None else pose for pose in poses])
    answered = [pose is not None for pose in poses]
    baseline = scorer(samples, np.repeat(standing[None], len(samples), axis=0))
    rows = []
    for measure, beside in zip(scorer(samples, ours), baseline, strict=True):
        for part in (ALL, *dict.fromkeys(one.part for one in samples if one.part)):
            places = [
                place
                for place, one in enumerate(samples)
                if part in (ALL, one.part) and np.isfinite(measure.values[place])
            ]
            if places:
                rows.append(
                    {
                        "measure": measure.name,
                        "unit": measure.unit,
                        "part": part,
                        "count": len(places),
                        "model": asdict(_mean(measure, samples, places)),
                        "standing": asdict(_mean(beside, samples, places)),
                    }
                )
    return {"answered": asdict(wilson(sum(answered), len(answered))), "rows": rows}


def _mean(measure: Measure, samples: Sequence[Sample], places: list[int]) -> Interval:
    return interval(measure.values[places], SEED, [samples[place].group for place in places])


def table(result: dict[str, Any]) -> str:
    """The report as a Markdown table, in millimetres and degrees."""
    answered = Interval(**result["answered"])
    lines = [
        f"answered with a body: {answered.text(100)} % (the others count as standing)",
        "",
        "| measure | part | samples | model | always standing |",
        "|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        scale, unit = _PRINTED[row["unit"]]
        model, standing = (Interval(**row[side]).text(scale) for side in ("model", "standing"))
        lines.append(
            f"| {row['measure']}, {unit} | {row['part']} | {row['count']} | {model} | {standing} |"
        )
    return "\n".join(lines)
