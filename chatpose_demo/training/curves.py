"""Draw the curves of a training run: `python -m chatpose_demo.training.curves FOLDER...`.

Reads each folder's `log.jsonl` and writes `curves.png` into the first one; several runs (other
seeds, other settings) are drawn over each other.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # a file is wanted, not a window
from matplotlib import pyplot as plt  # noqa: E402

COLUMNS, SIDE = 4, 2.6  # inches per small picture, our choice


def read_log(folder: Path) -> list[dict[str, float]]:
    """One record per logged step: "step" and the smoothed losses and accuracies.

    Raises:
        FileNotFoundError: the folder holds no training log.
    """
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def draw(folders: list[Path], target: Path) -> None:
    """One small picture per value, one line per run."""
    runs = {folder.name: read_log(folder) for folder in folders}
    names = [name for name in dict.fromkeys(k for run in runs.values() for r in run for k in r)]
    names.remove("step")
    rows = -(-len(names) // COLUMNS)
    figure, axes = plt.subplots(
        rows, COLUMNS, figsize=(COLUMNS * SIDE, rows * SIDE * 0.8), squeeze=False
    )
    for axis, name in zip(axes.flat, names, strict=False):
        for label, run in runs.items():
            known = [record for record in run if name in record]
            axis.plot([r["step"] for r in known], [r[name] for r in known], label=label, lw=1.2)
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=7)
    for axis in axes.flat[len(names) :]:
        axis.axis("off")
    axes.flat[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    target = folders[0] / "curves.png"
    draw(folders, target)
    print(target)


if __name__ == "__main__":
    main()
