"""One person close up, cut at the hips by the border, thinking."""

from __future__ import annotations

from tools.render_examples import furniture as f
from tools.render_examples import materials as m
from tools.render_examples import stage
from tools.render_examples.person import Figure, Look
from tools.render_examples.scene import Actor, Scene
from tools.render_examples.sets import room
from tools.render_examples.stage import Camera

THINKER = Actor(
    Look(
        "woman in the teal sweater", True, (0.13, 0.40, 0.40), (0.25, 0.24, 0.26),
        skin="olive", hair="brown", haircut="bob", sleeve="long",
    ),
    "right_arm=46,52,136,-24 left_arm=20,46,104,8 torso=0,-3,0 head=8,2,-6",
    (0.0, 0.0), 12,
)  # fmt: skip


def furnish(people: list[Figure]) -> None:
    room.shell(-3.0, 3.0, -2.6, (0.78, 0.74, 0.66), m.planks("floor", (0.5, 0.36, 0.25)))
    oak = m.wood("oak", (0.48, 0.32, 0.20))
    f.shelf((0.55, 0, -2.6), 1.5, (0.05, 0.45, 0.85, 1.25, 1.65, 2.05), 0.32, oak)
    f.window((-2.0, 0.9, -2.6), (-0.7, 2.3, -2.6), m.plain("frame", (0.9, 0.9, 0.88), 0.4),
             m.glow("outside", (0.82, 0.91, 1.0), 1.6))  # fmt: skip
    f.plant(-0.30, -2.1, 1.5, (0.8, 0.78, 0.74))
    f.lamp(2.45, -2.2)
    stage.ambient((0.86, 0.90, 1.0), 0.32)
    stage.panel((-2.2, 2.1, 1.3), (0, 1.4, 0), 1.3, 75, (1, 0.96, 0.9))
    stage.panel((2.4, 1.8, 1.8), (0, 1.3, 0), 1.6, 28, (0.93, 0.96, 1))
    stage.panel((0.8, 2.5, -1.4), (0, 1.5, 0), 1.0, 30, (1, 0.95, 0.88))


SCENE = Scene(
    "portrait",
    (THINKER,),
    Camera((0.12, 1.46, 1.75), (-0.02, 1.285, 0.0), 44.0),
    furnish,
    exposure=0.45,
    aperture=2.0,
)
