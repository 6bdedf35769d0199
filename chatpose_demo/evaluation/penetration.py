"""How deep bodies pass through themselves: the atlas', and those that words make of them.

`python -m chatpose_demo.evaluation.penetration [--seed N] [--pictures FOLDER]`

Every set is measured as the words leave the body and as the demo shows it, once its limbs have
settled. The atlas' row by limb is where network.settling takes its numbers from.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from chatpose_demo.body.render import contact_sheet, render
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, SECOND, read_lines
from chatpose_demo.geometry.figure import embedded_body
from chatpose_demo.geometry.penetration import LIMBS, PIECES, anatomy, penetration, posed
from chatpose_demo.network.parts import OPTIONS, apply_choices
from chatpose_demo.network.settling import STATES, apply_settled, moved_limbs, settle
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, spec_of

PARTS = ("left_arm", "right_arm", "legs", "left_leg", "right_leg", "torso", "head")
SAMPLE = 500  # our choice: bodies of a random set
PERCENTILES = (50, 90, 95, 100)
WORST = 5
VIEWS = (0, 70)  # degrees about the body in pictures
SKIN, BURIED = (0.78, 0.78, 0.8), (0.85, 0.1, 0.1)


@dataclass
class Bodies:
    """Named bodies (24, 3, 3): as told, and settled."""

    names: list[str] = field(default_factory=list)
    told: list[np.ndarray] = field(default_factory=list)
    settled: list[np.ndarray] = field(default_factory=list)

    def add(self, name: str, told: np.ndarray, settled: np.ndarray) -> None:
        """One more body."""
        self.names.append(name)
        self.told.append(told)
        self.settled.append(settled)


def edited(name: str, base: np.ndarray, choices: dict[str, str], bodies: Bodies) -> None:
    """Add what choices make of a body."""
    words = " ".join(f"{part}={option}" for part, option in choices.items())
    bodies.add(f"{name} {words}", apply_choices(base, choices), apply_settled(base, choices))


def options() -> list[tuple[str, str]]:
    """Every (part, option) that changes limbs, trunk or head."""
    return [(part, option) for part in PARTS for option in OPTIONS[part][1:]]


def singles() -> Bodies:
    """Every option on a standing body."""
    bodies = Bodies()
    for part, option in options():
        edited("standing", build(Spec()), {part: option}, bodies)
    return bodies


def pairs(rng: np.random.Generator) -> Bodies:
    """Two options of different parts on a standing body."""
    every, bodies = options(), Bodies()
    both = [(a, b) for i, a in enumerate(every) for b in every[i + 1 :] if a[0] != b[0]]
    for index in rng.choice(len(both), SAMPLE, replace=False):
        edited("standing", build(Spec()), dict(both[index]), bodies)
    return bodies


def edits(rng: np.random.Generator) -> Bodies:
    """One or two options on poses of the atlas."""
    every, atlas, bodies = options(), load_atlas(), Bodies()
    for _ in range(SAMPLE):
        pose = atlas[int(rng.integers(len(atlas)))]
        picked = [every[i] for i in rng.choice(len(every), int(rng.integers(1, 3)))]
        edited(pose.id, pose.rotations, dict(picked), bodies)
    return bodies


def chains(folder: Path) -> Bodies:
    """Every step of a set's chats, each from the true body before it."""
    bodies = Bodies()
    for number, line in enumerate(read_lines("chains", folder), start=1):
        before, told = build(spec_of(line["start"])), line["start"]
        for step in line["steps"]:
            after = build(spec_of(step["after"]))
            new = [item for item in step["after"].items() if item not in told.items()]
            written = [(part, option) for part, option in new if option in STATES.get(part, ())]
            settled = settle(after, moved_limbs(before, after), [], written)
            bodies.add(f"chain {number}, {step['text']!r}", after, settled)
            before, told = after, step["after"]
    return bodies


def row(title: str, depth: np.ndarray) -> str:
    """One line of a table: depth (N,) in cm."""
    values = "  ".join(f"{value:6.2f}" for value in np.percentile(depth, PERCENTILES))
    return f"{title:34s}{values}"


def report(title: str, bodies: Bodies, most: float) -> None:
    """Print a set's table; `most` is the atlas' 95th percentile in cm."""
    told = penetration(np.stack(bodies.told)).max(1)
    settled = penetration(np.stack(bodies.settled)).max(1)
    swing = np.stack([_swing(a, b) for a, b in zip(bodies.told, bodies.settled, strict=True)])
    moved = swing.max(1) > 0
    print(row(f"{title} ({len(told)}), as told", told), f" above: {(told > most).mean():6.1%}")
    print(row("    settled", settled), f" above: {(settled > most).mean():6.1%}")
    turn = swing[swing > 0] if moved.any() else np.zeros(1)
    print(
        f"    {moved.sum()} bodies moved, a joint by {np.median(turn):.1f} degrees, at most "
        f"{turn.max():.1f}; all joints of all bodies by {swing.mean():.4f} on average"
    )
    for index in np.argsort(-told)[:WORST]:
        print(f"        {told[index]:5.2f} -> {settled[index]:5.2f}  {bodies.names[index]}")


def _swing(told: np.ndarray, settled: np.ndarray) -> np.ndarray:
    """(24,) degrees."""
    cosine = (np.einsum("kij,kij->k", told, settled) - 1) / 2
    turn = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return np.where((told == settled).all((1, 2)), 0.0, turn)


def picture(bodies: Bodies, count: int = 12) -> Image.Image:
    """The worst bodies as told and settled, with buried skin in red."""
    worst = np.argsort(-penetration(np.stack(bodies.told)).max(1))[:count]
    images, labels = [], []
    for index in worst:
        for rotations in (bodies.told[index], bodies.settled[index]):
            (body,) = posed(rotations[None])
            colours = np.tile(SKIN, (len(body.vertices), 1))
            deepest = 0.0
            for piece in range(len(PIECES)):
                depth = body.buried(piece)[0]
                colours[anatomy().probes[piece][depth > 0]] = BURIED
                deepest = max(deepest, float(depth.max(initial=0.0)))
            for view in VIEWS:
                images.append(
                    render(body.vertices, embedded_body().faces, colours, azimuth_degrees=view)
                )
                labels.append(f"{100 * deepest:.1f} cm" if view else bodies.names[index][:40])
    return contact_sheet(images, labels, columns=2 * len(VIEWS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=Path, help="folder for contact sheets of the worst")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)

    atlas = load_atlas()
    depth = penetration(np.stack([pose.rotations for pose in atlas]))
    heads = "  ".join(f"{percent:5d}%" for percent in PERCENTILES)
    print(f"{'centimetres, percentiles':34s}{heads}")
    print(row(f"atlas ({len(atlas)})", depth.max(1)))
    for kind in ("arm", "leg", "head"):
        own = [PIECES.index(p) for limb in LIMBS if limb.endswith(kind) for p in LIMBS[limb]]
        print(row(f"    {kind}", depth[:, own].max(1)))
    for index in np.argsort(-depth.max(1))[:WORST]:
        print(f"        {depth[index].max():5.2f}  {atlas[index].id}")
    most = float(np.percentile(depth.max(1), 95))
    sets = {
        "options on standing": singles(),
        "pairs on standing": pairs(rng),
        "edits of the atlas": edits(rng),
        "development chains": chains(DEVELOPMENT),
        "frozen chains": chains(SECOND),
    }
    for title, bodies in sets.items():
        report(title, bodies, most)
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            picture(bodies).save(arguments.pictures / f"{title.replace(' ', '_')}.png")


if __name__ == "__main__":
    main()
