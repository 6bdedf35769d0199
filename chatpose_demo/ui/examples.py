"""The questions that an empty chat offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gradio.components.chatbot import ExampleMessage

FILE = Path(__file__).parents[2] / "examples" / "examples.json"


@dataclass(frozen=True)
class Example:
    """A question, and the photo it is about, if any."""

    text: str
    photo: Path | None

    def card(self) -> ExampleMessage:
        """As the chat shows it."""
        card = ExampleMessage(text=self.text)
        if self.photo is not None:
            card["icon"] = str(self.photo)
        return card


def load_examples(file: Path = FILE) -> list[Example]:
    """Read `[{"photo": file name or null, "text": question}, ...]`; photos lie beside the file."""
    entries = json.loads(file.read_text(encoding="utf-8"))
    return [
        Example(entry["text"], file.parent / entry["photo"] if entry["photo"] else None)
        for entry in entries
    ]
