"""What lies in the folders of weights and downloads, and the commands that come next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatpose_demo.network.llava.build import WeightsError, check_folder
from chatpose_demo.network.llava.config import SETTINGS_FILE, PoseLlavaConfig, read_config
from chatpose_demo.network.llava.network import SIZE_OF
from chatpose_demo.settings import ModelName
from chatpose_demo.weights.downloads import TOWER, Download
from chatpose_demo.weights.journal import JOURNAL, UNTRAINED, has_untrained_head, read_journal
from chatpose_demo.weights.names import CHATPOSE_V0, recognise
from chatpose_demo.weights.plan import POSE_TOKEN, make_plan
from chatpose_demo.weights.shards import CheckpointError, entries, shard_paths
from chatpose_demo.weights.source import read_source_config, read_words

CONVERT = ("python", "-m", "chatpose_demo", "convert")


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes:
        told: lines for the user, commands included.
        folder: where the weights are, or will be when the commands have run.
        ready: the wanted model can be loaded from it.
        trained: its pose head is, or will be, a trained one.
        goes_on: the commands in `told` make the folder ready.
    """

    told: list[str]
    folder: Path
    ready: bool = False
    trained: bool = False
    goes_on: bool = False


def converted(folder: Path, config: PoseLlavaConfig) -> Found | None:
    """What a folder in this project's layout holds; None if it is none, nor begun as one."""
    if (folder / SETTINGS_FILE).exists():
        return _whole(folder, config)
    if (folder / JOURNAL).exists():
        told = ["    a conversion that was stopped; the same command finishes it:"]
        lines = [*told, f"      {_again(folder)}"]
        return Found(lines, folder, trained=not has_untrained_head(folder), goes_on=True)
    return None


def _whole(folder: Path, config: PoseLlavaConfig) -> Found:
    try:
        found = read_config(folder)
        files = check_folder(folder, found)
    except (WeightsError, ValueError, TypeError) as error:
        again = [f"      {_again(folder)}"] if read_journal(folder) else []
        trained = not has_untrained_head(folder)
        return Found([f"    {error}", *again], folder, trained=trained, goes_on=bool(again))
    if found.size != config.size:
        lines = [
            f"    these are the {found.size} weights, not {config.size}",
            *_other(folder, found),
        ]
        return Found(lines, folder)
    count = sum(len(keys) for keys in files.values())
    size = sum(file.stat().st_size for file in files)
    lines = [f"    complete: {count:,} tensors in {len(files)} files, {size / 1e9:.1f} GB"]
    if has_untrained_head(folder):
        return Found([*lines, f"    {UNTRAINED}"], folder, ready=True)
    return Found(lines, folder, ready=True, trained=True)


def _other(folder: Path, found: PoseLlavaConfig) -> list[str]:
    where = shlex.quote(str(folder))
    return [
        f"      python -m chatpose_demo doctor --model {model} --weights {where}"
        for model, size in SIZE_OF.items()
        if size == found.size
    ]


def _again(folder: Path) -> str:
    asked: dict[str, Any] = read_journal(folder).get("asked") or {}
    command = [*CONVERT, str(asked.get("source", "SOURCE")), "--out", str(folder)]
    if asked.get("clip"):
        command += ["--clip", asked["clip"]]
    if asked.get("base"):
        command += ["--base", "--seed", str(asked["seed"])]
    return shlex.join(command)


def downloaded(folder: Path, model: ModelName) -> Found:
    """What a downloaded checkpoint is, and how it is converted; never ready.

    Raises:
        CheckpointError: it is none that can be converted, or not all of it is there.
    """
    keys = [key for path in shard_paths(folder) for key in entries(path)]
    table = recognise(keys)
    base = table is not CHATPOSE_V0
    # As published, only llava-hf carries the vision tower along.
    clip = None if any("vision_tower" in key for key in keys) else TOWER.folder
    lines = [f"    a download of {table.name}; it must be converted once:"]
    if clip is not None and not _is_there(clip):
        lines += TOWER.told()
        size = read_source_config(folder, None, len(read_words(folder).ids) + 1, POSE_TOKEN).size
    else:
        size = make_plan(folder, clip, base, seed=0).config.size
    target = _free(Path("weights") / (f"{size}-base" if base else size), folder)
    command = [*CONVERT, str(folder), "--out", str(target)]
    command += ["--clip", str(clip)] if clip is not None else []
    command += ["--base"] if base else []
    lines.append(f"      {shlex.join(command)}")
    wanted = SIZE_OF[model]
    if size != wanted:
        lines.append(f"    This is a {size} model; {model} needs {wanted} weights.")
    return Found(lines, target, trained=not base, goes_on=size == wanted)


def _free(target: Path, source: Path) -> Path:
    """`target`, or the next one like it that no other conversion has taken."""
    place, number = target, 2
    while place.is_dir() and any(place.iterdir()):
        if (read_journal(place).get("asked") or {}).get("source") == str(source):
            return place
        place, number = target.with_name(f"{target.name}-{number}"), number + 1
    return place


def _is_there(folder: Path) -> bool:
    try:
        return bool(shard_paths(folder)) and (folder / "config.json").exists()
    except CheckpointError:
        return False


def steps(download: Download, target: Path, model: ModelName, *, base: bool) -> Found:
    """What is left to do until weights lie in `target`, or beside it: download, convert.

    Args:
        base: they are a LLaVA's, with its vision tower.
    """
    lines = []
    if download.folder.is_dir():
        try:
            found = downloaded(download.folder, model)
        except CheckpointError as error:
            lines.append(f"    {error}")  # what follows is the whole way, so it mends this, too
        else:
            return replace(found, told=[f"    {download.folder}", *found.told])
    target = _free(target, download.folder)
    lines += download.told()
    command = [*CONVERT, str(download.folder), "--out", str(target)]
    if not base:
        lines += [] if _is_there(TOWER.folder) else TOWER.told()
        command += ["--clip", str(TOWER.folder)]
    command += ["--base"] if base else []
    lines.append(f"      {shlex.join(command)}")
    return Found(lines, target, trained=not base, goes_on=True)
