"""What the training examples say, as arrays: labels, contexts, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.network.parts import PARTS
from chatpose_demo.network.people_tokens import NUM_FEATURES
from chatpose_demo.network.pose_decoder import ACTS, BODY_INTENTS, EARLIER, INTENTS, REGIONS
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.topics import NOT_APP, TOPICS
from chatpose_demo.studio.corpus import option_index
from chatpose_demo.studio.examples import Example
from chatpose_demo.training.scene_pool import INDEX

UNSET = -100  # torch's ignore_index
# Share of each kind of example in a batch; our choice.
SHARES = {
    "request": 0.12, "chat": 0.20, "help": 0.06, "photo_talk": 0.09, "body_talk": 0.08,
    "caption": 0.22, "implicit": 0.29, "varied": 0.03, "person": 0.20, "related": 0.20,
    "edit": 0.23, "combine": 0.04,
}  # fmt: skip


def _marks(names: list[tuple[str, ...]]) -> np.ndarray:
    """(N, F) with a one for every named feature."""
    rows = np.zeros((len(names), NUM_FEATURES), np.float32)
    for row, named in zip(rows, names, strict=True):
        row[[INDEX[name] for name in named]] = 1
    return rows


def _indices(values: Sequence[str | None], names: tuple[str, ...]) -> np.ndarray:
    return np.array([UNSET if value is None else names.index(value) for value in values])


class Targets:
    """Labels of all examples; UNSET where an example does not settle something."""

    def __init__(self, examples: list[Example], atlas_ids: list[str]) -> None:
        people = [one.person for one in examples]
        self.intent = _indices([one.intent for one in examples], INTENTS)
        ways = [one.intent if one.intent in BODY_INTENTS else BODY_INTENTS[0] for one in examples]
        self.way = _indices(ways, BODY_INTENTS)  # how the body is wanted; any, where none is
        self.topic = _indices([one.topic for one in examples], TOPICS)
        self.atlas = _indices([one.atlas for one in examples], ("", *atlas_ids))
        self.act = _indices([one.act for one in examples], ACTS)
        self.region = _indices([one.region for one in examples], REGIONS)
        self.earlier = _indices([one.earlier for one in examples], EARLIER)
        self.other = _indices([one.other for one in examples], EARLIER)
        self.needs = _marks([who.needs if who else () for who in people])
        self.bans = _marks([who.bans if who else () for who in people])
        self.anchor = _marks(
            [
                one.second.needs if one.second else one.person.anchor if one.person else ()
                for one in examples
            ]
        )
        self.relation = _indices([who.relation if who else None for who in people], RELATIONS)
        self.many = np.array([float(who.many) if who else 0.0 for who in people], np.float32)
        self.parts = {
            part: np.array(
                [UNSET if one.parts is None else option_index(part, one.parts) for one in examples]
            )
            for part in PARTS
        }


def sampling_odds(examples: list[Example]) -> np.ndarray:
    """Odds of drawing each example, so that every kind of turn gets its share of a batch."""
    kinds = []
    for one in examples:
        kind = one.intent
        if kind == "text":
            kind = "caption" if one.atlas == "" else ("varied" if one.parts else "implicit")
        who = one.person
        if who is not None and (who.bans or who.relation != "none" or who.many):
            kind = "related"
        if kind == "chat" and one.topic not in (None, NOT_APP):
            kind = "help"
        if one.act == "combine":
            kind = "combine"
        elif one.intent in BODY_INTENTS and one.parts is None and one.act is None:
            kind = "request"
        kinds.append(kind)
    names, counts = np.unique(kinds, return_counts=True)
    size = dict(zip(names, counts, strict=True))
    odds = np.array([SHARES[kind] / size[kind] for kind in kinds])
    return odds / odds.sum()


def context_flags(rng: np.random.Generator, example: Example) -> tuple[float, float]:
    """(has photo, has body) of the conversation an example stands in."""
    usual = {"text": 0.15, "chat": 0.35, "body_talk": 0.4, "edit": 0.4}.get(example.intent, 0.5)
    photo = rng.random() < usual if example.photo is None else example.photo
    shown = 0.45 if example.intent == "chat" else 0.35
    body = rng.random() < shown if example.body is None else example.body
    if example.intent == "person" and rng.random() < 0.08:
        photo = False  # asked about a photo that is not there
    if example.intent == "edit" and rng.random() < 0.05:
        body = False
    return float(photo), float(body)
