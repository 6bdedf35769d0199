"""What is exactly known about the people in the example pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tools.render_examples.person import Figure
from tools.render_examples.scene import Scene
from tools.render_examples.stage import HEIGHT, WIDTH

FILE_NOTE = (
    "rotations: (24, 3, 3) SMPL, y up, a body with identity orientation faces +z of the scene; "
    "joints: (24, 3) metres in the scene; box: pixels of the body that lie in the picture; "
    "camera: eye and target in metres, focal length for a 36 mm wide sensor; colours: sRGB."
)


def people(scene: Scene, figures: list[Figure]) -> list[dict]:
    """One record a person, from left to right in the picture."""
    records = [_person(scene, figure) for figure in figures]
    return sorted(records, key=lambda record: record["box"][0] + record["box"][2])


def _person(scene: Scene, figure: Figure) -> dict:
    look = figure.look
    pixels = scene.camera.project(figure.outline())
    low = np.clip(pixels.min(axis=0), 0, (WIDTH, HEIGHT))
    high = np.clip(pixels.max(axis=0), 0, (WIDTH, HEIGHT))
    return {
        "name": look.name,
        "box": [round(float(x), 1) for x in (*low, *high)],
        "rotations": np.round(figure.rotations, 5).tolist(),
        "betas": figure.betas.round(4).tolist(),
        "joints": figure.joints.round(4).tolist(),
        "joints_px": scene.camera.project(figure.joints).round(1).tolist(),
        "top_colour": look.top_colour,
        "bottom_colour": look.bottom_colour,
        "hair": "bald" if look.haircut == "bald" else look.hair,
        "woman": look.woman,
    }


def write(file: Path, photo: str, scene: Scene, records: list[dict]) -> None:
    """Add or replace one picture's record in the truth file."""
    content = json.loads(file.read_text("utf-8")) if file.exists() else {"note": FILE_NOTE}
    content["note"] = FILE_NOTE
    photos = content.setdefault("photos", {})
    camera = scene.camera
    photos[photo] = {
        "size": [WIDTH, HEIGHT],
        "camera": {"eye": camera.eye, "target": camera.target, "focal": camera.focal},
        "people": records,
    }
    content["photos"] = dict(sorted(photos.items()))
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
