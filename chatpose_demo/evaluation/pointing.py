"""Is the right person of a scene chosen, and is it asked back when it must be?"""

from __future__ import annotations

from collections import defaultdict

from chatpose_demo.evaluation.frozen_set import people_of, read_lines
from chatpose_demo.evaluation.reader import Reader, Table, rate
from chatpose_demo.network.interface import AskBack
from chatpose_demo.network.pointing import choose

# Kinds of the second set that name one person by relations, exclusion, action or dialogue.
RELATIONAL = ("thing", "relation", "negation", "action", "dialogue")


def selection(reader: Reader, folder) -> Table:
    """The first set: one property or a combination; the best-fitting person counts."""
    crowds = {one["id"]: one for one in read_lines("scene_people", folder)}
    hits, unsure, shown = defaultdict(list), [], []
    for line in read_lines("scenes", folder):
        scene = crowds[line["id"]]
        seen = reader(line["text"], people=people_of(scene), has_photo=True)
        chosen = choose(seen.person, seen.many, None)
        if scene["target"] is None:
            unsure.append(isinstance(chosen, AskBack))
            continue
        hits[scene["by"]].append(int(seen.person.argmax()) == scene["target"])
        hits["all"].append(hits[scene["by"]][-1])
        shown.append(chosen == (scene["target"],))
    return {name: rate(values) for name, values in sorted(hits.items())} | {
        "shown at once": rate(shown),
        "nobody seen through": rate(unsure),
    }


def relations(reader: Reader, folder) -> Table:
    """The second set: what is done with each question, asking back included."""
    crowds = {one["id"]: one for one in read_lines("relation_people", folder)}
    hits = defaultdict(list)
    for line in read_lines("relations", folder):
        scene = crowds[line["id"]]
        seen = reader(line["text"], people=people_of(scene), has_photo=True)
        chosen = choose(seen.person, seen.many, scene["last"])
        by, wanted = scene["by"], set(scene["target"])
        if by in ("ambiguous", "nobody"):
            asked = isinstance(chosen, AskBack)
            right = asked and wanted <= set(chosen.candidates)
            hits["asked back rightly"].append(right)
        elif by == "plural":
            right = not isinstance(chosen, AskBack) and set(chosen) == wanted
        else:
            right = int(seen.person.argmax()) in wanted
            hits["shown at once"].append(chosen == tuple(wanted))
        hits[by].append(right)
        if by in RELATIONAL:
            hits["relational"].append(right)
    return {name: rate(values) for name, values in sorted(hits.items())}
