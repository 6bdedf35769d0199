"""Arrange the things of a room or a place so that they do not stand in each other."""

from __future__ import annotations

import numpy as np

from chatpose_demo.studio.stage.rooms import PLANS, Room
from chatpose_demo.studio.stage.things import Thing, make


def furnish(rng: np.random.Generator, room: Room) -> list[Thing]:
    """Arrange things that fit; what finds no place is left out."""
    plan = PLANS[room.kind]
    things: list[Thing] = []

    def wanted(group: tuple[tuple[str, int, int], ...]):
        for kind, least, most in group:
            for _ in range(int(rng.integers(least, most + 1))):
                yield kind

    def settle(candidate) -> None:
        for _ in range(14):
            trial = candidate()
            if all(_fits(room, things, thing) for thing in trial):
                things.extend(trial)
                return

    for kind in wanted(plan.sets):
        settle(lambda kind=kind: _set(rng, room, kind))
    for kind in wanted(plan.wall):
        settle(lambda kind=kind: [_at_wall(rng, room, kind)])
    for kind in wanted(plan.high):
        settle(lambda kind=kind: [_at_wall(rng, room, kind)])
    for kind in wanted(plan.free):
        settle(lambda kind=kind: [_anywhere(rng, room, kind)])
    return things


FLAT = ("rug",)
HANGING = ("window", "picture")
TALL = 1.05  # m: what is taller may not stand before a window


def _fits(room: Room, things: list[Thing], thing: Thing) -> bool:
    """Inside the room, and not where another thing stands."""
    low, high = _extent(thing)
    if low[0] < -room.width / 2 - 0.02 or high[0] > room.width / 2 + 0.02 or high[1] > -1.3:
        return False
    if low[1] < -room.depth - 0.02:
        return False
    for other in things:
        if (thing.kind in FLAT) or (other.kind in FLAT):
            continue
        hangs = (thing.kind in HANGING) + (other.kind in HANGING)
        if hangs == 1 and min(thing.size[1] + thing.lift, other.size[1] + other.lift) < TALL:
            continue
        a, b = _extent(other)
        gap = 0.05 if "chair" in (thing.kind, other.kind) else 0.15
        if (low < b + gap).all() and (a < high + gap).all():
            return False
    return True


def _extent(thing: Thing) -> tuple[np.ndarray, np.ndarray]:
    """Low and high (x, z) of its footprint."""
    flat = thing.corners()[:, [0, 2]]
    return flat.min(axis=0), flat.max(axis=0)


def _at_wall(rng: np.random.Generator, room: Room, kind: str) -> Thing:
    """Against the back wall or a side wall; outdoors, in the rear."""
    thing = make(rng, kind, (0, 0), 0)
    w, _, d = thing.size
    lift = 1.0 if kind == "window" else 1.45 if kind == "picture" else 0.0
    side = rng.random()
    half, gap = room.width / 2, 0.02
    if not room.indoor:
        x = rng.uniform(-half + w / 2, half - w / 2)
        yaw = 0.0 if kind in ("outdoor stairs", "car", "bench") else rng.uniform(0, 360)
        z = -room.depth + d / 2 + rng.uniform(0.0, 1.5)
        if kind == "outdoor stairs":
            z = -room.depth + d / 2
        at, yaw = (x, z), yaw
    elif side < 0.6 or kind == "stairs":
        at, yaw = (rng.uniform(-half + w / 2, half - w / 2), -room.depth + d / 2 + gap), 0.0
        if kind == "stairs":  # along a side of the room
            at = (rng.choice([-1, 1]) * (half - w / 2 - 0.02), at[1])
    else:
        sign = 1 if side < 0.8 else -1
        z = rng.uniform(-room.depth + w / 2, -1.9 - w / 2)
        at, yaw = (sign * (-half + d / 2 + gap), z), 90.0 * sign
    return Thing(
        kind, (float(at[0]), float(at[1])), yaw, thing.size, thing.colours, thing.seed, lift
    )


def _anywhere(rng: np.random.Generator, room: Room, kind: str) -> Thing:
    half = room.width / 2 - 0.6
    at = (rng.uniform(-half, half), rng.uniform(-room.depth + 0.8, -2.2))
    near = (0.0, 25.0, -25.0, 60.0, -60.0, 90.0, -90.0)
    yaw = float(rng.choice(near)) if kind != "rug" else float(rng.choice([0.0, 90.0]))
    return make(rng, kind, at, yaw)


def _set(rng: np.random.Generator, room: Room, kind: str) -> list[Thing]:
    """Things that belong together, placed anew at each call."""
    half = room.width / 2
    if kind == "sofa corner":
        sofa = _at_wall(rng, room, "sofa") if rng.random() < 0.6 else None
        if sofa is None:
            at = (rng.uniform(-0.3, 0.3) * room.width, rng.uniform(-0.8, -0.5) * room.depth)
            sofa = make(rng, "sofa", at, float(rng.choice([0, 0, 30, -30])))
        things = [sofa]
        if rng.random() < 0.6:
            low = make(rng, "coffee table", (0, 0), sofa.yaw)
            ahead = sofa.to_world(np.array([0.0, 0, sofa.size[2] / 2 + 0.42 + low.size[2] / 2]))
            things.append(_moved(low, ahead))
        return things
    if kind == "desk":
        sign = rng.choice([-1, 1])
        at = (sign * rng.uniform(0.2, 0.9) * (half - 0.8), rng.uniform(-room.depth + 0.8, -2.4))
        desk = make(rng, "desk", at, float(90 * sign if rng.random() < 0.7 else 180))
        seat = desk.to_world(np.array([0.0, 0, desk.size[2] / 2 + 0.36]))
        return [desk, _moved(make(rng, "chair", (0, 0), desk.yaw + 180), seat)]
    at = (rng.uniform(-0.2, 0.2) * room.width, rng.uniform(-0.7, -0.5) * room.depth)
    table = make(rng, "table", at, float(rng.choice([0, 0, 90, 20, -20])))
    style = make(rng, "chair", (0, 0), 0)
    things = [table]
    w, _, d = table.size
    places = [(-w / 4, 1), (w / 4, 1), (-w / 4, -1), (w / 4, -1)]
    for x, sign in places:
        if rng.random() < 0.8:
            spot = table.to_world(np.array([x, 0, sign * (d / 2 + 0.34)]))
            yaw = table.yaw + (180.0 if sign > 0 else 0.0) + rng.uniform(-8, 8)
            things.append(_moved(style, spot, yaw))
    return things


def _moved(thing: Thing, to: np.ndarray, yaw: float | None = None) -> Thing:
    turn = thing.yaw if yaw is None else yaw
    at = (float(to[0]), float(to[2]))
    return Thing(thing.kind, at, float(turn), thing.size, thing.colours, thing.seed, thing.lift)
