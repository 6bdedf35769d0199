"""From decoder scores to a decision: what the turn wants and where its body comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import KEEP, OPTIONS, PARTS
from chatpose_demo.network.people_tokens import FEATURES
from chatpose_demo.network.plain_names import named_poses, with_names
from chatpose_demo.network.pose_decoder import (
    ACTS,
    BODY_INTENTS,
    EARLIER,
    INTENTS,
    REGIONS,
    Decoded,
)
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.shown_body import NUM_STATES, part_states
from chatpose_demo.network.staying import without_stays
from chatpose_demo.network.topics import TOPICS
from chatpose_demo.network.who_fits import ASKED_FOR, Fits, People, who_fits
from chatpose_demo.network.whose_part import giver_and_taker
from chatpose_demo.network.worn_words import with_worn

# Our choice: an imagined body where a person of the photo was meant is the worse mistake.
PEOPLE_FIRST = 4.0
WORDS_FIRST = 8.0  # our choice: with nobody to see, "a person with raised arms" is a description
# Set on the development set; the evaluation reports false and missed bodies at it. Less will do
# with neither a photo nor a body to speak of, where what shall change about a shown body is clear
# ("hands down"), and where a pose is called by a rare name ("do a cartwheel").
BODY_THRESHOLD, ALONE_THRESHOLD, EVEN_ODDS, CLEAR = 0.75, 0.6, 0.5, 0.9
CALLED, CALLED_ODDS = 3.5, 0.3  # nats of plain_names, and the probability that will do
# An edit that changes nothing is seldom wanted. Set on the development set: what shows a body again
# stays below, most changes that were read too timidly lie above.
SOME_CHANGE = 0.15
SURELY = 0.6  # our choice: a pose that people are told by is read from this probability on
NAMED = 2.0  # nats of plain_names, our choice: a rare word, or two that are less so
TOKEN_GAIN = 10.0  # SmolLM2's embeddings are about 0.1 in size; the decoder reads them near 1


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
        partly: nobody fits all that the words say; somebody clearly fits most of it.
        held: somebody in the photo holds themselves as the words say.
        anchor: (P,) probability that each person is the other one that the words name.
        many: whether all who fit are meant.
        act, region: names of ACTS and REGIONS.
        earlier, other: names of EARLIER: the body meant, and the second one of two.
        parts: for each of BODY_INTENTS part -> option, only those that change something.
        least: probability of a body from which on one is given.
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
    partly: bool
    held: bool
    anchor: np.ndarray
    many: bool
    act: str
    region: str
    earlier: str
    other: str
    parts: dict[str, dict[str, str]]
    least: float

    @property
    def points(self) -> bool:
        """Whether the words point at anybody in particular."""
        told = self.needs or self.bans or self.things or self.relation != "none"
        return bool(told or self.held)

    @property
    def wants_body(self) -> float:
        """Probability that the turn asks for a body."""
        return sum(self.intent[name] for name in BODY_INTENTS)

    @property
    def asks_for_body(self) -> bool:
        """Whether the turn gets a body."""
        return self.wants_body >= self.least

    def topic_of(self, topics: tuple[str, ...]) -> str:
        """The likeliest of some topics."""
        return max(topics, key=lambda name: self.topic[name])

    def kind(self, has_people: bool = False) -> str:
        """The likeliest way in which a body is wanted, given whether there are people to see."""
        weights = {"person": PEOPLE_FIRST if has_people else 1 / WORDS_FIRST}
        return max(BODY_INTENTS, key=lambda name: weights.get(name, 1.0) * self.intent[name])


def _changes(out: Decoded, way: int) -> dict[str, str]:
    """Part -> option, of the parts that more likely change than not."""
    picked = {part: OPTIONS[part][int(out.parts[part][0, way].argmax())] for part in PARTS}
    return {part: option for part, option in picked.items() if option != KEEP}


def _described(out: Decoded) -> dict[str, str]:
    """Part -> option that the words surely name if they are read as a description."""
    way = BODY_INTENTS.index("text")
    sure = {part for part in PARTS if out.parts[part][0, way].softmax(-1).max() >= SURELY}
    return {part: option for part, option in _changes(out, way).items() if part in sure}


def _least(called: float, clear: bool, alone: bool) -> float:
    """Probability of a body from which on one is given, by what else speaks for one.

    Args:
        called: nats for a pose that is called by its name. clear: see CLEAR.
        alone: there is neither a photo nor a body to talk about.
    """
    if called >= CALLED:
        return CALLED_ODDS
    if clear:
        return EVEN_ODDS
    return ALONE_THRESHOLD if alone else BODY_THRESHOLD


def _surest(out: Decoded, changes: dict[str, str]) -> float:
    """Probability of the surest of some changes to a shown body; 0 without any."""
    way = BODY_INTENTS.index("edit")
    return max((float(out.parts[part][0, way].softmax(-1).max()) for part in changes), default=0.0)


def _likeliest_change(out: Decoded) -> dict[str, str]:
    """The one change that may be meant where each part by itself had better be kept."""
    odds = {part: out.parts[part][0, BODY_INTENTS.index("edit")].softmax(-1) for part in PARTS}
    for scores in odds.values():
        scores[0] = 0.0  # KEEP
    part = max(PARTS, key=lambda name: float(odds[name].max()))
    option = OPTIONS[part][int(odds[part].argmax())]
    return {part: option} if odds[part].max() > SOME_CHANGE else {}


@torch.inference_mode()
def understand(
    language: Language,
    decoder: Decoder,
    text: str,
    *,
    people: People | None = None,
    has_photo: bool = False,
    body: np.ndarray | None = None,
    atlas: np.ndarray | None = None,
) -> Understanding:
    """Read one question.

    Args:
        people: who is in the photo, if any.
        has_photo: whether the conversation holds a photo.
        body: (24, 3, 3) rotations of the body that is shown last, if any.
        atlas: (A, 24, 3, 3) atlas poses, to find who does what the words name.
    """
    flags = torch.tensor([[float(has_photo), float(body is not None)]])
    shown = np.zeros((1, NUM_STATES), np.float32) if body is None else part_states(body[None])

    def decoded(words: str) -> Decoded:
        read = language.read([words])
        tokens = language.base.get_input_embeddings()(read.ids).float() * TOKEN_GAIN
        return decoder(read.states, tokens, read.mask, flags, torch.from_numpy(shown))

    out = decoded(text)
    out = replace(out, asked=with_worn(out.asked, text))
    if body is not None and (told := without_stays(text)) != text:
        out = replace(out, parts=decoded(told).parts)
    intent: dict[str, float] = dict(zip(INTENTS, out.intent[0].softmax(-1).tolist(), strict=True))
    parts = {name: _changes(out, way) for way, name in enumerate(BODY_INTENTS)}
    act = ACTS[int(out.act[0].argmax())]
    called = float(named_poses(text).max())
    if act == "change" and not parts["edit"]:
        parts["edit"] = _likeliest_change(out)
        if not parts["edit"] and called >= NAMED:
            act = "imagine"  # "wave", "touch the toes": a pose is called by its name
    clear = body is not None and _surest(out, parts["edit"]) >= CLEAR
    odds = with_names(out.atlas[0].softmax(-1).numpy(), text)
    fits = Fits()
    if people is not None and len(people.features):
        fits = who_fits(decoder.fit, text, out, people, atlas, odds[1:], _described(out))

    def named(logits: torch.Tensor) -> tuple[str, ...]:
        return tuple(FEATURES[i] for i in torch.nonzero(logits.sigmoid() > ASKED_FOR).flatten())

    earlier, other = int(out.earlier[0].argmax()), int(out.other[0].argmax())
    if act == "combine":  # two different bodies: the likeliest pair
        pairs = torch.outer(out.earlier[0].softmax(-1), out.other[0].softmax(-1))
        earlier, other = divmod(int(pairs.fill_diagonal_(0).argmax()), len(EARLIER))
    region, names = REGIONS[int(out.region[0].argmax())], (EARLIER[earlier], EARLIER[other])
    if act == "combine":
        names = giver_and_taker(text, region) or names
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
        partly=fits.partly,
        held=fits.held,
        anchor=fits.anchor,
        many=bool(out.many[0] > 0),
        act=act,
        region=region,
        earlier=names[0],
        other=names[1],
        parts=parts,
        least=_least(called, clear, alone=body is None and not has_photo),
    )
