"""Uploads: every kind of file that strangers send ends in a small RGB photo or in one sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from chatpose_demo.photo import HEIF_FORMATS, LIMITS, PhotoError, load_photo

SIZE = (480, 320)


def scene() -> Image.Image:
    """A picture whose four corners differ, so that a turned or mirrored copy is noticed."""
    pixels = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    pixels[:160, :240] = (200, 30, 30)
    pixels[:160, 240:] = (30, 200, 30)
    pixels[160:, :240] = (30, 30, 200)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey_png(width: int, height: int) -> bytes:
    """A valid 1-bit PNG of any size that is tiny on disk: a decompression bomb."""
    row = b"\0" + b"\0" * ((width + 7) // 8)
    squeeze = zlib.compressobj(9)
    rows = b"".join(squeeze.compress(row * 200) for _ in range(height // 200)) + squeeze.flush()

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def animated_gif() -> bytes:
    first, second = scene().convert("P"), Image.new("P", SIZE)
    return encoded(first, "GIF", save_all=True, append_images=[second], duration=200)


def turned_jpeg() -> bytes:
    """Stored lying on its side; the EXIF tag 6 says "turn clockwise to view"."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(scene().rotate(90, expand=True), "JPEG", exif=exif, quality=92)


def see_through_png() -> bytes:
    image = scene().convert("RGBA")
    image.putalpha(0)
    return encoded(image, "PNG")


def grey_16_bit() -> bytes:
    ramp = np.linspace(20_000, 40_000, SIZE[0] * SIZE[1]).reshape(SIZE[1], SIZE[0])
    return encoded(Image.fromarray(ramp.astype(np.uint16)), "PNG")


JPEG = encoded(scene(), "JPEG", quality=92)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="50"/></svg>'
FAKE_HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 400

REFUSED = {
    "text.jpg": (lambda: b"this is not a picture\n" * 20, "could not be read"),
    "empty.png": (lambda: b"", "empty"),
    "truncated.jpg": (lambda: JPEG[: len(JPEG) // 3], "could not be read"),
    "megapixels60.png": (lambda: grey_png(10_000, 6_000), "60 megapixels"),
    "bomb120.png": (lambda: grey_png(12_000, 10_000), "120 megapixels"),
    "bomb200.png": (lambda: grey_png(20_000, 10_000), "megapixels"),
    "bomb3600.png": (lambda: grey_png(60_000, 60_000), "megapixels"),
    "picture.svg": (lambda: SVG, "could not be read"),
    "fake.heic": (lambda: FAKE_HEIC, "could not be read"),
    "big.jpg": (lambda: JPEG + b"\0" * LIMITS.max_bytes, "limit is 15 MB"),
    "tiny.png": (lambda: encoded(scene().crop((0, 0, 3, 3)), "PNG"), "too small"),
    "strip.png": (lambda: encoded(Image.new("RGB", (2000, 40)), "PNG"), "long and thin"),
    "icon.ico": (lambda: encoded(scene().resize((64, 64)), "ICO"), "ICO pictures"),
}
ACCEPTED = {
    "photo.jpg": lambda: JPEG,
    "exif6.jpg": turned_jpeg,
    "cmyk.jpg": lambda: encoded(scene().convert("CMYK"), "JPEG", quality=92),
    "animated.gif": animated_gif,
    "photo.webp": lambda: encoded(scene(), "WEBP", quality=92),
    "photo.tiff": lambda: encoded(scene(), "TIFF"),
    "photo.bmp": lambda: encoded(scene(), "BMP"),
    "jpeg_named.png": lambda: JPEG,
    "palette.png": lambda: encoded(scene().convert("P"), "PNG"),
}


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_one_sentence(tmp_path, name):
    make, reason = REFUSED[name]
    with pytest.raises(PhotoError, match=reason) as fault:
        load_photo(put(tmp_path, name, make()))
    text = str(fault.value)
    assert text.endswith(".") and "\n" not in text and str(tmp_path) not in text


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_upright_and_true_to_colour(tmp_path, name):
    image = load_photo(put(tmp_path, name, ACCEPTED[name]()))
    assert (image.mode, image.size) == ("RGB", SIZE)
    assert not image.info and not image.getexif()
    corners = [image.getpixel(p) for p in ((40, 40), (440, 40), (40, 280), (440, 280))]
    expected = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (128, 128, 128)]
    np.testing.assert_allclose(corners, expected, atol=40)  # palettes and CMYK shift colours


def test_transparency_is_laid_over_white(tmp_path):
    image = load_photo(put(tmp_path, "alpha.png", see_through_png()))
    assert image.getextrema() == ((255, 255),) * 3


def test_16_bit_grey_keeps_its_range(tmp_path):
    image = load_photo(put(tmp_path, "grey.png", grey_16_bit()))
    assert image.getextrema() == ((0, 255),) * 3
    assert 100 < np.asarray(image).mean() < 155  # a ramp, not a clipped white sheet


def test_big_photo_is_scaled_down(tmp_path):
    data = encoded(Image.new("RGB", (4000, 3000), "teal"), "JPEG")
    assert load_photo(put(tmp_path, "wide.jpg", data)).size == (1600, 1200)


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_avif(tmp_path):
    image = load_photo(put(tmp_path, "photo.avif", encoded(scene(), "AVIF", quality=90)))
    assert image.size == SIZE


@pytest.mark.skipif(not HEIF_FORMATS, reason="pillow-heif is not installed")
def test_heic(tmp_path):
    image = load_photo(put(tmp_path, "photo.heic", encoded(scene(), "HEIF", quality=90)))
    assert image.size == SIZE


def test_only_files_of_the_upload_folder(tmp_path):
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    outside = put(tmp_path, "private.jpg", JPEG)
    link = uploads / "link.jpg"
    link.symlink_to(outside)
    for path in (outside, link, uploads / ".." / "private.jpg"):
        with pytest.raises(PhotoError, match="not uploaded here"):
            load_photo(path, inside=uploads)
    assert load_photo(put(uploads, "mine.jpg", JPEG), inside=uploads).size == SIZE


def test_file_that_vanished(tmp_path):
    with pytest.raises(PhotoError, match="no longer there"):
        load_photo(tmp_path / "gone.jpg")


HEADS = [
    b"", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"GIF89a",
    b"RIFF\x24\0\0\0WEBPVP8 ", b"BM", b"II*\0\x08\0\0\0", b"MM\0*", FAKE_HEIC[:24],
    b"\0\0\0\x1cftypavif", b"8BPS", b"%PDF-1.7",
]  # fmt: skip


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=600))
def test_random_bytes_never_escape(tmp_path, head, body):
    try:
        image = load_photo(put(tmp_path, "fuzz", head + body))
    except PhotoError as fault:
        assert str(fault)
    else:
        assert image.mode == "RGB"


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_pictures_never_escape(tmp_path, data):
    """A valid file with a few bytes changed: reaches deeper into the decoders than noise does."""
    name = data.draw(st.sampled_from(["photo.jpg", "photo.webp", "photo.tiff", "animated.gif"]))
    damaged = bytearray(ACCEPTED[name]())
    places = data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8))
    for place in places:
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        image = load_photo(put(tmp_path, name, bytes(damaged)))
    except PhotoError as fault:
        assert str(fault)
    else:
        assert image.mode == "RGB" and max(image.size) <= LIMITS.max_side
