"""Read a public benchmark from its official files, and measure the demo on it.

`python -m chatpose_demo.evaluation.public NAME --root FOLDER [--limit N]` says what it found;
with `--model embedded` the demo answers every sample, and the errors are printed with 95 %
intervals and written as JSON. Run it again to go on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path

from chatpose_demo.body.smpl import Body
from chatpose_demo.body.smpl_file import BodyFileError
from chatpose_demo.chat import ChatPose
from chatpose_demo.evaluation.public.asking import QUESTION, ask_all
from chatpose_demo.evaluation.public.lsp14 import Lsp14
from chatpose_demo.evaluation.public.report import found, report, table
from chatpose_demo.evaluation.public.sample import PublicSetError, only_match
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS
from chatpose_demo.network.base_model import LanguageModelMissing
from chatpose_demo.settings import Settings

GENDERED = (
    "the gendered SMPL bodies are SMPL_MALE and SMPL_FEMALE (.npz or .pkl), free to registered "
    "researchers at smpl.is.tue.mpg.de."
)


def _parser() -> argparse.ArgumentParser:
    places = [
        textwrap.fill(f"{name}: {one.where}", 98, subsequent_indent="    ", break_on_hyphens=False)
        for name, one in SETS.items()
    ]
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.evaluation.public",
        description=__doc__,
        epilog="what to put where:\n\n" + "\n\n".join(places),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=SETS, metavar="NAME", help=", ".join(SETS))
    parser.add_argument("--root", type=Path, required=True, help="folder of the set, see below")
    parser.add_argument("--split", default="test", help="default: test")
    parser.add_argument("--limit", type=int, help="at most so many samples, spread over the set")
    parser.add_argument("--model", choices=["embedded"], help="who answers; none: only read")
    parser.add_argument("--out", type=Path, help="results; default: NAME-MODEL.json here")
    parser.add_argument("--smpl", help="your SMPL_NEUTRAL file (else $CHATPOSE_SMPL, else ours)")
    parser.add_argument("--gendered", type=Path, help="folder with SMPL_MALE and SMPL_FEMALE")
    parser.add_argument("--regressor", type=Path, help="J_regressor_h36m.npy, for 14 LSP joints")
    parser.add_argument("--threads", type=int, help="CPU threads of the networks")
    return parser


def _scorer(options: argparse.Namespace) -> Scorer:
    """Everything that can be wrong with the user's files, before the first answer."""
    body = Body.resolve(options.smpl)
    gendered = {}
    if options.gendered:
        for gender in ("male", "female"):
            file = only_match(options.gendered, f"SMPL_{gender.upper()}.*", GENDERED)
            gendered[gender] = Body.from_file(file)
    lsp14 = Lsp14.load(options.regressor, body) if options.regressor else None
    return Scorer(SETS[options.name], body, gendered, lsp14)


def run(options: argparse.Namespace) -> None:
    """Read, and where a model is named, ask, score and write."""
    samples = list(SETS[options.name].load(options.root, options.split, options.limit))
    if not samples:
        raise PublicSetError(f"{options.root} has no sample of {options.name}.")
    print(found(samples))
    if not options.model:
        return
    scorer = _scorer(options)
    out = options.out or Path(f"{options.name}-{options.model}.json")
    header = {"set": options.name, "split": options.split, "model": options.model}
    chat = ChatPose.load(Settings(smpl=options.smpl, threads=options.threads))
    poses = ask_all(chat, samples, out.with_suffix(".jsonl"), header)
    result = header | {"question": QUESTION, "limit": options.limit, "samples": len(samples)}
    result |= {"body": "embedded" if scorer.body.is_embedded else str(options.smpl)}
    result |= report(scorer, samples, poses)
    out.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(table(result))


def main(arguments: list[str] | None = None) -> int:
    """Exit code 2 and one sentence when something is not there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    try:
        run(options)
    except (PublicSetError, BodyFileError, LanguageModelMissing) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
