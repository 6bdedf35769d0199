"""The paper's model at its real sizes with random weights: for owners of a GPU.

    python benchmarks/llava_sizes.py [--model chatpose-7b chatpose-13b] [--scratch FOLDER]

Nothing is downloaded: speed and memory do not depend on what the weights say. They are made on the
first GPU, in bf16. With bitsandbytes they are also written to a temporary folder once, and loaded
from there in 8 and 4 bits. `--model tiny-llava` runs on a CPU as well, in seconds. Every case runs
in a process of its own. Prints a Markdown table, medians of three:

- load: until the model stands there, imports left out; the quantised ones come from the disk;
- first token: a photo is prepared, and a prompt with it is read;
- tokens/s: a reply goes on, one at a time;
- question to body: photo, prompt and a short reply that ends in a body, as rotations;
- peak: what torch reserves on the GPU (without CUDA's own few hundred MB), or the process on a CPU;
- training step: LoRA as in the paper, one sample of the greatest length, activations recomputed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from PIL import Image  # noqa: E402

from chatpose_demo.network.llava.build import build, save_folder  # noqa: E402
from chatpose_demo.network.llava.config import (  # noqa: E402
    BOS,
    EOS,
    SIZES,
    PoseLlavaConfig,
    config_of,
)
from chatpose_demo.network.llava.generate import Speech, steps  # noqa: E402
from chatpose_demo.network.llava.images import pixel_values  # noqa: E402
from chatpose_demo.network.llava.model import IGNORE, PoseLlava  # noqa: E402
from chatpose_demo.network.llava.network import SIZE_OF, to_world  # noqa: E402
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer  # noqa: E402
from chatpose_demo.training.chatpose.checkpoint import trained_parameters  # noqa: E402
from chatpose_demo.training.chatpose.collate import Batch  # noqa: E402
from chatpose_demo.training.chatpose.objective import loss_sums  # noqa: E402
from chatpose_demo.training.chatpose.recipe import Recipe  # noqa: E402

NAMES = [str(name) for name in SIZE_OF]
REAL = ["chatpose-7b", "chatpose-13b"]
QUANTISED = ("8bit", "4bit")
QUESTION = 64  # tokens of system text and a short question, our choice
TALK = 65  # tokens: a first one, then 64 that are timed, our choice
BODY = 8  # tokens until the body: about "Sure, it is <POSE>", our choice
LEARNT = 16  # tokens of an answer that is learnt, our choice
TIMES = 3
GIB = 1 << 30
COLUMNS = {
    "load": "load s",
    "first": "first token s",
    "rate": "tokens/s",
    "body": "question to body s",
    "peak": "peak GiB",
    "step": "training step s",
    "step_peak": "its peak GiB",
}
Numbers = dict[str, float]


def device() -> str:
    """The first GPU, else the CPU."""
    return "cuda:0" if torch.cuda.is_available() else "cpu"


def plain_form(config: PoseLlavaConfig) -> str:
    """bf16, but for the tiny size, as the page loads them."""
    return "fp32" if config.size == "tiny" else "bf16"


def make(config: PoseLlavaConfig, form: str, folder: Path | None, **more: object) -> PoseLlava:
    """The model on the device; in 8 or 4 bits from a folder, else with random weights."""
    dtype = torch.float32 if form == "fp32" else torch.bfloat16
    if form in QUANTISED:
        quantize = "8bit" if form == "8bit" else "4bit"
        return build(config, weights=folder, quantize=quantize, device_map=device(), dtype=dtype)
    return build(config, device_map=device(), dtype=dtype, **more)  # type: ignore[arg-type]


def peak() -> float:
    """GiB that this process has needed at most."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved(0) / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def seconds(action: Callable[[], object]) -> float:
    """How long something takes, what the GPU still computes included."""
    began = time.perf_counter()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


def question(config: PoseLlavaConfig, length: int = 0) -> list[int]:
    """Ids of a prompt with one photo; more words, up to `length` tokens."""
    photo = [config.image_token_id] * config.image_tokens
    count = max(QUESTION, length - config.image_tokens - 1)
    chance = torch.Generator().manual_seed(1)
    words = torch.randint(3, config.vocab_size - 1, (count,), generator=chance).tolist()
    return [BOS, *words[: QUESTION // 2], *photo, *words[QUESTION // 2 :]]


def answer(config: PoseLlavaConfig, form: str, folder: Path | None) -> Numbers:
    """Load, talk, give bodies."""
    made: list[PoseLlava] = []
    load = seconds(lambda: made.append(make(config, form, folder)))
    model = made[0]
    with torch.no_grad():  # random talk must neither end early nor say a body of itself
        model.llava.lm_head.weight[[EOS, config.pose_token_id]] = 0
    photo, ids = Image.effect_noise((640, 480), 64).convert("RGB"), question(config)

    def talk(speech: Speech) -> tuple[list[float], torch.Tensor | None]:
        """When each token came, and the last one's body."""
        came, six_d = [time.perf_counter()], None
        pixels = pixel_values([photo], config.image_way, config.image_size)
        for step in steps(model, ids, pixels, speech):
            six_d = step.six_d
            came.append(time.perf_counter())
        return came, six_d

    def give_body() -> None:
        _, six_d = talk(Speech("always", max_tokens=BODY))
        assert six_d is not None
        to_world(six_d)

    give_body()  # the GPU's first pass also loads its kernels
    told = [talk(Speech("never", max_tokens=TALK))[0] for _ in range(TIMES)]
    return {
        "load": load,
        "first": median(came[1] - came[0] for came in told),
        "rate": median((TALK - 1) / (came[-1] - came[1]) for came in told),
        "body": median(seconds(give_body) for _ in range(TIMES)),
        "peak": peak(),
    }


def train(config: PoseLlavaConfig, form: str) -> Numbers:
    """Updates of the adapters and the head, computed as `training.chatpose` does on one GPU."""
    recipe = Recipe(batch=1, accumulation=1)
    model = make(config, form, None, lora=recipe.lora).train()
    trained = list(trained_parameters(model).values())
    for one in trained:
        one.data = one.data.float()
    model.llava.model.language_model.activation_checkpointing_enable(
        activation_checkpointing_kwargs={"use_reentrant": False}
    )
    optimizer = torch.optim.AdamW(trained, recipe.learning_rate, recipe.betas)
    batch = sample(config, recipe.max_tokens).to(model.device)

    def update() -> None:
        with torch.autocast(model.device.type, torch.bfloat16, enabled=form == "bf16"):
            out = model(
                batch.input_ids, batch.attention_mask, batch.pixel_values, pose_mask=batch.pose_mask
            )
        sums = loss_sums(out, batch)
        loss = recipe.text_weight * sums.text / LEARNT + recipe.pose_weight * sums.pose
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, recipe.clip)
        optimizer.step()
        optimizer.zero_grad()

    update()  # makes the optimiser's state
    return {"step": median(seconds(update) for _ in range(TIMES)), "step_peak": peak()}


def sample(config: PoseLlavaConfig, length: int) -> Batch:
    """One sample of `length` tokens: a photo, words, a body before the last token."""
    ids = torch.tensor([[*question(config, length - 2), config.pose_token_id, EOS]])
    labels = torch.full_like(ids, IGNORE)
    labels[:, -LEARNT:] = ids[:, -LEARNT:]
    photo = Image.effect_noise((640, 480), 64).convert("RGB")
    return Batch(
        ids,
        torch.ones_like(ids),
        labels,
        ids == config.pose_token_id,
        pixel_values([photo], config.image_way, config.image_size),
        torch.eye(3).expand(1, 24, 3, 3),
    )


def run_case(what: str, name: str, form: str, folder: Path | None) -> Numbers | str:
    """One case in this process; its numbers, or in words why there are none."""
    config = config_of(SIZE_OF[name])  # type: ignore[index]
    try:
        if what == "answer":
            return answer(config, form, folder)
        if what == "train":
            return train(config, form)
        assert folder is not None
        # no words are read, so any tokenizer makes the folder whole
        save_folder(make(config, form, None), tiny_tokenizer(SIZES["tiny"]), folder)
        return {}
    except torch.OutOfMemoryError:
        return "out of memory"


def child(what: str, name: str, form: str, folder: Path | None = None) -> Numbers | str:
    """One case in a process of its own."""
    command = [sys.executable, __file__, "--case", what, form, "--model", name]
    command += ["--scratch", str(folder)] if folder else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else "failed"


def row(name: str, form: str, *found: Numbers | str) -> str:
    """A line of the table; what failed stands in the first of its columns."""
    cells = dict.fromkeys(COLUMNS, "–")
    for numbers, first in zip(found, ("load", "step"), strict=False):
        if isinstance(numbers, str):
            cells[first] = numbers
        else:
            cells |= {key: f"{value:.3g}" for key, value in numbers.items()}
    return "| " + " | ".join([name, form, *cells.values()]) + " |"


def measure(name: str, scratch: Path | None, quantised: bool) -> None:
    """Print a model's lines, each as soon as it is known."""
    form = plain_form(config_of(SIZE_OF[name]))  # type: ignore[index]
    print(row(name, form, child("answer", name, form), child("train", name, form)), flush=True)
    if not quantised or form == "fp32":
        return
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        saved = child("save", name, form, Path(folder))
        for smaller in QUANTISED:
            told = saved if isinstance(saved, str) else child("answer", name, smaller, Path(folder))
            print(row(name, smaller, told), flush=True)


def main() -> int:
    """Measure and print the table; 2 and one sentence when there is no GPU for a real size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", choices=NAMES, nargs="+", default=REAL)
    parser.add_argument(
        "--scratch", type=Path, help="for the temporary folder: 27 GB for 13b, 14 GB for 7b"
    )
    parser.add_argument("--case", nargs=2, metavar=("WHAT", "FORM"), help="one case, as JSON")
    options = parser.parse_args()
    if options.case:
        what, form = options.case
        print(json.dumps(run_case(what, options.model[0], form, options.scratch)))
        return 0
    gpu = torch.cuda.is_available()
    if not gpu and set(options.model) & set(REAL):
        print(
            "The real sizes need a GPU that torch can use, and there is none here; "
            "--model tiny-llava runs on the CPU.",
            file=sys.stderr,
        )
        return 2
    quantised = gpu and importlib.util.find_spec("bitsandbytes") is not None
    where = torch.cuda.get_device_name(0) if gpu else f"CPU ({platform.machine()})"
    print(f"{where}, torch {torch.__version__}, random weights\n")
    print("| " + " | ".join(["model", "weights", *COLUMNS.values()]) + " |")
    print("|---" * (2 + len(COLUMNS)) + "|", flush=True)
    for name in options.model:
        measure(name, options.scratch, quantised)
    if gpu and not quantised:
        print("\n8 and 4 bits were left out: bitsandbytes is not installed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
