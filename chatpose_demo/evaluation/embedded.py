"""Judge the embedded network on the frozen foreign text; every rate with its 95 % interval.

`python -m chatpose_demo.evaluation.embedded [--weights FOLDER] [--json FILE] [--development]`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from chatpose_demo.evaluation.bodies import acts, captions, chains, edits, firsts, implicit
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, FOLDER, SECOND
from chatpose_demo.evaluation.moods import moods
from chatpose_demo.evaluation.pointing import relations, selection
from chatpose_demo.evaluation.reader import Reader, Table
from chatpose_demo.evaluation.turns import helping, topics, wanting
from chatpose_demo.network.checkpoints import assets_dir

Test = Callable[[Reader, Path], Table]
# Two sets by two writers; the second holds what the first did not think of.
TESTS: dict[Path, tuple[Test, ...]] = {
    FOLDER: (captions, edits, implicit, selection, wanting),
    SECOND: (
        captions,
        chains,
        implicit,
        acts,
        relations,
        wanting,
        topics,
        helping,
        firsts,
        moods,
    ),
}
# For choices while working on the network; the frozen sets are for the end.
DEVELOPMENT_TESTS: dict[Path, tuple[Test, ...]] = {
    DEVELOPMENT: (captions, edits, chains, relations, wanting, helping, firsts, moods)
}


def judge(reader: Reader, tests: dict[Path, tuple[Test, ...]] = TESTS) -> dict[str, Table]:
    """Every table, named "<set>/<test>"."""
    return {
        f"{folder.name}/{test.__name__}": test(reader, folder)
        for folder, those in tests.items()
        for test in those
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=assets_dir() / "network")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--development", action="store_true", help="the development set instead")
    arguments = parser.parse_args()
    tests = DEVELOPMENT_TESTS if arguments.development else TESTS
    results = judge(Reader.load(arguments.weights), tests)
    for name, table in results.items():
        print(name)
        for key, value in table.items():
            print(f"    {key:24s} {value.text(1.0, 3)}")
    if arguments.json:
        plain = {n: {k: asdict(v) for k, v in table.items()} for n, table in results.items()}
        arguments.json.write_text(json.dumps(plain, indent=1))


if __name__ == "__main__":
    main()
