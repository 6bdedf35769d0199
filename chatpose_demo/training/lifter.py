"""Train the lifter: `python -m chatpose_demo.training lifter --data FOLDER --out FOLDER`.

The data come from `training seen_bodies`; simulated people are mixed in, at first only those, later
fewer and fewer. Nothing is learned from the last tenth of the scenes, which judges, nor from
anybody in a pose of `held_out()`. Minutes on one core; there is nothing to resume.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from chatpose_demo.evaluation.metrics import interval, mpjpe, pa_mpjpe
from chatpose_demo.perception.lifter import Lifter, LifterConfig, Marks
from chatpose_demo.perception.skeleton import kinematics
from chatpose_demo.pose import mirror
from chatpose_demo.training.seen_bodies import SeenBodies, held_out, read
from chatpose_demo.training.simulated_marks import simulate

JUDGED = 0.1  # share of the scenes
POOL = 8  # groups of simulated people


@dataclass(frozen=True)
class TrainConfig:
    """One run; every number is our choice."""

    steps: int = 6000
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    average: float = 0.998  # decay of the weights' running mean, which ships
    noise: float = 0.05  # of the inputs, in their standard deviations
    alone: float = 2 / 3  # of the run until nobody simulated is left; before, ever fewer
    simulated: int = 2048  # people made at once
    fresh: int = 10  # steps after which the oldest of POOL such groups is replaced
    seed: int = 0


@dataclass(frozen=True)
class LossWeights:
    """Radians-like matrix entries against metres; our choice."""

    local: float = 2.0
    turned: float = 2.0
    joints: float = 5.0


def loss_of(rotations: Tensor, truth: Tensor, weights: LossWeights) -> Tensor:
    """Rotations of the joints, of the bones in the world, and places of the joints.

    Args:
        rotations, truth: (B, 24, 3, 3).
    """
    joints, turned = kinematics(rotations)
    true_joints, true_turned = kinematics(truth)
    moved = (joints - joints[:, :1]) - (true_joints - true_joints[:, :1])
    return (
        weights.local * (rotations - truth).abs().mean()
        + weights.turned * (turned - true_turned).abs().mean()
        + weights.joints * moved.norm(dim=-1).mean()
    )


def marks_of(bodies: SeenBodies, rows: np.ndarray) -> Marks:
    """The landmarks of some of them."""
    return Marks(
        bodies.px[rows], bodies.world_m[rows], bodies.visibility[rows], bodies.picture[rows]
    )


def split(bodies: SeenBodies) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to learn from, rows to judge by, and of the latter those in poses held out."""
    late = bodies.scene >= (1 - JUDGED) * (bodies.scene.max() + 1)
    apart = np.isin(bodies.pose, list(held_out()))
    return np.flatnonzero(~late & ~apart), np.flatnonzero(late), np.flatnonzero(late & apart)


class Simulated:
    """Simulated people, renewed little by little, as inputs and rotations."""

    def __init__(self, like: Marks, config: TrainConfig) -> None:
        self._rng, self._like, self._config = np.random.default_rng(config.seed), like, config
        self._groups: deque[tuple[Tensor, Tensor]] = deque(maxlen=POOL)

    def renew(self) -> None:
        """One more group; the oldest goes."""
        marks, rotations = simulate(self._rng, self._like, self._config.simulated)
        self._groups.append((marks.inputs(), torch.from_numpy(rotations)))

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """(count, NUM_INPUTS) and (count, 24, 3, 3)."""
        inputs, rotations = self._groups[self._rng.integers(len(self._groups))]
        rows = torch.randint(len(inputs), (count,))
        return inputs[rows], rotations[rows]


def trained(bodies: SeenBodies, rows: np.ndarray, config: TrainConfig) -> Lifter:
    """A lifter that learned from some of the bodies."""
    torch.manual_seed(config.seed)
    marks, own = marks_of(bodies, rows), bodies.rotations[rows]
    inputs = torch.stack([marks.inputs(), marks.mirrored().inputs()])
    wanted = torch.from_numpy(np.stack([own, mirror(own)]))
    lifter = Lifter(LifterConfig())
    lifter.mean.copy_(inputs.flatten(0, 1).mean(0))
    lifter.scale.copy_(inputs.flatten(0, 1).std(0) + 1e-3)
    optimizer = torch.optim.AdamW(
        lifter.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.steps, pct_start=0.05
    )
    averaged = AveragedModel(lifter, multi_avg_fn=get_ema_multi_avg_fn(config.average))
    weights, mean = LossWeights(), None
    bar = tqdm(range(config.steps), mininterval=5)
    simulated = Simulated(marks, config)
    for step in bar:
        share = max(0.0, 1 - step / (config.alone * config.steps))
        if share and step % config.fresh == 0:
            simulated.renew()
        count = round(share * config.batch)
        side = torch.randint(2, (config.batch - count,))
        row = torch.randint(len(rows), (config.batch - count,))
        given, truth = inputs[side, row], wanted[side, row]
        if count:
            more, their_truth = simulated.draw(count)
            given, truth = torch.cat([given, more]), torch.cat([truth, their_truth])
        given = given + config.noise * lifter.scale * torch.randn_like(given)
        loss = loss_of(lifter(given), truth, weights)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(lifter.parameters(), 1.0)
        optimizer.step()
        rate.step()
        averaged.update_parameters(lifter)
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        bar.set_postfix(loss=f"{mean:.3f}", refresh=False)
    final = averaged.module
    assert isinstance(final, Lifter)
    return final.eval().requires_grad_(False)


def judged(lifter: Lifter, bodies: SeenBodies, rows: np.ndarray) -> dict[str, str]:
    """Errors over some of the bodies, in mm with 95 % intervals."""
    ours = kinematics(torch.from_numpy(lifter.lift(marks_of(bodies, rows))))[0].numpy()
    true = kinematics(torch.from_numpy(bodies.rotations[rows]))[0].numpy()
    return {
        "people": str(len(rows)),
        "MPJPE": interval(mpjpe(ours, true), 0).text(1000),
        "PA-MPJPE": interval(pa_mpjpe(ours, true), 0).text(1000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of `seen_bodies`")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--seed", type=int, default=TrainConfig.seed)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = TrainConfig(steps=arguments.steps, seed=arguments.seed)
    bodies = read(arguments.data)
    learned, late, apart = split(bodies)
    began = time.time()
    lifter = trained(bodies, learned, config)
    print(f"{len(learned)} people, {config.steps} steps in {time.time() - began:.0f} s")
    arguments.out.mkdir(parents=True, exist_ok=True)
    state = {k: v.to(torch.float16).contiguous() for k, v in lifter.state_dict().items()}
    save_file(state, arguments.out / "lifter.safetensors")
    about = {"lifter": asdict(lifter.config), "training": asdict(config), "people": len(learned)}
    (arguments.out / "lifter.json").write_text(json.dumps(about, indent=1))
    for name, rows in (("scenes not learned", late), ("poses not learned", apart)):
        print(name, judged(lifter, bodies, rows))


if __name__ == "__main__":
    main()
