"""What each part of the decoder is worth: `python -m chatpose_demo.training ablations --help`.

Trains short runs of several variants from several seeds on the same text and steps, judges each on
the frozen text, and prints mean and standard deviation over the seeds. Every finished run is a line
of `FOLDER/runs.jsonl`; run it again to go on, or several with other `--variants` side by side.

`--finished WEIGHTS` trains nothing: it takes the parts out of finished weights, one at a time,
which tells what those rely on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from chatpose_demo.evaluation.bodies import captions, edits, implicit
from chatpose_demo.evaluation.frozen_set import FOLDER, SECOND
from chatpose_demo.evaluation.pointing import relations, selection
from chatpose_demo.evaluation.reader import Reader
from chatpose_demo.evaluation.turns import wanting
from chatpose_demo.network.checkpoints import load_decoder
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import OPTIONS, PARTS
from chatpose_demo.network.people_fit import Asked, PeopleFit
from chatpose_demo.network.people_tokens import FEATURES, PLACE_FEATURES
from chatpose_demo.network.pose_decoder import PoseDecoder
from chatpose_demo.network.several import Decoder, members
from chatpose_demo.studio.words import WRITERS
from chatpose_demo.training.decoder import TrainConfig, Trainer

STEPS = 1500  # our choice: minutes a run. After 600 all variants are near chance
BATCH = 48  # our choice: half of the shipped run's, so that a run takes minutes
KEPT_PLACES = ("left half", "right half")


class Nothing(nn.Module):
    """A layer that says nothing: (..., anything) -> (..., width) of zeros."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(*x.shape[:-1], self.width)


class Through(nn.Module):
    """In the place of a transformer: words come out as they went in."""

    def forward(self, x: Tensor, src_key_padding_mask: Tensor) -> Tensor:
        return x


class Unranked(PeopleFit):
    """Sees where people are, but not who is first, second, last, biggest or smallest."""

    def forward(self, asked: Asked, people: Tensor, pairs: Tensor, present: Tensor) -> Tensor:
        ranked = [FEATURES.index(name) for name in PLACE_FEATURES if name not in KEPT_PLACES]
        people = people.clone()
        people[..., ranked] = 0
        return super().forward(asked, people, pairs, present)


def no_states(decoder: PoseDecoder) -> None:
    """The words themselves, without the language model's reading of them."""
    decoder.word_scale.fill_(torch.inf)


def no_tokens(decoder: PoseDecoder) -> None:
    """The language model's reading, without the words themselves."""
    decoder.register_module("from_tokens", Nothing(decoder.config.width))


def no_mixer(decoder: PoseDecoder) -> None:
    """No transformer layer of its own over the words."""
    decoder.register_module("mixer", Through())


def no_shown_body(decoder: PoseDecoder) -> None:
    """Words alone change a body; what it does already is not seen."""
    decoder.register_module("shown", Nothing(decoder.config.width))


def no_pointer(decoder: PoseDecoder) -> None:
    """No pose of the atlas to point at: every body begins as one that stands."""
    poses = 1 + decoder.config.atlas_size
    decoder.register_module("atlas", Nothing(poses))
    decoder.register_module("atlas_linear", Nothing(poses))


def no_residual(decoder: PoseDecoder) -> None:
    """Poses of the atlas as they are, with no option for any part: all stay at "keep"."""
    for part in PARTS:
        decoder.parts.register_module(part, Nothing(len(OPTIONS[part])))


def no_ranks(decoder: PoseDecoder) -> None:
    """No symbols for ordinal places."""
    fit = Unranked()
    fit.load_state_dict(decoder.fit.state_dict())
    decoder.register_module("fit", fit)


@dataclass(frozen=True)
class Variant:
    """One change to the shipped recipe.

    Attributes:
        change: what is taken out of a new decoder, if anything.
        writers: whose text is learned from.
        text: share of the composed texts that are made; fewer are read sooner, and a short run
            draws no more than these.
        hard: share of the hard questions that are kept of them.
    """

    change: Callable[[PoseDecoder], None] | None = None
    writers: tuple[str, ...] = TrainConfig.writers
    text: float = 1.0
    hard: float = 1.0


AS_SHIPPED = "as shipped"
VARIANTS = {
    AS_SHIPPED: Variant(),
    "no word states": Variant(no_states),
    "no input embeddings": Variant(no_tokens),
    "no layer of its own": Variant(no_mixer),
    "no pointer": Variant(no_pointer),
    "no residual": Variant(no_residual),
    "no ordinal ranks": Variant(no_ranks),
    "no shown body": Variant(no_shown_body),
    # ada to dara wrote no acts and no questions, so a few writers need some of iris to lena.
    "two writers": Variant(writers=("ada", "iris"), text=0.4),
    "four writers": Variant(writers=("ada", "bela", "iris", "jon"), text=0.4),
    "eight writers": Variant(writers=WRITERS, text=0.4),
    "no hard questions": Variant(hard=0.0),
}


class VariantTrainer(Trainer):
    """Trains a decoder of which something was taken out."""

    def __init__(self, variant: Variant, config: TrainConfig, cache: Path) -> None:
        self._variant = variant
        super().__init__(config, cache)

    def new_decoder(self) -> PoseDecoder:
        """An untrained decoder after the variant's change."""
        decoder = super().new_decoder()
        if self._variant.change is not None:
            self._variant.change(decoder)
        return decoder


def trained(variant: Variant, seed: int, steps: int, cache: Path) -> PoseDecoder:
    """The decoder at the end of one short run.

    Not the average of its weights, which is what ships: over so few steps that still holds much
    of the untrained ones.
    """
    plain = TrainConfig()
    config = replace(
        plain,
        steps=steps,
        batch=BATCH,
        seed=seed,
        writers=variant.writers,
        captions=round(plain.captions * variant.text),
        edits=round(plain.edits * variant.text),
        combined=round(plain.combined * variant.text),
        people=round(plain.people * variant.text),
        varied=round(plain.varied * variant.text),
        hard=round(plain.hard * variant.text * variant.hard),
        first=round(plain.first * variant.text),
    )
    trainer = VariantTrainer(variant, config, cache)
    for _ in tqdm(range(steps), desc=f"seed {seed}", mininterval=10):
        trainer.step()
    return trainer.latest().eval()


def judged(language: Language, decoder: Decoder) -> dict[str, float]:
    """The numbers that are compared."""
    reader = Reader(language, decoder)
    wants = wanting(reader, SECOND)
    return {
        "captions, degrees": captions(reader, FOLDER)["error"].value,
        "edits, success": edits(reader, FOLDER)["success"].value,
        "situations, top 5": implicit(reader, FOLDER)["top 5"].value,
        "person, plain": selection(reader, FOLDER)["all"].value,
        "person, relations": relations(reader, SECOND)["relational"].value,
        "false bodies": wants["false"].value,
        "missed bodies": wants["missed"].value,
    }


def table(runs: list[dict]) -> str:
    """Markdown: a row for each variant, mean ± standard deviation over its seeds."""
    by_name: dict[str, list[dict[str, float]]] = defaultdict(list)
    for run in runs:
        by_name[run["variant"]].append(run["numbers"])
    columns = list(runs[0]["numbers"])
    lines = ["| variant | seeds | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
    for name, numbers in by_name.items():
        cells = []
        for column in columns:
            values = np.array([one[column] for one in numbers])
            scale = 1 if "degrees" in column else 100
            spread = f" ± {scale * values.std():.1f}" if len(values) > 1 else ""
            cells.append(f"{scale * values.mean():.1f}{spread}")
        lines.append(f"| {name} | {len(numbers)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def finished(language: Language, weights: Path) -> list[dict]:
    """Runs of finished weights, as they are and without each part."""
    runs = []
    for name, variant in VARIANTS.items():
        if variant.change is None and name != AS_SHIPPED:
            continue  # says something about the text, which is learned already
        decoder = load_decoder(weights)
        if variant.change is not None:
            for member in members(decoder):
                variant.change(member)
        runs.append({"variant": name, "numbers": judged(language, decoder.eval())})
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--finished", type=Path, help="folder of weights; nothing is trained")
    parser.add_argument("--out", type=Path, help="folder for the runs")
    parser.add_argument("--cache", type=Path, help="folder for the word states")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.finished:
        print(table(finished(Language.load(None), arguments.finished)))
        return
    if not (arguments.out and arguments.cache):
        parser.error("name --out and --cache, or --finished")
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "runs.jsonl"
    runs = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(run["variant"], run["seed"], run["steps"]) for run in runs}
    language = Language.load(None)
    for seed in arguments.seeds:
        for name in arguments.variants:
            if (name, seed, arguments.steps) in done:
                continue
            decoder = trained(VARIANTS[name], seed, arguments.steps, arguments.cache)
            run = {"variant": name, "seed": seed, "steps": arguments.steps}
            runs.append(run | {"numbers": judged(language, decoder)})
            with file.open("a") as log:
                log.write(json.dumps(runs[-1]) + "\n")
    print(table(runs))


if __name__ == "__main__":
    main()
