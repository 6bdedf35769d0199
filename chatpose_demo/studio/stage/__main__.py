"""Write a data set of stages: pictures and their truth.

    python -m chatpose_demo.studio.stage --out FOLDER --count N --seed S [--size 512] [--people K]
    python -m chatpose_demo.studio.stage --out FOLDER --count N --seed S --no-render

Scene k comes from the seeds (S, k) alone. Pictures need the extra package `moderngl`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from chatpose_demo.studio.stage.picture import StageRenderer
from chatpose_demo.studio.stage.scene import sample_stage
from chatpose_demo.studio.stage.truth import truth

JPEG_QUALITY = 92  # our choice


def main() -> None:
    parser = argparse.ArgumentParser(description="Write stages: pictures and truth.")
    parser.add_argument("--out", type=Path, required=True, help="folder; made if missing")
    parser.add_argument("--count", type=int, default=10, help="scenes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=512, help="pixels of the longer side")
    parser.add_argument("--people", type=int, help="people in each scene; default: 1 to 12")
    parser.add_argument("--no-render", action="store_true", help="truth only")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    renderer = None if arguments.no_render else StageRenderer(arguments.size)
    with (arguments.out / "truth.jsonl").open("w", encoding="utf-8") as file:
        for k in tqdm(range(arguments.count), unit="scene"):
            scene = sample_stage(np.random.default_rng([arguments.seed, k]), arguments.people)
            shot = renderer.render(scene) if renderer else None
            record = {"photo": f"{k:06d}.jpg" if shot else None}
            record |= truth(scene, shot, arguments.size)
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
            if shot:
                path = arguments.out / f"{k:06d}.jpg"
                Image.fromarray(shot.image).save(path, quality=JPEG_QUALITY)


if __name__ == "__main__":
    main()
