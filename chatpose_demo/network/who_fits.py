"""Who of the photo fits what the words ask for, and what of it the eyes did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from chatpose_demo.network.crop_words import CropWord, crop_match, named_classes
from chatpose_demo.network.held_so import held_so
from chatpose_demo.network.people_fit import ACTION, COST, GAIN, action_match
from chatpose_demo.network.people_tokens import (
    FEATURES,
    SOFT_FEATURES,
    count_among,
    person_features,
)
from chatpose_demo.network.pose_decoder import Decoded
from chatpose_demo.network.relations import relations
from chatpose_demo.network.seats import on_seats
from chatpose_demo.network.several import Fit
from chatpose_demo.perception.person import CLASSES, Person

ASKED_FOR = 0.5  # a property is asked for above this probability
HINTED = 0.1  # our choice: from here on it is worth looking who does what the words may name
ELSEWHERE = [i for i, name in enumerate(FEATURES) if name.startswith("near ")]
THING_GAIN, THING_COST = GAIN, COST  # our choice: a crop word counts like one hard property
SEEN = 0.2  # our choice: a thing that is near nobody to this degree was not seen at all
# Of three or more properties the eyes get some wrong even where the right person stands there.
# Set on other pictures than `python -m chatpose_demo.evaluation.descriptions` draws. That command:
# of four properties 68.9 % of those asked for are found without this rule and 78.3 % with it, and
# 2.3 and 3.3 % somebody else; with the one described taken out of the picture, 91.2 and 81.5 % are
# asked back. A remark goes with who is shown so.
LONG = 3  # properties
MOST = 0.4  # mean degree to which somebody shows them
AHEAD = 3.0  # logits before the next
LIKELY = 0.6  # the fit that such a person gets


@dataclass(frozen=True)
class People:
    """The people of a photo as the network takes them.

    Attributes:
        features: (P, NUM_FEATURES) of people_tokens.person_features.
        pairs: (P, P, R) of relations.relations.
        poses: (P, 24, 3, 3) rotations; empty when the actions are not known.
        boxes: (P, 4) pixels of a photo so many pixels wide.
        width: of the photo.
        classes: (P, 1000) probabilities of what the people's crops show; empty when not known.
    """

    features: np.ndarray
    pairs: np.ndarray
    poses: np.ndarray
    boxes: np.ndarray
    width: float
    classes: np.ndarray = field(default_factory=lambda: np.zeros((0, CLASSES), np.float32))


def people_as_tokens(people: Sequence[Person], width: float, last: int | None) -> People:
    """The people of a photo, who is `last` being the one spoken of last."""
    crops = [person.looks.classes for person in people if person.looks is not None]
    known = len(crops) == len(people) and all(len(crop) for crop in crops)
    return People(
        person_features(people, width, last),
        relations(people),
        np.stack([person.rotations for person in people]),
        np.array([person.box for person in people], float),
        width,
        # A thing counts where either crop shows it.
        np.stack([crop.astype(np.float32).max(0) for crop in crops])
        if known
        else np.zeros((0, CLASSES), np.float32),
    )


def _crop_words(
    text: str, out: Decoded, people: People, names: Sequence[str]
) -> dict[CropWord, np.ndarray | None]:
    """How much each person shows what the text names, (P,) or None when nobody shows it.

    Args:
        names: of the features that are asked for.
    """
    # With two people in the words ("next to the guitarist") nobody knows whose the thing is.
    if not len(people.classes) or out.asked.relation[0].argmax() > 0:
        return {}
    found = {word: crop_match(word.classes, people.classes) for word in named_classes(text)}
    # "The basketball" is a ball, too: where no crop shows it, the detector's ball answers.
    return {
        word: match
        for word, match in found.items()
        if match is not None or word.feature not in names
    }


@dataclass(frozen=True)
class Fits:
    """The people of a photo beside the words; see Understanding for the attributes."""

    person: np.ndarray = field(default_factory=lambda: np.zeros(0))
    anchor: np.ndarray = field(default_factory=lambda: np.zeros(0))
    things: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    partly: bool = False
    held: bool = False


def _who_fits_most(logits: np.ndarray, shown: np.ndarray) -> int | None:
    """Who comes closest to a long description that nobody fits as a whole.

    Args:
        logits: (P,) fit.
        shown: (P, N) degree to which each person shows each property asked for.
    """
    order = np.argsort(-logits)
    best = int(order[0])
    enough = shown.shape[1] >= LONG and shown[best].mean() >= MOST
    ahead = len(logits) == 1 or logits[best] - logits[order[1]] >= AHEAD
    return best if enough and ahead else None


def described(logits: torch.Tensor, shown: np.ndarray) -> tuple[np.ndarray, bool]:
    """Who a description means, by the rule for long ones where nobody fits as a whole.

    Args:
        logits: (P,) fit.
        shown: (P, N) degree to which each person shows each property asked for.

    Returns:
        (P,) probability that each person is meant, and whether the rule decided.
    """
    person = logits.sigmoid().numpy()
    closest = _who_fits_most(logits.numpy(), shown) if person.max() < ASKED_FOR else None
    if closest is not None:
        person[closest] = LIKELY
    return person, closest is not None


def who_fits(
    fit: Fit,
    text: str,
    out: Decoded,
    people: People,
    atlas: np.ndarray | None,
    odds: np.ndarray,
    holding: Mapping[str, str],
) -> Fits:
    """How well everybody fits what the words ask for.

    Args:
        odds: (A,) probability that the words mean each atlas pose.
        holding: part -> state that the words surely name, see held_so.
    """
    needs = out.asked.needs[0].clone()
    names = [FEATURES[i] for i in torch.nonzero(needs.sigmoid() > ASKED_FOR).flatten()]
    features = count_among(people.features, people.boxes, people.width, names).copy()
    features = on_seats(text, features, names)
    if atlas is not None and len(people.poses) and needs[ACTION].sigmoid() > HINTED:
        features[:, ACTION] = action_match(people.poses, atlas, odds)
    words = _crop_words(text, out, people, names)
    for word, match in words.items():
        if match is not None and word.feature:  # a football that a crop shows is a ball near by
            column = FEATURES.index(word.feature)
            features[:, column] = np.maximum(features[:, column], match)
    unseen = [
        i for i in ELSEWHERE if needs[i].sigmoid() > ASKED_FOR and features[:, i].max() < SEEN
    ]
    shown = [match for match in words.values() if match is not None]
    missed = [word.name for word, match in words.items() if match is None]
    telling = [name for name in names if name not in SOFT_FEATURES]
    # Go by the rest of the words, if any; the reply says that the thing was not seen.
    if len(telling) + len(shown) > len(unseen):
        needs[unseen] = -20.0
    wanted = np.zeros(len(features), np.float32)
    for match in shown:
        wanted += THING_GAIN * match - THING_COST
    held = held_so(people.poses, holding, text)
    if held is not None:
        wanted += THING_GAIN * held - THING_COST
    if missed and not names and not shown and len(features) > 1:
        wanted -= THING_COST
    crowd = torch.from_numpy(features)[None], torch.from_numpy(people.pairs)[None]
    present = torch.ones(1, len(features), dtype=torch.bool)
    asked = out.asked.__class__(needs[None], out.asked.bans, out.asked.anchor, out.asked.relation)
    logits = fit(asked, *crowd, present)[0] + torch.from_numpy(wanted)
    person, partly = logits.sigmoid().numpy(), False
    if out.asked.relation[0].argmax() == 0:
        columns = [FEATURES.index(name) for name in names if FEATURES.index(name) not in unseen]
        person, partly = described(logits, features[:, columns])
    alone = torch.full_like(out.asked.relation, -20.0)
    alone[:, 0] = 20.0
    nothing = torch.full_like(out.asked.bans, -20.0)
    second = out.asked.__class__(out.asked.anchor, nothing, nothing, alone)
    anchor = fit(second, *crowd, present)[0].sigmoid().numpy()
    things = tuple(word.name for word in words)
    return Fits(
        person, anchor, things, (*(FEATURES[i] for i in unseen), *missed), partly, held is not None
    )
