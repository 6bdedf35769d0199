"""The bare room that indoor scenes share."""

from __future__ import annotations

import bpy

from tools.render_examples import materials as m
from tools.render_examples import stage
from tools.render_examples.furniture import box, floor


def shell(
    left: float,
    right: float,
    back: float,
    wall: m.Colour,
    ground: bpy.types.Material,
    side_wall: m.Colour | None = None,
    height: float = 2.75,
    front: float = 6.5,
) -> None:
    """Floor, back wall, side walls, ceiling and skirting boards; open towards the camera."""
    floor((left - 1, back - 0.2), (right + 1, front), ground)
    paint = m.plaster("wall", wall)
    side_paint = m.plaster("side wall", side_wall or wall)
    white = m.plain("skirting", (0.88, 0.87, 0.85), 0.4)
    box((left, 0, back - 0.1), (right, height, back), paint, 0)
    box((left - 0.1, 0, back - 0.1), (left, height, front), side_paint, 0)
    box((right, 0, back - 0.1), (right + 0.1, height, front), side_paint, 0)
    box((left, height, back), (right, height + 0.1, 2.2), m.plaster("ceiling", (0.9, 0.9, 0.89)), 0)
    box((left, 0, back), (right, 0.09, back + 0.015), white, 0.004)
    box((left, 0, back), (left + 0.015, 0.09, front), white, 0.004)
    box((right - 0.015, 0, back), (right, 0.09, front), white, 0.004)


def light(window_side: float, back: float, height: float = 2.7, strength: float = 1.0) -> None:
    """Daylight from a window side (-1 left, +1 right), a soft fill from the camera's side."""
    stage.ambient((0.86, 0.90, 1.0), 0.34 * strength)
    middle = back + 1.8
    stage.panel(
        (3.1 * window_side, 2.1, middle + 1.0),
        (0, 0.8, middle),
        1.7,
        150 * strength,
        (1, 0.97, 0.92),
    )
    stage.panel((0.4, height - 0.05, middle), (0.4, 0, middle), 2.2, 70 * strength, (1, 0.93, 0.84))
    stage.panel((-1.5 * window_side, 2.4, 6.0), (0, 1.0, 0), 2.5, 130 * strength, (0.95, 0.97, 1))
