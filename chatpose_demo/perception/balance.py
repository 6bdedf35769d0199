"""People who stand do not fall: the lean in depth that BlazePose guesses is brought into balance.

One picture says little about depth, and cameras that look down tilt everybody. A standing body has
its weight above its feet; the landmarks are sheared in depth until it does, which changes nothing
that the picture shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatpose_demo.perception.swing import smooth

FEET = [27, 28, 29, 30, 31, 32]  # ankles, heels, toes


@dataclass(frozen=True)
class BalanceSettings:
    """Our choices, checked by eye in side views."""

    seen: float = 0.3  # visibility of both ankles
    leg_m: float = 0.75  # metres; about BlazePose's leg from hip to ankle
    stands: tuple[float, float] = (0.6, 0.8)  # hips' height above the feet / leg: no .. yes
    upright: tuple[float, float] = (0.55, 0.8)  # torso's rise / its length: no .. yes
    most: float = 0.7  # depth per height that is taken back at most (35 degrees)


def balance(
    landmarks_m: np.ndarray, visibility: np.ndarray, settings: BalanceSettings | None = None
) -> np.ndarray:
    """Landmarks (33, 3), camera frame in metres, with the weight of a standing body over its feet.

    Bodies that sit, lie, bend low or whose feet are unseen come back unchanged.
    """
    settings = settings or BalanceSettings()
    if visibility[[27, 28]].min() < settings.seen:
        return landmarks_m
    hips, shoulders = landmarks_m[[23, 24]].mean(0), landmarks_m[[11, 12]].mean(0)
    feet = landmarks_m[FEET].mean(0)
    torso = float(np.linalg.norm(shoulders - hips))
    amount = smooth((feet[1] - hips[1]) / settings.leg_m, *settings.stands)
    amount *= smooth((hips[1] - shoulders[1]) / max(torso, 1e-6), *settings.upright)
    if amount == 0:
        return landmarks_m
    weight = 0.6 * hips + 0.4 * shoulders  # about where a body's centre of mass lies
    lean = np.clip((weight[2] - feet[2]) / (feet[1] - weight[1]), -settings.most, settings.most)
    result = landmarks_m.copy()
    result[:, 2] -= amount * lean * (hips[1] - landmarks_m[:, 1])
    return result
