"""Does the adapted voice keep to geometry's facts on foreign questions?

`python -m chatpose_demo.evaluation.voice [--count 60] [--json FILE]`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.frozen_set import read_lines
from chatpose_demo.geometry.describe import describe
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.checkpoints import assets_dir
from chatpose_demo.network.language import Language
from chatpose_demo.network.prompts import MAX_DETAILS, body_facts, pose_prompt
from chatpose_demo.perception.skeleton import joints_of
from chatpose_demo.studio.rig import build, spec_of

SIDED = ("left", "right")


def judge(language: Language, count: int) -> dict[str, float]:
    """Facts kept, sides wrongly named, replies that end with `<POSE>` unforced, and length.

    Args:
        count: how many captions of the frozen set to answer, spread evenly.
    """
    lines = read_lines("captions")
    lines = lines[:: max(1, len(lines) // count)]
    kept, flipped, ended, lengths = [], [], [], []
    for line in lines:
        rotations = build(spec_of(line))
        words = describe(rotations, joints_of(rotations))
        prompt = pose_prompt(body_facts(words, "text"), line["text"])
        pieces = list(language.stream(prompt, speaker=True, max_tokens=120))
        reply = "".join(pieces).lower()
        facts = [words.posture, *words.details[:MAX_DETAILS]]
        kept += [fact.lower() in reply for fact in facts]
        told = " ".join(facts)
        flipped.append(any(side in reply and side not in told for side in SIDED))
        ended.append(POSE_TOKEN in pieces)
        lengths.append(len(pieces))
    return {
        "facts kept": float(np.mean(kept)),
        "wrong side": float(np.mean(flipped)),
        "says <POSE>": float(np.mean(ended)),
        "tokens": float(np.mean(lengths)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=assets_dir() / "network" / "adapter")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = judge(Language.load(arguments.adapter), arguments.count)
    print("  ".join(f"{name} {value:.3f}" for name, value in results.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
