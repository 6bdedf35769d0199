"""Photos as the vision tower takes them, in two named ways."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from PIL import Image
from transformers import CLIPImageProcessorPil
from transformers.image_utils import OPENAI_CLIP_MEAN

from chatpose_demo.settings import ImageWay

# LLaVA-1.5 fills with CLIP's mean colour, cut to whole numbers.
MEAN_COLOUR = tuple(int(part * 255) for part in OPENAI_CLIP_MEAN)


def pixel_values(photos: Sequence[Image.Image], way: ImageWay, size: int) -> torch.Tensor:
    """Preprocess upright photos.

    Args:
        way: "crop" scales the short side to `size` and keeps the middle square, as the reference
            does; "pad" first fills up to a square, as LLaVA-1.5 does, and loses nothing.
        size: pixels of the vision tower.

    Returns:
        (I, 3, size, size) float32, normalised with CLIP's mean and deviation.
    """
    images = [photo.convert("RGB") for photo in photos]
    if way == "pad":
        images = [_square(image) for image in images]
    return _processor(size)(images, return_tensors="pt")["pixel_values"]


def _square(image: Image.Image) -> Image.Image:
    side = max(image.size)
    square = Image.new("RGB", (side, side), MEAN_COLOUR)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


@lru_cache(maxsize=4)
def _processor(size: int) -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    )
