"""Answers that survive a killed run: JSON Lines beside the results, only ever appended to.

The first line of a file says what the answers depend on; each other line is one answer and names
its sample. Every process has a file of its own (`run.jsonl`, `run.1.jsonl`, …), so none can tear
another's lines; all files together are the answers, however many processes wrote them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chatpose_demo.evaluation.public.sample import PublicSetError

Record = dict[str, Any]  # JSON values; "key" names the sample


def make_room(*files: Path | None) -> None:
    """Make the folders of files that are written later, before anything long begins.

    Raises:
        PublicSetError: a file cannot be written there; says why.
    """
    for file in filter(None, files):
        if file.is_dir():
            raise PublicSetError(f"{file} is a folder; name a file.")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PublicSetError(f"The folder of {file} cannot be made ({error}).") from error


class Answers:
    """The answers of one run.

    Args:
        results: the file of results; the answers lie beside it.
        header: what the answers depend on; files with another one are refused.
    """

    def __init__(self, results: Path, header: Record) -> None:
        self.results, self.header = results, header

    def file(self, rank: int) -> Path:
        """Where a process writes."""
        return self.results.with_suffix(f".{rank}.jsonl" if rank else ".jsonl")

    def read(self) -> dict[str, Record]:
        """Every whole answer of every process, by sample.

        Raises:
            PublicSetError: a file has another header.
        """
        form = re.compile(re.escape(self.results.stem) + r"(\.\d+)?\.jsonl")
        folder = self.results.parent
        paths = [path for path in folder.iterdir() if form.fullmatch(path.name)]
        known: dict[str, Record] = {}
        for path in sorted(paths):
            records, _ = self._whole(path)
            known |= {record["key"]: record for record in records}
        return known

    def append(self, rank: int, batches: Iterable[list[Record]]) -> None:
        """Write answers as they come, each batch at once on the disk."""
        path = self.file(rank)
        if path.exists():
            os.truncate(path, self._whole(path)[1])  # a torn last line
        with path.open("a", encoding="utf-8") as file:
            if file.tell() == 0:
                file.write(json.dumps(self.header) + "\n")
            for records in batches:
                file.writelines(json.dumps(record) + "\n" for record in records)
                file.flush()

    def _whole(self, path: Path) -> tuple[list[Record], int]:
        """The whole lines but the header, and how many bytes all whole lines take."""
        records, size = [], 0
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                record = json.loads(line)
            except ValueError as error:
                raise PublicSetError(f"{path} has a damaged line ({error}).") from error
            if size == 0 and record != self.header:
                raise PublicSetError(
                    f"{path} holds answers of another run ({self._differs(record)}); "
                    "name another file."
                )
            if size:
                records.append(record)
            size += len(line)
        return records, size

    def _differs(self, header: Any) -> str:
        """What another header says otherwise, in words."""
        if not isinstance(header, dict):
            return "its first line is no header"
        both = self.header | header
        return ", ".join(
            f"{name} {json.dumps(header.get(name))} instead of {json.dumps(self.header.get(name))}"
            for name in both
            if name not in header or name not in self.header or header[name] != self.header[name]
        )
