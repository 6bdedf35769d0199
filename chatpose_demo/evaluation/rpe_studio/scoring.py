"""From answers to the table: ours beside perception without words and words without a picture.

Everybody answers with rotations alone, so the bodies compared have the embedded body's mean shape,
and the true joints their own; even true rotations would not give an error of zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from chatpose_demo.body.smpl import Body
from chatpose_demo.evaluation.metrics import SMPL24, Interval, interval, mpjpe, mpjre, wilson
from chatpose_demo.evaluation.metrics import pa_mpjpe as pa
from chatpose_demo.evaluation.public.asking import LEAST_OVERLAP, Box, overlap
from chatpose_demo.evaluation.rpe_studio.answers import Answer, Seen, rotations_of
from chatpose_demo.evaluation.rpe_studio.data import KINDS, StudioQuestion, StudioScene
from chatpose_demo.studio.rig import Spec, build

SEED = 0  # of the bootstrap
ALL = "all"
OURS = "ours"
MEASURES = {
    "mpjpe": f"MPJPE ({SMPL24.name}), mm",
    "pa_mpjpe": "PA-MPJPE (SMPL 24 joints), mm",
    "mpjre": "MPJRE (24 rotations), degrees",
}


@dataclass(frozen=True)
class Row:
    """What one system gave.

    Attributes:
        name: of the system.
        wordless: its answers do not depend on the question, so each scene counts once.
        poses: (N, 24, 3, 3), one a question; who gives no body stands.
        right: whether the target was chosen; None where nobody is chosen.
        asked_back: whether it asked which person was meant; None where it cannot.
    """

    name: str
    wordless: bool
    poses: np.ndarray
    right: np.ndarray | None = None
    asked_back: np.ndarray | None = None


def whose(boxes: Sequence[Box], scene: StudioScene) -> dict[int, int]:
    """Which true person each found one is: the assignment of the largest common overlap.

    Returns:
        Index of a box -> index of the true person. Who overlaps too little is left out.
    """
    if not boxes:
        return {}
    common = np.array([[overlap(box, one.box) for one in scene.people] for box in boxes])
    pairs = zip(*linear_sum_assignment(-common), strict=True)
    return {int(i): int(j) for i, j in pairs if common[i, j] >= LEAST_OVERLAP}


def central(boxes: Sequence[Box], size: tuple[int, int]) -> int | None:
    """Index of the box whose middle is nearest to the picture's; None without a box."""
    if not boxes:
        return None
    corners = np.array(boxes)
    off = (corners[:, :2] + corners[:, 2:] - np.array(size)) / 2
    return int(np.linalg.norm(off, axis=1).argmin())


def rows(
    scenes: Mapping[int, StudioScene],
    seen: Mapping[int, Seen],
    questions: Sequence[StudioQuestion],
    answers: Sequence[Answer],
) -> list[Row]:
    """The systems of the table.

    Args:
        scenes, seen: by number of the scene.
        questions, answers: in the same order.
    """
    standing = build(Spec())
    names = {number: whose(seen[number].boxes, scene) for number, scene in scenes.items()}

    def pose(number: int, index: int | None) -> np.ndarray:
        return standing if index is None else rotations_of(seen[number].poses[index])

    def found(number: int) -> int | None:
        target = scenes[number].target
        return next((box for box, person in names[number].items() if person == target), None)

    def middle(number: int) -> int | None:
        return central(seen[number].boxes, scenes[number].size)

    def is_target(number: int, index: int | None) -> bool:
        return index is not None and names[number].get(index) == scenes[number].target

    numbers = [question.scene for question in questions]
    ours = [standing if one.pose is None else rotations_of(one.pose) for one in answers]
    right = [
        [names[one.scene].get(index) for index in one.chosen] == [scenes[one.scene].target]
        for one in answers
    ]
    return [
        Row(
            OURS,
            False,
            np.stack(ours),
            np.array(right),
            np.array([one.asked_back for one in answers]),
        ),
        Row(
            "ours, made to choose",
            False,
            np.stack([pose(one.scene, one.best) for one in answers]),
            np.array([is_target(one.scene, one.best) for one in answers]),
        ),
        Row(
            "centre-person regressor",
            True,
            np.stack([pose(number, middle(number)) for number in numbers]),
            np.array([is_target(number, middle(number)) for number in numbers]),
        ),
        Row(
            "oracle selector",
            True,
            np.stack([pose(number, found(number)) for number in numbers]),
            np.array([found(number) is not None for number in numbers]),
        ),
        Row("nearest atlas pose", False, np.stack([rotations_of(one.atlas) for one in answers])),
        Row("always standing", True, np.repeat(standing[None], len(answers), axis=0)),
    ]


@torch.no_grad()
def errors(
    body: Body, scenes: Mapping[int, StudioScene], numbers: Sequence[int], poses: np.ndarray
) -> dict[str, np.ndarray]:
    """Each of MEASURES, (N,) in metres and degrees, against the targets of scenes."""
    wanted = [scenes[number].wanted for number in numbers]
    joints = body.pose(torch.from_numpy(poses)).joints
    true = np.stack([one.joints for one in wanted])
    turns = np.stack([one.rotations for one in wanted])
    return {
        "mpjpe": mpjpe(joints, true),
        "pa_mpjpe": pa(joints, true),
        "mpjre": mpjre(poses, turns),
    }


def report(
    body: Body,
    scenes: Mapping[int, StudioScene],
    questions: Sequence[StudioQuestion],
    systems: Sequence[Row],
) -> list[dict[str, Any]]:
    """One record a system and part (all of them, then each kind), plain JSON, metres, degrees.

    Bounds: Wilson's for rates, the bootstrap over whole scenes for means.
    """
    numbers = [question.scene for question in questions]
    firsts = [place for place, number in enumerate(numbers) if number not in numbers[:place]]
    records = []
    for system in systems:
        values = errors(body, scenes, numbers, system.poses)
        for part in (ALL,) if system.wordless else (ALL, *KINDS):
            places = [place for place, one in enumerate(questions) if part in (ALL, one.kind)]
            if system.wordless:
                places = firsts
            if not places:
                continue
            groups = [numbers[place] for place in places]
            record: dict[str, Any] = {"system": system.name, "part": part, "count": len(places)}
            for name in ("right", "asked_back"):
                hits = getattr(system, name)
                record[name] = None
                if hits is not None:
                    record[name] = asdict(wilson(int(hits[places].sum()), len(places)))
            for name, all_values in values.items():
                record[name] = asdict(interval(all_values[places], SEED, groups))
            records.append(record)
    return records


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """Two Markdown tables: every system on everything, then ours and the atlas by kind."""
    head = ["right person, %", "asked back, %", *MEASURES.values()]
    lines = _table("system", head, [(one["system"], one) for one in records if one["part"] == ALL])
    by_kind = [(f"{one['system']}, {one['part']}", one) for one in records if one["part"] != ALL]
    if by_kind:
        lines += ["", *_table("system, kind of question", head, by_kind)]
    return "\n".join(lines)


def _table(
    first: str, head: Sequence[str], body: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[str]:
    lines = [f"| {' | '.join([first, 'n', *head])} |", "|" + "---|" * (len(head) + 2)]
    for name, one in body:
        cells = [name, str(one["count"])]
        for key in ("right", "asked_back"):
            cells.append("-" if one[key] is None else Interval(**one[key]).text(100))
        for key in MEASURES:
            cells.append(Interval(**one[key]).text(1.0 if key == "mpjre" else 1000.0))
        lines.append(f"| {' | '.join(cells)} |")
    return lines
