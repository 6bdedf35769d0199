"""Draw what the eyes make of people whom the picture's border cuts: before and after `unseen.py`.

    python tools/cut_people_pictures.py

Writes `assets/pictures/cut_people.png`: photo, what the lifter makes of the landmarks (front and
side), and the result of the eyes (front and side). The photo is NASA's portrait of astronaut Eileen
Collins (public domain, from scikit-image), whole and as a tight crop.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.data import astronaut

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chatpose_demo.body.dress import Dress  # noqa: E402
from chatpose_demo.body.render import contact_sheet, render  # noqa: E402
from chatpose_demo.body.smpl import Body  # noqa: E402
from chatpose_demo.perception.eyes import Eyes  # noqa: E402
from chatpose_demo.perception.landmarks import find_landmarks  # noqa: E402
from chatpose_demo.perception.lifter import Marks, load_lifter  # noqa: E402
from chatpose_demo.perception.people_finder import find_people  # noqa: E402

SIZE = (240, 320)  # pixels of each tile
VIEWS = (("front", 0.0), ("side", 70.0))  # azimuth in degrees


def main() -> None:
    body = Body.embedded()
    dress = Dress(body)

    def views(rotations: np.ndarray) -> list[Image.Image]:
        vertices = body.pose(torch.from_numpy(rotations)[None]).vertices
        mesh = dress.put_on(body.on_floor(vertices)[0])
        return [
            render(
                mesh.vertices, mesh.faces, mesh.colours, mesh.normals, size=SIZE, azimuth_degrees=a
            )
            for _, a in VIEWS
        ]

    tiles, labels = [], []
    whole = astronaut()
    for name, image in (("whole", whole), ("cut at the chest", whole[:330, :400])):
        image = np.ascontiguousarray(image)
        marks = find_landmarks(image, find_people(image))[0][1]
        size = np.array([image.shape[1::-1]], float)
        seen = Marks(marks.px[None], marks.world[None], marks.visibility[None], size)
        bare = load_lifter().lift(seen)[0]
        person = Eyes()(Image.fromarray(image))[0]
        photo = Image.new("RGB", SIZE, "white")
        small = Image.fromarray(image)
        small.thumbnail(SIZE)
        photo.paste(small, ((SIZE[0] - small.width) // 2, (SIZE[1] - small.height) // 2))
        tiles += [photo, *views(bare), *views(person.rotations)]
        labels += [name] + [f"{when}, {view}" for when in ("before", "after") for view, _ in VIEWS]
    target = ROOT / "assets" / "pictures" / "cut_people.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(tiles, labels, columns=5).save(target, optimize=True)
    print(target)


if __name__ == "__main__":
    main()
