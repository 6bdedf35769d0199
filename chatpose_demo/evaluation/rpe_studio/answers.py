"""Put the questions to the demo's wrapper, and keep what it saw, whom it chose and what it gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import roma
import torch
from tqdm import tqdm

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.evaluation.public.asking import Box
from chatpose_demo.evaluation.reader import Reader
from chatpose_demo.evaluation.rpe_studio.data import StudioQuestion, StudioScene
from chatpose_demo.network.embedded import EmbeddedNetwork
from chatpose_demo.network.interface import Question
from chatpose_demo.network.pointing import people_of
from chatpose_demo.perception.person import Person
from chatpose_demo.photo import load_photo
from chatpose_demo.pose import from_axis_angle

Vectors = list[list[float]]  # 24 x 3 axis-angle


class OtherRunError(Exception):
    """The file of answers belongs to another run; the text is one sentence for the user."""


@dataclass(frozen=True)
class Seen:
    """What perception found in one picture, left to right; no words were needed.

    Attributes:
        scene: number of the scene.
        boxes: pixels.
        poses: axis-angle, world frame (y up, +z towards the camera).
    """

    scene: int
    boxes: list[Box]
    poses: list[Vectors]


@dataclass(frozen=True)
class Answer:
    """What the wrapper replied to one question.

    Attributes:
        scene, kind: which question.
        asked_back: it asked which person was meant.
        chosen: indices into Seen of those whom the bodies were taken from.
        pose: the first body, or None.
        best: index into Seen of the person who fits the words best, sure or not; None without any.
        atlas: the atlas pose that the words point at without the picture.
    """

    scene: int
    kind: str
    asked_back: bool
    chosen: list[int]
    pose: Vectors | None
    best: int | None
    atlas: Vectors


def vectors_of(rotations: np.ndarray) -> Vectors:
    """(24, 3, 3) -> axis-angle as plain numbers."""
    return roma.rotmat_to_rotvec(torch.tensor(rotations)).numpy().round(6).tolist()


def rotations_of(vectors: Vectors) -> np.ndarray:
    """The inverse of `vectors_of`; (24, 3, 3) float32."""
    return from_axis_angle(np.array(vectors))


def see(scene: StudioScene, people: Sequence[Person]) -> Seen:
    """Plain data of the people whom perception found."""
    boxes = [_box(person.box) for person in people]
    return Seen(scene.number, boxes, [vectors_of(person.rotations) for person in people])


def _box(numbers: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (round(float(x), 1) for x in numbers)
    return x0, y0, x1, y1


class Interview:
    """Asks the questions; each is a conversation of its own, about people seen once a picture."""

    def __init__(self, chat: ChatPose) -> None:
        if not isinstance(chat.network, EmbeddedNetwork):
            raise TypeError("the atlas beside the answers needs the embedded network")
        self.chat = chat
        self._reader = Reader(chat.network.language, chat.network.decoder)

    def answer(self, question: StudioQuestion, scene: Scene) -> Answer:
        """One fresh conversation; a body is demanded."""
        conversation = Conversation()
        turn = conversation.ask(question.text)
        turn.scene = scene
        for _ in self.chat.reply(conversation, mode="always"):
            pass
        return Answer(
            scene=question.scene,
            kind=question.kind,
            asked_back=turn.asked_back,
            chosen=[index for index in turn.pointed if index is not None],
            pose=vectors_of(turn.poses[0].rotations) if turn.poses else None,
            best=self._best(Question(question.text, image=scene.image, people=scene.people or ())),
            atlas=vectors_of(self._nearest(question.text)),
        )

    def _best(self, question: Question) -> int | None:
        """Index of the person who fits the words best."""
        people = people_of(question)
        if people is None:
            return None
        return int(self._reader(question.text, people=people, has_photo=True).person.argmax())

    def _nearest(self, text: str) -> np.ndarray:
        """(24, 3, 3) the atlas pose for words alone."""
        place = int(self._reader(text).atlas[1:].argmax())  # 0 means none of them
        return self._reader.finder.poses[place]

    def all(
        self,
        scenes: Sequence[StudioScene],
        questions: Sequence[StudioQuestion],
        out: Path,
        header: dict[str, str],
    ) -> tuple[dict[int, Seen], list[Answer]]:
        """Ask what `out` does not answer yet.

        Args:
            questions: about `scenes`.
            out: JSON Lines: `header`, then one Seen a scene and one Answer a question.
            header: what the answers depend on.

        Returns:
            What was seen by scene number, and the answers in the order of the questions.

        Raises:
            OtherRunError: `out` has another header.
        """
        seen, known = read(out, header)
        with (
            out.open("a", encoding="utf-8") as file,
            tqdm(total=len(questions), unit="question") as bar,
        ):
            for scene in scenes:
                mine = [one for one in questions if one.scene == scene.number]
                left = [one for one in mine if (one.scene, one.kind) not in known]
                bar.update(len(mine) - len(left))
                if not left and scene.number in seen:
                    continue
                image = load_photo(scene.picture)
                people = self.chat.people(image)
                if scene.number not in seen:
                    seen[scene.number] = see(scene, people)
                    _write(file, seen[scene.number])
                for question in left:
                    answer = self.answer(question, Scene(image, people))
                    known[question.scene, question.kind] = answer
                    _write(file, answer)
                    bar.update()
        return seen, [known[one.scene, one.kind] for one in questions]


def _write(file: Any, record: Seen | Answer) -> None:
    file.write(json.dumps(asdict(record)) + "\n")
    file.flush()


def read(
    out: Path, header: dict[str, str]
) -> tuple[dict[int, Seen], dict[tuple[int, str], Answer]]:
    """What an earlier run wrote; a torn last line is dropped, and a missing file is begun.

    Raises:
        OtherRunError: it has another header.
    """
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    kept: list[str] = []
    seen, answers = {}, {}
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            break
        if not kept and record != header:
            raise OtherRunError(f"{out} holds answers of another run; name another --out.")
        if "kind" in record:
            answers[record["scene"], record["kind"]] = Answer(**record)
        elif "boxes" in record:
            boxes = [_box(box) for box in record["boxes"]]
            seen[record["scene"]] = Seen(record["scene"], boxes, record["poses"])
        kept.append(line)
    kept = kept or [json.dumps(header)]
    out.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    return seen, answers
