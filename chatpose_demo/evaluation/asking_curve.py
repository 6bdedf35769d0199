"""False against missed bodies for every threshold, on the development and the frozen sets.

`python -m chatpose_demo.evaluation.asking_curve [--weights FOLDER] [--out FILE.png]`

The shipped threshold was set on the development set. The curves tell whether another one would
reach a bar, or whether the reading itself has to become better.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")  # a file is wanted, not a window
from matplotlib import pyplot as plt  # noqa: E402

from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, FOLDER, SECOND, read_lines  # noqa: E402
from chatpose_demo.evaluation.reader import Reader  # noqa: E402
from chatpose_demo.network.checkpoints import assets_dir  # noqa: E402

BAR = 1.0  # %: false and missed bodies at most
SHIFTS = np.linspace(-4, 4, 161)  # nats by which the threshold is moved; 0 is what ships
PRINTED = (-2.0, -1.0, 0.0, 1.0, 2.0)


def margins(reader: Reader, folder: Path, name: str) -> np.ndarray:
    """(N,) how surely each line of a file gets a body: nats above the shipped threshold."""

    def nats(odds: float) -> float:
        kept = min(max(odds, 1e-9), 1 - 1e-9)
        return float(np.log(kept / (1 - kept)))

    found = []
    for line in read_lines(name, folder):
        context = line["context"]
        body = reader.finder.standing if context == "pose" else None
        seen = reader(line["text"], has_photo=context == "photo", body=body)
        found.append(nats(seen.wants_body) - nats(seen.least))
    return np.array(found)


def curve(ordinary: np.ndarray, requests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(missed %, false %) at each of SHIFTS."""
    missed = [100 * float((requests < shift).mean()) for shift in SHIFTS]
    false = [100 * float((ordinary >= shift).mean()) for shift in SHIFTS]
    return np.array(missed), np.array(false)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, default=assets_dir() / "network")
    parser.add_argument("--out", type=Path, default=Path("asking_curve.png"))
    arguments = parser.parse_args()
    reader = Reader.load(arguments.weights)
    figure, axis = plt.subplots(figsize=(5, 4))
    for folder in (DEVELOPMENT, FOLDER, SECOND):
        missed, false = curve(
            margins(reader, folder, "ordinary"), margins(reader, folder, "requests")
        )
        (line,) = axis.plot(missed, false, lw=1.4, label=folder.name)
        here = int(np.argmin(np.abs(SHIFTS)))
        axis.plot(missed[here], false[here], "o", color=line.get_color())

        def told(name: str, at: int, missed=missed, false=false) -> None:
            print(
                f"{name:12s} {SHIFTS[at]:+.2f} nats: missed {missed[at]:.1f} %, "
                f"false {false[at]:.1f} %"
            )

        for shift in PRINTED:
            told(folder.name, int(np.argmin(np.abs(SHIFTS - shift))))
        print("the least that both stay below:")
        told(folder.name, int(np.argmin(np.maximum(missed, false))))
    axis.axhspan(0, BAR, color="0.9", zorder=0)
    axis.axvspan(0, BAR, color="0.9", zorder=0)
    axis.set(xlabel="missed bodies, %", ylabel="false bodies, %", xlim=(0, 10), ylim=(0, 10))
    axis.legend(title="dots: as shipped")
    figure.tight_layout()
    figure.savefig(arguments.out, dpi=110)


if __name__ == "__main__":
    main()
