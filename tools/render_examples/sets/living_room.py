"""A living room: somebody on the sofa, somebody with a hand on the hip, somebody at the shelf."""

from __future__ import annotations

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import Actor, Scene
from tools.render_examples.sets import room
from tools.render_examples.stage import Camera

BACK = -2.2

SITTER = Actor(
    Look(
        "man in the green sweater", False, (0.20, 0.40, 0.27), (0.45, 0.40, 0.33),
        shoe_colour=(0.32, 0.21, 0.15), skin="brown", hair="black", haircut="cropped",
        sleeve="long", height=0.3,
    ),
    "legs=sit left_arm=thigh right_arm=30,55,34,0 torso=-8,0,0 head=14,2,0",
    (-1.75, BACK + 0.62), 14,
)  # fmt: skip
HAND_ON_HIP = Actor(
    Look(
        "woman in the red top", True, (0.66, 0.10, 0.12), (0.16, 0.19, 0.28),
        shoe_colour=(0.66, 0.52, 0.40), skin="fair", hair="brown", haircut="bob", height=-0.2,
    ),
    "right_arm=hip left_arm=12,4,14,0 left_leg=12,5,20,6,0 right_leg=2,6,2,8,0 torso=0,-4,4 "
    "head=-8,0,6",
    (0.15, -0.35), -4,
)  # fmt: skip
REACHING = Actor(
    Look(
        "man in the grey shirt", False, (0.47, 0.48, 0.50), (0.17, 0.24, 0.40),
        shoe_colour=(0.15, 0.15, 0.16), skin="warm", hair="blond", haircut="short", height=0.6,
        weight=0.6,
    ),
    "left_arm=168,36,8,0 right_arm=14,10,18,0 torso=-4,0,-6 head=-12,-18,0 left_leg=2,4,2,6,0 "
    "right_leg=12,5,20,6,0",
    (1.62, -1.2), 62,
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    room.shell(-3.4, 3.1, BACK, (0.80, 0.80, 0.74), m.planks("floor", (0.56, 0.40, 0.27)))
    frame = m.plain("frame", (0.9, 0.9, 0.88), 0.4)
    sky = m.glow("outside", (0.80, 0.90, 1.0), 2.2)
    f.window((-3.4, 0.85, -1.3), (-3.4, 2.25, 0.2), frame, sky)
    linen = m.cloth("curtain", (0.84, 0.79, 0.70))
    f.curtain(-3.30, -1.85, 0.45, 2.45, linen, "z")
    f.curtain(-3.30, 0.28, 0.45, 2.45, linen, "z")
    f.sofa(-1.55, BACK + 0.06, 1.85, people[0].seat_height, (0.36, 0.43, 0.50))
    seat = people[0].seat_height
    f.cushion((-0.92, seat + 0.20, BACK + 0.46), 0.40, (0.80, 0.60, 0.28), 8)
    f.cushion((-2.28, seat + 0.20, BACK + 0.46), 0.40, (0.78, 0.74, 0.66), -8)
    oak = m.wood("oak", (0.50, 0.34, 0.21))
    frame_dark = m.plain("picture frame", (0.16, 0.13, 0.11), 0.4)
    f.picture(
        (-1.95, 1.72, BACK), (0.62, 0.82),
        [(0.90, 0.86, 0.76), (0.76, 0.52, 0.36), (0.35, 0.44, 0.42), (0.83, 0.42, 0.22)],
        frame_dark,
    )  # fmt: skip
    f.picture(
        (-1.10, 1.72, BACK), (0.62, 0.82),
        [(0.86, 0.88, 0.86), (0.46, 0.57, 0.62), (0.22, 0.31, 0.40), (0.90, 0.78, 0.45)],
        frame_dark,
    )  # fmt: skip
    f.shelf((1.75, 0, BACK), 1.05, (0.05, 0.42, 0.79, 1.16, 1.53, 1.90), 0.32, oak)
    f.box((1.95, 1.93, BACK + 0.05), (2.25, 2.12, BACK + 0.28), m.plain("case", (0.7, 0.6, 0.5)))
    f.plant(-3.02, BACK + 0.42, 1.35, (0.86, 0.84, 0.80))
    f.lamp(-0.22, BACK + 0.34)
    rug = m.upholstery("rug", (0.70, 0.66, 0.58))
    f.box((-2.3, 0, -1.15), (1.15, 0.012, 0.75), rug, 0.005)
    border = m.upholstery("rug border", (0.38, 0.42, 0.47))
    for low, high in (
        ((-2.2, 0, 0.58), (1.05, 0.0135, 0.63)),
        ((-2.2, 0, -1.03), (1.05, 0.0135, -0.98)),
    ):
        f.box(low, high, border, 0)
    f.table((-3.05, 0, -0.30), (-2.45, 0.42, 0.40), oak)
    f.tube((-2.75, 0.42, 0.05), (-2.75, 0.53, 0.05), 0.05, m.plain("vase", (0.35, 0.48, 0.52), 0.3))
    f.books((-2.98, 0.42, -0.26), 0.3, 0.2, 0.2)
    room.light(-1, BACK, strength=0.92)


SCENE = Scene(
    "living_room",
    (SITTER, HAND_ON_HIP, REACHING),
    Camera((-0.1, 1.45, 4.0), (-0.2, 1.02, -1.0), 30.0),
    furnish,
)
