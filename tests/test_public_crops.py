"""The paper's model is measured on the crops that it learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chatpose_demo.evaluation.public.asking import PAPER
from chatpose_demo.evaluation.public.crops import as_learnt, roomy
from chatpose_demo.evaluation.public.llava_batch import LlavaAnswerer
from chatpose_demo.evaluation.public.sample import Sample
from chatpose_demo.network.llava.network import LlavaNetwork
from chatpose_demo.training.chatpose.photos import PhotoSet
from chatpose_demo.training.chatpose.stage_photos import Pictures, StagePhoto

pytest_plugins = ("fixtures_llava",)
EYE = np.tile(np.eye(3), (24, 1, 1))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo that is different everywhere."""
    (tmp_path / "images").mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "images" / "a.png")
    return tmp_path / "images" / "a.png"


def sample(photo: Path, box: tuple[float, float, float, float], **more) -> Sample:
    return Sample(key="a", group="", person="", image=photo, box=box, **more)


def same(a: Image.Image, b: Image.Image) -> bool:
    return a.size == b.size and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("box", [(31.0, 12.0, 52.0, 70.0), (10.5, 40.0, 77.0, 63.5)])
def test_a_tight_box_is_cut_out_as_training_cuts_it(photo, box):
    learnt = Pictures("pose").made(
        Image.open(photo), StagePhoto(box, EYE), np.random.default_rng(0)
    )
    crop = as_learnt(sample(photo, box))
    assert learnt.image is not None and same(crop, learnt.image)
    assert not same(crop, roomy(sample(photo, box))[0])


def test_a_grown_box_is_cut_out_as_training_cuts_the_same_label(photo, tmp_path):
    centre, scale = np.array([61.0, 44.0]), 0.21  # SPIN: 42 pixels
    np.savez(
        tmp_path / "labels.npz",
        imgname=np.array(["a.png"]),
        center=centre[None],
        scale=np.array([scale]),
        pose=np.zeros((1, 72)),
    )
    learnt = PhotoSet(tmp_path / "labels.npz").sample(0, np.random.default_rng(0)).image
    (x, y), half = centre, scale * 100
    box = (x - half, y - half, x + half, y + half)
    assert learnt is not None and learnt.size == (56, 56)
    assert same(as_learnt(sample(photo, box, box_is_grown=True)), learnt)
    assert as_learnt(sample(photo, box)).size == (67, 67)


def test_without_a_box_it_is_the_whole_photo(photo):
    one = Sample(key="a", group="", person="", image=photo)
    assert same(as_learnt(one), Image.open(photo))


def test_that_crop_is_what_the_paper_s_model_is_asked_about(llava, tokenizer, photo):
    one = sample(photo, (31.0, 12.0, 52.0, 70.0))
    answerer = LlavaAnswerer(LlavaNetwork(llava, tokenizer, 8), PAPER)
    asked = answerer._question(one).image
    assert asked is not None and same(asked, as_learnt(one))
