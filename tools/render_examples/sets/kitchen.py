"""A kitchen with a table: two people sit at it, one stands behind it, one leans back with folded
arms."""

from __future__ import annotations

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import Actor, Scene
from tools.render_examples.sets import room
from tools.render_examples.stage import Camera

BACK = -2.4

DRINKING = Actor(
    Look(
        "woman in the yellow top", True, (0.88, 0.70, 0.20), (0.30, 0.33, 0.40),
        shoe_colour=(0.62, 0.24, 0.22), skin="warm", hair="red", haircut="bob", sleeve="long",
    ),
    "legs=sit right_arm=42,56,118,-14 left_arm=34,60,50,20 torso=4,0,0 head=-24,2,0",
    (-1.12, -0.05), 68,
)  # fmt: skip
READING = Actor(
    Look(
        "man in the white shirt", False, (0.85, 0.85, 0.83), (0.42, 0.34, 0.24),
        shoe_colour=(0.2, 0.14, 0.1), skin="olive", hair="black", haircut="short", height=0.4,
    ),
    "legs=sit arms=48,64,50,0 torso=14,0,0 head=0,18,0",
    (1.12, -0.05), -66,
)  # fmt: skip
PHONING = Actor(
    Look(
        "woman in the purple top", True, (0.40, 0.20, 0.50), (0.15, 0.15, 0.17),
        skin="dark", hair="black", haircut="long", neckline="wide", height=-0.4,
    ),
    "right_arm=40,50,138,-25 left_arm=bent torso=0,-4,0 head=0,4,-14",
    (-0.12, -1.35), 6,
)  # fmt: skip
FOLDED = Actor(
    Look(
        "man in the green shirt", False, (0.22, 0.46, 0.28), (0.18, 0.22, 0.33),
        shoe_colour=(0.62, 0.24, 0.22), skin="fair", hair="brown", haircut="short", weight=1.0,
        height=0.2,
    ),
    "arms=chest legs=stand torso=-3,0,0 head=14,2,0 left_leg=12,5,20,6,0",
    (2.15, -0.75), -24,
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    boards = m.tiles("floor", (0.58, 0.60, 0.60), 0.45, 0.45, (0.42, 0.43, 0.43), 0.3)
    room.shell(-3.3, 3.2, BACK, (0.84, 0.85, 0.82), boards, (0.76, 0.79, 0.76))
    front = m.plain("fronts", (0.34, 0.43, 0.45), 0.4)
    top = m.wood("worktop", (0.60, 0.44, 0.28), (1, 8, 8))
    steel = m.metal("steel", (0.75, 0.75, 0.76), 0.3)
    for k in range(7):
        x = -3.25 + 0.75 * k
        f.box((x + 0.004, 0.1, BACK), (x + 0.746, 0.86, BACK + 0.58), front, 0.006)
        f.tube((x + 0.26, 0.79, BACK + 0.61), (x + 0.48, 0.79, BACK + 0.61), 0.007, steel)
    f.box((-3.3, 0, BACK), (2.0, 0.1, BACK + 0.52), m.plain("plinth", (0.2, 0.22, 0.23)), 0)
    f.box((-3.3, 0.86, BACK), (2.0, 0.90, BACK + 0.62), top, 0.006)
    f.box(
        (-3.3, 0.90, BACK),
        (2.0, 1.12, BACK + 0.012),
        m.plain("splash", (0.80, 0.82, 0.80), 0.15),
        0,
    )
    for x in (-3.25, -2.55, 0.65, 1.30):
        f.box(
            (x, 1.55, BACK),
            (x + 0.64, 2.30, BACK + 0.34),
            m.plain("wall unit", (0.86, 0.86, 0.83), 0.4),
            0.006,
        )
    f.window((-1.65, 1.15, BACK), (0.35, 2.25, BACK), m.plain("frame", (0.9, 0.9, 0.88), 0.4),
             m.glow("outside", (0.80, 0.90, 1.0), 1.7))  # fmt: skip
    f.box(
        (2.1, 0, BACK), (2.85, 1.95, BACK + 0.66), m.plain("fridge", (0.80, 0.81, 0.82), 0.25), 0.03
    )
    f.box((2.1, 1.18, BACK + 0.1), (2.85, 1.19, BACK + 0.665), m.plain("gap", (0.3, 0.3, 0.3)), 0)
    for low, high in ((0.75, 1.1), (1.28, 1.7)):
        f.tube((2.18, low, BACK + 0.70), (2.18, high, BACK + 0.70), 0.012, steel)
    f.tube((1.55, 0.9, BACK + 0.3), (1.55, 1.12, BACK + 0.3), 0.10, steel, 0.085)
    for k, tint in enumerate(((0.75, 0.3, 0.2), (0.85, 0.75, 0.5), (0.3, 0.45, 0.4))):
        x = 0.72 + 0.19 * k
        f.tube((x, 0.9, BACK + 0.2), (x, 1.08, BACK + 0.2), 0.07, m.plain("jar", tint, 0.3))
    f.plant(-2.95, -0.9, 1.2, (0.8, 0.78, 0.72))
    oak = m.wood("table", (0.60, 0.43, 0.27), (1, 8, 8))
    f.table((-0.80, 0, -0.45), (0.80, 0.74, 0.40), oak)
    beech = m.wood("chair", (0.48, 0.32, 0.20), (8, 8, 1))
    for person, x, turn in ((people[0], -1.10, 68), (people[1], 1.10, -66)):
        f.chair(x, -0.05, person.seat_height, turn, beech)
    f.tube((-0.45, 0.74, 0.1), (-0.45, 0.83, 0.1), 0.04, m.plain("mug", (0.75, 0.3, 0.22), 0.3))
    f.tube(
        (0.05, 0.742, -0.05),
        (0.05, 0.80, -0.05),
        0.10,
        m.plain("bowl", (0.88, 0.87, 0.84), 0.3),
        0.16,
    )
    for x, z, tint in (
        (0.0, -0.08, (0.8, 0.25, 0.12)),
        (0.1, -0.03, (0.85, 0.6, 0.15)),
        (0.04, 0.03, (0.5, 0.6, 0.15)),
    ):
        f.ball((x, 0.82, z), (0.042, 0.04, 0.042), m.plain("fruit", tint, 0.4))
    f.box(
        (0.42, 0.742, -0.12),
        (0.66, 0.752, 0.18),
        m.plain("paper", (0.9, 0.9, 0.88), 0.7),
        0.002,
        12,
    )
    # A lamp hangs over the table.
    f.tube((0, 1.98, -0.05), (0, 2.75, -0.05), 0.006, m.plain("cord", (0.1, 0.1, 0.1)))
    f.tube(
        (0, 1.90, -0.05), (0, 2.10, -0.05), 0.20, m.plain("shade", (0.83, 0.62, 0.25), 0.4), 0.05
    )
    room.light(-1, BACK, strength=1.05)


SCENE = Scene(
    "kitchen",
    (DRINKING, READING, PHONING, FOLDED),
    Camera((0.15, 1.6, 4.2), (0.15, 0.98, -0.8), 31.0),
    furnish,
)
