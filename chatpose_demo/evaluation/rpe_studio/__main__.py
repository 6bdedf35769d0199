"""Measure the demo on RPE-Studio.

`python -m chatpose_demo.evaluation.rpe_studio [--limit N] [--json FILE]` asks every question in a
conversation of its own and prints the errors with 95 % intervals, beside four answers that need
either no words or no picture. Run it again to go on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from chatpose_demo.chat import ChatPose
from chatpose_demo.evaluation.public.sample import spread
from chatpose_demo.evaluation.rpe_studio.answers import Interview, OtherRunError
from chatpose_demo.evaluation.rpe_studio.data import FOLDER, load_questions, load_scenes
from chatpose_demo.evaluation.rpe_studio.scoring import report, rows, table
from chatpose_demo.network.base_model import LanguageModelMissing
from chatpose_demo.network.checkpoints import assets_dir, decoder_files
from chatpose_demo.settings import Settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.evaluation.rpe_studio", description=__doc__
    )
    parser.add_argument("--limit", type=int, help="at most so many scenes, five questions each")
    parser.add_argument("--json", type=Path, help="write the table's numbers there")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("rpe_studio.jsonl"),
        help="answers so far, default: %(default)s; start another after changing the code",
    )
    parser.add_argument("--threads", type=int, help="CPU threads of the networks")
    return parser


def _header() -> dict[str, str]:
    """What answers depend on: the questions, the pictures' truth, and the weights."""
    files = {
        "questions": FOLDER / "questions.jsonl",
        "truth": FOLDER / "truth.jsonl",
    }
    for number, file in enumerate(decoder_files(assets_dir() / "network")):
        files[f"weights {number}" if number else "weights"] = file.with_suffix(".safetensors")
    digests = {n: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for n, path in files.items()}
    return {"set": "rpe_studio", "model": "embedded"} | digests


def run(options: argparse.Namespace) -> None:
    """Ask, score, print and write."""
    chosen = spread(load_scenes(), options.limit)
    scenes = {scene.number: scene for scene in chosen}
    questions = [one for one in load_questions() if one.scene in scenes]
    chat = ChatPose.load(Settings(threads=options.threads))
    seen, answers = Interview(chat).all(chosen, questions, options.out, _header())
    records = report(chat.body, scenes, questions, rows(scenes, seen, questions, answers))
    if options.json:
        result = _header() | {"scenes": len(scenes), "questions": len(questions), "rows": records}
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(table(records))


def main(arguments: list[str] | None = None) -> int:
    """Exit code 2 and one sentence when something is not there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    try:
        run(options)
    except (OtherRunError, LanguageModelMissing) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
