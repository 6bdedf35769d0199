"""Instruction following: LLaVA-1.5's mix665k, restricted to three sources of images, as the paper.

The restriction is to COCO, GQA and Visual Genome (reference, utils/vqa_dataset.py).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chatpose_demo.evaluation.public.sample import PublicSetError, read_json
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.llava.prompt import IMAGE
from chatpose_demo.training.chatpose.sample import (
    DataError,
    Sample,
    as_data_error,
    open_photo,
    put_here,
)

FILE = "llava_v1_5_mix665k.json"
SOURCES = ("coco/", "gqa/", "vg/")
WHERE = (
    f"{FILE} (data set liuhaotian/LLaVA-Instruct-150K on Hugging Face) with the photos beside it: "
    "coco/train2017, gqa/images, vg/VG_100K and vg/VG_100K_2 (their own sites)"
)


class Mix665k:
    """One conversation about one photo per row."""

    def __init__(self, root: Path) -> None:
        """Read the conversations.

        Raises:
            DataError: the file is missing or of another form.
        """
        file = put_here(root / FILE, WHERE)
        self.root = root
        try:
            records = read_json(file)
        except PublicSetError as error:
            raise as_data_error(error) from error
        if not isinstance(records, list):
            raise DataError(f"{file} is not a list of conversations.")
        self.rows: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        for record in records:
            image = record.get("image", "")
            if image.startswith(SOURCES):
                messages = _messages(record, file)
                # A body token without a body cannot be learnt.
                if messages and not any(POSE_TOKEN in answer for _, answer in messages):
                    self.rows.append((image, messages))
        if not self.rows:
            raise DataError(f"{file} has no conversation about an image of {', '.join(SOURCES)}.")

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        """The whole conversation."""
        name, messages = self.rows[row]
        return Sample(messages, open_photo(self.root / name, WHERE))


def _messages(record: dict, file: Path) -> tuple[tuple[str, str], ...]:
    """Question and answer pairs; the photo's mark is taken out, the prompt puts it in its place."""
    try:
        said = [(one["from"], str(one["value"])) for one in record["conversations"]]
    except (KeyError, TypeError) as error:
        raise DataError(f"{file} holds a conversation without from and value.") from error
    if said and said[0][0] != "human":  # reference: an answer without a question is skipped
        said = said[1:]
    asked, answered = said[::2], said[1::2]
    asked = asked[: len(answered)]
    if any(who != "human" for who, _ in asked) or any(who != "gpt" for who, _ in answered):
        raise DataError(f"{file}: human and gpt do not take turns in {record.get('id')!r}.")
    questions = [words.replace(IMAGE, "").strip() for _, words in asked]
    return tuple(zip(questions, (words for _, words in answered), strict=True))
