"""Named states of the body's parts: the vocabulary in which poses are written by hand.

Angles are degrees and describe the left side; the right side is its mirror image.
Every number here is our choice, looked at in contact sheets.
"""

from __future__ import annotations

# Arm: (elevation from hanging, azimuth: 0 sideways / 90 forward / -90 back, elbow bend, twist of
# the upper arm about its own axis).
ARMS: dict[str, tuple[float, float, float, float]] = {
    "down": (10, 0, 12, 0),  # hanging relaxed beside the body
    "away": (45, 0, 10, 0),  # straight, held away from the side, pointing down and out
    "side": (90, 0, 5, 0),  # straight out sideways at shoulder height
    "side_up": (135, 0, 8, 0),  # straight, up and out to the side
    "up": (172, 10, 8, 0),  # straight overhead
    "forward": (88, 86, 5, 0),  # straight ahead at shoulder height
    "forward_up": (132, 86, 8, 0),  # straight, ahead and up
    "forward_low": (45, 86, 12, 0),  # ahead and down, hand at waist height
    "back": (42, -80, 10, 0),  # straight, stretched behind the body
    "hip": (50, -30, 92, 78),  # hand on the hip, elbow out
    "head": (140, 18, 110, -82),  # hand on or behind the head, elbow out
    "face": (38, 48, 142, -22),  # hand at the face, chin, mouth or ear
    "chest": (20, 46, 105, 12),  # forearm folded across the chest or stomach
    "bent": (8, 5, 90, 0),  # elbow at the side, forearm level and pointing ahead
    "goal": (90, 0, 90, -88),  # upper arm sideways, forearm straight up
    "shoulder": (45, 34, 150, -50),  # elbow fully bent, hand near the own shoulder
    "behind": (18, -13, 77, 120),  # hand behind the back
    "thigh": (30, 62, 28, 0),  # hand resting on the thigh or knee (seated, crouched)
    "prop": (28, -62, 8, 40),  # propped on the floor or seat behind
    "pray": (44, 58, 108, -22),  # hand before the middle of the chest, palms together
    "pocket": (22, -6, 38, 60),  # hand in or at the front pocket
    "neck": (128, 10, 132, -98),  # hand at the nape, elbow up
}

# Leg: (hip flexion, abduction, knee bend, outward twist, ankle: + = toes down).
LEGS: dict[str, tuple[float, float, float, float, float]] = {
    "straight": (2, 4, 3, 6, 0),  # standing leg
    "forward": (60, 3, 5, 4, 0),  # straight leg lifted forward
    "knee_up": (88, 3, 90, 4, 15),  # knee lifted to hip height, shin hanging
    "knee_high": (115, 3, 115, 4, 15),  # knee lifted towards the chest
    "side": (4, 45, 4, 8, 10),  # straight leg lifted sideways
    "back": (-32, 3, 8, 4, 30),  # straight leg stretched behind
    "heel": (-5, 2, 98, 4, 30),  # heel kicked up behind towards the buttocks
    "bent": (21, 7, 36, 8, 4),  # knee slightly bent, ball of the foot on the floor
    "step": (24, 3, 10, 4, -10),  # foot one step ahead
    "trail": (-20, 3, 18, 4, 20),  # foot one step behind, heel off the floor
    "figure4": (68, 40, 136, 44, 15),  # turned out and bent, ankle or foot at the other leg
}

# Both legs: (left leg, right leg), each as in LEGS.
BOTH_LEGS: dict[str, tuple[tuple[float, ...], ...]] = {
    "stand": ((2, 4, 3, 6, 0),) * 2,  # standing upright
    "wide": ((3, 25, 4, 10, 0),) * 2,  # standing with the feet wide apart
    "walk": ((26, 3, 8, 4, -8), (-18, 3, 20, 4, 18)),  # walking stride, left foot ahead
    "sit": ((86, 7, 86, 5, 0),) * 2,  # on a chair, feet on the floor
    "sit_crossed": ((86, 3, 86, 3, 0), (98, -10, 62, 0, 10)),  # on a chair, right leg over left
    "squat": ((112, 20, 122, 10, -18),) * 2,  # deep squat
    "half_squat": ((52, 12, 68, 8, -16),) * 2,  # half squat, as on skis
    "kneel": ((6, 8, 92, 2, 60),) * 2,  # upright on both knees
    "kneel_sit": ((72, 9, 158, 4, 50),) * 2,  # kneeling, sitting on the heels
    "kneel_left": ((0, 5, 88, 2, 54), (94, 6, 90, 4, 4)),  # on the left knee, right foot planted
    "kneel_right": ((94, 6, 90, 4, 4), (0, 5, 88, 2, 54)),  # on the right knee, left foot planted
    "lunge_left": ((72, 5, 80, 4, -8), (-32, 4, 22, 4, -22)),  # left leg bent ahead
    "lunge_right": ((-32, 4, 22, 4, -22), (72, 5, 80, 4, -8)),  # right leg bent ahead
    "cross": ((118, 51, 112, 67, 18), (120, 51, 110, 65, 18)),  # on the floor, legs crossed
    "long": ((96, 8, 3, 6, 8),) * 2,  # on the floor, legs stretched ahead
    "hug": ((138, 5, 146, 3, 8),) * 2,  # knees drawn up to the chest
    "straddle": ((98, 37, 3, 10, 8),) * 2,  # on the floor, straight legs spread
    "ride": ((72, 32, 78, 8, 0),) * 2,  # astride, as on a horse
    "jump": ((38, 8, 75, 6, 35),) * 2,  # off the ground, knees bent
    "tiptoe": ((2, 4, 2, 6, 42),) * 2,  # standing on the toes
    "together": ((1, 0, 2, 3, 0),) * 2,  # feet together
    "crossed_stand": ((7, -13, 4, 4, -4), (-4, -11, 8, 8, 6)),  # standing, left ankle before right
    "toes_out": ((2, 3, 3, 38, 0),) * 2,  # standing, feet turned outwards
    "toes_in": ((2, 6, 4, -24, 0),) * 2,  # standing pigeon-toed
}
SEATED = ("sit", "sit_crossed", "cross", "long", "hug", "straddle", "ride")

# Torso: (bend forward, lean to the own left, turn to the own left).
TORSO: dict[str, tuple[float, float, float]] = {
    "upright": (0, 0, 0),
    "lean_forward": (22, 0, 0),
    "bend": (48, 0, 0),
    "bend_deep": (85, 0, 0),
    "lean_back": (-20, 0, 0),
    "lean_left": (0, 24, 0),
    "lean_right": (0, -24, 0),
    "turn_left": (0, 0, 38),
    "turn_right": (0, 0, -38),
    "slouch": (33, 0, 0),
    "arch": (-30, 0, 0),
}

# Head: (turn to the own left, nod down, tilt to the own left).
HEAD: dict[str, tuple[float, float, float]] = {
    "ahead": (0, 0, 0),
    "left": (52, 0, 0),
    "right": (-52, 0, 0),
    "down": (0, 36, 0),
    "up": (0, -32, 0),
    "tilt_left": (0, 0, 24),
    "tilt_right": (0, 0, -24),
}

# Whole body: (pitch forward, roll to the own left) of the upright body; "back" lies face up.
WHOLE: dict[str, tuple[float, float]] = {
    "up": (0, 0),
    "back": (-90, 0),
    "front": (90, 0),
    "left_side": (0, 90),
    "right_side": (0, -90),
}

# Yaw of the whole body in degrees, as the viewer sees it: "left" shows the profile that looks to
# the picture's left, "back" is seen from behind.
FACING: dict[str, float] = {
    "front": 0,
    "left": -90,
    "right": 90,
    "back": 180,
    "half_left": -45,
    "half_right": 45,
}
