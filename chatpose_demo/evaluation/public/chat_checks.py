"""Is the chat still a chat? Bodies where none is wanted, none where one is, and the base's words.

`python -m chatpose_demo.evaluation.public.chat_checks --model NAME [--weights FOLDER]
[--base FOLDER]`

The paper lets GPT-4 grade the chat; these checks need nobody. The lines are the two frozen sets by
writers who saw no training text: ordinary ones that want words alone, and requests for a body.
Some come after a photo or after a body. With a base model (for the paper's model a folder of
weights; the embedded network carries its own) the replies to ordinary lines without either are
compared with the base's, both greedy: how many are identical, and how many words they share.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from PIL import Image

from chatpose_demo.evaluation.frozen_set import FOLDER, SECOND, read_lines
from chatpose_demo.evaluation.metrics import Interval
from chatpose_demo.evaluation.public.models import (
    ModelMissing,
    about,
    add_model_options,
    fingerprint_of,
    load_chat,
    load_llava,
    settings_of,
)
from chatpose_demo.evaluation.public.sample import PublicSetError, spread
from chatpose_demo.evaluation.public.share import Share, answer_all, joined
from chatpose_demo.evaluation.public.store import Answers, Record, make_room
from chatpose_demo.evaluation.public.tables import CHAT
from chatpose_demo.evaluation.reader import mean, rate
from chatpose_demo.evaluation.rpe_studio.data import load_scenes
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import Body, PoseNetwork, Question, Words
from chatpose_demo.network.prompts import talk_prompt
from chatpose_demo.perception.person import Person
from chatpose_demo.photo import load_photo
from chatpose_demo.pose import Pose
from chatpose_demo.settings import Settings
from chatpose_demo.studio.rig import Spec, build

WHEN = {"none": "at the start", "photo": "after a photo", "pose": "after a body"}
EARLIER = ("Show me a person standing.", "Here is one.")  # what "after a body" comes after


@dataclass(frozen=True)
class Line:
    """One frozen line.

    Attributes:
        key: set, kind and number.
        wanted: whether it asks for a body.
        context: "none", "photo" or "pose".
    """

    key: str
    text: str
    wanted: bool
    context: str


def lines() -> list[Line]:
    """All lines of both sets."""
    return [
        Line(f"{folder.name}/{name}/{number}", line["text"], wanted, line["context"])
        for folder in (FOLDER, SECOND)
        for name, wanted in (("ordinary", False), ("requests", True))
        for number, line in enumerate(read_lines(name, folder))
    ]


@dataclass(frozen=True)
class Talk:
    """A model that is talked to.

    Attributes:
        network: the model.
        people: everybody in the photo, for a network that has no eyes of its own.
        photo: the photo of lines that come after one.
        base: a text -> the base model's reply, or None without one.
    """

    network: PoseNetwork
    people: Sequence[Person]
    photo: Image.Image
    base: Callable[[str], str] | None

    def question(self, line: Line) -> Question:
        """The line with what came before it."""
        question = Question(line.text)
        if line.context == "photo":
            return replace(question, image=self.photo, people=self.people)
        if line.context == "pose":
            said, replied = EARLIER
            return replace(
                question,
                history=[EARLIER],
                replies=[f"{replied} {POSE_TOKEN}"],
                bodies=[Pose(build(Spec()), subject=said)],
            )
        return question

    def answer(self, line: Line) -> Record:
        """key, reply, number of bodies, and the base's reply or null."""
        reply, bodies = spoken(self.network, self.question(line))
        base = None
        if self.base is not None and not line.wanted and line.context == "none":
            base = self.base(line.text)
        return {"key": line.key, "reply": reply, "bodies": bodies, "base": base}


def spoken(network: PoseNetwork, question: Question) -> tuple[str, int]:
    """The words of a reply and how many bodies it shows."""
    words, bodies = "", 0
    for part in network.answer(question, lambda: False):
        words += part.text if isinstance(part, Words) else ""
        bodies += isinstance(part, Body)
    return words.strip(), bodies


def load_talk(settings: Settings, base: Path | None) -> Talk:
    """The model, its base, and the photo.

    Raises:
        ModelMissing: with one sentence for the user.
    """
    photo = load_photo(load_scenes()[0].picture)
    if settings.model != "embedded":
        network = load_llava(settings)
        plain = None
        if base is not None:
            other = load_llava(replace(settings, weights=str(base)))
            plain = _never(other)
        return Talk(network, (), photo, plain)
    chat = load_chat(settings)
    assert isinstance(chat.network, EmbeddedNetwork)
    language, length = chat.network.language, chat.network.max_tokens

    def own_base(text: str) -> str:
        prompt = talk_prompt((), text)
        return "".join(language.stream(prompt, speaker=False, max_tokens=length)).strip()

    return Talk(chat.network, chat.people(photo), photo, own_base)


def _never(network: PoseNetwork) -> Callable[[str], str]:
    return lambda text: spoken(network, Question(text, mode="never"))[0]


def shared_words(a: str, b: str) -> float:
    """Twice the words that stay in order over the words of both; 1 for equal texts."""
    return SequenceMatcher(None, a.split(), b.split(), autojunk=False).ratio()


def judge(asked: Sequence[Line], records: dict[str, Record]) -> dict[str, Interval]:
    """Rates with 95 % intervals; "false" counts on ordinary lines, "missed" on requests."""
    wrong: dict[str, list[bool]] = defaultdict(list)
    same, shared = [], []
    for line in asked:
        record = records[line.key]
        name = "missed bodies" if line.wanted else "false bodies"
        for row in (name, f"{name}, {WHEN[line.context]}"):
            wrong[row].append(bool(record["bodies"]) != line.wanted)
        if record["base"] is not None:
            same.append(record["reply"] == record["base"])
            shared.append(shared_words(record["reply"], record["base"]))
    table = {name: rate(values) for name, values in sorted(wrong.items())}
    if same:
        table |= {"replies as the base's": rate(same), "words as the base's": mean(shared)}
    return table


def run(options: argparse.Namespace, share: Share) -> None:
    """Ask, judge, write and print."""
    out = options.out or Path(f"chat-{options.model}.json")
    make_room(out)
    settings = settings_of(options)
    base = str(options.base.resolve()) if options.base else None
    header: dict[str, Any] = {"set": CHAT, **about(settings), "base": base}
    header["base_fingerprint"] = fingerprint_of(base)
    asked = spread(lines(), options.limit)
    by_key = {line.key: line for line in asked}
    talk = load_talk(settings, options.base)

    def answer(keys: list[str]) -> list[Record]:
        return [talk.answer(by_key[key]) for key in keys]

    records = answer_all(list(by_key), answer, Answers(out, header), share, batch=1)
    if share.is_first:
        table = judge(asked, records)
        rows = {name: asdict(value) for name, value in table.items()}
        result = header | {"lines": len(asked), "rows": rows}
        out.write_text(json.dumps(result, indent=1), encoding="utf-8")
        for name, value in table.items():
            print(f"{name:30s} {value.text(100)} %")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 2 and one sentence when something is not there."""
    parser = argparse.ArgumentParser(
        prog="python -m chatpose_demo.evaluation.public.chat_checks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model_options(parser)
    parser.add_argument("--base", type=Path, help="weights of the paper's base model")
    parser.add_argument("--limit", type=int, help="at most so many lines, spread over all")
    parser.add_argument("--out", type=Path, help="results; default: chat-MODEL.json here")
    options = parser.parse_args(arguments)
    if not options.model:
        parser.error("--model must be named")
    with joined() as share:
        try:
            run(options, share)
        except (PublicSetError, ModelMissing) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
