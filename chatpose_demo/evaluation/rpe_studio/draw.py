"""How the pictures came about: draw scenes by seed, and whom to ask for in each.

    python -m chatpose_demo.evaluation.rpe_studio.draw FOLDER [--first K] [--count N]

writes K.jpg and truth.jsonl, in the form of the shipped ones. It does not bring the shipped ones
back once the stage or the pose atlas has changed; that is why those are part of the package.
Needs the extra package `moderngl`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import roma
import torch
from PIL import Image
from tqdm import tqdm

from chatpose_demo.evaluation.rpe_studio.data import FEWEST, LEAST_PIXELS, LEAST_VISIBLE, MOST
from chatpose_demo.studio.stage.picture import StageRenderer
from chatpose_demo.studio.stage.scene import sample_stage
from chatpose_demo.studio.stage.truth import truth

SEED = 2026
LONGER = 768  # pixels of the longer side; our choice: a small photo of the web
JPEG_QUALITY = 85  # our choice: 50 pictures in less than 4 MB


def draw(renderer: StageRenderer, number: int) -> tuple[dict[str, Any], Image.Image] | None:
    """Scene `number` and its picture; None where nobody can be asked for."""
    rng = np.random.default_rng([SEED, number])
    scene = sample_stage(rng, int(rng.integers(FEWEST, MOST + 1)))
    shot = renderer.render(scene)
    known = truth(scene, shot)
    fair = [place for place in range(len(known["people"])) if fit_to_ask(known["people"], place)]
    if not fair:
        return None
    record = {
        "scene": number,
        "place": known["place"],
        "size": known["size"],
        "target": int(rng.choice(fair)),
        "people": [_person(one) for one in known["people"]],
    }
    return record, Image.fromarray(shot.image)


def fit_to_ask(people: list[dict[str, Any]], place: int) -> bool:
    """Whether a person is large and free enough, and unlike the others in dress, hair and pose."""
    one = people[place]
    box = one["box"]
    if one["visible"] < LEAST_VISIBLE or max(box[2] - box[0], box[3] - box[1]) < LEAST_PIXELS:
        return False
    unlike = (("top", "bottom", "hat_colour"), ("woman", "hair", "haircut", "hat"), ("pose",))
    return all(
        sum(all(other[key] == one[key] for key in keys) for other in people) == 1 for keys in unlike
    )


def _person(one: dict[str, Any]) -> dict[str, Any]:
    """What the benchmark keeps of a person; joint 0 turned into the frame of the eyes."""
    rotations = np.array(one["rotations"])
    rotations[0] = one["orientation_in_view"]
    vectors = roma.rotmat_to_rotvec(torch.from_numpy(rotations)).numpy().round(5)
    kept = ("box", "visible", "joints_in_view", "betas", "height", "depth")
    kept += ("woman", "skin", "top", "bottom", "legwear", "sleeve", "hair", "haircut", "hat")
    kept += ("hat_colour", "pose", "posture", "faces", "on")
    return {"rotations": vectors.tolist()} | {name: one[name] for name in kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="made if missing")
    parser.add_argument("--first", type=int, default=0, help="number of the first scene")
    parser.add_argument("--count", type=int, default=10, help="scenes to draw")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    renderer = StageRenderer(LONGER)
    with (options.folder / "truth.jsonl").open("w", encoding="utf-8") as file:
        for number in tqdm(range(options.first, options.first + options.count), unit="scene"):
            drawn = draw(renderer, number)
            if drawn is None:
                continue
            record, image = drawn
            path = options.folder / f"{number:03d}.jpg"
            image.save(path, quality=JPEG_QUALITY)
            record["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
            file.write(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
