"""Speaking with a key-value cache: every token is computed once, and of all hidden states only the
vector that says a pose token is kept, for as long as the head needs it.

Equal to running the whole sequence again for each token, as the reference does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache, PreTrainedTokenizerBase

from chatpose_demo.network.llava.config import EOS
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.settings import PoseMode

# Of the forms of answer that training teaches (training/chatpose/templates.py), one that can also
# follow a finished sentence: the head has learnt to read a body after these words.
LEAD_IN = "It is"
HALF_A_LETTER = "\N{REPLACEMENT CHARACTER}"  # decoded from bytes that are still incomplete


@dataclass(frozen=True)
class Speech:
    """How a reply is spoken.

    Attributes:
        mode: "auto" lets the model decide; "always" puts a body where the model would end
            without one, see `Demand`; "never" forbids it.
        max_tokens: a reply is cut here; with "always" its end is kept for the body.
        temperature: 0 is greedy.
        seed: of the sampling.
    """

    mode: PoseMode = "auto"
    max_tokens: int = 512  # reference, main_chat.py
    temperature: float = 0.0  # our choice: a body should not change from asking twice
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """One spoken token; `six_d` is (144,) fp32 for a pose token, else None."""

    token: int
    six_d: torch.Tensor | None = None


def lead_in(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Tokens of the words that come before a body that has to be forced."""
    return tokenizer(LEAD_IN, add_special_tokens=False)["input_ids"]


class Demand:
    """A body that a reply must have: where the model would end, or be cut, without one, the reply
    ends in one of the learnt forms instead.

    Attributes:
        forced: whether the model had to be forced.
    """

    def __init__(self, pose: int, words: Sequence[int], max_tokens: int) -> None:
        """`words` come before the pose token `pose`, unless there is no room for them."""
        self._pose, self._met, self.forced = pose, False, False
        self._ending = [*words, pose] if len(words) < max_tokens else [pose]
        self._last_start = max_tokens - len(self._ending)

    def heed(self, count: int, token: int) -> int:
        """What is said in place of the model's token, the `count`-th from 0."""
        self._met = self._met or token == self._pose and not self.forced
        if not self._met and (token == EOS or count >= self._last_start):
            self.forced = True
        return self._ending.pop(0) if self.forced else token

    @property
    def done(self) -> bool:
        """The forced ending is said."""
        return not self._ending


def _never() -> bool:
    return False


@torch.inference_mode()
def steps(
    model: PoseLlava,
    ids: Sequence[int],
    pixel_values: torch.Tensor | None,
    speech: Speech,
    stopped: Callable[[], bool] = _never,
    words: Sequence[int] = (),
) -> Iterator[Step]:
    """Speak token by token; the end token is not among them.

    Args:
        ids: the prompt, see `prompt.encode`.
        pixel_values: (I, 3, S, S) photos of the prompt.
        stopped: asked before every token; the reply ends when it is true.
        words: of a forced ending, see `lead_in`.
    """
    pose = model.config.pose_token_id
    sampler = torch.Generator().manual_seed(speech.seed)
    cache = DynamicCache()
    pixels = pixel_values if pixel_values is None else pixel_values.to(model.device)
    demand = Demand(pose, words, speech.max_tokens) if speech.mode == "always" else None
    fresh = torch.tensor([list(ids)], device=model.device)
    for count in range(speech.max_tokens):
        if stopped():
            return
        embeddings = model.embed(fresh, pixels if count == 0 else None)
        # What the next token is read from; a pose token's body is read from it, too.
        vector = model.hidden_states(embeddings, cache=cache)[0, -1]
        logits = model.llava.lm_head(vector).float().cpu()
        if speech.mode == "never":
            logits[pose] = -torch.inf
        token = _pick(logits, speech.temperature, sampler)
        if demand is not None:
            token = demand.heed(count, token)
        if token == EOS:
            return
        six_d = model.read_poses(vector).cpu() if token == pose else None
        yield Step(token, six_d)
        if demand is not None and demand.done:
            return
        fresh = torch.tensor([[token]], device=model.device)


def _pick(logits: torch.Tensor, temperature: float, sampler: torch.Generator) -> int:
    if temperature <= 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=sampler))


class Writer:
    """Tokens to pieces of text, whole letters only."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self.tokens: list[int] = []
        self.written = ""

    def write(self, token: int) -> str:
        """What one more token adds; empty while a letter is incomplete."""
        self.tokens.append(token)
        text = self._text()
        if text.endswith(HALF_A_LETTER):
            return ""
        return self._new(text)

    def finish(self) -> str:
        """What is left at the end; the writer is empty afterwards."""
        left = self._new(self._text())
        self.tokens, self.written = [], ""
        return left

    def _text(self) -> str:
        return str(self.tokenizer.decode(self.tokens, skip_special_tokens=True))

    def _new(self, text: str) -> str:
        piece = text[len(self.written) :]
        self.written = text
        return piece


def speak(
    model: PoseLlava,
    tokenizer: PreTrainedTokenizerBase,
    ids: Sequence[int],
    pixel_values: torch.Tensor | None,
    speech: Speech,
    stopped: Callable[[], bool] = _never,
) -> Iterator[str | torch.Tensor]:
    """The reply as pieces of text and, in their places, bodies as (144,) fp32."""
    writer = Writer(tokenizer)
    after_body = False
    for step in steps(model, ids, pixel_values, speech, stopped, lead_in(tokenizer)):
        if step.six_d is not None:
            if left := writer.finish():
                yield left
            yield step.six_d
            after_body = True
        elif piece := writer.write(step.token):
            # The decoder drops the space that begins a text; between a body and a word it belongs.
            yield f" {piece}" if after_body and piece[0].isalnum() else piece
            after_body = False
    if left := writer.finish():
        yield left
