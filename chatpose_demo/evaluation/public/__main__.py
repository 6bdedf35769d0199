"""Read a public benchmark from its official files, and measure a model on it.

`python -m chatpose_demo.evaluation.public NAME --data FOLDER` says what it found; with `--model`
the model answers every sample, and the errors, with 95 % intervals and the papers' numbers beside
them, go to `--out` and `--markdown`. Run it again to go on where it stopped. Several processes:
`torchrun --nproc-per-node N -m chatpose_demo.evaluation.public …`, or `accelerate launch -m …`.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatpose_demo.body.smpl import Body
from chatpose_demo.body.smpl_file import BodyFileError
from chatpose_demo.evaluation.public.asked import ask_every
from chatpose_demo.evaluation.public.asking import PAPER, PLAIN, Answer
from chatpose_demo.evaluation.public.crops import LEARNT, ROOMY
from chatpose_demo.evaluation.public.lsp14 import Lsp14
from chatpose_demo.evaluation.public.models import (
    ModelMissing,
    about,
    add_model_options,
    load_answerer,
    settings_of,
)
from chatpose_demo.evaluation.public.published import PUBLISHED
from chatpose_demo.evaluation.public.recall import GivenVectors, Judge, OwnJudge
from chatpose_demo.evaluation.public.report import found, report
from chatpose_demo.evaluation.public.sample import PublicSetError, Sample, only_match, unique
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS
from chatpose_demo.evaluation.public.share import Share, joined
from chatpose_demo.evaluation.public.store import Answers, make_room
from chatpose_demo.evaluation.public.tables import comparison, details
from chatpose_demo.settings import Settings

BATCH = 8  # our choice: 8 prompts of 700 tokens take about 5 GB of cache in the 13B model
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
    parser.add_argument("--data", type=Path, required=True, help="folder of the set, see below")
    parser.add_argument("--split", default="test", help="default: test")
    parser.add_argument("--limit", type=int, help="at most so many samples, spread over the set")
    add_model_options(parser)
    parser.add_argument(
        "--batch", type=int, default=BATCH, help=f"samples at once, the paper's model ({BATCH})"
    )
    parser.add_argument("--out", type=Path, help="results; default: NAME-MODEL.json here")
    parser.add_argument("--markdown", type=Path, help="the same as tables")
    parser.add_argument("--smpl", help="your SMPL_NEUTRAL file (else $CHATPOSE_SMPL, else ours)")
    parser.add_argument("--gendered", type=Path, help="folder with SMPL_MALE and SMPL_FEMALE")
    parser.add_argument("--regressor", type=Path, help="J_regressor_h36m.npy, for 14 LSP joints")
    parser.add_argument(
        "--judge",
        type=Path,
        help="keys, texts and poses (.npz) embedded by another retrieval model, such as "
        "PoseScript's; default: this project's own judge",
    )
    return parser


def _scorer(options: argparse.Namespace) -> Scorer:
    """Everything that can be wrong with the user's files, before the first answer."""
    body = Body.resolve(options.smpl)
    if body.is_smplx:
        raise PublicSetError(
            "The public sets are scored on SMPL: name your SMPL_NEUTRAL file with --smpl "
            "(this one, or $CHATPOSE_SMPL, is SMPL-X)."
        )
    gendered = {}
    if options.gendered:
        for gender in ("male", "female"):
            file = only_match(options.gendered, f"SMPL_{gender.upper()}.*", GENDERED)
            gendered[gender] = Body.from_file(file)
    lsp14 = Lsp14.load(options.regressor, body) if options.regressor else None
    return Scorer(SETS[options.name], body, gendered, lsp14)


def _judge(options: argparse.Namespace, samples: Sequence[Sample]) -> Judge | None:
    if not all(one.caption or one.text for one in samples) or samples[0].image is not None:
        return None  # retrieval is for sets of words alone
    return GivenVectors(options.judge) if options.judge else OwnJudge.load()


def run(options: argparse.Namespace, share: Share) -> None:
    """Read, and where a model is named, ask, score and write."""
    samples = unique(list(SETS[options.name].load(options.data, options.split, options.limit)))
    if not samples:
        raise PublicSetError(f"{options.data} has no sample of {options.name}.")
    if share.is_first:
        print(found(samples))
    if not options.model:
        return
    scorer = _scorer(options)
    out = options.out or Path(f"{options.name}-{options.model}.json")
    make_room(out, options.markdown)
    settings = settings_of(options, options.smpl)
    wording, crop = (PLAIN, ROOMY) if options.model == "embedded" else (PAPER, LEARNT)
    header = {
        "set": options.name,
        "split": options.split,
        **about(settings),
        **asdict(wording),
        "crop": crop,
    }
    store = Answers(out, header)
    answers = ask_every(load_answerer(settings), samples, store, share, options.batch)
    if share.is_first:
        result = header | _result(options, settings, scorer, samples, answers)
        out.write_text(json.dumps(result, indent=1), encoding="utf-8")
        text = f"{comparison(options.name, [result])}\n\n{details(result)}\n"
        if options.markdown:
            options.markdown.write_text(text, encoding="utf-8")
        print(text, end="")


def _result(
    options: argparse.Namespace,
    settings: Settings,
    scorer: Scorer,
    samples: Sequence[Sample],
    answers: Sequence[Answer],
) -> dict[str, Any]:
    judge = _judge(options, samples)
    poses = [one.rotations for one in answers]
    forced = [one.forced for one in answers]
    return {
        "limit": options.limit,
        "samples": len(samples),
        "body": "embedded" if scorer.body.is_embedded else str(settings.smpl),
        "judge": judge.name if judge else None,
        "published": asdict(PUBLISHED[options.name]),
        **report(scorer, samples, poses, judge, forced),
    }


def main(arguments: list[str] | None = None) -> int:
    """Exit code 2 and one sentence when something is not there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    if options.batch < 1:
        parser.error("--batch must be at least 1")
    with joined() as share:
        try:
            run(options, share)
        except (PublicSetError, BodyFileError, ModelMissing) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
