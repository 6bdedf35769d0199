"""SPG, ChatPose's speculative pose generation: questions that never say what the body does.

The paper has 780 pairs of an implicit question and a PoseScript pose. No official file of them was
public when this was written, so a plain form is read that such a file is quickly brought into.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chatpose_demo.evaluation.public.posescript import Release, texts_of
from chatpose_demo.evaluation.public.sample import (
    PublicSetError,
    Sample,
    existing,
    read_json,
    spread,
)

FILE = "SPG/spg.json"
WHERE = (
    f"SPG is read from {FILE}, a JSON object that gives PoseScript's pose ids their question or "
    'list of questions, {"8": "How would she stand if she were cold?"} (no official file of it '
    "was public when this was written); the poses are PoseScript's, see posescript; name the "
    "folder that holds SPG, posescript_release and AMASS."
)


def load(root: Path, split: str = "test", limit: int | None = None) -> Iterator[Sample]:
    """One sample per question; its caption is the pose's first one by people, if it has any.

    Args:
        root: the folder that holds SPG, posescript_release and AMASS/smplh.
        split: only "test".
        limit: at most so many, spread over the file.

    Raises:
        PublicSetError: with one sentence for the user.
    """
    if split != "test":
        raise PublicSetError(f"SPG is a test set; it has no split {split!r}.")
    path = existing(root / FILE, WHERE)
    questions = read_json(path)
    if not isinstance(questions, dict):
        raise PublicSetError(f"{path} is not an object of pose ids and questions.")
    release = Release.open(root, "human", WHERE)
    cases = [
        (name, number, text)
        for name, entry in questions.items()
        for number, text in enumerate(texts_of(entry, path))
    ]
    for name, number, text in spread(cases, limit):
        pose = release.pose(name)
        yield Sample(
            key=f"{name}/{number}",
            group=name,
            person=pose.sequence,
            text=text,
            caption=next(iter(release.captions(name)), ""),
            rotations=pose.rotations,
            betas=pose.betas,
            gender=pose.gender,
        )
