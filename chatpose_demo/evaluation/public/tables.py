"""A set's published rows and ours in one Markdown table; "not run" where we have no run.

`python -m chatpose_demo.evaluation.public.tables [RESULTS.json …] [--markdown FILE]` writes the
tables of all sets from any number of runs' results, those of the chat checks among them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatpose_demo.evaluation.metrics import Interval
from chatpose_demo.evaluation.public.published import PUBLISHED, Comparison
from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.evaluation.public.store import make_room

OURS = ("embedded", "chatpose-13b")  # listed also where they were not run
NOT_RUN = "not run"
OTHER_JOINTS = "other joints"  # it was run, under a protocol that no published row has
CHAT = "chat"  # the "set" of chat_checks
PRINTED = {"m": (1000.0, "mm"), "degrees": (1.0, "degrees"), "share": (100.0, "%")}
Result = dict[str, Any]


def comparison(name: str, results: Sequence[Result]) -> str:
    """Published rows, then ours.

    Args:
        name: of the set, one of `PUBLISHED`.
        results: runs' results; those of other sets are passed over.
    """
    published = PUBLISHED[name]
    titles = ["who", "part", *(column.title for column in published.columns), "source, caveats"]
    lines = [f"## {name}", "", _row(titles), _row(["---"] * len(titles))]
    for row in published.rows:
        cells = ["–" if value is None else f"{value:.1f}" for value in row.values]
        about = "; ".join(filter(None, (row.source, row.caveat)))
        lines.append(_row([row.who, row.part, *cells, about]))
    mine = [result for result in results if result["set"] == name]
    told = [result["model"] for result in mine]
    for result in mine:
        lines += _ours(result, published)
    empty = [NOT_RUN] * len(published.columns)
    lines += [_row([f"**{one}**", "all", *empty, "ours"]) for one in OURS if one not in told]
    return "\n".join(lines)


def _ours(result: Result, published: Comparison) -> list[str]:
    """A line per part that has any of the published measures."""
    wanted = [column.measure for column in published.columns]
    cells: dict[str, dict[str, str]] = {}
    for row in result["rows"]:
        if row["measure"] in wanted:
            scale, _ = PRINTED[row["unit"]]
            text = Interval(**row["model"]).text(scale)
            cells.setdefault(row["part"], {})[row["measure"]] = text
    about = _about(result)
    name = f"**{result['model']}**"
    if not cells:
        why = f"{about}; this run has other joints, see below"
        if any("LSP" in measure for measure in wanted):  # a run with a regressor has them
            why += " (LSP's need --regressor)"
        return [_row([name, "all", *[OTHER_JOINTS] * len(wanted), why])]
    return [
        _row([name, part, *(found.get(measure, "–") for measure in wanted), about])
        for part, found in cells.items()
    ]


def _about(result: Result) -> str:
    words = [f"ours, {result['samples']} samples", f"body: {result['body']}"]
    if result["weights"]:
        words.append(f"weights: {result['weights']}")
    if result["judge"]:
        words.append(f"recalls by {result['judge']}, with 95 % intervals")
    return "; ".join(words)


def details(result: Result) -> str:
    """Every measure of one run with its protocol, in millimetres, degrees and per cent."""
    if result["set"] == CHAT:
        return _chat(result)
    lines = [
        f"### {result['model']} on {result['set']}",
        "",
        _answered(result),
        "",
        "| measure | part | samples | model | always standing |",
        "|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        scale, unit = PRINTED[row["unit"]]
        model, standing = (
            Interval(**row[side]).text(scale) if row[side] else "–"
            for side in ("model", "standing")
        )
        name = f"{row['measure']}, {unit}"
        lines.append(_row([name, row["part"], str(row["count"]), model, standing]))
    return "\n".join(lines)


def _answered(result: Result) -> str:
    answered = Interval(**result["answered"])
    text = f"answered with a body: {answered.text(100)} % (the others count as standing)"
    if not result.get("forced"):
        return text
    share = Interval(**result["forced"]).text(100)
    return f"{text}; made to, where the model gave none: {result['forced_bodies']} ({share} %)"


def _chat(result: Result) -> str:
    about = f"{result['lines']} lines"
    if result["weights"]:
        about += f"; weights: {result['weights']}"
    lines = [f"### {result['model']} on {CHAT}", "", about, ""]
    lines += ["| measure | model |", "|---|---|"]
    for name, value in result["rows"].items():
        lines.append(_row([f"{name}, %", Interval(**value).text(100)]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 2 and one sentence when a file holds no results, or none can be written."""
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.evaluation.public.tables", description=__doc__
    )
    parser.add_argument("results", nargs="*", type=Path, help="written by runs with --out")
    parser.add_argument("--markdown", type=Path, help="write here instead of printing")
    options = parser.parse_args(arguments)
    try:
        make_room(options.markdown)
    except PublicSetError as error:
        print(error, file=sys.stderr)
        return 2
    results = []
    for path in options.results:
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
            details(result)
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"{path} does not hold a run's results ({error!r}).", file=sys.stderr)
            return 2
        results.append(result)
    parts = [comparison(name, results) for name in PUBLISHED]
    parts += [details(result) for result in results]
    text = "\n\n".join(parts) + "\n"
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
