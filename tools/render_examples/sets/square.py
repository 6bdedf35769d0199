"""A town square with eight people near and far."""

from __future__ import annotations

import numpy as np

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples import stage
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import WALK, Actor, Scene
from tools.render_examples.stage import Camera

ACTORS = (
    Actor(
        Look("woman in the white top", True, (0.86, 0.86, 0.84), (0.20, 0.30, 0.52),
             shoe_colour=(0.7, 0.25, 0.2), skin="fair", hair="blond", haircut="long"),
        WALK + " left_arm=22,-70,14,0 right_arm=26,76,22,0", (-2.38, 2.2), 22, planted=(),
    ),
    Actor(
        Look("man in the orange shirt", False, (0.86, 0.42, 0.12), (0.22, 0.22, 0.24),
             skin="dark", hair="black", haircut="cropped", height=0.6),
        "arms=22,40,112,5 head=down legs=stand torso=8,0,0", (-0.75, 1.0), 14,
    ),
    Actor(
        Look("woman in the red top", True, (0.66, 0.10, 0.12), (0.78, 0.72, 0.60),
             shoe_colour=(0.3, 0.2, 0.15), skin="olive", hair="black", haircut="bob",
             sleeve="long", height=-0.5),
        "left_arm=150,24,10,0 head=10,-8,0 right_leg=12,5,20,6,0", (1.15, 1.6), -8,
    ),
    Actor(
        Look("man on the bench", False, (0.24, 0.44, 0.28), (0.35, 0.31, 0.27),
             shoe_colour=(0.2, 0.15, 0.12), skin="warm", hair="grey", haircut="short",
             sleeve="long", age=1.0),
        "legs=sit arms=thigh torso=2,0,0 head=20,0,0", (3.15, 0.2), -28,
    ),
    Actor(
        Look("man in the yellow shirt", False, (0.88, 0.72, 0.20), (0.18, 0.20, 0.30),
             skin="fair", hair="red", haircut="short", bottom="shorts", height=0.2),
        "left_leg=34,3,36,4,-6 right_leg=-12,3,72,4,24 left_arm=26,-66,88,0 "
        "right_arm=24,60,94,6 torso=8,0,-5", (1.38, -5.2), -40, planted=(),
    ),
    Actor(
        Look("woman in the purple top", True, (0.52, 0.20, 0.52), (0.16, 0.16, 0.18),
             skin="brown", hair="black", haircut="bun", sleeve="long"),
        "right_arm=hip left_arm=hip legs=3,14,3,10,0 head=0,2,0", (-2.75, -2.6), 18,
    ),
    Actor(
        Look("man in the blue shirt", False, (0.15, 0.32, 0.66), (0.70, 0.64, 0.52),
             skin="olive", hair="brown", haircut="short", height=0.9),
        "arms=62,62,122,-55 head=0,6,0 torso=6,0,0 left_leg=12,3,4,4,0 right_leg=-12,3,4,4,0",
        (0.35, -4.2), 8,
    ),
    Actor(
        Look("woman in the pink top", True, (0.88, 0.50, 0.62), (0.85, 0.84, 0.80),
             skin="warm", hair="brown", haircut="bob", height=0.4),
        "right_arm=16,-8,2,0 left_arm=down torso=4,8,0 " + WALK, (-0.66, -6.6), 26, planted=(),
    ),
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    paving = m.tiles("paving", (0.62, 0.59, 0.54), 0.7, 0.45, (0.44, 0.42, 0.39), 0.8)
    f.floor((-30, -20), (30, 14), paving)
    _house(-15, -5.2, -14, 6.9, (0.80, 0.66, 0.50), 5)
    _house(-5.2, 2.6, -14, 5.3, (0.80, 0.77, 0.70), 4)
    _house(2.6, 12, -14, 7.3, (0.70, 0.45, 0.36), 5)
    for x, z, tall in ((-6.3, -6.5, 5.2), (5.6, -7.5, 5.6), (-8.5, -9.5, 5.6), (7.4, -3.2, 5.0)):
        f.tree(x, z, tall)
        f.box(
            (x - 0.8, 0, z - 0.8), (x + 0.8, 0.16, z + 0.8), m.plain("kerb", (0.6, 0.58, 0.55), 0.8)
        )
        f.box(
            (x - 0.7, 0.1, z - 0.7), (x + 0.7, 0.18, z + 0.7), m.grass("bed", (0.2, 0.3, 0.12)), 0
        )
    _bench(people[3])
    # A fountain in the distance.
    stone = m.plain("stone", (0.66, 0.64, 0.60), 0.8)
    f.tube((2.9, 0, -8.6), (2.9, 0.5, -8.6), 1.35, stone)
    f.tube((2.9, 0.5, -8.6), (2.9, 0.52, -8.6), 1.2, m.plain("water", (0.35, 0.50, 0.56), 0.1))
    f.tube((2.9, 0.4, -8.6), (2.9, 1.5, -8.6), 0.18, stone, 0.12)
    f.tube((2.9, 1.4, -8.6), (2.9, 1.55, -8.6), 0.25, stone, 0.6)
    iron = m.plain("iron", (0.12, 0.14, 0.14), 0.5)
    for x, z in ((-4.3, -4.2), (4.4, -5.2)):
        f.tube((x, 0, z), (x, 3.4, z), 0.05, iron, 0.035)
        f.ball((x, 3.55, z), (0.19, 0.19, 0.19), m.plain("globe", (0.93, 0.92, 0.88), 0.2))
    suitcase = people[7].joints[21]
    f.box(suitcase + [-0.12, -0.66, -0.22], suitcase + [0.12, -0.14, 0.22],
          m.plain("suitcase", (0.20, 0.33, 0.36), 0.4), 0.03, 30)  # fmt: skip
    stage.sky((0.80, 0.88, 0.96), (0.30, 0.50, 0.80), 0.75)
    stage.sun((0.55, -0.85, -0.62), 2.6, 3.0)


def _house(left: float, right: float, front: float, height: float, colour: m.Colour, columns: int):
    """A house front with rows of windows, a darker ground floor and a roof."""
    f.box((left, 0, front - 4), (right, height, front), m.plaster("house", colour), 0)
    f.box(
        (left, 0, front),
        (right, 2.9, front + 0.06),
        m.plaster("ground floor", m.times(colour, 0.78)),
        0,
    )
    f.box(
        (left - 0.1, height, front - 4),
        (right + 0.1, height + 0.25, front + 0.25),
        m.plain("eaves", (0.42, 0.36, 0.32), 0.7),
        0,
    )
    glass = m.plain("glass", (0.16, 0.21, 0.26), 0.08)
    white = m.plain("window", (0.86, 0.85, 0.82), 0.5)
    gap = (right - left) / columns
    for row in range(int((height - 4.8) / 1.9) + 1):
        for k in range(columns):
            x, y = left + gap * (k + 0.5), 3.4 + 1.9 * row
            f.box((x - 0.5, y - 0.08, front), (x + 0.5, y + 1.38, front + 0.05), white, 0.01)
            f.box((x - 0.42, y, front), (x - 0.03, y + 1.3, front + 0.06), glass, 0)
            f.box((x + 0.03, y, front), (x + 0.42, y + 1.3, front + 0.06), glass, 0)
    for k in range(columns):
        x = left + gap * (k + 0.5)
        f.box((x - 0.75, 0.3 if k % 2 else 0, front), (x + 0.75, 2.3, front + 0.10), white, 0.01)
        f.box((x - 0.67, 0.4 if k % 2 else 0.05, front), (x + 0.67, 2.2, front + 0.12), glass, 0)
        if k % 2:
            tint = ((0.62, 0.20, 0.18), (0.22, 0.38, 0.34))[k // 2 % 2]
            f.box(
                (x - 0.9, 2.3, front), (x + 0.9, 2.42, front + 1.0), m.cloth("awning", tint), 0.01
            )


def _bench(sitter: Figure) -> None:
    """A bench under its sitter, turned as they are."""
    slats = m.wood("slats", (0.46, 0.30, 0.18), (1, 8, 8))
    iron = m.plain("bench iron", (0.14, 0.15, 0.15), 0.5)
    x, _, z = sitter.joints[0]
    seat, turn = sitter.seat_height, -28.0

    a = np.radians(turn)
    right = np.array([np.cos(a), 0, -np.sin(a)])
    ahead = np.array([np.sin(a), 0, np.cos(a)])

    def part(across: float, up: float, out: float, size: tuple[float, float, float], material):
        middle = np.array([x, 0, z]) + right * (across - 0.35) + ahead * out + [0, up, 0]
        half = np.array(size) / 2
        f.box(middle - half, middle + half, material, 0.008, turn)

    for out in (-0.16, -0.04, 0.08, 0.20):
        part(0, seat - 0.02, out, (1.7, 0.035, 0.10), slats)
    for up in (0.18, 0.32, 0.46):
        part(0, seat + up, -0.24, (1.7, 0.10, 0.03), slats)
    for across in (-0.7, 0.7):
        part(across, (seat - 0.04) / 2, 0.02, (0.05, seat - 0.04, 0.42), iron)
        part(across, seat + 0.22, -0.265, (0.05, 0.56, 0.03), iron)


SCENE = Scene(
    "square",
    ACTORS,
    Camera((0.0, 1.65, 7.0), (0.1, 1.25, -2.0), 31.0),
    furnish,
    exposure=0.25,
)
