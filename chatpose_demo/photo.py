"""A picture from a stranger -> a small upright RGB photo, or one clear sentence that says why not.

The file's own bytes go no further than this module: whatever leaves it has been decoded, turned
upright, flattened to RGB and scaled down, so that the model, the page and the mouse clicks all
speak about the same pixels.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

try:  # HEIC is what iPhones write; the reader is an optional package.
    from pillow_heif import register_heif_opener

    register_heif_opener()
    HEIF_FORMATS = frozenset({"HEIF", "AVIF"})
except ImportError:
    HEIF_FORMATS = frozenset()


class PhotoError(Exception):
    """The file cannot be used; the text is one sentence for the person who chose it."""


@dataclass(frozen=True)
class PhotoLimits:
    """What `load_photo` accepts and returns."""

    # Formats whose Pillow decoders are in wide use; no vector, script or PDF formats.
    formats: frozenset[str] = (
        frozenset({"JPEG", "MPO", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF"}) | HEIF_FORMATS
    )
    max_bytes: int = 15 * 1024 * 1024  # our choice: above any phone's JPEG
    max_pixels: int = 40_000_000  # our choice; measured: 120 MP cost 360 MB and 3 s a copy
    min_side: int = 32  # our choice: below this no person can be read
    max_side: int = 1600  # our choice: the people finder itself looks at 1024 px at most
    max_aspect: float = 20.0  # our choice: a strip 20 times longer than wide shows nobody


LIMITS = PhotoLimits()
READABLE = "JPEG, PNG, WebP or HEIC" if HEIF_FORMATS else "JPEG, PNG or WebP"


def load_photo(
    path: str | Path, inside: str | Path | None = None, limits: PhotoLimits = LIMITS
) -> Image.Image:
    """Decode a picture file safely.

    Args:
        path: the file.
        inside: when given, the file must lie under this folder (links resolved).
        limits: sizes and formats.

    Returns:
        Upright RGB image, 8 bits, longest side at most `limits.max_side`.

    Raises:
        PhotoError: the file is elsewhere, too large, too small or not a picture.
    """
    file = Path(path).resolve()
    if inside is not None and not file.is_relative_to(Path(inside).resolve()):
        raise PhotoError("That file was not uploaded here.")
    try:
        size = file.stat().st_size
    except OSError as fault:
        raise PhotoError("That file is no longer there; please upload it again.") from fault
    if size == 0:
        raise PhotoError("That file is empty.")
    if size > limits.max_bytes:
        raise PhotoError(
            f"That file has {size / 2**20:.0f} MB; the limit is {limits.max_bytes // 2**20} MB."
        )
    unreadable = f"That file could not be read as a picture ({READABLE})."
    try:
        with warnings.catch_warnings():
            # Pillow warns about bombs and odd metadata; our own limits decide.
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                _check_header(image, limits)
                return _to_rgb(image, limits)
    except PhotoError:
        raise
    except Image.DecompressionBombError as fault:
        raise PhotoError(
            f"That picture is far too large; the limit is {limits.max_pixels // 10**6} megapixels."
        ) from fault
    except MemoryError as fault:
        raise PhotoError("That picture needs more memory than there is.") from fault
    except Exception as fault:  # decoders raise nearly anything on hostile bytes
        raise PhotoError(unreadable) from fault


def _check_header(image: Image.Image, limits: PhotoLimits) -> None:
    """Refuse by format and size before any pixel is decoded."""
    if image.format not in limits.formats:
        raise PhotoError(f"{image.format} pictures are not supported; please use {READABLE}.")
    width, height = image.size
    if width * height > limits.max_pixels:
        raise PhotoError(
            f"That picture has {width * height / 1e6:.0f} megapixels; "
            f"the limit is {limits.max_pixels // 10**6}."
        )
    if min(width, height) < limits.min_side:
        raise PhotoError(f"That picture is too small ({width} x {height} pixels).")
    if max(width, height) > limits.max_aspect * min(width, height):
        raise PhotoError(f"That picture is too long and thin ({width} x {height} pixels).")


def _to_rgb(image: Image.Image, limits: PhotoLimits) -> Image.Image:
    """First frame, upright, transparency over white, 8-bit RGB, scaled down."""
    image.draft("RGB", (limits.max_side, limits.max_side))  # JPEG only: decodes smaller, faster
    image.seek(0)
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I") or upright.mode == "F":
        upright = _stretch_to_8_bit(upright)
    if upright.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.new("RGBA", layer.size, "white")
        upright.alpha_composite(layer)
    rgb = upright.convert("RGB")
    rgb.thumbnail((limits.max_side, limits.max_side), Image.Resampling.LANCZOS)
    # A fresh image: no metadata, palette or file handle of the original travels on.
    return Image.frombytes("RGB", rgb.size, rgb.tobytes())


def _stretch_to_8_bit(image: Image.Image) -> Image.Image:
    """16- and 32-bit grey: Pillow would clip it to white, so scale its own range to 0..255."""
    values = np.nan_to_num(np.asarray(image, np.float64))
    low, high = values.min(), values.max()
    scaled = (values - low) / max(high - low, 1e-9) * 255
    return Image.fromarray(scaled.round().astype(np.uint8))
