"""From decoder scores to a decision: what the turn wants and where its body comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import KEEP, OPTIONS, PARTS
from chatpose_demo.network.people_fit import ACTION, PeopleFit, action_match
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
from chatpose_demo.perception.person import Person

# Our choice: an imagined body where a person of the photo was meant is the worse mistake.
PEOPLE_FIRST = 4.0
WORDS_FIRST = 8.0  # our choice: with nobody to see, "a person with raised arms" is a description
TOKEN_GAIN = 10.0  # SmolLM2's embeddings are about 0.1 in size; the decoder reads them near 1
ASKED_FOR = 0.5  # a property is asked for above this probability
HINTED = 0.1  # our choice: from here on it is worth looking who does what the words may name
ELSEWHERE = [i for i, name in enumerate(FEATURES) if name.startswith("near ")]
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
    """

    features: np.ndarray
    pairs: np.ndarray
    poses: np.ndarray
    boxes: np.ndarray
    width: float


def people_as_tokens(people: Sequence[Person], width: float, last: int | None) -> People:
    """The people of a photo, who is `last` being the one spoken of last."""
    return People(
        person_features(people, width, last),
        relations(people),
        np.stack([person.rotations for person in people]),
        np.array([person.box for person in people], float),
        width,
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
        relation: name of RELATIONS that ties the person to somebody else.
        unseen: needed things that the eyes saw nowhere; they were left out of `person`.
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


def _fits(
    fit: PeopleFit, out: Decoded, people: People, atlas: np.ndarray | None, odds: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Fit of each person, fit of each as the other one, and needed things seen nowhere."""
    needs = out.asked.needs[0].clone()
    names = [FEATURES[i] for i in torch.nonzero(needs.sigmoid() > ASKED_FOR).flatten()]
    features = count_among(people.features, people.boxes, people.width, names).copy()
    if atlas is not None and len(people.poses) and needs[ACTION].sigmoid() > HINTED:
        features[:, ACTION] = action_match(people.poses, atlas, odds)
    unseen = [
        i for i in ELSEWHERE if needs[i].sigmoid() > ASKED_FOR and features[:, i].max() < SEEN
    ]
    telling = [name for name in names if name not in SOFT_FEATURES]
    if len(telling) > len(
        unseen
    ):  # go by the rest of the words; the reply says that the thing was not seen
        needs[unseen] = -20.0
    crowd = torch.from_numpy(features)[None], torch.from_numpy(people.pairs)[None]
    present = torch.ones(1, len(features), dtype=torch.bool)
    asked = out.asked.__class__(needs[None], out.asked.bans, out.asked.anchor, out.asked.relation)
    person = fit(asked, *crowd, present)[0].sigmoid().numpy()
    alone = torch.full_like(out.asked.relation, -20.0)
    alone[:, 0] = 20.0
    nothing = torch.full_like(out.asked.bans, -20.0)
    second = out.asked.__class__(out.asked.anchor, nothing, nothing, alone)
    anchor = fit(second, *crowd, present)[0].sigmoid().numpy()
    return person, anchor, tuple(FEATURES[i] for i in unseen)


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
    person, anchor, unseen = np.zeros(0), np.zeros(0), ()
    if people is not None and len(people.features):
        person, anchor, unseen = _fits(decoder.fit, out, people, atlas, odds[1:])

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
        person=person,
        needs=named(out.asked.needs[0]),
        bans=named(out.asked.bans[0]),
        relation=RELATIONS[int(out.asked.relation[0].argmax())],
        unseen=unseen,
        anchor=anchor,
        many=bool(out.many[0] > 0),
        act=act,
        region=REGIONS[int(out.region[0].argmax())],
        earlier=EARLIER[earlier],
        other=EARLIER[other],
        parts=parts,
    )
