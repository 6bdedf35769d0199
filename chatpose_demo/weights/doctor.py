"""`python -m chatpose_demo doctor`: what is here, what is missing, and where it comes from."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch

from chatpose_demo.body.smpl import SMPL_VARIABLE
from chatpose_demo.body.smpl_file import BodyFileError, read_smpl_file
from chatpose_demo.network.llava.config import PoseLlavaConfig, config_of
from chatpose_demo.network.llava.network import SIZE_OF
from chatpose_demo.settings import WEIGHTS_VARIABLE, ModelName, usual_weights
from chatpose_demo.weights.downloads import BASES, TRAINED
from chatpose_demo.weights.folders import converted, downloaded, steps
from chatpose_demo.weights.memory import (
    CONTEXT,
    GIB,
    KINDS,
    Machine,
    advice,
    estimate,
    parts_of,
    this_machine,
)
from chatpose_demo.weights.shards import CheckpointError
from chatpose_demo.weights.training_memory import training_advice

TRAINED_SIZE = "13b"  # of the only trained weights that are published
BODIES = "SMPL_NEUTRAL (https://smpl.is.tue.mpg.de) or SMPLX_NEUTRAL (https://smpl-x.is.tue.mpg.de)"
OPTIONAL = {
    "bitsandbytes": "--quantize 8bit or 4bit",
    "deepspeed": "training over several GPUs with ZeRO",
    "spaces": "hosting on ZeroGPU",
}


@dataclass(frozen=True)
class Report:
    """What the doctor found.

    Attributes:
        text: all of it, for the user.
        usable: the weights and the body file that were named can be used as they are; also true
            where none were named.
    """

    text: str
    usable: bool


def report(
    model: str, weights: Path | None, machine: Machine | None = None, smpl: str | None = None
) -> Report:
    """What there is to say about a model; loads no weights.

    Args:
        weights: the folder to look at; None: $CHATPOSE_WEIGHTS, else where the app looks and where
            the suggested commands put things.
        smpl: the user's body file; None: $CHATPOSE_SMPL.

    Raises:
        ValueError: no such model.
    """
    known: dict[str, ModelName] = {name: name for name in SIZE_OF}
    if model not in known:
        raise ValueError(f"There is no model {model!r}; there are {', '.join(SIZE_OF)}.")
    config = config_of(SIZE_OF[known[model]])
    machine = machine or this_machine()
    about_weights, weights_usable = _weights(known[model], config, weights, machine)
    about_body, body_usable = _body(smpl)
    lines = [
        *_size(model, config),
        *([] if config.size == "tiny" else _needs(config, machine)),
        *about_weights,
        *about_body,
        *_packages(),
    ]
    return Report("\n".join(lines), weights_usable and body_usable)


def _size(model: str, config: PoseLlavaConfig) -> list[str]:
    parts = parts_of(config)
    lines = [f"{model}: {sum(part.parameters for part in parts):,} parameters"]
    for part in parts:
        lines.append(f"    {part.name:10}{part.parameters:>16,}  {part.dtype}")
    return lines


def _needs(config: PoseLlavaConfig, machine: Machine) -> list[str]:
    estimates = tuple(estimate(config, parts_of(config), kind) for kind in KINDS)
    lines = [
        f"Memory to answer (GiB, estimated), in a conversation of {CONTEXT:,} tokens",
        "            weights   cache  working  together",
    ]
    for one in estimates:
        numbers = [one.weights, one.cache, one.working, one.total]
        weights, cache, working, total = (number / GIB for number in numbers)
        lines.append(f"    {one.kind:6}{weights:9.1f}{cache:8.1f}{working:9.1f}{total:10.1f}")
    lines.append("This machine")
    for index, (name, total, free) in enumerate(machine.gpus):
        lines.append(f"    GPU {index}: {name}, {total / GIB:.1f} GiB, {free / GIB:.1f} free")
    if not machine.gpus:
        lines.append(f"    {_no_gpu()}")
    lines.append(
        f"    main memory: {machine.memory / GIB:.1f} GiB, {machine.available / GIB:.1f} available"
    )
    lines.append(f"    -> {advice(estimates, machine)}")
    return lines


def _no_gpu() -> str:
    if torch.version.cuda is None and torch.version.hip is None:
        return (
            f"no GPU that torch can use: this torch ({torch.__version__}) is a build without CUDA. "
            "Where there is a GPU, install another: https://pytorch.org/get-started/locally"
        )
    return "no GPU that torch can use"


def _weights(
    model: ModelName, config: PoseLlavaConfig, named: Path | None, machine: Machine
) -> tuple[list[str], bool]:
    """The lines, and whether what was named can be loaded as it is."""
    variable = os.environ.get(WEIGHTS_VARIABLE)
    if named is None and variable is None:
        return _unnamed(model, config, machine), True
    folder = named or Path(str(variable))
    lines = [f"Weights: {folder}" + ("" if named else f" (${WEIGHTS_VARIABLE})")]
    try:
        found = converted(folder, config) or downloaded(folder, model)
    except CheckpointError as error:
        return [*lines, f"    {error}", *_unnamed(model, config, machine)], False
    lines += found.told
    if found.ready or found.goes_on:
        lines += _serve(model, found.folder) if found.trained else []
        # The tiny model trains anywhere and is told no memory.
        tiny = config.size == "tiny"
        lines += [] if tiny else training_advice(config, machine, found.folder)
    return lines, found.ready


def _unnamed(model: ModelName, config: PoseLlavaConfig, machine: Machine) -> list[str]:
    if config.size == "tiny":
        return ["Weights: none are needed; without --weights they are random"]
    return _usual(model, config, machine)


def _usual(model: ModelName, config: PoseLlavaConfig, machine: Machine) -> list[str]:
    place = Path("weights") / config.size
    lines = [f"Weights to answer: {place}"]
    found = converted(place, config)
    lines += ["    not there"] if found is None else found.told
    if found is None or not (found.trained and (found.ready or found.goes_on)):
        if config.size == TRAINED_SIZE:
            lines.append("  To answer, download and convert once:")
            found = steps(TRAINED, place, model, base=False)
            lines += found.told
        else:
            lines.append("  Trained weights of this size are not published; train your own.")
    if found is not None and found.trained:
        lines += _serve(model, found.folder)
    place = Path("weights") / f"{config.size}-base"
    lines.append(f"Weights to train from: {place}")
    base = converted(place, config)
    lines += ["    not there"] if base is None else base.told
    if base is None or not (base.ready or base.goes_on):
        lines.append("  To train, download the base and convert it once:")
        base = steps(BASES[config.size], place, model, base=True)
        lines += base.told
    return [*lines, *training_advice(config, machine, base.folder)]


def _serve(model: ModelName, folder: Path) -> list[str]:
    where = "" if folder == usual_weights(model) else f" --weights {shlex.quote(str(folder))}"
    return ["  Then:", f"      python app.py --model {model}{where}"]


def _body(smpl: str | None) -> tuple[list[str], bool]:
    """The lines, and whether the file that was named is usable."""
    path = smpl or os.environ.get(SMPL_VARIABLE)
    if path is None:
        lines = [
            "Body: the embedded one",
            f"    your own {BODIES}:",
            f"    register there (research licence), then --smpl FILE or ${SMPL_VARIABLE}",
        ]
        return lines, True
    try:
        read_smpl_file(path)
    except BodyFileError as error:
        return [f"Body: {path}", f"    {error}"], False
    return [f"Body: {path}, usable"], True


def _packages() -> list[str]:
    lines = ["Optional packages"]
    for name, use in OPTIONAL.items():
        try:
            state = metadata.version(name)
        except metadata.PackageNotFoundError:
            state = f"not installed (pip install {name})"
        lines.append(f"    {name}: {state}; for {use}")
    return lines
