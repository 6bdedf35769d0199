"""Several decoders as one: the mean of what each says, loaded as strictly as one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from chatpose_demo.network.checkpoints import load_decoder
from chatpose_demo.network.people_tokens import NUM_FEATURES
from chatpose_demo.network.pose_decoder import Crowd, Decoded, DecoderConfig, PoseDecoder
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.several import SeveralDecoders, members
from chatpose_demo.network.shown_body import NUM_STATES

pytest_plugins = ("fixtures_network",)


def one(seed: int) -> PoseDecoder:
    torch.manual_seed(seed)
    return PoseDecoder(DecoderConfig(atlas_size=4)).eval()


@torch.inference_mode()
def said(decoder: PoseDecoder | SeveralDecoders, crowd: bool = True) -> Decoded:
    torch.manual_seed(9)
    words = torch.randn(2, 2, 5, 576)
    mask = torch.ones(2, 5, dtype=torch.bool)
    people = Crowd(
        torch.rand(2, 3, NUM_FEATURES),
        torch.zeros(2, 3, 3, len(RELATIONS)),
        torch.ones(2, 3, dtype=torch.bool),
    )
    return decoder(
        *words, mask, torch.ones(2, 2), torch.rand(2, NUM_STATES), people if crowd else None
    )


def test_one_member_says_what_it_said_alone():
    alone, wrapped = said(one(0)), said(SeveralDecoders([one(0)]))
    for name in ("intent", "topic", "atlas", "act", "earlier", "other", "region"):
        assert torch.allclose(
            getattr(alone, name).softmax(-1), getattr(wrapped, name).softmax(-1), atol=1e-6
        )
    assert alone.person is not None and wrapped.person is not None
    assert torch.equal(alone.person, wrapped.person) and torch.equal(alone.many, wrapped.many)
    assert torch.equal(alone.asked.needs, wrapped.asked.needs)
    for part, scores in alone.parts.items():
        assert torch.allclose(scores.softmax(-1), wrapped.parts[part].softmax(-1), atol=1e-6)


def test_both_members_weigh_the_same():
    first, second = one(0), one(1)
    both = said(SeveralDecoders([first, second]))
    other = said(SeveralDecoders([second, first]))
    assert torch.allclose(both.atlas, other.atlas, atol=1e-6)
    odds = (said(first).atlas.softmax(-1) * said(second).atlas.softmax(-1)).sqrt()
    assert torch.allclose(both.atlas.softmax(-1), odds / odds.sum(-1, keepdim=True), atol=1e-5)
    scores = [said(decoder).person for decoder in (first, second)]
    assert both.person is not None and scores[0] is not None and scores[1] is not None
    assert torch.allclose(both.person, (scores[0] + scores[1]) / 2, atol=1e-5)
    assert said(SeveralDecoders([first, second]), crowd=False).person is None


def test_all_of_a_folder_are_loaded_strictly(weights: Path, tmp_path: Path):
    for path in weights.glob("pose_decoder*"):
        shutil.copy(path, tmp_path)
    found = members(load_decoder(tmp_path))
    assert len(found) == len(list(tmp_path.glob("*.json"))) > 1
    assert not any(torch.equal(found[0].parts_intent, o.parts_intent) for o in found[1:])
    about = json.loads((tmp_path / "pose_decoder_2.json").read_text())
    about["atlas"].pop()
    (tmp_path / "pose_decoder_2.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match="pose_decoder_2"):
        load_decoder(tmp_path)
    (tmp_path / "pose_decoder_2.json").unlink()
    (tmp_path / "pose_decoder_2.safetensors").unlink()
    assert isinstance(load_decoder(tmp_path), PoseDecoder)
