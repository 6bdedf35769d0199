"""From decoder scores to a decision: what the turn wants and where its body comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from chatpose_demo.network.crop_words import CropWord, crop_match, named_classes
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import KEEP, OPTIONS, PARTS
from chatpose_demo.network.people_fit import ACTION, COST, GAIN, PeopleFit, action_match
from chatpose_demo.network.people_tokens import (
    FEATURES,
    SOFT_FEATURES,
    count_among,
    person_features,
)
from chatpose_demo.network.pose_decoder import (
    ACTS,
    BODY_INTENTS,
    EARLIER,
    INTENTS,
    REGIONS,
    Decoded,
    PoseDecoder,
)
from chatpose_demo.network.relations import RELATIONS, relations
from chatpose_demo.network.topics import TOPICS
from chatpose_demo.perception.person import CLASSES, Person

# Our choice: an imagined body where a person of the photo was meant is the worse mistake.
PEOPLE_FIRST = 4.0
WORDS_FIRST = 8.0  # our choice: with nobody to see, "a person with raised arms" is a description
TOKEN_GAIN = 10.0  # SmolLM2's embeddings are about 0.1 in size; the decoder reads them near 1
ASKED_FOR = 0.5  # a property is asked for above this probability
HINTED = 0.1  # our choice: from here on it is worth looking who does what the words may name
ELSEWHERE = [i for i, name in enumerate(FEATURES) if name.startswith("near ")]
THING_GAIN, THING_COST = GAIN, COST  # our choice: a crop word counts like one hard property
SEEN = 0.2  # our choice: a thing that is near nobody to this degree was not seen at all


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


@dataclass(frozen=True)
class Understanding:
    """One question as probabilities and choices.

    Attributes:
        intent: intent -> probability.
        topic: topic of TOPICS -> probability, for questions that want words.
        atlas: (1 + A,) probability of the plain standing body and each atlas pose.
        person: (P,) probability that each person fits the words.
        needs, bans: names of features that the words ask for / rule out.
        things: names of crop words (crop_words.CROP_WORDS) that the words ask for.
        relation: name of RELATIONS that ties the person to somebody else.
        unseen: needed features and crop words that the eyes saw nowhere; they were left out of
            `person` if the words say anything else.
        anchor: (P,) probability that each person is the other one that the words name.
        many: whether all who fit are meant.
        act, region: names of ACTS and REGIONS.
        earlier, other: names of EARLIER: the body meant, and the second one of two.
        parts: for each of BODY_INTENTS part -> option, only those that change something.
    """

    intent: dict[str, float]
    topic: dict[str, float]
    atlas: np.ndarray
    person: np.ndarray
    needs: tuple[str, ...]
    bans: tuple[str, ...]
    things: tuple[str, ...]
    relation: str
    unseen: tuple[str, ...]
    anchor: np.ndarray
    many: bool
    act: str
    region: str
    earlier: str
    other: str
    parts: dict[str, dict[str, str]]

    @property
    def points(self) -> bool:
        """Whether the words point at anybody in particular."""
        return bool(self.needs or self.bans or self.things or self.relation != "none")

    @property
    def wants_body(self) -> float:
        """Probability that the turn asks for a body."""
        return sum(self.intent[name] for name in BODY_INTENTS)

    def topic_of(self, topics: tuple[str, ...]) -> str:
        """The likeliest of some topics."""
        return max(topics, key=lambda name: self.topic[name])

    def kind(self, has_people: bool = False) -> str:
        """The likeliest way in which a body is wanted, given whether there are people to see."""
        weights = {"person": PEOPLE_FIRST if has_people else 1 / WORDS_FIRST}
        return max(BODY_INTENTS, key=lambda name: weights.get(name, 1.0) * self.intent[name])


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
class _Fits:
    """Fit of each person (P,), of each as the other one (P,), crop words, and things not seen."""

    person: np.ndarray
    anchor: np.ndarray
    things: tuple[str, ...]
    unseen: tuple[str, ...]


def _fits(
    fit: PeopleFit,
    text: str,
    out: Decoded,
    people: People,
    atlas: np.ndarray | None,
    odds: np.ndarray,
) -> _Fits:
    """How well everybody fits what the words ask for."""
    needs = out.asked.needs[0].clone()
    names = [FEATURES[i] for i in torch.nonzero(needs.sigmoid() > ASKED_FOR).flatten()]
    features = count_among(people.features, people.boxes, people.width, names).copy()
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
    if missed and not names and not shown and len(features) > 1:
        wanted -= THING_COST
    crowd = torch.from_numpy(features)[None], torch.from_numpy(people.pairs)[None]
    present = torch.ones(1, len(features), dtype=torch.bool)
    asked = out.asked.__class__(needs[None], out.asked.bans, out.asked.anchor, out.asked.relation)
    person = (fit(asked, *crowd, present)[0] + torch.from_numpy(wanted)).sigmoid().numpy()
    alone = torch.full_like(out.asked.relation, -20.0)
    alone[:, 0] = 20.0
    nothing = torch.full_like(out.asked.bans, -20.0)
    second = out.asked.__class__(out.asked.anchor, nothing, nothing, alone)
    anchor = fit(second, *crowd, present)[0].sigmoid().numpy()
    things = tuple(word.name for word in words)
    return _Fits(person, anchor, things, (*(FEATURES[i] for i in unseen), *missed))


@torch.inference_mode()
def understand(
    language: Language,
    decoder: PoseDecoder,
    text: str,
    *,
    people: People | None = None,
    has_photo: bool = False,
    has_body: bool = False,
    atlas: np.ndarray | None = None,
) -> Understanding:
    """Read one question.

    Args:
        people: who is in the photo, if any.
        has_photo, has_body: what the conversation already holds.
        atlas: (A, 24, 3, 3) atlas poses, to find who does what the words name.
    """
    read = language.read([text])
    embedding = language.base.get_input_embeddings()
    tokens = embedding(read.ids).float() * TOKEN_GAIN
    flags = torch.tensor([[float(has_photo), float(has_body)]])
    out = decoder(read.states, tokens, read.mask, flags)
    intent: dict[str, float] = dict(zip(INTENTS, out.intent[0].softmax(-1).tolist(), strict=True))
    parts: dict[str, dict[str, str]] = {}
    for way, name in enumerate(BODY_INTENTS):
        picked = {part: OPTIONS[part][int(out.parts[part][0, way].argmax())] for part in PARTS}
        parts[name] = {part: option for part, option in picked.items() if option != KEEP}
    odds = out.atlas[0].softmax(-1).numpy()
    fits = _Fits(np.zeros(0), np.zeros(0), (), ())
    if people is not None and len(people.features):
        fits = _fits(decoder.fit, text, out, people, atlas, odds[1:])

    def named(logits: torch.Tensor) -> tuple[str, ...]:
        return tuple(FEATURES[i] for i in torch.nonzero(logits.sigmoid() > ASKED_FOR).flatten())

    act = ACTS[int(out.act[0].argmax())]
    earlier, other = int(out.earlier[0].argmax()), int(out.other[0].argmax())
    if act == "combine":  # two different bodies: the likeliest pair
        pairs = torch.outer(out.earlier[0].softmax(-1), out.other[0].softmax(-1))
        earlier, other = divmod(int(pairs.fill_diagonal_(0).argmax()), len(EARLIER))
    return Understanding(
        intent=intent,
        topic=dict(zip(TOPICS, out.topic[0].softmax(-1).tolist(), strict=True)),
        atlas=odds,
        person=fits.person,
        needs=named(out.asked.needs[0]),
        bans=named(out.asked.bans[0]),
        things=fits.things,
        relation=RELATIONS[int(out.asked.relation[0].argmax())],
        unseen=fits.unseen,
        anchor=fits.anchor,
        many=bool(out.many[0] > 0),
        act=act,
        region=REGIONS[int(out.region[0].argmax())],
        earlier=EARLIER[earlier],
        other=EARLIER[other],
        parts=parts,
    )
