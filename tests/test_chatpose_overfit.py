"""The paper's training from end to end: a tiny LLaVA learns 32 samples of the studio by heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from chatpose_toys import recipe, trainer
from PIL import Image

from chatpose_demo.evaluation.rpe_studio.data import load_scenes
from chatpose_demo.network.llava.build import build
from chatpose_demo.network.llava.generate import Speech, speak
from chatpose_demo.network.llava.images import pixel_values
from chatpose_demo.network.llava.lora import LoraSettings
from chatpose_demo.network.llava.model import PoseLlava, rotations
from chatpose_demo.network.llava.prompt import Exchange, make_prompt
from chatpose_demo.network.llava.tokenizer import load_tokenizer, tiny_tokenizer
from chatpose_demo.pose import geodesic_degrees
from chatpose_demo.training.chatpose.export import load_export, merge
from chatpose_demo.training.chatpose.sample import Sample, Task
from chatpose_demo.training.chatpose.stage_photos import Pictures, StagePhoto
from chatpose_demo.training.chatpose.studio import StudioTalk, StudioText

STEPS = 110
LORA = LoraSettings(rank=8, alpha=16, dropout=0.0, train_vocabulary=True)
# Random weights of the usual size hardly let one token see another; these do. The queries and keys
# are larger still, so that attention chooses.
LARGER = {"q_proj": 15.0, "k_proj": 15.0, "embed_tokens": 10.0, "": 6.0}


class Fixed:
    """Samples that are always the same."""

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        return self.samples[row]


def studio() -> dict[Task, list[Fixed]]:
    """12 descriptions, 8 questions and 12 people in pictures."""
    rng = np.random.default_rng(0)
    text, talk = StudioText(101), StudioTalk(102)
    asked = [talk.sample(row, rng).messages[:1] for row in range(8)]
    pictures = []
    for scene in load_scenes()[:12]:
        who = StagePhoto(scene.wanted.box, scene.wanted.rotations)
        pictures.append(Pictures("pose").made(Image.open(scene.picture), who, rng))
    return {
        "text": [Fixed([text.sample(row, rng) for row in range(12)])],
        "instruction": [Fixed([Sample(messages) for messages in asked])],
        "image": [Fixed(pictures)],
    }


def enlarge(model: PoseLlava) -> None:
    with torch.no_grad():
        for name, weight in model.llava.model.named_parameters():
            if weight.ndim == 2 and "lora" not in name and "vision" not in name:
                weight *= next(factor for part, factor in LARGER.items() if part in name)


def spoken(model: PoseLlava, tokenizer, sample: Sample) -> tuple[str, torch.Tensor | None]:
    """The reply as the demo would make it: its words, and its body's rotations."""
    photos = (sample.image,) if sample.image is not None else ()
    prompt = make_prompt([Exchange(sample.messages[0][0], None, photos)], tokenizer, model.config)
    pixels = pixel_values(photos, "crop", model.config.image_size) if photos else None
    words, body = "", None
    for part in speak(model, tokenizer, prompt.ids, pixels, Speech(max_tokens=60)):
        if isinstance(part, str):
            words += part
        else:
            words, body = f"{words}<POSE>", rotations(part)
    return words, body


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """A trained run, what it learnt, and its first and last losses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    data = studio()
    wanted = recipe(
        steps=STEPS, batch=32, learning_rate=1e-2, warmup=10, pose_weight=5.0, lora=LORA,
        shares={"text": 3, "instruction": 2, "image": 3},
        max_tokens=1024, checkpointing=False,
    )  # fmt: skip
    run = trainer(wanted, data, prepare=enlarge)
    told = [run.step() for _ in range(STEPS)]
    folder = tmp_path_factory.mktemp("adapter")
    run.export(folder)
    torch.set_num_threads(threads)
    return run, data, told, folder


def distances(model: PoseLlava, tokenizer, samples: list[Sample]) -> np.ndarray:
    """(N, N) mean joint angle in degrees from what is said for row n to the truth of each sample.

    180 where no body came.
    """
    truths = torch.stack([torch.tensor(one.rotations) for one in samples])
    found = np.full((len(samples), len(samples)), 180.0)
    for row, sample in zip(found, samples, strict=True):
        _, body = spoken(model, tokenizer, sample)
        if body is not None:
            row[:] = geodesic_degrees(body.expand_as(truths), truths).mean(1).numpy()
    return found


def test_it_learns_by_heart(learnt):
    run, data, told, _ = learnt
    first, last = told[0], {name: np.mean([one[name] for one in told[-4:]]) for name in told[0]}
    assert last["text"] < first["text"] / 40
    assert last["pose"] < first["pose"] / 8
    model = run.plain.eval()
    for kind in ("text", "image"):
        found = distances(model, run.tokenizer, data[kind][0].samples)
        own = np.diag(found)
        others = found[~np.eye(len(found), dtype=bool)]
        assert np.mean(own < 180) > 0.9  # the model says by itself that a body comes
        nearest = found.argmin(1) == np.arange(len(found))
        assert np.mean(nearest) > 0.6  # it is this sample's body, not another's; chance is 0.08
        assert np.median(own) < 0.65 * np.median(others)
    for sample in data["instruction"][0].samples[:3]:
        words, body = spoken(model, run.tokenizer, sample)
        assert body is None and words.split()[:3] == sample.messages[0][1].split()[:3]


def test_the_merged_folder_speaks_as_the_run(learnt, tmp_path: Path):
    run, data, _, folder = learnt
    fresh = build("tiny", lora=LORA)
    enlarge(fresh)
    merge(fresh, tiny_tokenizer(fresh.config), folder, tmp_path)
    merged = build("tiny", weights=tmp_path)
    tokenizer = load_tokenizer(tmp_path, merged.config)
    for sample in (data["text"][0].samples[0], data["image"][0].samples[0]):
        ours, theirs = (
            spoken(model, words, sample)
            for model, words in ((run.plain.eval(), run.tokenizer), (merged, tokenizer))
        )
        assert ours[0] == theirs[0]
        assert ours[1] is not None and theirs[1] is not None
        assert torch.allclose(ours[1], theirs[1], atol=1e-3)
    with pytest.raises(ValueError, match="another training"):
        load_export(build("tiny", lora=LoraSettings(rank=8, alpha=16)), folder)
