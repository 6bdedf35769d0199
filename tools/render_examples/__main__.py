"""Render the example pictures and write what is exactly true of the people in them.

    python -m tools.render_examples                  # all pictures, examples/*.jpg and truth.json
    python -m tools.render_examples gym --draft gym.png

Needs the extra `examples-build` (Blender as the Python module `bpy`, which asks for Python 3.11
and numpy < 2: an environment of its own is best). Renders on the CPU.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import Image

from tools.render_examples import furniture, stage, truth
from tools.render_examples.scene import Scene
from tools.render_examples.sets import gym, kitchen, living_room, portrait, square, stairs

SCENES = {
    module.SCENE.name: module.SCENE
    for module in (living_room, stairs, kitchen, gym, square, portrait)
}
EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLES = 6  # a pixel; the denoiser does the rest. Measured: 1 to 8 minutes a picture, two cores
DRAFT_SAMPLES, DRAFT_SCALE = 5, 0.5
LARGEST_FILE = 300_000  # bytes


def render(scene: Scene, path: Path, samples: int, scale: float) -> list[dict]:
    """Build and render one scene as PNG; returns its people's truth."""
    stage.clear()
    furniture.restart()
    figures = [actor.figure(seed) for seed, actor in enumerate(scene.actors)]
    scene.furnish(figures)
    for figure in figures:
        stage.add_figure(figure)
    scene.camera.install(scene.aperture)
    stage.shoot(path, samples, scale, scene.exposure)
    return truth.people(scene, figures)


def save_jpeg(picture: Image.Image, path: Path) -> None:
    """The best quality that fits LARGEST_FILE."""
    for quality in range(92, 60, -3):
        picture.convert("RGB").save(path, quality=quality, optimize=True, subsampling=0)
        if path.stat().st_size <= LARGEST_FILE:
            return
    raise ValueError(f"{path.name} does not fit {LARGEST_FILE} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", help=f"default: all of {', '.join(SCENES)}")
    parser.add_argument("--draft", type=Path, help="one small, quick picture to this PNG")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    arguments = parser.parse_args()
    names = arguments.scenes or list(SCENES)
    if unknown := set(names) - set(SCENES):
        parser.error(f"no scene named {', '.join(sorted(unknown))}; one of {', '.join(SCENES)}")
    if arguments.draft:
        render(SCENES[names[0]], arguments.draft, DRAFT_SAMPLES, DRAFT_SCALE)
        return
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.png"
            people = render(SCENES[name], path, arguments.samples, 1.0)
            save_jpeg(Image.open(path), EXAMPLES / f"{name}.jpg")
        truth.write(EXAMPLES / "truth.json", f"{name}.jpg", SCENES[name], people)
        print(f"{name}: {len(people)} people", flush=True)


if __name__ == "__main__":
    main()
