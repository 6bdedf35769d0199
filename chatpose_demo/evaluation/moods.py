"""Wishes that name a mood, a manner or a character, and ordinary lines in the same words."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from chatpose_demo.evaluation.frozen_set import read_lines
from chatpose_demo.evaluation.reader import Reader, Table, rate
from chatpose_demo.network.interface import AskBack, Question


def moods(reader: Reader, folder) -> Table:
    """Is the body that is shown one of those that have the mood, and is none shown unasked?"""
    hits = defaultdict(list)
    for line in read_lines("moods", folder):
        if "context" in line:
            shown = reader.finder.standing if line["context"] == "pose" else None
            hits["false"].append(reader(line["text"], body=shown).asks_for_body)
            continue
        seen = reader(line["text"])
        hits["missed"].append(not seen.asks_for_body)
        found = reader.finder.find(Question(line["text"]), seen, lambda text, _: reader(text))
        wanted = [reader.finder.poses[reader.place[name]] for name in line["ids"]]
        body = None if isinstance(found, str | AskBack) else found[0].rotations
        right = body is not None and any(np.allclose(body, one) for one in wanted)
        hits["right"].append(right and seen.asks_for_body)
    return {name: rate(values) for name, values in sorted(hits.items())}
