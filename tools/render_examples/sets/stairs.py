"""A hall with stairs: a woman on them, a man who waves, a woman who walks past."""

from __future__ import annotations

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import WALK, Actor, Scene
from tools.render_examples.sets import room
from tools.render_examples.stage import Camera

BACK = -3.6
RISE, TREAD, FIRST = 0.17, 0.29, -0.55  # metres; z of the first riser
LEFT, RIGHT = -0.35, 1.15
STEP = 3  # how many steps up the woman stands

ON_STAIRS = Actor(
    Look(
        "woman in the blue top", True, (0.13, 0.30, 0.62), (0.80, 0.77, 0.70),
        shoe_colour=(0.30, 0.18, 0.12), skin="olive", hair="black", haircut="long", sleeve="long",
        height=-0.3,
    ),
    "right_arm=34,40,40,0 left_arm=10,10,16,0 head=4,10,0",
    (0.35, FIRST - (STEP - 0.52) * TREAD), -6, STEP * RISE,
)  # fmt: skip
WAVING = Actor(
    Look(
        "man in the yellow shirt", False, (0.86, 0.66, 0.16), (0.20, 0.22, 0.28),
        skin="dark", hair="black", haircut="cropped", height=0.5,
    ),
    "right_arm=108,14,78,-84 left_arm=down head=4,-4,-8 torso=0,4,0 left_leg=12,5,20,6,0",
    (-1.55, -0.25), 12,
)  # fmt: skip
WALKING = Actor(
    Look(
        "man in the purple sweater", False, (0.36, 0.20, 0.46), (0.42, 0.38, 0.33),
        shoe_colour=(0.16, 0.14, 0.14), skin="fair", hair="grey", haircut="short", sleeve="long",
        age=0.8, height=0.2,
    ),
    WALK + " left_arm=22,-70,14,0 right_arm=26,76,22,0 torso=4,0,0",
    (2.0, 0.15), -52, planted=(),
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    stone = m.tiles("floor", (0.66, 0.63, 0.58), 0.6, 0.6, (0.48, 0.46, 0.43), 0.35)
    room.shell(-3.0, 3.3, BACK, (0.83, 0.79, 0.71), stone, height=3.4)
    oak = m.wood("treads", (0.50, 0.33, 0.20), (1, 9, 9))
    white = m.plain("risers", (0.87, 0.86, 0.83), 0.45)
    for k in range(10):
        z, y = FIRST - TREAD * k, RISE * (k + 1)
        f.box((LEFT, 0, z - TREAD), (RIGHT, y - 0.035, z), white, 0)
        f.box((LEFT - 0.03, y - 0.035, z - TREAD), (RIGHT, y, z + 0.025), oak, 0.008)
    dark = m.metal("rail", (0.20, 0.19, 0.18), 0.4)
    handle = m.wood("handrail", (0.42, 0.27, 0.16), (9, 1, 9))
    low = (LEFT + 0.04, RISE + 0.90, FIRST - TREAD / 2)
    high = (LEFT + 0.04, 10 * RISE + 0.90, FIRST - 9.5 * TREAD)
    f.tube(low, high, 0.028, handle)
    for k in range(10):
        z, y = FIRST - TREAD * (k + 0.5), RISE * (k + 1)
        f.tube((LEFT + 0.04, y, z), (LEFT + 0.04, y + 0.9, z), 0.014, dark)
    f.box((LEFT, 0, FIRST - 0.20), (LEFT + 0.09, 1.18, FIRST - 0.11), handle, 0.01)
    f.box(
        (RIGHT, 0, BACK), (RIGHT + 0.12, 3.4, FIRST - 0.3), m.plaster("side", (0.72, 0.76, 0.74)), 0
    )

    # A door, a console and a round mirror in the left half; a window on the right.
    frame = m.plain("frame", (0.90, 0.89, 0.87), 0.4)
    f.box((-2.55, 0, BACK), (-1.60, 2.12, BACK + 0.06), frame, 0.01)
    f.box(
        (-2.47, 0, BACK + 0.03),
        (-1.68, 2.05, BACK + 0.075),
        m.plain("door", (0.30, 0.42, 0.42), 0.4),
    )
    for y in (0.25, 1.15):
        f.box(
            (-2.35, y, BACK + 0.06), (-1.80, y + 0.72, BACK + 0.085),
            m.plain("panel", (0.27, 0.38, 0.38), 0.4), 0.012,
        )  # fmt: skip
    f.ball((-1.76, 1.03, BACK + 0.12), (0.028, 0.028, 0.028), m.metal("knob", (0.8, 0.65, 0.4)))
    f.plant(-1.15, BACK + 0.5, 1.3, (0.78, 0.52, 0.38))
    sky = m.glow("outside", (0.82, 0.91, 1.0), 2.4)
    f.window((1.75, 1.0, BACK), (2.75, 2.4, BACK), frame, sky)
    f.table(
        (1.55, 0, BACK + 0.05), (2.95, 0.80, BACK + 0.42), m.wood("console", (0.36, 0.24, 0.16))
    )
    f.books((1.65, 0.80, BACK + 0.1), 0.4, 0.28, 0.25)
    f.tube(
        (2.6, 0.8, BACK + 0.22),
        (2.6, 1.0, BACK + 0.22),
        0.07,
        m.plain("vase", (0.75, 0.42, 0.3), 0.3),
        0.05,
    )
    f.leaves((2.6, 0.98, BACK + 0.22), 12, 0.14, 0.4, m.grass("twig", (0.25, 0.38, 0.18)))
    f.box((-2.3, 0, -0.9), (-0.8, 0.012, 0.6), m.upholstery("mat", (0.55, 0.32, 0.25)), 0.004)
    room.light(1, BACK, 3.3, 1.15)


SCENE = Scene(
    "stairs",
    (ON_STAIRS, WAVING, WALKING),
    Camera((0.0, 1.55, 4.7), (0.1, 1.12, -1.0), 30.0),
    furnish,
)
