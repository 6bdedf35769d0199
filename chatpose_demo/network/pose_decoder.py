"""Point, then edit: from the words of a question to a body.

One small network over frozen word states decides what the turn wants, points at a person of the
photo, an earlier body or a pose of the atlas, and picks an option for every part of the body.
Copying is what lets a small model choose: a direct regression stays at chance (MODEL_CARD).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from chatpose_demo.network.parts import OPTIONS, PARTS
from chatpose_demo.network.people_fit import Asked, PeopleFit
from chatpose_demo.network.people_tokens import NUM_FEATURES
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.shown_body import NUM_STATES
from chatpose_demo.network.topics import TOPICS

INTENTS = ("chat", "photo_talk", "body_talk", "text", "person", "edit")
BODY_INTENTS = ("text", "person", "edit")
# How an earlier body can be meant.
EARLIER = ("last", "previous", "first", "second", "third")
# What an edit does: bend parts, take an atlas pose for the same person, give another answer to the
# same words, go half the way of the last change, or take a region from one body into another.
ACTS = ("change", "imagine", "another", "half", "combine")
REGIONS = ("arms", "legs", "upper body", "lower body", "head", "torso")
CONTEXT = ("has photo", "has body")


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of the pose decoder."""

    atlas_size: int
    vocabulary: int = 49153  # SmolLM2 plus <POSE>
    word_dim: int = 576  # SmolLM2's hidden size
    width: int = 256  # our choice
    layers: int = 1  # our choice: time goes into steps
    heads: int = 4  # our choice
    dropout: float = 0.2  # our choice: few writers, many steps
    person_queries: int = 4  # our choice: colour, garment, place and posture at once


@dataclass(frozen=True)
class Decoded:
    """Raw scores of a batch of questions.

    Attributes:
        intent: (B, 6) logits over INTENTS.
        topic: (B, K) logits over topics.TOPICS, for questions that want words.
        atlas: (B, 1 + A) logits over the plain standing body and the atlas.
        asked: what is asked of a person.
        person: (B, P) logit that each person fits the words; None without people.
        many: (B,) logit that all who fit are meant, not one.
        act: (B, 5) logits over ACTS.
        region: (B, 6) logits over REGIONS, for "combine".
        earlier, other: (B, 5) logits over EARLIER: the body meant, and the second one of two.
        parts: part -> (B, 3, options) logits over parts.OPTIONS, for each of BODY_INTENTS: "the man
            sitting there" names somebody where "a man sitting there" changes the legs.
    """

    intent: Tensor
    topic: Tensor
    atlas: Tensor
    asked: Asked
    person: Tensor | None
    many: Tensor
    act: Tensor
    region: Tensor
    earlier: Tensor
    other: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True)
class Crowd:
    """The people of the photos of B questions.

    Attributes:
        features: (B, P, NUM_FEATURES), zero rows where there is nobody.
        pairs: (B, P, P, len(RELATIONS)), see relations.relations.
        present: (B, P) True where there is somebody.
    """

    features: Tensor
    pairs: Tensor
    present: Tensor


class Attend(nn.Module):
    """Learned queries that read the words: (B, T, W) -> (B, Q, W)."""

    def __init__(self, queries: int, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) * width**-0.5)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        queries = self.queries.expand(len(words), -1, -1)
        read, _ = self.attention(queries, words, words, key_padding_mask=~mask, need_weights=False)
        return self.norm(read + queries)


def _mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, outputs)
    )


class PoseDecoder(nn.Module):
    """Words and candidates in, pointers and part options out."""

    word_mean: Tensor
    word_scale: Tensor

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        width, dropout = config.width, config.dropout
        # Per-dimension statistics of the word states over the training text.
        self.register_buffer("word_mean", torch.zeros(config.word_dim))
        self.register_buffer("word_scale", torch.ones(config.word_dim))
        self.from_states = nn.Linear(config.word_dim, width)
        self.from_tokens = nn.Linear(config.word_dim, width)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.mixer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

        def attend(queries: int) -> Attend:
            return Attend(queries, width, config.heads, dropout)

        self.intent_read = attend(1)
        self.context = nn.Linear(len(CONTEXT), width)
        self.intent = _mlp(2 * width + config.word_dim, width, len(INTENTS), dropout)
        self.atlas_read = attend(1)
        self.atlas = _mlp(width, width, 1 + config.atlas_size, dropout)
        self.atlas_linear = nn.Linear(config.word_dim, 1 + config.atlas_size)
        self.person_read = attend(config.person_queries)
        # Three readers, one reading of properties: who is meant, who is not, who else is named.
        self.ban_read = attend(config.person_queries)
        self.anchor_read = attend(config.person_queries)
        described = config.person_queries * width
        self.properties = _mlp(described, width, NUM_FEATURES, dropout)
        self.relation = _mlp(described, width, len(RELATIONS), dropout)
        self.fit = PeopleFit()
        self.act_read = attend(2)
        self.act = _mlp(2 * width, width, len(ACTS), dropout)
        self.region = nn.Linear(2 * width, len(REGIONS))
        self.many = nn.Linear(2 * width, 1)
        # Each of two bodies has its own reader: "the arms of the first one on the second".
        self.earlier_read = attend(config.person_queries)
        self.earlier = _mlp(described, width, len(EARLIER), dropout)
        self.other_read = attend(config.person_queries)
        self.other = _mlp(described, width, len(EARLIER), dropout)
        self.topic_read = attend(1)
        self.topic = _mlp(width, width, len(TOPICS), dropout)
        self.topic_linear = nn.Linear(config.word_dim, len(TOPICS))
        self.parts_read = attend(len(PARTS))
        self.shown = nn.Linear(NUM_STATES, width)
        self.parts_intent = nn.Parameter(torch.zeros(len(BODY_INTENTS), width))
        self.parts = nn.ModuleDict(
            {part: _mlp(2 * width, width, len(OPTIONS[part]), dropout) for part in PARTS}
        )

    def forward(
        self,
        states: Tensor,
        tokens: Tensor,
        mask: Tensor,
        context: Tensor,
        shown: Tensor,
        crowd: Crowd | None = None,
    ) -> Decoded:
        """
        Args:
            states: (B, T, 576) word states of the frozen language model's READ_LAYER.
            tokens: (B, T, 576) its input embeddings of the same words.
            mask: (B, T) True where there is a word.
            context: (B, 2) 0/1 flags of CONTEXT.
            shown: (B, NUM_STATES) what the last body does, see shown_body; zeros without one.
            crowd: the people of each question's photo.
        """
        plain = (states - self.word_mean) / self.word_scale
        words = self.drop(self.from_states(plain) + self.from_tokens(tokens))
        words = self.norm(self.mixer(words, src_key_padding_mask=~mask))
        weights = mask[..., None] / mask.sum(1)[:, None, None]
        mean = (plain * weights).sum(1)

        def read(attend: Attend) -> Tensor:
            return attend(words, mask).flatten(1)

        cue = [read(self.intent_read), self.context(context), self.drop(mean)]
        other = read(self.anchor_read)
        asked = Asked(
            needs=self.properties(read(self.person_read)),
            bans=self.properties(read(self.ban_read)),
            anchor=self.properties(other),
            relation=self.relation(other),
        )
        person = None
        if crowd is not None:
            person = self.fit(asked, crowd.features, crowd.pairs, crowd.present)
        acting = read(self.act_read)
        # (B, 3, parts, 2 W): each part's reading, once for each way in which a body is wanted,
        # beside what the shown body does.
        read_parts = self.parts_read(words, mask)[:, None] + self.parts_intent[:, None]
        does = self.shown(shown)[:, None, None].expand_as(read_parts)
        read_parts = torch.cat([read_parts, does], -1)
        return Decoded(
            intent=self.intent(torch.cat(cue, 1)),
            topic=self.topic(read(self.topic_read)) + self.topic_linear(self.drop(mean)),
            atlas=self.atlas(read(self.atlas_read)) + self.atlas_linear(self.drop(mean)),
            asked=asked,
            person=person,
            many=self.many(acting).squeeze(-1),
            act=self.act(acting),
            region=self.region(acting),
            earlier=self.earlier(read(self.earlier_read)),
            other=self.other(read(self.other_read)),
            parts={part: self.parts[part](read_parts[:, :, i]) for i, part in enumerate(PARTS)},
        )
