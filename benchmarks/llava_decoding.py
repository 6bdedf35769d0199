"""Two ways to speak with the paper's model: the reference's, and this project's.

    python benchmarks/llava_decoding.py [--lengths 8 16 32 64] [--threads 1]

The reference runs the whole sequence again for every token, photo included, and keeps every
layer's hidden states of every step until the reply ends. Ours runs each token once over a
key-value cache and keeps the one vector that says a body. Both speak the same tokens on the same
random model; every case runs in a process of its own. Prints a Markdown table:

- CPU seconds of the reply, the prompt's first pass included;
- peak memory above the loaded model, as the operating system counts it (Linux);
- what is kept between steps: hidden states there, key-value cache and vector here.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from chatpose_demo.network.llava.build import build  # noqa: E402
from chatpose_demo.network.llava.config import EOS, PoseLlavaConfig  # noqa: E402
from chatpose_demo.network.llava.generate import Speech, steps  # noqa: E402
from chatpose_demo.network.llava.model import PoseLlava  # noqa: E402

# our choice: a LLaVA of 100 million parameters that still sees 576 image tokens
SMALL = PoseLlavaConfig(
    "benchmark",
    hidden=512,
    layers=8,
    heads=8,
    intermediate=1376,
    vision_hidden=256,
    vision_layers=4,
    vision_heads=4,
    vision_intermediate=1024,
)
QUESTION_TOKENS = 64  # our choice: system text and a short question
LENGTHS = (8, 16, 32, 64)
MB = 1e6


@dataclass(frozen=True)
class Measured:
    """One case: tokens spoken, CPU seconds, peak and kept megabytes, sum of the body's numbers."""

    tokens: list[int]
    seconds: float
    peak_mb: float
    kept_mb: float
    body: float


def _inputs() -> tuple[list[int], torch.Tensor]:
    chance = torch.Generator().manual_seed(1)
    words = torch.randint(3, 32000, (QUESTION_TOKENS,), generator=chance).tolist()
    photo = [SMALL.image_token_id] * SMALL.image_tokens
    return [1, *words[:32], *photo, *words[32:]], torch.randn(1, 3, 336, 336, generator=chance)


@torch.inference_mode()
def reference(model: PoseLlava, length: int) -> tuple[list[int], float, float]:
    """The reference's way; returns tokens, kept megabytes and the last token's body."""
    ids, pixels = _inputs()
    sequence, kept = list(ids), []
    for _ in range(length):
        out = model.llava.model.language_model(
            inputs_embeds=model.embed(torch.tensor([sequence]), pixels),
            output_hidden_states=True,
            use_cache=False,
        )
        kept.append(out.hidden_states)
        logits = model.llava.lm_head(out.last_hidden_state)
        sequence.append(int(logits[0, -1].argmax()))
    body = model.pose_head(kept[-1][-1])[0, -1]
    held = sum(layer.nbytes for step in kept for layer in step)
    return sequence[len(ids) :], held / MB, float(body.sum())


def ours(model: PoseLlava, length: int) -> tuple[list[int], float, float]:
    """This project's way; the last token is made a body so that both read one."""
    ids, pixels = _inputs()
    spoken = list(steps(model, ids, pixels, Speech(mode="always", max_tokens=length)))
    six_d = spoken[-1].six_d
    assert six_d is not None
    # keys and values of every layer for every place but the last token's, and the vector
    cache = 2 * SMALL.layers * (len(ids) + length - 1) * SMALL.hidden * 4
    return [step.token for step in spoken], (cache + SMALL.hidden * 4) / MB, float(six_d.sum())


def measure(way: str, length: int) -> Measured:
    """Run one case in this process."""
    model = build(SMALL)
    with torch.no_grad():
        model.llava.lm_head.weight[EOS] = 0  # random talk should not end early
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    began = time.process_time()
    tokens, kept, body = (reference if way == "reference" else ours)(model, length)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measured(tokens, seconds, (peak - resident) / MB, kept, body)


def _child(way: str, length: int, threads: int) -> Measured:
    command = [sys.executable, __file__, "--case", way, "--lengths", str(length)]
    done = subprocess.run(
        command,
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure every length both ways and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--case", choices=["reference", "ours"], help="one case, as JSON")
    options = parser.parse_args()
    if options.case:
        print(json.dumps(asdict(measure(options.case, options.lengths[0]))))
        return
    print("| tokens | CPU s: reference | ours | ratio | peak MB: reference | ours | ratio ", end="")
    print("| kept MB: reference | ours | ratio |")
    print("|---" * 10 + "|")
    for length in options.lengths:
        far, near = (_child(way, length, options.threads) for way in ("reference", "ours"))
        # the last token is the body in ours; its vector is the same one
        assert far.tokens[:-1] == near.tokens[:-1] and abs(far.body - near.body) < 1e-3
        cells = [str(length)]
        for name in ("seconds", "peak_mb", "kept_mb"):
            a, b = getattr(far, name), getattr(near, name)
            cells += [f"{a:.3g}", f"{b:.3g}", f"{a / b:.1f}×"]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
