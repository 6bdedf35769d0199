"""The paper's model answers several samples at once.

A body is demanded of each, so a sample is done with its first pose token; whether the model had to
be made to say it is kept. Prompts are padded on the
left; what the padding shifts is only where positions start, which rotary positions do not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from chatpose_demo.evaluation.public.asking import PAPER, Answer, Wording, open_photo
from chatpose_demo.evaluation.public.crops import as_learnt
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.interface import Question
from chatpose_demo.network.llava.generate import Demand, lead_in
from chatpose_demo.network.llava.images import pixel_values
from chatpose_demo.network.llava.network import LlavaNetwork, to_world
from chatpose_demo.network.llava.prompt import Prompt, PromptTooLong


@dataclass
class _Reply:
    """One sample's reply while it grows."""

    demand: Demand
    tokens: list[int] = field(default_factory=list)
    six_d: torch.Tensor | None = None


class LlavaAnswerer:
    """Asks `LlavaNetwork`'s model in batches, with the same tokens as its `answer` would say."""

    def __init__(self, network: LlavaNetwork, wording: Wording = PAPER) -> None:
        self.network, self.wording = network, wording

    def __call__(self, samples: Sequence[Sample]) -> list[Answer]:
        prompts: list[Prompt] = []
        answers: list[Answer | None] = []
        for sample in samples:
            try:
                prompts.append(self.network.prompt(self._question(sample)))
                answers.append(None)
            except PromptTooLong as error:
                answers.append(Answer(str(error), None))
        told = iter(self._speak(prompts) if prompts else ())
        return [one or self._answer(next(told)) for one in answers]

    def _answer(self, reply: _Reply) -> Answer:
        assert reply.six_d is not None  # speaking ends with the pose token
        words = str(self.network.tokenizer.decode(reply.tokens, skip_special_tokens=True))
        told = f"{words.strip()} {POSE_TOKEN}".strip()
        return Answer(told, to_world(reply.six_d), reply.demand.forced)

    def _question(self, sample: Sample) -> Question:
        image = None
        if sample.image is not None:
            image = open_photo(sample.image) if sample.text else as_learnt(sample)
        return Question(self.wording.question(sample), image=image, mode="always")

    @torch.inference_mode()
    def _speak(self, prompts: Sequence[Prompt]) -> list[_Reply]:
        """Greedy, until each has its pose token."""
        model, config = self.network.model, self.network.model.config
        photos = [photo for prompt in prompts for photo in prompt.photos]
        pixels = None
        if photos:
            pixels = pixel_values(photos, self.network.image_way, config.image_size)
            pixels = pixels.to(model.device)
        ids = [torch.tensor(prompt.ids) for prompt in prompts]
        fresh = pad_sequence(ids, batch_first=True, padding_side="left").to(model.device)
        marks = [torch.ones_like(row) for row in ids]
        mask = pad_sequence(marks, batch_first=True, padding_side="left").to(model.device)
        cache = DynamicCache()
        pose, most = config.pose_token_id, self.network.max_tokens
        words = lead_in(self.network.tokenizer)
        replies = [_Reply(Demand(pose, words, most)) for _ in prompts]
        speaking = replies
        for count in range(most):
            embeddings = model.embed(fresh, pixels if count == 0 else None)
            vectors = model.hidden_states(embeddings, mask, cache)[:, -1]
            chosen = model.llava.lm_head(vectors).float().argmax(-1).tolist()
            said = [
                reply.demand.heed(count, token)
                for reply, token in zip(speaking, chosen, strict=True)
            ]
            for reply, vector, token in zip(speaking, vectors, said, strict=True):
                if token == pose:
                    reply.six_d = model.read_poses(vector).cpu()
                else:
                    reply.tokens.append(token)
            tokens = torch.tensor(said, device=model.device)
            going = tokens != pose
            if not going.any():
                break
            rows = going.nonzero()[:, 0]
            speaking = [speaking[row] for row in rows.tolist()]
            if len(rows) < len(going):
                cache.batch_select_indices(rows)
            fresh = tokens[rows, None]
            mask = torch.cat([mask[rows], torch.ones_like(fresh)], dim=1)
        return replies
