"""Train the paper's model on its three tasks.

    python -m chatpose_demo.training chatpose --out FOLDER                       # tiny, the studio
    accelerate launch --config_file chatpose_demo/training/chatpose/configs/ddp.yaml \\
        -m chatpose_demo.training.chatpose --size 13b --weights LLAVA --out FOLDER \\
        --data posescript=… photos=… mix665k=…

A run that was stopped goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from accelerate import Accelerator
from transformers import PreTrainedTokenizerBase

from chatpose_demo.network.llava.build import CONVERT, WeightsError
from chatpose_demo.network.llava.config import SIZES
from chatpose_demo.network.llava.fingerprint import fingerprint
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.training.chatpose.checkpoint import StateError, last_state
from chatpose_demo.training.chatpose.export import merge
from chatpose_demo.training.chatpose.own_words import OwnWords, chat_lines, write_own_words
from chatpose_demo.training.chatpose.recipe import PAPER_SHARES, Recipe
from chatpose_demo.training.chatpose.sample import TASKS, DataError
from chatpose_demo.training.chatpose.sources import CHAT, HELP, STUDIO, open_sources
from chatpose_demo.training.chatpose.start import LaunchError, Start, make_accelerator, model_for
from chatpose_demo.training.chatpose.train import Trainer

ADAPTER, MERGED = "adapter", "merged"  # folders of a run
SAID_EVERY = 10  # updates
WORKERS = 4  # LISA; a tiny model needs none
STEPS = """updates; %(default)s. The learning rate falls to nothing over them, so a run cannot be
prolonged: start another from `--weights OUT/merged`"""
TOO_LARGE = (
    "The memory is full: try a smaller --batch with a larger --accumulation, --size 7b, or on "
    "several GPUs the launcher's configuration zero3.yaml or fsdp.yaml."
)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.training chatpose",
        description=__doc__,
        epilog=f"data:\n{HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of the run: log, state, adapter")
    add("--size", choices=tuple(SIZES), default="tiny")
    add("--weights", type=Path, help=f"what to start from, made by `{CONVERT}`")
    add("--data", nargs="+", default=[STUDIO], metavar="NAME[=PATH]", help="see below")
    add(
        "--shares",
        nargs=3,
        type=int,
        default=[PAPER_SHARES[task] for task in TASKS],
        metavar=("TEXT", "INSTRUCTION", "IMAGE"),
        help="how often each task comes; %(default)s",
    )
    add("--steps", type=int, default=Recipe.steps, help=STEPS)
    add("--batch", type=int, default=Recipe.batch, help="samples per process; %(default)s")
    add("--accumulation", type=int, default=Recipe.accumulation, help="%(default)s")
    add("--learning-rate", type=float, default=Recipe.learning_rate, help="%(default)s")
    add("--rank", type=int, default=LoraSettings.rank, help="of LoRA; alpha is twice that")
    add("--train-vocabulary", action="store_true", help="embeddings and output layer, as LISA")
    add("--held-out", type=int, default=Recipe.held_out, help="rows of every data set")
    add("--every", type=int, default=500, help="updates between evaluations and saved states")
    add("--workers", type=int, help=f"that load data, per process; {WORKERS}, for tiny 0")
    add("--seed", type=int, default=Recipe.seed)
    add("--merge", action="store_true", help="also write the whole trained model, for the demo")
    return parser.parse_args(arguments)  # fmt: skip


def recipe_of(told: argparse.Namespace) -> Recipe:
    """The paper's recipe with what the command changes."""
    lora = LoraSettings(rank=told.rank, alpha=2 * told.rank, train_vocabulary=told.train_vocabulary)
    return Recipe(
        steps=told.steps,
        batch=told.batch,
        accumulation=told.accumulation,
        learning_rate=told.learning_rate,
        lora=lora,
        shares=dict(zip(TASKS, told.shares, strict=True)),
        held_out=told.held_out,
        seed=told.seed,
    )


def run(told: argparse.Namespace) -> None:
    """Train to the end, from the last state if there is one.

    Raises:
        DataError, WeightsError, StateError, LaunchError: something is missing or does not fit.
    """
    recipe, start = recipe_of(told), Start(told.size, told.weights)
    accelerator = make_accelerator(recipe)
    told.out.mkdir(parents=True, exist_ok=True)
    data = open_sources(told.data)
    model, tokenizer = model_for(start, recipe, accelerator), start.tokenizer()
    if CHAT in told.data:
        data["instruction"].append(own_words(model, tokenizer, told.out, accelerator))
    workers = told.workers
    if workers is None:
        workers = 0 if told.size == "tiny" else WORKERS
    weights = fingerprint(told.weights) if told.weights else "random"
    origin = {"weights": weights, "data": told.data}
    trainer = Trainer(model, tokenizer, recipe, data, accelerator, workers, origin)
    accelerator.print("\n".join(trainer.train.told()), flush=True)
    state = last_state(told.out)
    if state is not None:
        trainer.resume(state)
    while trainer.count < recipe.steps:
        values = trainer.step()
        if trainer.count % SAID_EVERY == 0:
            trainer.log(told.out, "train", values)
        if trainer.count % told.every == 0 or trainer.count == recipe.steps:
            trainer.log(told.out, "held out", trainer.evaluate())
            trainer.save(told.out)
    trainer.export(told.out / ADAPTER)
    accelerator.end_training()
    # Merging takes minutes, in which the other processes would only wait.
    if told.merge and accelerator.is_main_process:
        fresh = start.model(recipe, torch.float32 if told.size == "tiny" else torch.bfloat16)
        merge(fresh, tokenizer, told.out / ADAPTER, told.out / MERGED)


def own_words(
    model: PoseLlava, tokenizer: PreTrainedTokenizerBase, out: Path, accelerator: Accelerator
) -> OwnWords:
    """Each process lets the untrained model answer its share of the chat lines."""
    files = [out / f"own_words-{rank}.jsonl" for rank in range(accelerator.num_processes)]
    lines = chat_lines()[accelerator.process_index :: accelerator.num_processes]
    model.to(accelerator.device)
    write_own_words(model, tokenizer, lines, files[accelerator.process_index])
    accelerator.wait_for_everyone()
    return OwnWords(files)


def ran_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU's or the machine's memory is full; torch has no one class for all of them."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(words in str(error) for words in ("out of memory", "DefaultCPUAllocator"))


def what_is_kept(out: Path) -> str:
    """How a run that ended early can go on; a state fits the settings it was made with only."""
    state = last_state(out)
    if state is None:
        return "Nothing of the run is saved yet."
    return f"The same command goes on from {state}; with other settings, name another --out."


def main() -> int:
    """Run the command; 1 with one sentence when something is missing or memory is full."""
    told = parse()
    try:
        run(told)
    except (DataError, WeightsError, StateError, LaunchError) as error:
        print(error, file=sys.stderr)
        return 1
    except RuntimeError as error:
        if not ran_out_of_memory(error):
            raise
        print(TOO_LARGE, what_is_kept(told.out), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
