"""`python -m chatpose_demo doctor`: what is here, what is missing, and where it comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from chatpose_demo.body.smpl import SMPL_VARIABLE
from chatpose_demo.body.smpl_file import BodyFileError, read_smpl_file
from chatpose_demo.network.llava.build import WeightsError, check_folder
from chatpose_demo.network.llava.config import (
    SETTINGS_FILE,
    PoseLlavaConfig,
    config_of,
    read_config,
)
from chatpose_demo.weights.convert import JOURNAL
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
from chatpose_demo.weights.names import CHATPOSE_V0, recognise
from chatpose_demo.weights.shards import CheckpointError, entries, shard_paths
from chatpose_demo.weights.source import read_json

MODELS = {"chatpose-13b": "13b", "chatpose-7b": "7b", "tiny-llava": "tiny"}


@dataclass(frozen=True)
class Download:
    """A repository of the Hugging Face hub."""

    repository: str
    what: str
    licence: str

    @property
    def folder(self) -> str:
        """Where the suggested commands put it."""
        return f"downloads/{self.repository.split('/')[1]}"

    def told(self) -> str:
        """Two lines."""
        return (
            f"    {self.repository}: {self.what}; licence: {self.licence}\n"
            f"      hf download {self.repository} --local-dir {self.folder}"
        )


_LLAMA = "Llama 2 Community License"  # LLaVA-1.5's model card
TRAINED = Download(
    "YaoFeng/CHATPOSE-V0",
    "the paper's 13B weights, 26.2 GB",
    f"Apache-2.0 by its page; made from Llama 2, so also the {_LLAMA}",
)
TOWER = Download(
    "openai/clip-vit-large-patch14-336",
    "the vision tower it was trained with",
    "MIT (the licence of OpenAI's CLIP repository)",
)
BASES = {
    size: Download(
        f"llava-hf/llava-1.5-{size}-hf",
        f"LLaVA-1.5 {size.upper()}, a base for training, vision tower included",
        _LLAMA,
    )
    for size in ("13b", "7b")
}
BODIES = "SMPL_NEUTRAL (https://smpl.is.tue.mpg.de) or SMPLX_NEUTRAL (https://smpl-x.is.tue.mpg.de)"
OPTIONAL = {
    "bitsandbytes": "--quantize 8bit or 4bit",
    "deepspeed": "training over several GPUs with ZeRO",
    "spaces": "hosting on ZeroGPU",
}


def report(model: str, weights: Path | None, machine: Machine | None = None) -> str:
    """The whole text for a model's name and a weights folder; loads no weights.

    Raises:
        ValueError: no such model.
    """
    if model not in MODELS:
        raise ValueError(f"There is no model {model!r}; there are {', '.join(MODELS)}.")
    config = config_of(MODELS[model])
    machine = machine or this_machine()
    return "\n".join(
        [
            *_size(model, config),
            *([] if config.size == "tiny" else _needs(config, machine)),
            *_weights(config, weights),
            *_body(),
            *_packages(),
        ]
    )


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
        lines.append("    no GPU that torch can use")
    lines.append(
        f"    main memory: {machine.memory / GIB:.1f} GiB, {machine.available / GIB:.1f} available"
    )
    lines.append(f"    -> {advice(estimates, machine)}")
    return lines


def _weights(config: PoseLlavaConfig, folder: Path | None) -> list[str]:
    if config.size == "tiny":
        return ["Weights: none are needed, they are random"]
    if folder is None:
        return ["Weights: no folder named (--weights FOLDER)", *_downloads(config)]
    lines = [f"Weights: {folder}"]
    if (folder / SETTINGS_FILE).exists():
        return lines + _checked(config, folder)
    if (folder / JOURNAL).exists():
        return [*lines, "    a conversion that was stopped; run the same command again to finish"]
    try:
        keys = [key for path in shard_paths(folder) for key in entries(path)]
        table = recognise(keys)
    except CheckpointError as error:
        return [*lines, f"    {error}", *_downloads(config)]
    lines.append(f"    a download of {table.name}; it must be converted once:")
    flags = f"--clip {TOWER.folder}" if table is CHATPOSE_V0 else "--base"
    lines.append(f"      python -m chatpose_demo convert {folder} --out {_target(config)} {flags}")
    return lines


def _checked(config: PoseLlavaConfig, folder: Path) -> list[str]:
    try:
        found = read_config(folder)
        if found.size != config.size:
            return [f"    these are the {found.size} weights, not {config.size}"]
        files = check_folder(folder, found)
    except (WeightsError, ValueError) as error:
        return [f"    {error}"]
    count = sum(len(keys) for keys in files.values())
    size = sum(file.stat().st_size for file in files)
    lines = [f"    complete: {count:,} tensors in {len(files)} files, {size / 1e9:.1f} GB"]
    journal = folder / JOURNAL
    if journal.exists() and read_json(journal).get("family") != CHATPOSE_V0.name:
        lines.append("    a base for training: its pose head is random, so its bodies mean nothing")
    return lines


def _target(config: PoseLlavaConfig) -> str:
    return f"weights/{config.size}"


def _downloads(config: PoseLlavaConfig) -> list[str]:
    convert = f"python -m chatpose_demo convert {{}} --out {_target(config)}"
    lines = []
    if config.size == "13b":
        command = convert.format(TRAINED.folder)
        lines += [
            "  To answer, download two folders and convert them once:",
            TRAINED.told(),
            TOWER.told(),
            f"      {command} --clip {TOWER.folder}",
        ]
    else:
        lines.append("  Trained weights of this size are not published; train them from the base:")
    base = BASES[config.size]
    return [
        *lines,
        "  To train, download and convert the base:",
        base.told(),
        f"      {convert.format(base.folder)}-base --base",
    ]


def _body() -> list[str]:
    path = os.environ.get(SMPL_VARIABLE)
    if path is None:
        return [
            "Body: the embedded one",
            f"    your own {BODIES}:",
            f"    register there (research licence), then --smpl FILE or ${SMPL_VARIABLE}",
        ]
    try:
        read_smpl_file(path)
    except BodyFileError as error:
        return [f"Body: {path}", f"    {error}"]
    return [f"Body: {path}, usable"]


def _packages() -> list[str]:
    lines = ["Optional packages"]
    for name, use in OPTIONAL.items():
        try:
            state = metadata.version(name)
        except metadata.PackageNotFoundError:
            state = f"not installed (pip install {name})"
        lines.append(f"    {name}: {state}; for {use}")
    return lines
