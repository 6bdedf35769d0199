"""How the paper's model is trained: every number, with its source.

"reference" is the authors' public command line and code (yfeng95/PoseGPT); "LISA" are the defaults
of the training script that it derives from, where the command line is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.training.chatpose.sample import Task

PAPER_SHARES: Mapping[Task, int] = MappingProxyType(
    {"text": 1, "instruction": 1, "image": 2}  # reference: --sample_rates "1,1,2"
)


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        steps: updates of the weights.
        batch: samples per process and pass. accumulation: passes per update.
        warmup: updates until the full learning rate; from there it falls in a line to nothing.
        clip: largest norm of the gradient.
        text_weight, pose_weight: the loss is text_weight x cross entropy + pose_weight x (mean L1
            of the 23 body rotations + mean L1 of the global one).
        lora: what is trained beside the head.
        shares: how often each task comes.
        max_tokens: longest sample, a photo's 576 places included.
        checkpointing: compute activations twice to keep fewer.
    """

    steps: int = 15_000  # LISA: 500 per epoch; reference: 30 epochs
    batch: int = 16  # reference
    accumulation: int = 2  # reference
    learning_rate: float = 3e-4  # LISA
    betas: tuple[float, float] = (0.9, 0.95)  # LISA
    weight_decay: float = 0.0  # LISA
    warmup: int = 100  # LISA
    clip: float = 1.0  # LISA
    text_weight: float = 1.0  # reference, model/chatpose.py
    pose_weight: float = 0.1  # reference, model/chatpose.py
    lora: LoraSettings = field(default_factory=LoraSettings)
    shares: Mapping[Task, int] = field(default_factory=lambda: dict(PAPER_SHARES))
    max_tokens: int = 1024  # reference: --model_max_length
    checkpointing: bool = True  # LISA
    held_out: int = 64  # rows of every data set, our choice; the reference evaluates nothing
    seed: int = 0

    def rate(self, step: int) -> float:
        """Learning rate of update `step`, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        left = (self.steps - step) / max(1, self.steps - self.warmup)
        return self.learning_rate * max(0.0, left)
