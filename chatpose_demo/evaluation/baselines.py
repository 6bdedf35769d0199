"""Ours beside simpler ways to a body, on the frozen foreign text; all with 95 % intervals.

`python -m chatpose_demo.evaluation.baselines [--weights FOLDER] [--one-vector FOLDER]`

The ways: always standing, leaving the last body alone, the atlas pose that our pointer finds
without any bending, the paper's one vector (training.one_vector), and ours. Errors are the mean
angle over 24 joints in degrees. A person counts as chosen when the body is nearest to theirs; the
scenes' people have no poses of their own, so they get different atlas poses by a fixed seed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from chatpose_demo.evaluation.frozen_set import FOLDER, SECOND, people_of, read_lines
from chatpose_demo.evaluation.metrics import Interval
from chatpose_demo.evaluation.reader import EXACT, SEED, Reader, Table, degrees, mean, rate
from chatpose_demo.network.checkpoints import assets_dir, load_decoder
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import apply_choices
from chatpose_demo.network.told_whom import asked_changes
from chatpose_demo.network.who_fits import People
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, spec_of
from chatpose_demo.training.one_vector import (
    MAX_PEOPLE,
    PERSON_NUMBERS,
    POSE_NUMBERS,
    Context,
    OneVector,
    load_one_vector,
    people_numbers,
    six,
)


class Method(Protocol):
    """A way from a question to one body (24, 3, 3)."""

    def imagine(self, text: str) -> np.ndarray:
        """The body that words alone describe."""
        ...

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        """A changed copy of the last body."""
        ...

    def choose(self, text: str, people: People) -> np.ndarray:
        """The body of somebody in the photo."""
        ...


class Standing:
    """Always the same body."""

    def __init__(self) -> None:
        self.body = build(Spec())

    def imagine(self, text: str) -> np.ndarray:
        return self.body

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        return self.body

    def choose(self, text: str, people: People) -> np.ndarray:
        return self.body


class LeftAlone(Standing):
    """The last body as it is; standing where there is none."""

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        return before


class Pointed:
    """The likeliest atlas pose of our pointer, unbent, whatever the conversation holds."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def _likeliest(self, text: str, **context) -> np.ndarray:
        return self.reader.finder.poses[int(self.reader(text, **context).atlas[1:].argmax())]

    def imagine(self, text: str) -> np.ndarray:
        return self._likeliest(text)

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        return self._likeliest(text, body=before)

    def choose(self, text: str, people: People) -> np.ndarray:
        return self._likeliest(text, has_photo=True)


class Ours:
    """Point, then edit."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def imagine(self, text: str) -> np.ndarray:
        return self.reader.finder.imagined(text, self.reader(text)).rotations

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        return apply_choices(before, self.reader(text, body=before).parts["edit"])

    def choose(self, text: str, people: People) -> np.ndarray:
        seen = self.reader(text, people=people, has_photo=True)
        return apply_choices(people.poses[int(seen.person.argmax())], asked_changes(text, seen))


class OneVectorMethod:
    """The paper's route at our size."""

    def __init__(self, language: Language, model: OneVector) -> None:
        self.language, self.model = language, model

    @torch.inference_mode()
    def _pose(
        self, text: str, body: np.ndarray | None = None, people: np.ndarray | None = None
    ) -> np.ndarray:
        states = self.language.read([text]).states[0]
        words = torch.cat([states.mean(0), states[-1]])[None]
        last = np.zeros(POSE_NUMBERS, np.float32) if body is None else body
        crowd = np.zeros((MAX_PEOPLE, PERSON_NUMBERS), np.float32) if people is None else people
        context = Context(torch.from_numpy(last)[None], torch.from_numpy(crowd)[None])
        return self.model(words, context)[0].numpy()

    def imagine(self, text: str) -> np.ndarray:
        return self._pose(text)

    def change(self, text: str, before: np.ndarray) -> np.ndarray:
        return self._pose(text, body=six(before))

    def choose(self, text: str, people: People) -> np.ndarray:
        return self._pose(text, people=people_numbers(people.features, people.poses))


def add_methods(parser: argparse.ArgumentParser) -> None:
    """The options that `methods_of` reads."""
    parser.add_argument("--weights", type=Path, default=assets_dir() / "network")
    parser.add_argument("--one-vector", type=Path, help="folder of training.one_vector")


def methods_of(arguments: argparse.Namespace) -> tuple[Language, dict[str, Method]]:
    """The language model that all read with, and every method by its name."""
    language = Language.load(adapter=None)
    reader = Reader(language, load_decoder(arguments.weights))
    methods: dict[str, Method] = {
        "constant standing": Standing(),
        "body left alone": LeftAlone(),
        "atlas pose alone": Pointed(reader),
    }
    if arguments.one_vector is not None:
        model = load_one_vector(arguments.one_vector)
        methods["one vector (paper)"] = OneVectorMethod(language, model)
    return language, methods | {"ours": Ours(reader)}


Test = Callable[[Method], Table]


def _errors(errors: list[float]) -> Table:
    return {"degrees": mean(errors), "exact": rate(error < EXACT for error in errors)}


def captions(method: Method) -> Table:
    """Explicit text to pose, both sets."""
    lines = read_lines("captions", FOLDER) + read_lines("captions", SECOND)
    return _errors(
        [float(degrees(method.imagine(x["text"]), build(spec_of(x))).mean()) for x in lines]
    )


def edits(method: Method) -> Table:
    """One change of a given body."""
    errors = []
    for line in read_lines("edits", FOLDER):
        before, truth = build(spec_of(line["before"])), build(spec_of(line["after"]))
        errors.append(float(degrees(method.change(line["text"], before), truth).mean()))
    return _errors(errors)


def situations(method: Method) -> Table:
    """Implicit text, both sets: error to the nearest acceptable atlas pose."""
    poses = {pose.id: pose.rotations for pose in load_atlas()}
    lines = read_lines("implicit", FOLDER) + read_lines("implicit", SECOND)
    errors = []
    for line in lines:
        body = method.imagine(line["text"])
        errors.append(min(float(degrees(body, poses[name]).mean()) for name in line["ids"]))
    return _errors(errors)


def selection(method: Method) -> Table:
    """Whose pose is nearest to the body, among the people of a scene?"""
    rng = np.random.default_rng(SEED)
    crowds = {one["id"]: one for one in read_lines("scene_people", FOLDER)}
    atlas, hits = load_atlas(), []
    for line in read_lines("scenes", FOLDER):
        scene = crowds[line["id"]]
        crowd = people_of(scene)
        drawn = rng.choice(len(atlas), size=len(crowd.features), replace=False)
        if scene["target"] is None:
            continue
        people = replace(crowd, poses=np.stack([atlas[i].rotations for i in drawn]))
        body = method.choose(line["text"], people)
        apart = [degrees(body, pose).mean() for pose in people.poses]
        hits.append(int(np.argmin(apart)) == scene["target"])
    return {"right": rate(hits)}


TESTS: tuple[Test, ...] = (captions, edits, situations, selection)


def print_table(results: dict[str, dict[str, Interval]]) -> None:
    """Rows are methods, columns are measures."""
    for row, cells in results.items():
        print(row)
        for key, value in cells.items():
            scale = 1.0 if key.endswith("degrees") else 100.0
            print(f"    {key:22s} {value.text(scale, 1)}{'' if scale == 1.0 else ' %'}")


def write_json(results: dict[str, dict[str, Interval]], path: Path) -> None:
    """The same as JSON, rates between 0 and 1."""
    plain = {n: {k: asdict(v) for k, v in cells.items()} for n, cells in results.items()}
    path.write_text(json.dumps(plain, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    add_methods(parser)
    arguments = parser.parse_args()
    _, methods = methods_of(arguments)
    results = {
        name: {
            f"{test.__name__}, {key}": value
            for test in TESTS
            for key, value in test(method).items()
        }
        for name, method in methods.items()
    }
    print_table(results)
    if arguments.json:
        write_json(results, arguments.json)


if __name__ == "__main__":
    main()
