"""Bodies from words: captions, edits, chains of edits, situations, and other acts."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from chatpose_demo.evaluation.frozen_set import read_lines
from chatpose_demo.evaluation.reader import EXACT, STILL, Reader, Table, degrees, mean, rate
from chatpose_demo.network.interface import AskBack, Question
from chatpose_demo.network.understanding import Understanding
from chatpose_demo.pose import Pose, mirror
from chatpose_demo.studio.rig import build, spec_of


def captions(reader: Reader, folder) -> Table:
    """Explicit text to pose beside always standing and the best single atlas pose; degrees."""
    ours, standing, nearest = [], [], []
    for line in read_lines("captions", folder):
        truth = build(spec_of(line))
        seen = reader(line["text"])
        ours.append(degrees(reader.finder.imagined(line["text"], seen).rotations, truth).mean())
        standing.append(degrees(reader.finder.standing, truth).mean())
        pointed = reader.finder.poses[int(seen.atlas[1:].argmax())]
        nearest.append(degrees(pointed, truth).mean())
    return {
        "error": mean(ours),
        "always standing": mean(standing),
        "atlas pose alone": mean(nearest),
        "below standing": mean([1 - error / np.mean(standing) for error in ours]),
        "exact": rate(error < EXACT for error in ours),
    }


def _still(before: np.ndarray, truth: np.ndarray, ours: np.ndarray) -> bool:
    """Whether joints that should not move did not."""
    untouched = degrees(before, truth) < 1e-3
    return bool((degrees(before, ours)[untouched] <= STILL).all())


def edited(reader: Reader, text: str, bodies: list[Pose]) -> Pose:
    """The body that a turn makes of a chat's bodies, as the demo would; the last one if none."""

    def read(words: str, shown: int) -> Understanding:
        return reader(words, body=bodies[shown - 1].rotations)

    found = reader.finder.find(Question(text, bodies=bodies), read(text, len(bodies)), read)
    if isinstance(found, str | AskBack):
        return bodies[-1]
    return Pose(found[0].rotations, source=found[0].source, made_from=found[0].base)


def edits(reader: Reader, folder) -> Table:
    """One change of a given body, beside leaving it alone."""
    ours, alone, still = [], [], []
    for line in read_lines("edits", folder):
        before, truth = build(spec_of(line["before"])), build(spec_of(line["after"]))
        changed = edited(reader, line["text"], [Pose(before)]).rotations
        ours.append(degrees(changed, truth).mean())
        alone.append(degrees(before, truth).mean())
        still.append(_still(before, truth, changed))
    exact = [error < EXACT for error in ours]
    return {
        "error": mean(ours),
        "left alone": mean(alone),
        "exact": rate(exact),
        "untouched still": rate(still),
        "success": rate(a and b for a, b in zip(exact, still, strict=True)),
    }


def chains(reader: Reader, folder) -> Table:
    """Chats of five and more edits, each step on our own result of the step before."""
    exact, still, last, drift = [], [], [], []
    for line in read_lines("chains", folder):
        truths = [build(spec_of(line["start"]))]
        poses, bodies = [Pose(truths[0])], [truths[0]]
        for step in line["steps"]:
            poses.append(edited(reader, step["text"], poses))
            bodies.append(poses[-1].rotations)
            truths.append(build(spec_of(step["after"])))
            told = degrees(truths[-2], truths[-1]) >= 1e-3
            wrong = degrees(bodies[-2], truths[-2]) >= STILL  # already off before this step
            moved = degrees(bodies[-2], bodies[-1])[~told & ~wrong]
            still.append(bool((moved <= STILL).all()))
            drift.append(float(moved.max(initial=0)))
            exact.append(degrees(bodies[-1], truths[-1]).mean() < EXACT)
        last.append(exact[-1])
    return {
        "steps exact": rate(exact),
        "chain ends exact": rate(last),
        "untouched still": rate(still),
        "median drift": mean([float(np.median(drift))]),
    }


def firsts(reader: Reader, folder) -> Table:
    """Short first lines of a chat: is the whole body right, or the atlas pose the one meant?

    Where the words name no side, the mirror image is as right.
    """
    hits = defaultdict(list)
    for line in read_lines("first", folder):
        seen = reader(line["text"])
        found = reader.finder.find(Question(line["text"]), seen, lambda text, _: reader(text))
        body = None if isinstance(found, str | AskBack) else found[0].rotations
        if not seen.asks_for_body or body is None:
            right = False
        elif "id" in line:
            place = reader.place[line["id"]]
            right = bool(np.allclose(body, reader.finder.poses[place]))
            near = place in np.argsort(-seen.atlas[1:])[:5]
            hits["named, first five"].append(bool(near) and seen.asks_for_body)
        else:
            truth = build(spec_of(line))
            sided = any(side in line["text"].lower() for side in ("left", "right"))
            ways = (truth,) if sided else (truth, mirror(truth))
            right = min(degrees(body, way).mean() for way in ways) < EXACT
        hits["named" if "id" in line else "described"].append(right)
    return {name: rate(values) for name, values in sorted(hits.items())}


def implicit(reader: Reader, folder) -> Table:
    """Is an acceptable atlas pose among the first 1 / 5 / 10 for a situation?"""
    hits = defaultdict(list)
    for line in read_lines("implicit", folder):
        order = np.argsort(-reader(line["text"]).atlas[1:])
        wanted = {reader.place[name] for name in line["ids"]}
        for k in (1, 5, 10):
            hits[f"top {k}"].append(bool(wanted & set(order[:k].tolist())))
    return {name: rate(values) for name, values in hits.items()}


def acts(reader: Reader, folder) -> Table:
    """Another body, half the change, the same person elsewhere, one body's region on another."""
    hits = defaultdict(list)
    for line in read_lines("acts", folder):
        seen = reader(line["text"], body=reader.finder.standing)
        right = seen.kind() == "edit" and seen.act == line["act"]
        if line["act"] == "combine":
            told = (line["region"], line["a"], line["b"])
            hits["combine, all of it"].append(
                right and (seen.region, seen.earlier, seen.other) == told
            )
        if line["act"] == "imagine":
            order = np.argsort(-seen.atlas[1:])[:5]
            wanted = {reader.place[name] for name in line["ids"]}
            hits["imagine, top 5"].append(bool(wanted & set(order.tolist())))
        hits[line["act"]].append(right)
    return {name: rate(values) for name, values in sorted(hits.items())}
