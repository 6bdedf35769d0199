"""Commands beside the page: batch, people, convert, doctor."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import get_args

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers: nothing is fetched

from chatpose_demo.batch import find_people, run_batch  # noqa: E402
from chatpose_demo.body.smpl_file import BodyFileError  # noqa: E402
from chatpose_demo.chat import ChatPose  # noqa: E402
from chatpose_demo.network.base_model import LanguageModelMissing  # noqa: E402
from chatpose_demo.network.interface import CannotLoad  # noqa: E402
from chatpose_demo.settings import ImageWay, ModelName, Quantize, Settings  # noqa: E402


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatpose_demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    batch = commands.add_parser("batch", help="play conversations from a JSON Lines file")
    batch.add_argument("source", type=Path, help='lines {"id", "turns": [{"text", "photo"?}]}')
    batch.add_argument("--out", type=Path, required=True, help="answers; a second run resumes")
    batch.add_argument("--smpl", help="your own SMPL_NEUTRAL file (.npz or .pkl)")
    batch.add_argument("--model", choices=get_args(ModelName), default="embedded")
    batch.add_argument("--weights", help="folder of the paper's model, made by `convert`")
    batch.add_argument("--quantize", choices=get_args(Quantize), help="of the paper's model")
    batch.add_argument(
        "--image-way",
        choices=get_args(ImageWay),
        help="how the paper's model gets a photo: its middle square, or all of it",
    )
    batch.add_argument("--threads", type=int)
    people = commands.add_parser("people", help="find the people in photos")
    people.add_argument("photos", type=Path, nargs="+")
    people.add_argument("--json", action="store_true", help="everything, one JSON line a photo")
    convert = commands.add_parser("convert", help="published weights into this project's folder")
    convert.add_argument("source", type=Path, help="download of CHATPOSE-V0 or of a LLaVA-1.5")
    convert.add_argument("--out", type=Path, help="new folder; a second run resumes")
    convert.add_argument("--clip", type=Path, help="CLIP ViT-L/14-336, for the vision tower")
    convert.add_argument(
        "--base", action="store_true", help="LLaVA as a base for training: adds a fresh pose head"
    )
    convert.add_argument("--seed", type=int, default=0, help="of that head")
    convert.add_argument("--dry-run", action="store_true", help="only say what would be done")
    doctor = commands.add_parser("doctor", help="what the paper's model needs and what is here")
    doctor.add_argument("--model", default="chatpose-13b", help="or chatpose-7b, tiny-llava")
    doctor.add_argument("--weights", type=Path, help="folder of weights, or a download, to check")
    doctor.add_argument("--smpl", help="your own SMPL_NEUTRAL or SMPLX_NEUTRAL file, to check")
    return parser


def _convert(options: argparse.Namespace) -> int:
    # The paper's model is heavy to import, so only the commands that are about it do.
    from chatpose_demo.weights.convert import convert
    from chatpose_demo.weights.journal import UNTRAINED
    from chatpose_demo.weights.plan import make_plan
    from chatpose_demo.weights.shards import CheckpointError

    try:
        if options.dry_run:
            plan = make_plan(options.source, options.clip, options.base, options.seed)
            print(plan.told())
            return 0
        if options.out is None:
            print("Name the new folder: --out FOLDER.", file=sys.stderr)
            return 2
        plan = convert(
            options.source, options.out, clip=options.clip, base=options.base, seed=options.seed
        )
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.out}: the {plan.config.size} model, {plan.bytes / 1e9:.2f} GB.")
    if options.base:
        print(UNTRAINED)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from chatpose_demo.weights.doctor import report

    try:
        found = report(options.model, options.weights, smpl=options.smpl)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(found.text)
    return 0 if found.usable else 1


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
    parser = _parser()
    options = parser.parse_args()
    if options.command == "convert":
        return _convert(options)
    if options.command == "doctor":
        return _doctor(options)
    if options.command == "people":
        return 1 if _print_people(options.photos, options.json) else 0
    about_paper = options.weights or options.quantize or options.image_way
    if options.model == "embedded" and about_paper:
        parser.error("--weights, --quantize and --image-way are for the paper's model: add --model")
    if not options.source.exists():
        print(f"There is no file {options.source}.", file=sys.stderr)
        return 2
    try:
        settings = Settings(
            model=options.model,
            smpl=options.smpl,
            threads=options.threads,
            weights=options.weights,
            quantize=options.quantize,
            image_way=options.image_way,
        )
        chat = ChatPose.load(settings)
    except (BodyFileError, CannotLoad, LanguageModelMissing) as error:
        print(error, file=sys.stderr)
        return 2
    failed = run_batch(chat, options.source, options.out)
    if failed:
        print(f"{failed} lines have an error; see {options.out}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
