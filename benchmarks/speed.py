"""Measure how fast the demo is on this machine and how much memory it takes.

    python benchmarks/speed.py [--threads N] [--repeats N] [--json FILE]

Prints a machine line and a Markdown table. Times are medians; the range is the fastest and the
slowest of the repeats. The picture is the first of `examples/*.jpg` in which three people are
found, or three of scikit-image's astronauts side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from chatpose_demo.chat import ChatPose, PoseReady, Text  # noqa: E402
from chatpose_demo.conversation import Conversation  # noqa: E402
from chatpose_demo.geometry.describe import PoseWords  # noqa: E402
from chatpose_demo.network.base_model import gguf_path, load_base, make_thrifty  # noqa: E402
from chatpose_demo.network.language import Language  # noqa: E402
from chatpose_demo.network.prompts import body_facts, pose_prompt, talk_prompt  # noqa: E402
from chatpose_demo.perception.eyes import Eyes  # noqa: E402
from chatpose_demo.photo import load_photo  # noqa: E402
from chatpose_demo.settings import PoseMode, Settings  # noqa: E402

PEOPLE = 3
REPLY_TOKENS = 64  # our choice: longer than a usual reply
PROMPT_TOKENS = 160  # our choice: a pose prompt has about 60, a talk with history about 200
ORDINARY = "Tell me a long story about a dancer in Paris."
START = """
import sys, time
began = time.perf_counter()
from chatpose_demo.chat import ChatPose
from chatpose_demo.settings import Settings
imported = time.perf_counter()
chat = ChatPose.load(Settings(threads=int(sys.argv[1]) or None))
chat.eyes.load()
print(imported - began, time.perf_counter() - imported)
"""


@dataclass(frozen=True)
class Row:
    """One line of the table; `values` holds every repeat, or nothing when `note` says why not."""

    name: str
    unit: str
    values: tuple[float, ...] = ()
    note: str = ""

    def markdown(self) -> str:
        if not self.values:
            return f"| {self.name} | {self.note} | |"
        middle, low, high = statistics.median(self.values), min(self.values), max(self.values)
        digits = 2 if middle < 10 else 1 if middle < 100 else 0
        spread = f"{low:.{digits}f} to {high:.{digits}f}" if len(self.values) > 1 else ""
        note = f" ({self.note})" if self.note else ""
        return f"| {self.name}{note} | {middle:.{digits}f} {self.unit} | {spread} |"


def machine(threads: int) -> str:
    """What these numbers were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = named[0].split(":", 1)[1].strip() if named else cpu
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{cpu}, {os.cpu_count()} cores, {threads} threads{load}, torch {torch.__version__}"


def peak_gb() -> float:
    """Largest resident memory of this process so far, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


def timed(job: Callable[[], object], repeats: int) -> tuple[float, ...]:
    """Seconds of each repeat."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        job()
        found.append(time.perf_counter() - began)
    return tuple(found)


def cold_start(threads: int) -> Iterator[Row]:
    """A fresh process from its start to a wrapper that could answer."""
    began = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", START, str(threads)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    whole = time.perf_counter() - began
    yield Row("cold start: process to ready", "s", (whole,))
    yield Row("of it imports", "s", (float(told[-2]),))
    yield Row("of it models", "s", (float(told[-1]),))


def crowd_photo(eyes: Eyes) -> tuple[Image.Image, str]:
    """A picture of three people, and its name."""
    for path in sorted((ROOT / "examples").glob("*.jpg")):
        image = load_photo(path)
        if len(eyes(image)) == PEOPLE:
            return image, path.name
    from skimage.data import astronaut

    return Image.fromarray(np.tile(astronaut()[:, :380], (1, PEOPLE, 1))), "three astronauts"


def moments(
    chat: ChatPose, talk: Conversation, text: str, image: Image.Image | None, mode: PoseMode
) -> tuple[float, float | None]:
    """Seconds from asking to the first piece of the reply and to its body."""
    talk.ask(text, image)
    first = body = None
    began = time.perf_counter()
    for event in chat.reply(talk, mode):
        passed = time.perf_counter() - began
        if first is None and isinstance(event, Text):
            first = passed
        if body is None and isinstance(event, PoseReady):
            body = passed
    assert first is not None
    return first, body


def replies(chat: ChatPose, image: Image.Image, repeats: int) -> Iterator[Row]:
    """The waits of a visitor: new photo, same photo, words only, edit, ordinary talk."""
    # (row, question, brings the photo, mode); each run plays all of one conversation.
    script: tuple[tuple[str, str, bool, PoseMode], ...] = (
        ("new photo of 3 people", "Show me the person on the far right.", True, "auto"),
        ("second question about it", "And the one on the far left?", False, "auto"),
        ("edit", "Now raise the left arm straight up.", False, "auto"),
        ("words only", "A person sitting on a chair with crossed arms.", False, "auto"),
        ("ordinary talk", ORDINARY, False, "never"),
    )
    waits: dict[str, list[tuple[float, float | None]]] = {one[0]: [] for one in script}
    for _ in range(repeats):
        talk = Conversation()
        for name, text, brings, mode in script:
            waits[name].append(moments(chat, talk, text, image if brings else None, mode))
    for name, found in waits.items():
        yield Row(f"question to first word: {name}", "s", tuple(first for first, _ in found))
        bodies = tuple(body for _, body in found if body is not None)
        if bodies:
            yield Row(f"question to body: {name}", "s", bodies)
        elif name != "ordinary talk":
            yield Row(f"question to body: {name}", "s", note="no body given")


def speaking(language: Language, repeats: int) -> Iterator[Row]:
    """Tokens a second of both voices after the first one."""
    talk = talk_prompt((), ORDINARY)
    words = PoseWords("sitting", ("both arms raised overhead", "the head turned to the left"))
    pose = pose_prompt(body_facts(words, "photo"), "What pose is the man on the left in?")
    for name, prompt, speaker in (("base", talk, False), ("adapted", pose, True)):
        rates = []
        for _ in range(repeats):
            at = [
                time.perf_counter()
                for _ in language.stream(prompt, speaker=speaker, max_tokens=REPLY_TOKENS)
            ]
            rates.append((len(at) - 1) / (at[-1] - at[0]))
        yield Row(f"{name} voice", "tokens/s", tuple(rates))


def llama_cpp(threads: int, repeats: int) -> Row:
    """The same GGUF file in llama.cpp, for comparison."""
    name = "llama.cpp, same weights in 4 bits"
    try:
        from llama_cpp import Llama
    except ImportError:
        return Row(name, "tokens/s", note="not installed")
    model = Llama(str(gguf_path()), n_ctx=1024, n_threads=threads, verbose=False)
    prompt, rates = talk_prompt((), ORDINARY), []
    for _ in range(repeats):
        pieces = model(prompt, max_tokens=REPLY_TOKENS, temperature=0.0, stream=True)
        at = [time.perf_counter() for _ in pieces]
        rates.append((len(at) - 1) / (at[-1] - at[0]))
    return Row(name, "tokens/s", tuple(rates))


@torch.inference_mode()
def reading(repeats: int) -> Iterator[Row]:
    """A whole prompt at once, three ways; every way keeps the weights it is named after."""
    ids = torch.arange(1000, 1000 + PROMPT_TOKENS)[None]
    for name, dtype, thrifty in (
        ("bf16 weights, fp32 arithmetic (in use)", torch.bfloat16, True),
        ("bf16", torch.bfloat16, False),
        ("fp32", torch.float32, False),
    ):
        model, _ = load_base(dtype)
        if thrifty:
            make_thrifty(model)

        def job(model=model) -> object:
            return model(ids, logits_to_keep=1)

        job()
        rates = tuple(PROMPT_TOKENS / seconds for seconds in timed(job, repeats))
        yield Row(f"prompt of {PROMPT_TOKENS} tokens: {name}", "tokens/s", rates)


def measure(threads: int, repeats: int) -> Iterator[Row]:
    """Every row of the table, in order."""
    yield from cold_start(threads)
    chat = ChatPose.load(Settings(threads=threads))
    image, name = crowd_photo(chat.eyes)
    found = len(chat.people(image))
    note = f"{name}, {image.width}x{image.height}, {found} found"
    yield Row("photo to people", "s", timed(lambda: chat.people(image), repeats), note)
    yield from replies(chat, image, repeats)
    language = chat.network.language
    yield from speaking(language, repeats)
    yield Row("peak memory of the demo", "GB", (peak_gb(),))
    yield llama_cpp(threads, repeats)
    yield from reading(repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write every repeat to this file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    about = machine(options.threads)
    print(f"{about}\n\n| what | median | range of {options.repeats} |\n|---|---|---|", flush=True)
    rows = []
    for row in measure(options.threads, options.repeats):
        print(row.markdown(), flush=True)
        rows.append(row)
    if options.json:
        table = [asdict(row) for row in rows]
        options.json.write_text(json.dumps({"machine": about, "rows": table}, indent=1))


if __name__ == "__main__":
    main()
