"""`python -m chatpose_demo batch turns.jsonl --out answers.jsonl` and `... people PHOTO --json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers: nothing is fetched

from chatpose_demo.batch import find_people, run_batch  # noqa: E402
from chatpose_demo.body.smpl_file import BodyFileError  # noqa: E402
from chatpose_demo.chat import ChatPose  # noqa: E402
from chatpose_demo.network.base_model import LanguageModelMissing  # noqa: E402
from chatpose_demo.settings import Settings  # noqa: E402


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatpose_demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    batch = commands.add_parser("batch", help="play conversations from a JSON Lines file")
    batch.add_argument("source", type=Path, help='lines {"id", "turns": [{"text", "photo"?}]}')
    batch.add_argument("--out", type=Path, required=True, help="answers; a second run resumes")
    batch.add_argument("--smpl", help="your own SMPL_NEUTRAL file (.npz or .pkl)")
    batch.add_argument("--threads", type=int)
    people = commands.add_parser("people", help="find the people in photos")
    people.add_argument("photos", type=Path, nargs="+")
    people.add_argument("--json", action="store_true", help="everything, one JSON line a photo")
    return parser


def _print_people(photos: list[Path], as_json: bool) -> int:
    faults = 0
    for found in find_people(photos):
        faults += found["error"] is not None
        if as_json:
            print(json.dumps(found))
            continue
        count = len(found["people"])
        told = found["error"] or f"{count} {'person' if count == 1 else 'people'}"
        print(f"{found['photo']}: {told}")
        for index, person in enumerate(found["people"], 1):
            box = ", ".join(f"{x:.0f}" for x in person["box"])
            look = ", ".join(
                f"{name} {max(kinds, key=kinds.get)}"
                for name, kinds in person["attributes"].items()
                if kinds
            )
            print(f"  {index}: box {box}; {look}")
    return faults


def main() -> int:
    options = _parser().parse_args()
    if options.command == "people":
        return 1 if _print_people(options.photos, options.json) else 0
    if not options.source.exists():
        print(f"There is no file {options.source}.", file=sys.stderr)
        return 2
    try:
        chat = ChatPose.load(Settings(smpl=options.smpl, threads=options.threads))
    except (BodyFileError, LanguageModelMissing) as error:
        print(error, file=sys.stderr)
        return 2
    failed = run_batch(chat, options.source, options.out)
    if failed:
        print(f"{failed} lines have an error; see {options.out}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
