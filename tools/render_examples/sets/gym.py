"""A sports hall: warrior pose, squat, push-up."""

from __future__ import annotations

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples import stage
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import Actor, Scene
from tools.render_examples.sets import room
from tools.render_examples.stage import Camera

BACK = -3.2

WARRIOR = Actor(
    Look(
        "woman in the pink top", True, (0.85, 0.42, 0.54), (0.13, 0.13, 0.16),
        shoe_colour=(0.30, 0.50, 0.55), skin="brown", hair="black", haircut="bun", sleeve="tank",
        bottom="leggings",
    ),
    "left_leg=50,56,76,56,0 right_leg=0,47,4,10,0 arms=90,0,3,0 head=66,0,0",
    (-1.45, -0.5), 0,
)  # fmt: skip
SQUAT = Actor(
    Look(
        "man in the blue shirt", False, (0.16, 0.34, 0.66), (0.30, 0.31, 0.33),
        shoe_colour=(0.80, 0.30, 0.15), skin="fair", hair="brown", haircut="cropped",
        bottom="shorts", height=0.2,
    ),
    "arms=86,84,6,0 legs=96,18,104,10,-20 torso=32,0,0 head=0,-16,0",
    (0.75, -1.1), -32,
)  # fmt: skip
PUSH_UP = Actor(
    Look(
        "woman in the orange top", True, (0.86, 0.42, 0.12), (0.24, 0.26, 0.30),
        shoe_colour=(0.3, 0.32, 0.36), skin="warm", hair="blond", haircut="bun",
        bottom="leggings",
    ),
    "whole=72,0 arms=70,84,3,0 legs=2,4,2,2,-30 head=0,-14,0 "
    "left_wrist=0,0,68 right_wrist=0,0,-68",
    (1.02, 0.75), -82, planted=(),
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    parquet = m.planks("floor", (0.66, 0.50, 0.33), 0.9, 0.09)
    room.shell(-4.2, 4.2, BACK, (0.84, 0.84, 0.81), parquet, (0.70, 0.74, 0.76), 3.6)
    frame = m.plain("frame", (0.30, 0.32, 0.34), 0.4)
    for x in (-3.6, -1.2, 1.2):
        f.window(
            (x, 1.5, BACK), (x + 2.0, 3.0, BACK), frame, m.glow("outside", (0.85, 0.92, 1), 1.8)
        )
    f.box(
        (-4.2, 0, BACK), (4.2, 1.2, BACK + 0.03), m.plain("panel", (0.62, 0.50, 0.37), 0.5), 0.004
    )
    for person, tint, half, turn in (
        (people[0], (0.33, 0.48, 0.46), (1.05, 0.34), 0),
        (people[2], (0.45, 0.33, 0.50), (1.05, 0.34), 8),
    ):
        x, _, z = person.joints[0]
        f.box((x - half[0], 0, z - half[1]), (x + half[0], 0.006, z + half[1]),
              m.plain("mat", tint, 0.85), 0.003, turn)  # fmt: skip
    for k in range(1, 12):
        x = -4.2 + 0.7 * k
        f.box(
            (x, 0, BACK), (x + 0.012, 1.2, BACK + 0.032), m.plain("groove", (0.42, 0.32, 0.23)), 0
        )
    # Wall bars, a rack of dumbbells, balls.
    beech = m.wood("bars", (0.70, 0.52, 0.32), (1, 8, 8))
    for x in (2.55, 3.65):
        f.box((x, 0, BACK + 0.05), (x + 0.06, 2.7, BACK + 0.22), beech, 0.006)
    for k in range(13):
        y = 0.25 + 0.19 * k
        f.tube((2.55, y, BACK + 0.17), (3.7, y, BACK + 0.17), 0.018, beech)
    black = m.plain("iron", (0.10, 0.10, 0.11), 0.4)
    f.box((-0.75, 0.38, BACK + 0.25), (0.55, 0.42, BACK + 0.55), black, 0.01)
    for x in (-0.7, 0.45):
        f.box((x, 0, BACK + 0.3), (x + 0.05, 0.4, BACK + 0.5), black, 0.005)
    for k in range(5):
        x, r = -0.58 + 0.26 * k, 0.05 + 0.008 * k
        f.tube((x, 0.42 + r, BACK + 0.30), (x, 0.42 + r, BACK + 0.36), r, black)
        f.tube((x, 0.42 + r, BACK + 0.46), (x, 0.42 + r, BACK + 0.52), r, black)
        f.tube((x, 0.42 + r, BACK + 0.3), (x, 0.42 + r, BACK + 0.5), 0.014, black)
    f.ball((-3.3, 0.33, BACK + 0.7), (0.33, 0.33, 0.33), m.plain("ball", (0.30, 0.48, 0.62), 0.35))
    f.ball((-2.6, 0.27, BACK + 0.55), (0.27, 0.27, 0.27), m.plain("ball", (0.75, 0.70, 0.62), 0.35))
    room.light(-1, BACK + 0.5, 3.5, 1.25)
    stage.panel((0, 2.3, BACK + 0.3), (0, 0.5, 1.0), 2.4, 60, (0.95, 0.98, 1))


SCENE = Scene(
    "gym",
    (WARRIOR, SQUAT, PUSH_UP),
    Camera((-0.1, 1.4, 4.4), (-0.1, 0.86, -0.6), 30.0),
    furnish,
)
