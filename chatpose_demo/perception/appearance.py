"""Colours of clothes and hair, as soft names, from pixels on the torso, the thighs and the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from chatpose_demo.perception.person import COLOURS, HAIR_NAMES

# What else people call by a colour's name, sRGB, beside the centre in COLOURS; our choice.
MORE_CENTRES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "grey": ((82, 82, 84), (158, 158, 160)),
    "white": ((204, 204, 204),),  # in the shade of a room, where grey is darker still
    "red": ((140, 22, 30), (222, 58, 54)),
    "orange": ((226, 108, 72), (196, 92, 34)),
    "yellow": ((216, 186, 92),),
    "green": ((62, 78, 44), (120, 176, 104), (24, 64, 44)),
    "blue": ((26, 32, 74), (40, 52, 92), (70, 98, 142), (54, 120, 206)),
    "light blue": ((120, 158, 200),),
    "purple": ((160, 120, 190),),
    "pink": ((214, 66, 132), (240, 190, 204)),
    "brown": ((148, 102, 66), (70, 46, 34)),
    "beige": ((226, 212, 188), (176, 154, 124)),
}
GREY = 8  # of 255, our choice: channels that differ by less hold no colour
CLOTHES_CENTRES = {name: (rgb, *MORE_CENTRES.get(name, ())) for name, rgb in COLOURS.items()}
# sRGB centres of hair colours, several each; our choice.
HAIR_CENTRES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((22, 20, 20),),
    "brown": ((62, 42, 30), (98, 68, 46)),
    "blond": ((168, 132, 82), (214, 184, 130)),
    "grey": ((118, 112, 106), (152, 140, 128), (190, 186, 182)),
    "red": ((134, 62, 32),),
}


@dataclass(frozen=True)
class AppearanceSettings:
    """Our choices, checked by eye on photos."""

    seen: float = 0.3  # landmark visibility, as in `unseen.UnseenSettings`
    samples: int = 300  # pixels per region
    least: int = 12  # pixels; fewer say nothing
    gains: tuple[float, ...] = (0.75, 0.87, 1.0, 1.2, 1.45, 1.8)  # exposures tried on each pixel
    gain_cost: float = 22.0  # CIELAB units for a factor of e in exposure
    softness: float = 11.0  # CIELAB units; a difference that people still call the same colour
    sharpen: float = 1.5  # exponent on the mean probabilities: names compete a little
    bald_skin: float = 10.0  # CIELAB a, b distance between crown and cheeks that means skin
    darker: float = 80.0  # of it for a crown that is darker than the cheeks by a factor of e


def _to_lab(rgb: np.ndarray) -> np.ndarray:
    """(N, 3) sRGB in [0, 255] -> (N, 3) CIELAB."""
    scaled = np.ascontiguousarray(rgb[None].astype(np.float32) / 255)
    return cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[0]


def soft_names(
    pixels: np.ndarray,
    centres: dict[str, tuple[tuple[int, int, int], ...]],
    settings: AppearanceSettings,
) -> np.ndarray:
    """Mean probability of each named colour over pixels.

    A pixel in shade is compared under several exposures, each at a cost: dark orange is orange in
    shadow before it is brown, but black is not a shaded white.

    Args:
        pixels: (N, 3) sRGB in [0, 255]. centres: name -> its sRGB centres; the nearest counts.

    Returns:
        (number of names,) float32, sums to one.
    """
    target = _to_lab(np.array([c for group in centres.values() for c in group], float))
    starts = np.cumsum([0] + [len(group) for group in centres.values()])[:-1]
    linear = (pixels.astype(np.float64) / 255) ** 2.2
    best = np.full((len(pixels), len(centres)), np.inf)
    for gain in settings.gains:
        lit = np.clip(linear * gain, 0, 1) ** (1 / 2.2) * 255
        gap = ((_to_lab(lit)[:, None] - target) ** 2).sum(-1)
        gap = np.minimum.reduceat(gap, starts, axis=1)
        best = np.minimum(best, gap + (settings.gain_cost * np.log(gain)) ** 2)
    best -= best.min(1, keepdims=True)
    probability = np.exp(-best / (2 * settings.softness**2))
    probability /= probability.sum(1, keepdims=True)
    names = probability.mean(0) ** settings.sharpen
    return (names / names.sum()).astype(np.float32)


def _pixels_in(
    rgb: np.ndarray, polygons: list[np.ndarray], settings: AppearanceSettings
) -> np.ndarray:
    """Up to `samples` pixels (N, 3) inside polygons of (K, 2) points, evenly spread."""
    points = np.concatenate(polygons)
    low = np.maximum(np.floor(points.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int) + 1, [rgb.shape[1], rgb.shape[0]])
    if (high <= low).any():
        return np.zeros((0, 3), np.uint8)
    window = rgb[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(window.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(p - low).astype(np.int32) for p in polygons], 1)
    inside = window[mask > 0]
    step = max(1, len(inside) // settings.samples)
    return inside[::step]


def _torso(px: np.ndarray) -> list[np.ndarray]:
    """The shirt: shoulders to hips, drawn in from the edges, the neck and the belt."""
    left, right, left_hip, right_hip = px[[11, 12, 23, 24]]

    def at(across: float, down: float) -> np.ndarray:
        top = right + across * (left - right)
        low = right_hip + across * (left_hip - right_hip)
        return top + down * (low - top)

    return [np.array([at(0.12, 0.12), at(0.88, 0.12), at(0.85, 0.85), at(0.15, 0.85)])]


def _limb(start: np.ndarray, end: np.ndarray, half_width: float) -> np.ndarray:
    """A strip along a bone, without its ends."""
    along = end - start
    side = np.array([-along[1], along[0]])
    side = side / max(np.linalg.norm(side), 1e-6) * half_width
    a, b = start + 0.2 * along, start + 0.9 * along
    return np.array([a - side, b - side, b + side, a + side])


def _crown(px: np.ndarray) -> list[np.ndarray] | None:
    """A patch on top of the head, above the forehead; None if the face is too small."""
    eyes, mouth = px[[2, 5]].mean(0), px[[9, 10]].mean(0)
    up = eyes - mouth
    if np.linalg.norm(up) < 3:
        return None
    across = np.array([up[1], -up[0]])
    middle = px[[7, 8]].mean(0) + 0.5 * (eyes - px[[7, 8]].mean(0))
    middle = middle + 1.55 * up
    return [
        np.array(
            [
                middle - 0.6 * across - 0.2 * up,
                middle - 0.4 * across + 0.2 * up,
                middle + 0.4 * across + 0.2 * up,
                middle + 0.6 * across - 0.2 * up,
            ]
        )
    ]


def _from_behind(px: np.ndarray) -> bool:
    """Whether the landmarks' left eye lies where a face turned to us has the right one."""
    up = px[[2, 5]].mean(0) - px[[9, 10]].mean(0)
    return float((px[2] - px[5]) @ [-up[1], up[0]]) < 0


def _hair(rgb: np.ndarray, px: np.ndarray, settings: AppearanceSettings) -> np.ndarray:
    """(6,) probabilities of HAIR_NAMES; zeros where the crown cannot be read."""
    nothing = np.zeros(len(HAIR_NAMES), np.float32)
    crown = _crown(px)
    if crown is None:
        return nothing
    pixels = _pixels_in(rgb, crown, settings)
    cheek = _pixels_in(rgb, [px[[2, 5, 10, 9]]], settings)
    if len(pixels) < settings.least or len(cheek) < settings.least:
        return nothing
    result = nothing
    for name, value in zip(HAIR_CENTRES, soft_names(pixels, HAIR_CENTRES, settings), strict=True):
        result[HAIR_NAMES.index(name)] = value
    # A bald crown has the face's own colour and is no darker, in proportion: hair on dark skin
    # differs by a few units only. From behind there is hair where the face would be.
    crown_lab, cheek_lab = np.median(_to_lab(pixels), 0), np.median(_to_lab(cheek), 0)
    darker = max(0.0, float(np.log((cheek_lab[0] + 1) / (crown_lab[0] + 1))))
    gap = np.linalg.norm(crown_lab[1:] - cheek_lab[1:]) + settings.darker * darker
    bald = 0.0 if _from_behind(px) else float(np.exp(-((gap / settings.bald_skin) ** 2)))
    result *= 1 - bald
    result[HAIR_NAMES.index("bald")] = bald
    return result


def _colourless(rgb: np.ndarray) -> bool:
    """Whether a photo (H, W, 3) is black and white, so that it tells no colours."""
    some = rgb[::8, ::8].astype(np.int16)
    return bool(np.percentile(some.max(-1) - some.min(-1), 99) < GREY)


def clothes_and_hair(
    rgb: np.ndarray,
    landmarks_px: np.ndarray,
    visibility: np.ndarray,
    settings: AppearanceSettings | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Soft colour names of one person.

    Args:
        rgb: (H, W, 3) uint8. landmarks_px: (33, 2). visibility: (33,).

    Returns:
        top (13,), bottom (13,), hair (6,): each sums to one, or is all zeros where unseen.
    """
    settings = settings or AppearanceSettings()
    if _colourless(rgb):
        clothes = np.zeros(len(CLOTHES_CENTRES), np.float32)
        return clothes, clothes.copy(), np.zeros(len(HAIR_NAMES), np.float32)
    shoulder_width = float(np.linalg.norm(landmarks_px[11] - landmarks_px[12]))
    torso = float(np.linalg.norm(landmarks_px[[11, 12]].mean(0) - landmarks_px[[23, 24]].mean(0)))
    half_width = max(0.12 * max(shoulder_width, 0.5 * torso), 1.0)

    def named(polygons: list[np.ndarray]) -> np.ndarray:
        pixels = _pixels_in(rgb, polygons, settings) if polygons else np.zeros((0, 3))
        if len(pixels) < settings.least:
            return np.zeros(len(CLOTHES_CENTRES), np.float32)
        return soft_names(pixels, CLOTHES_CENTRES, settings)

    seen = visibility > settings.seen
    # Seen from the side the shoulders coincide: a strip along the spine then stands in.
    shirt = _torso(landmarks_px) if seen[[11, 12]].any() else []
    if shirt and shoulder_width < 0.35 * torso:
        shirt = [_limb(landmarks_px[[11, 12]].mean(0), landmarks_px[[23, 24]].mean(0), half_width)]
    thighs = [
        _limb(landmarks_px[hip], landmarks_px[knee], half_width)
        for hip, knee in ((23, 25), (24, 26))
        if seen[hip] and seen[knee]
    ]
    hair = np.zeros(len(HAIR_NAMES), np.float32)
    if seen[[0, 2, 5]].all():
        hair = _hair(rgb, landmarks_px, settings)
    return named(shirt), named(thighs), hair
