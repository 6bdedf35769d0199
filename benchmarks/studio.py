"""Measure how fast the studio makes scenes with exact truth, planned only and with pictures.

    python benchmarks/studio.py [--count 40] [--size 512] [--seed 0]

Prints a Markdown table: wall clock and processor time per scene. Pictures need `moderngl`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from chatpose_demo.studio.stage.picture import StageRenderer  # noqa: E402
from chatpose_demo.studio.stage.scene import StageScene, sample_stage  # noqa: E402
from chatpose_demo.studio.stage.truth import truth  # noqa: E402

WARM_UP = 4  # scenes before the clock starts: garments are cut, shaders compiled


def measure(name: str, make: Callable[[int], StageScene], count: int) -> None:
    """Print one row of the table."""
    for k in range(WARM_UP):
        make(count + k)
    wall, processor, people = time.perf_counter(), time.process_time(), 0
    for k in range(count):
        people += len(make(k).people)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"| {name} | {count / wall:.1f} | {processor / count * 1000:.0f} ms "
        f"| {people / count:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    def planned(k: int) -> StageScene:
        scene = sample_stage(np.random.default_rng([arguments.seed, k]))
        truth(scene, longer=arguments.size)
        return scene

    renderer = StageRenderer(arguments.size)

    def rendered(k: int) -> StageScene:
        scene = sample_stage(np.random.default_rng([arguments.seed, k]))
        truth(scene, renderer.render(scene))
        return scene

    print("| scenes | per second | processor time each | people each |\n|---|---|---|---|")
    measure("plan and truth", planned, arguments.count)
    measure(f"with a picture, {arguments.size} px", rendered, arguments.count)


if __name__ == "__main__":
    main()
