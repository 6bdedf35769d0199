"""Landmarks -> SMPL rotations by a small network, which has learned how bodies hold themselves.

The landmarks' depth is a guess, and a fit to them keeps its errors. The lifter has seen what the
landmarks make of rendered people whose bodies are known (`training.seen_bodies`), with the tilt of
the camera, cut-off and hidden limbs. Its bodies stand in a level world, whatever the camera does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import roma
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from chatpose_demo.perception.landmarks import CORE
from chatpose_demo.perception.networks import ASSETS
from chatpose_demo.perception.skeleton import skeleton
from chatpose_demo.pose import NUM_JOINTS, matrix_from_6d, mirror

NUM_LANDMARKS = 33  # BlazePose's
# Those that have a place on SMPL's body; the rest (eyes, mouth, thumbs) say little more.
MARK_NUMBERS = tuple(skeleton().landmarks)
# The left ones have odd numbers from the ears on; each right one follows its left one.
MIRRORED = (0, *range(1, 7)) + tuple(n + 1 if n % 2 else n - 1 for n in range(7, NUM_LANDMARKS))
FAR = 2.0  # body sizes; our choice: a landmark guessed further away than this says no more
NUM_INPUTS = len(MARK_NUMBERS) * (2 + 3 + 1) + 4 + 2


@dataclass(frozen=True)
class LifterConfig:
    """Sizes of the lifter; our choice, on people whom it had not seen."""

    width: int = 768
    blocks: int = 3
    dropout: float = 0.25
    input_dropout: float = 0.1


@dataclass(frozen=True)
class Marks:
    """Landmarks of N people.

    Attributes:
        px: (N, 33, 2) pixels. world_m: (N, 33, 3) metres about the hips, camera frame (x right,
            y down, z away). visibility: (N, 33) in [0, 1].
        picture: (N, 2) width and height in pixels of each one's picture.
    """

    px: np.ndarray
    world_m: np.ndarray
    visibility: np.ndarray
    picture: np.ndarray

    def mirrored(self) -> Marks:
        """The same people in the mirror image of their pictures (eyes aside)."""
        order = list(MIRRORED)
        px, world = self.px[:, order].copy(), self.world_m[:, order].copy()
        px[..., 0] = self.picture[:, None, 0] - px[..., 0]
        world[..., 0] *= -1
        return Marks(px, world, self.visibility[:, order], self.picture)

    def inputs(self) -> Tensor:
        """(N, NUM_INPUTS) float32: places relative to the body's own middle and size, metres,
        visibility, room to the picture's edges, and place in the picture."""
        core = self.px[:, CORE]
        low, high = core.min(1), core.max(1)
        middle, size = (low + high) / 2, (high - low).max(1, keepdims=True) + 1e-6
        known = list(MARK_NUMBERS)
        places = np.clip((self.px[:, known] - middle[:, None]) / size[:, None], -FAR, FAR)
        room = np.concatenate([middle, self.picture - middle], 1) / size
        where = (middle - self.picture / 2) / self.picture.max(1, keepdims=True)
        count = len(self.px)
        columns = [
            places.reshape(count, -1),
            self.world_m[:, known].reshape(count, -1),
            self.visibility[:, known],
            np.clip(room, -FAR, FAR),
            where,
        ]
        return torch.from_numpy(np.concatenate(columns, 1).astype(np.float32))


class Block(nn.Module):
    """A residual step: (B, W) -> (B, W)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.into = nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(self.drop(nn.functional.gelu(self.into(self.norm(x)))))


class Lifter(nn.Module):
    """`Marks.inputs` -> rotations."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: LifterConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(NUM_INPUTS))
        self.register_buffer("scale", torch.ones(NUM_INPUTS))
        self.hide = nn.Dropout(config.input_dropout)
        self.first = nn.Linear(NUM_INPUTS, config.width)
        blocks = [Block(config.width, config.dropout) for _ in range(config.blocks)]
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(config.width)
        self.last = nn.Linear(config.width, NUM_JOINTS * 6)
        nn.init.normal_(self.last.weight, std=0.01)  # begin near the rest pose
        identity = torch.tensor([1.0, 0, 0, 0, 1, 0])
        self.last.bias.data.copy_(identity.repeat(NUM_JOINTS))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, NUM_INPUTS) -> (B, 24, 3, 3); joint 0 in a level world, y up, +z to the camera."""
        x = self.hide((inputs - self.mean) / self.scale)
        numbers = self.last(self.norm(self.blocks(self.first(x))))
        return matrix_from_6d(numbers.unflatten(-1, (NUM_JOINTS, 6)))

    @torch.inference_mode()
    def lift(self, marks: Marks) -> np.ndarray:
        """(N, 24, 3, 3) float32: the mean of what people and their mirror images say."""
        direct = self(marks.inputs())
        other = torch.from_numpy(mirror(self(marks.mirrored().inputs()).numpy()))
        return torch.as_tensor(roma.special_procrustes(direct + other)).numpy()


@cache
def load_lifter(folder: Path = ASSETS) -> Lifter:
    """The trained lifter, fp32 in eval mode.

    Raises:
        FileNotFoundError: `lifter.json` or `lifter.safetensors` is not in the folder.
        RuntimeError: the weights are not those of such a network.
    """
    about = json.loads((folder / "lifter.json").read_text())
    lifter = Lifter(LifterConfig(**about["lifter"]))
    state = load_file(folder / "lifter.safetensors")
    lifter.load_state_dict({name: value.float() for name, value in state.items()}, strict=True)
    return lifter.eval().requires_grad_(False)
