"""All training stages: `python -m chatpose_demo.training STAGE ...`.

Stages, in the order from nothing to the shipped weights; each says its options with `--help`:

    decoder     the pose decoder, over word states that are read once
    adapter     the voice that says what a body does
    seen_bodies what the eyes see of rendered people, for the lifter
    lifter      the eyes' landmarks of a person -> SMPL rotations
    retrieval   the text-pose retrieval model of SPG-Studio
    one_vector  the paper's route at this size, a baseline
    ablations   short runs of the decoder with something taken out, over several seeds
    chatpose    the paper's model, LLaVA with a pose head
    curves      draw the curves of one or several runs
"""

from __future__ import annotations

import runpy
import sys

STAGES = (
    "decoder",
    "adapter",
    "seen_bodies",
    "lifter",
    "retrieval",
    "one_vector",
    "ablations",
    "chatpose",
    "curves",
)


def main() -> int:
    """Hand over to a stage's own module; 2 when there is no such stage."""
    if len(sys.argv) < 2 or sys.argv[1] not in STAGES:
        print(__doc__, file=sys.stderr)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    stage = sys.argv.pop(1)
    runpy.run_module(f"chatpose_demo.training.{stage}", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
