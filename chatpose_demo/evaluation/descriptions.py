"""What the eyes name rightly, and who is found by a description, on rendered pictures.

`python -m chatpose_demo.evaluation.descriptions [--scenes N] [--seed S] [--out FILE.md]`

Every scene is rendered and looked at by the demo's eyes. The first table compares what they name
with the truth. For the second, one person is described by some of their true properties, with that
person there and taken out; the properties go straight to the demo's rules for choosing, as if the
words had been understood without a mistake. Reading words is measured elsewhere (`.embedded`).
Scene k comes from the seeds (S, k) alone. Needs the extra package `moderngl`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.optimize import linear_sum_assignment
from tqdm import tqdm

from chatpose_demo.evaluation.public.asking import LEAST_OVERLAP, Box, overlap
from chatpose_demo.evaluation.reader import rate
from chatpose_demo.evaluation.rpe_studio.data import FEWEST, LEAST_VISIBLE, MOST
from chatpose_demo.evaluation.rpe_studio.draw import LONGER
from chatpose_demo.evaluation.rpe_studio.draw import SEED as FROZEN_SEED
from chatpose_demo.network.checkpoints import assets_dir, load_decoder
from chatpose_demo.network.interface import AskBack
from chatpose_demo.network.people_fit import Asked
from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES, UNKNOWN, person_features
from chatpose_demo.network.pointing import choose
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.several import Fit
from chatpose_demo.network.who_fits import ASKED_FOR, LONG, described, people_as_tokens
from chatpose_demo.perception.eyes import Eyes
from chatpose_demo.perception.person import COLOUR_NAMES, HAIR_NAMES, POSTURES, Person
from chatpose_demo.studio.stage.picture import StageRenderer
from chatpose_demo.studio.stage.scene import sample_stage
from chatpose_demo.studio.stage.truth import truth

SCENES, SEED = 90, 1000  # our choice; no training's recipe has this seed, nor has RPE-Studio
MOST_PROPERTIES = 5
STANCES = POSTURES[: POSTURES.index("arms up")]  # of the body as a whole: one of them holds
SURE = 20.0  # logits of what is asked for with certainty
NAMED = (
    "top colour", "bottom colour", "hair colour, without a hat", "hat, where one is worn",
    "no hat, where none is worn", "posture", "sex",
)  # fmt: skip

Truth = dict[str, Any]  # a person as stage.truth tells


@dataclass(frozen=True, eq=False)
class Picture:
    """A rendered scene as the eyes saw it.

    Attributes:
        number: of the scene. width: of the picture in pixels.
        found: whom the eyes found. people: who is there, as stage.truth tells.
        whose: index into `found` -> index into `people`; who was found in error is not in it.
    """

    number: int
    width: float
    found: list[Person]
    people: list[Truth]
    whose: dict[int, int]


def match(found: Sequence[Box], true: Sequence[Box | None]) -> dict[int, int]:
    """Which true box each found one is: the assignment of the largest common overlap.

    Args:
        true: None for who does not show at all.

    Returns:
        Index into `found` -> index into `true`. Who overlaps too little is left out.
    """
    common = np.array([[overlap(a, b) if b else 0.0 for b in true] for a in found])
    if not common.size:
        return {}
    pairs = zip(*linear_sum_assignment(-common), strict=True)
    return {int(i): int(j) for i, j in pairs if common[i, j] >= LEAST_OVERLAP}


def pictures(scenes: int, seed: int) -> Iterator[Picture]:
    """Render and look at one scene after the other."""
    renderer, eyes = StageRenderer(LONGER), Eyes()
    for number in tqdm(range(scenes), unit="scene"):
        rng = np.random.default_rng([seed, number])
        scene = sample_stage(rng, int(rng.integers(FEWEST, MOST + 1)))
        shot = renderer.render(scene)
        people = truth(scene, shot)["people"]
        image = Image.fromarray(shot.image)
        found = eyes(image)
        whose = match([one.box for one in found], [one["box"] for one in people])
        yield Picture(number, float(image.width), found, people, whose)


def names_of(person: Truth) -> list[str]:
    """FEATURES that would tell somebody by: clothes, hair or hat, stance and sex."""
    stance = [name for name in person["posture"] if name in STANCES][:1]
    head = "hat" if person["hat"] else f"hair {person['hair']}"  # a hat hides the hair
    sex = "female" if person["woman"] else "male"
    return [f"top {person['top']}", f"bottom {person['bottom']}", head, *stance, sex]


def fits(person: Truth, names: Sequence[str]) -> bool:
    """Whether all of the names are true of somebody."""
    return set(names) <= {*names_of(person), f"hair {person['hair']}", *person["posture"]}


def namings(seen: np.ndarray, person: Truth) -> dict[str, bool | None]:
    """What the eyes say of somebody, by NAMED: right, wrong, or None where they say nothing.

    Args:
        seen: (NUM_FEATURES,) of person_features.
    """
    value = dict(zip(FEATURES, seen.tolist(), strict=True))

    def strongest(names: Sequence[str]) -> str | None:
        best = max(names, key=value.__getitem__)
        return best if value[best] > 0 else None

    def colour(part: str, names: Sequence[str]) -> bool | None:
        best = strongest([f"{part} {name}" for name in names])
        return None if best is None else best == f"{part} {person[part]}"

    sure = value["female"] != UNKNOWN
    said: dict[str, bool | None] = {
        "top colour": colour("top", COLOUR_NAMES),
        "bottom colour": colour("bottom", COLOUR_NAMES),
        "sex": (value["female"] > UNKNOWN) == person["woman"] if sure else None,
    }
    hat = value["hat"] > ASKED_FOR
    if person["hat"]:
        said["hat, where one is worn"] = hat
    else:
        said["no hat, where none is worn"] = not hat
        said["hair colour, without a hat"] = colour("hair", HAIR_NAMES)
    if any(name in STANCES for name in person["posture"]):
        stance = strongest(STANCES)
        said["posture"] = None if stance is None else stance in person["posture"]
    return said


def clear(person: Truth) -> bool:
    """Whether enough of somebody shows to be asked for."""
    return person["visible"] >= LEAST_VISIBLE


def seen_rightly(seen: Sequence[Picture]) -> str:
    """The first table, in Markdown."""
    everybody, visible = [], []
    said: dict[str, list[bool | None]] = defaultdict(list)
    for picture in seen:
        found = set(picture.whose.values())
        for index, person in enumerate(picture.people):
            if person["box"]:
                everybody.append(index in found)
            if clear(person):
                visible.append(index in found)
        features = person_features(picture.found, picture.width)
        for index, other in picture.whose.items():
            if clear(picture.people[other]):
                for name, right in namings(features[index], picture.people[other]).items():
                    said[name].append(right)
    lines = ["| seen by the eyes | people | right, % | nothing said, % |", "|---|---|---|---|"]
    for name, hits in (("found: everybody", everybody), ("found: clearly visible", visible)):
        lines.append(f"| {name} | {len(hits)} | {_percent(hits)} | – |")
    for name in NAMED:
        hits = said[name]
        silent = _percent([right is None for right in hits])
        lines.append(f"| {name} | {len(hits)} | {_percent([bool(x) for x in hits])} | {silent} |")
    return "\n".join(lines)


def _percent(hits: Sequence[bool]) -> str:
    return rate(hits).text(100) if hits else "–"


@torch.no_grad()
def answer(
    fit: Fit, people: Sequence[Person], width: float, names: Sequence[str], rule: bool
) -> int | None:
    """Index of whom a description gets, or None when it is asked back.

    Args:
        names: of FEATURES that are asked for with certainty, and nothing else.
        rule: with the rule for long descriptions.
    """
    tokens = people_as_tokens(people, width, None)
    columns = [FEATURES.index(name) for name in names]
    needs = torch.full((1, NUM_FEATURES), -SURE)
    needs[0, columns] = SURE
    nothing = torch.full((1, NUM_FEATURES), -SURE)
    alone = torch.full((1, len(RELATIONS)), -SURE)
    alone[:, 0] = SURE
    crowd = torch.from_numpy(tokens.features)[None], torch.from_numpy(tokens.pairs)[None]
    present = torch.ones(1, len(people), dtype=torch.bool)
    logits = fit(Asked(needs, nothing, nothing, alone), *crowd, present)[0]
    person = logits.sigmoid().numpy()
    if rule:
        person, _ = described(logits, tokens.features[:, columns])
    chosen = choose(person, False, None)
    return None if isinstance(chosen, AskBack) else chosen[0]


@dataclass(frozen=True)
class Described:
    """One person of a picture by some of their properties, which fit nobody else there."""

    picture: Picture
    target: int  # index into picture.found
    names: tuple[str, ...]


def descriptions(picture: Picture, seed: int) -> Iterator[Described]:
    """For everybody clearly visible and found, a description of each length that names one."""
    rng = np.random.default_rng([seed, picture.number, 1])
    for target, index in sorted(picture.whose.items()):
        person = picture.people[index]
        others = [one for place, one in enumerate(picture.people) if place != index]
        known = names_of(person)
        for count in range(1, min(MOST_PROPERTIES, len(known)) + 1):
            names = tuple(known[i] for i in rng.permutation(len(known))[:count])
            if clear(person) and not any(fits(one, names) for one in others):
                yield Described(picture, target, names)


Ask = Callable[[Sequence[Person], float, Sequence[str]], int | None]


def outcomes(ask: Ask, asked: Sequence[Described]) -> dict[str, list[bool]]:
    """What happens with the person there and taken out of the picture.

    Returns:
        "right", "somebody else" and "asked back", one entry a description; "out: asked back", one
        for each whose picture still shows somebody else.
    """
    hits: dict[str, list[bool]] = defaultdict(list)
    for one in asked:
        found, width = one.picture.found, one.picture.width
        given = ask(found, width, one.names)
        hits["right"].append(given == one.target)
        hits["somebody else"].append(given is not None and given != one.target)
        hits["asked back"].append(given is None)
        rest = found[: one.target] + found[one.target + 1 :]
        if rest:
            hits["out: asked back"].append(ask(rest, width, one.names) is None)
    return hits


def found_by_words(fit: Fit, seen: Sequence[Picture], seed: int) -> str:
    """The second table, in Markdown."""
    asked = [one for picture in seen for one in descriptions(picture, seed)]
    lines = [
        "| properties | people | right, % | somebody else, % | asked back, % "
        "| taken out | asked back, % |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule in (True, False):
        for count in range(1 if rule else LONG, MOST_PROPERTIES + 1):
            mine = [one for one in asked if len(one.names) == count]
            hits = outcomes(partial(answer, fit, rule=rule), mine)
            title = f"{count}" if rule else f"{count}, without the rule for long descriptions"
            there = [_percent(hits[name]) for name in ("right", "somebody else", "asked back")]
            out = hits["out: asked back"]
            cells = [title, str(len(mine)), *there, str(len(out)), _percent(out)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.evaluation.descriptions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenes", type=int, default=SCENES, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write the two tables there, as Markdown")
    arguments = parser.parse_args()
    if arguments.scenes < 1:
        parser.error("--scenes must be at least 1")
    if arguments.seed == FROZEN_SEED:
        parser.error(f"seed {FROZEN_SEED} draws the pictures of RPE-Studio")
    fit = load_decoder(assets_dir() / "network").fit
    seen = list(pictures(arguments.scenes, arguments.seed))
    report = f"{seen_rightly(seen)}\n\n{found_by_words(fit, seen, arguments.seed)}\n"
    print(report)
    if arguments.out:
        arguments.out.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
