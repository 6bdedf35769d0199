"""Photos with a mark, to see what becomes of a place in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def marked(path: Path, size: tuple[int, int], spot: tuple[int, int]) -> None:
    """A grey photo with a red block of 9 pixels around a spot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.new("RGB", size, (90, 90, 90))
    photo.paste((255, 0, 0), (spot[0] - 4, spot[1] - 4, spot[0] + 5, spot[1] + 5))
    photo.save(path)


def red_middle(image: Image.Image) -> np.ndarray:
    """Mean (x, y) of the red pixels, as shares of the sides."""
    pixels = np.asarray(image).astype(int)
    rows, columns = np.nonzero((pixels[..., 0] > 200) & (pixels[..., 1] < 60))
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / image.size
