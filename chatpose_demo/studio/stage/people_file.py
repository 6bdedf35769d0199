"""Make `assets/studio/people.npz` out of the larger file of `tools/render_examples`.

    python -m chatpose_demo.studio.stage.people_file tools/render_examples/people.npz

Drops the points that no surface of the stage uses and stores the rest compactly.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from chatpose_demo.studio.stage.anatomy import PEOPLE_FILE

# Names in the source -> names here.
SURFACES = {"fb": "skin", "ft": "tights", "fs": "skirt", "fle": "left_eye", "fre": "right_eye"}
WEIGHTS_KEPT = 6  # a point; measured: what is dropped is under 0.0002 of a point's weight


def main(source: Path) -> None:
    data = np.load(source)
    surfaces = {name: data[key] for key, name in SURFACES.items()}
    used = np.unique(np.concatenate([faces.ravel() for faces in surfaces.values()]))
    number = np.full(len(data["mean"]), -1)
    number[used] = np.arange(len(used))
    weights = data["WS"][used]
    order = np.argsort(-weights, axis=1)[:, :WEIGHTS_KEPT]
    kept = np.take_along_axis(weights, order, axis=1)
    arrays: dict[str, Any] = {
        "mean": data["mean"][used],
        "shapes": data["SD"][used].astype(np.float16),
        "weight_joints": order.astype(np.uint8),
        "weight_values": (kept / kept.sum(axis=1, keepdims=True)).astype(np.float16),
    }
    arrays |= {name: number[faces].astype(np.uint16) for name, faces in surfaces.items()}
    np.savez_compressed(PEOPLE_FILE, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
