"""The part of a photo that a model gets where a set has a box of the person and no question."""

from __future__ import annotations

from PIL import Image

from chatpose_demo.evaluation.public.sample import PublicSetError, Sample
from chatpose_demo.network.chosen import ASPECT, GROWTH, around

MARGIN = 1.5  # our choice: side of the crop over the longer side of the person's box

Box = tuple[float, float, float, float]

# Of both ways in words, for what answers depend on.
ROOMY = f"{MARGIN:g} x longer side of the box"
LEARNT = f"max(height, {ASPECT:.3g} x width) of the box, tight ones grown by {GROWTH:g}"


def roomy(sample: Sample) -> tuple[Image.Image, Box]:
    """The square around the person, black beyond the photo's edge, and the box within it.

    There is room around the person, for a network that has to find them first.

    Raises:
        PublicSetError: the photo cannot be read.
    """
    image = _stored(sample)
    x0, y0, x1, y1 = sample.box or (0.0, 0.0, float(image.width), float(image.height))
    half = MARGIN * max(x1 - x0, y1 - y0) / 2
    left, top = round((x0 + x1) / 2 - half), round((y0 + y1) / 2 - half)
    side = max(1, round(2 * half))
    crop = image.crop((left, top, left + side, top + side))
    return crop, (x0 - left, y0 - top, x1 - left, y1 - top)


def as_learnt(sample: Sample) -> Image.Image:
    """The square that the paper's model has seen such a label as in training; without a box, all.

    Raises:
        PublicSetError: the photo cannot be read.
    """
    image = _stored(sample)
    if sample.box is None:
        return image
    return around(image, _shrunk(sample.box) if sample.box_is_grown else sample.box)


def _shrunk(box: Box) -> Box:
    """The tight box that grows to this one."""
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    half_width, half_height = (x1 - x0) / 2 / GROWTH, (y1 - y0) / 2 / GROWTH
    return x - half_width, y - half_height, x + half_width, y + half_height


def _stored(sample: Sample) -> Image.Image:
    """The photo as stored: boxes count pixels before any rotation that its camera noted."""
    assert sample.image is not None
    try:
        with Image.open(sample.image) as file:
            return file.convert("RGB")
    except OSError as error:
        raise PublicSetError(f"{sample.image} cannot be read as a photo ({error}).") from error
