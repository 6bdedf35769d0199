"""Measure the eyes: people found, time, joints beside their landmarks, joints bent backwards.

    python benchmarks/perception.py [--extra FOLDER]

Pictures: scikit-image's astronaut and Debian's opencv-doc samples; FOLDER may hold bus.jpg and
zidane.jpg (from the AGPL `ultralytics` wheel, for measuring only). Boxes are eye-checked. `found`
counts people with a box of their own at IoU >= 0.35; `false` counts boxes of nobody. `beside` is
how far the body's joints lie from their landmarks in the picture, in shares of the person's size.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from perception_photos import PEOPLE, crowd, matched, misplaced, photo  # noqa: E402

from chatpose_demo.perception.eyes import Eyes  # noqa: E402
from chatpose_demo.perception.hinges import backward_bend_degrees  # noqa: E402
from chatpose_demo.pose import JOINT_NAMES  # noqa: E402


def pictures(extra: Path | None) -> dict[str, np.ndarray]:
    """Every picture with a truth that this machine has, and a crowd of ten."""
    result = {}
    for name in PEOPLE:
        image = photo(name)
        if image is None and extra is not None and (extra / f"{name}.jpg").is_file():
            image = np.asarray(Image.open(extra / f"{name}.jpg").convert("RGB"))
        if image is None:
            print(f"{name}: not on this machine, left out")
        else:
            result[name] = image
    result["crowd of 10"] = crowd(5, 2)[0]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extra", type=Path, help="folder with bus.jpg and zidane.jpg")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each picture; best counts")
    options = parser.parse_args()

    eyes = Eyes()
    started = time.perf_counter()
    eyes.load()
    print(f"networks opened in {time.perf_counter() - started:.2f} s")
    eyes(Image.fromarray(photo("astronaut")))  # first use builds caches
    print(
        f"{'picture':14s}{'people':>7s}{'found':>6s}{'false':>6s}{'wall s':>8s}{'CPU s':>7s}"
        f"{'beside, %':>12s}{'back deg':>9s}  unseen joints"
    )
    totals, beside, worst_bend = np.zeros(3, int), [], 0.0
    for name, image in pictures(options.extra).items():
        truth = PEOPLE[name] if name in PEOPLE else crowd(5, 2)[1]
        wall, cpu = [], []
        for _ in range(options.repeat):
            clock, process = time.perf_counter(), time.process_time()
            people = eyes(Image.fromarray(image))
            wall.append(time.perf_counter() - clock)
            cpu.append(time.process_time() - process)
        found = matched([p.box for p in people], truth)
        counts = (len(truth), found, len(people) - found)
        here = [100 * misplaced(person) for person in people]
        bends = [max(backward_bend_degrees(p.rotations).values()) for p in people]
        mean, bend = np.nanmean(here) if here else np.nan, max(bends, default=0.0)
        worst_bend = max(worst_bend, bend)
        unseen = [len(p.unseen_joints) for p in people]
        print(
            f"{name:14s}{counts[0]:7d}{counts[1]:6d}{counts[2]:6d}{min(wall):8.2f}{min(cpu):7.2f}"
            f"{mean:12.1f}{bend:9.2f}  {unseen}"
        )
        if name in PEOPLE:
            totals += counts
            beside += here
    print(
        f"{'total':14s}{totals[0]:7d}{totals[1]:6d}{totals[2]:6d}{'':15s}"
        f"{np.nanmean(beside):12.1f}{worst_bend:9.2f}  of {len(JOINT_NAMES)} each"
    )


if __name__ == "__main__":
    main()
