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

HALF_A_LETTER = "\N{REPLACEMENT CHARACTER}"  # decoded from bytes that are still incomplete


@dataclass(frozen=True)
class Speech:
    """How a reply is spoken.

    Attributes:
        mode: "auto" lets the model decide; "always" puts the pose token where the model would
            end without one; "never" forbids it.
        max_tokens: a reply is cut here; with "always" the last one is kept for the pose token.
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


def _never() -> bool:
    return False


@torch.inference_mode()
def steps(
    model: PoseLlava,
    ids: Sequence[int],
    pixel_values: torch.Tensor | None,
    speech: Speech,
    stopped: Callable[[], bool] = _never,
) -> Iterator[Step]:
    """Speak token by token; the end token is not among them.

    Args:
        ids: the prompt, see `prompt.encode`.
        pixel_values: (I, 3, S, S) photos of the prompt.
        stopped: asked before every token; the reply ends when it is true.
    """
    pose = model.config.pose_token_id
    sampler = torch.Generator().manual_seed(speech.seed)
    cache = DynamicCache()
    pixels = pixel_values if pixel_values is None else pixel_values.to(model.device)
    wanted = speech.mode == "always"
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
        ends = token == EOS
        if wanted and (ends or count == speech.max_tokens - 1):
            token = pose
        elif ends:
            return
        if token == pose:
            wanted = False
            yield Step(token, model.read_poses(vector).cpu())
        else:
            yield Step(token)
        if ends:
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
    for step in steps(model, ids, pixel_values, speech, stopped):
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
