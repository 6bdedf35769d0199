"""The language side of the embedded network: word states for the decoder, streamed replies.

Two voices share one vocabulary. `base` is the untouched chat model for ordinary turns; `speaker`
is the same model with the pose adapter merged in, for turns that show a body.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import DynamicCache, LlamaForCausalLM, PreTrainedTokenizerFast

from chatpose_demo.network.base_model import POSE_TOKEN, load_base, make_thrifty

READ_LAYER = 8  # measured: layer 8 separates activities best of 0..28
USER, END = "<|im_start|>user\n", "<|im_end|>"
MAX_WORD_TOKENS = 96  # our choice: longer questions are cut for the decoder, not for the reply
CUT = " …"  # what a reply that ran out of length ends with


@dataclass(frozen=True)
class WordStates:
    """What the decoder reads about a batch of questions.

    Attributes:
        states: (B, T, D) hidden states after READ_LAYER, float32.
        ids: (B, T) token ids of the same positions.
        mask: (B, T) True where there is a word.
    """

    states: Tensor
    ids: Tensor
    mask: Tensor


def _share_equal(first: nn.Module, second: nn.Module) -> None:
    """Let two like modules hold the parameters in which they do not differ only once.

    The adapter changes the upper layers only.
    """
    known = dict(first.named_parameters(remove_duplicate=False))
    for prefix, module in second.named_modules():
        for name, value in module.named_parameters(recurse=False):
            same = known[f"{prefix}.{name}" if prefix else name]
            if torch.equal(value, same):
                module.register_parameter(name, cast(nn.Parameter, same))


class Language:
    """SmolLM2 in torch: reads questions, speaks replies."""

    def __init__(
        self,
        base: LlamaForCausalLM,
        tokenizer: PreTrainedTokenizerFast,
        speaker: LlamaForCausalLM | None = None,
    ) -> None:
        self.base = base
        self.tokenizer: Any = tokenizer  # its call has too many return types to name
        self.speaker = speaker if speaker is not None else base
        self.pose_id: int = self.tokenizer.convert_tokens_to_ids(POSE_TOKEN)
        self.end_id: int = self.tokenizer.convert_tokens_to_ids(END)
        self._prefix: list[int] = self.tokenizer(USER, add_special_tokens=False).input_ids
        self._openings: dict[tuple[int, str], DynamicCache] = {}
        # The reader is the first layers alone, in fp32: the decoder was trained on such states,
        # and whole questions at once run seven times faster than in bf16 (2-core AVX2).
        self._reader = copy.copy(base.model)
        self._reader._modules = dict(base.model._modules)
        lower = copy.deepcopy(base.model.layers[:READ_LAYER]).float()
        self._reader._modules |= {"layers": lower, "norm": nn.Identity()}

    @classmethod
    def load(cls, adapter: Path | None, dtype: torch.dtype = torch.bfloat16) -> Language:
        """Base model from the package; the adapter, if given, merged into the second voice."""
        base, tokenizer = load_base(dtype)
        if adapter is None:
            return cls(make_thrifty(base), tokenizer)
        adapted = PeftModel.from_pretrained(copy.deepcopy(base), str(adapter))
        speaker = adapted.merge_and_unload().eval().requires_grad_(False)
        _share_equal(base, speaker)
        return cls(make_thrifty(base), tokenizer, make_thrifty(speaker))

    def word_ids(self, text: str) -> list[int]:
        """Token ids of a question as the decoder reads it, the closing token included."""
        words = self.tokenizer(text, add_special_tokens=False).input_ids[: MAX_WORD_TOKENS - 1]
        return [*words, self.end_id]

    @torch.inference_mode()
    def read(self, texts: Sequence[str]) -> WordStates:
        """Run the first layers over questions; the prompt prefix is dropped from the result."""
        rows = [self.word_ids(text) for text in texts]
        longest, start = max(map(len, rows)), len(self._prefix)
        ids = torch.full((len(rows), longest), self.end_id)
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = True
        prefix = torch.tensor(self._prefix).expand(len(rows), -1)
        embedded = self.base.get_input_embeddings()(torch.cat([prefix, ids], 1)).float()
        hidden = self._reader(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return WordStates(hidden[:, start:], ids, mask)

    @torch.inference_mode()
    def _opened(self, model: LlamaForCausalLM, opening: str) -> DynamicCache:
        """The keys and values of an opening, for one reply to go on from."""
        known = self._openings.get((id(model), opening))
        if known is None:
            ids = self.tokenizer(opening, add_special_tokens=False, return_tensors="pt").input_ids
            known = DynamicCache()
            model(ids, past_key_values=known, use_cache=True, logits_to_keep=1)
            self._openings[id(model), opening] = known
        return copy.deepcopy(known)

    def stream(
        self,
        prompt: str,
        *,
        speaker: bool,
        max_tokens: int,
        force_pose: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        opening: str = "",
    ) -> Iterator[str]:
        """Greedy reply with a KV cache, piece by piece; `<POSE>` comes as its own piece, and so
        does the mark of a reply that ran out of length.

        Args:
            prompt: the whole chat up to and including the assistant's opening line.
            speaker: True for the adapted voice, which may say `<POSE>`; the base never may.
            max_tokens: length limit.
            force_pose: if the reply would end or run out without `<POSE>`, say it there.
            stopped: asked before every token.
            opening: what many prompts begin with, up to a turn's end; it is computed once.
        """
        model = self.speaker if speaker else self.base
        cache = self._opened(model, opening) if opening else DynamicCache()
        rest = prompt.removeprefix(opening)
        ids = self.tokenizer(rest, add_special_tokens=False, return_tensors="pt").input_ids
        said, shown, posed = [], "", False
        for step in range(max_tokens):
            if stopped():
                return
            with torch.inference_mode():
                out = model(ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
                logits = out.logits[0, -1].float()
                if speaker:
                    _forbid_stutter(logits, said)
                else:
                    logits[self.pose_id] = -torch.inf
                    _soften_repeats(logits, said)
                token = int(logits.argmax())
            last = token == self.end_id or step == max_tokens - 1
            if force_pose and last and not posed:
                token, last = self.pose_id, True
            if token == self.end_id:
                return
            if token == self.pose_id:
                posed = True
                yield POSE_TOKEN
                said, shown = [], ""
            else:
                said.append(token)
                text = self.tokenizer.decode(said)
                if not text.endswith("\ufffd"):  # a character may span several tokens
                    yield text[len(shown) :]
                    shown = text
            if last:
                break
            ids = torch.tensor([[token]])
        if not posed:
            yield CUT


def _forbid_stutter(logits: Tensor, said: list[int], longest: int = 4) -> None:
    """The adapted voice says no token twice running, and no group of up to `longest` thrice.

    Facts that are shorter than those it learned from ("standing", and nothing else) start loops.
    """
    if said:
        logits[said[-1]] = -torch.inf
    for size in range(2, longest + 1):
        tail = said[-(3 * size - 1) :]
        if len(tail) == 3 * size - 1 and tail[size:] == tail[:-size]:
            logits[said[-size]] = -torch.inf


def _soften_repeats(logits: Tensor, said: list[int], window: int = 48) -> None:
    """A small model falls into loops when greedy; make recent tokens a little less likely."""
    if said:
        recent = torch.tensor(sorted(set(said[-window:])))
        chosen = logits[recent]
        penalty = 1.15  # our choice: CTRL-style (Keskar 2019) penalty, weaker than its 1.2
        logits[recent] = torch.where(chosen > 0, chosen / penalty, chosen * penalty)
