"""The pose decoder: shapes, what must not matter, strict loading, training that can go on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from chatpose_demo.network.checkpoints import load_decoder
from chatpose_demo.network.language import Language
from chatpose_demo.network.parts import OPTIONS
from chatpose_demo.network.people_tokens import NUM_FEATURES
from chatpose_demo.network.pose_decoder import (
    ACTS,
    BODY_INTENTS,
    CONTEXT,
    EARLIER,
    INTENTS,
    REGIONS,
    Crowd,
    Decoded,
    DecoderConfig,
    PoseDecoder,
)
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.several import Decoder
from chatpose_demo.network.shown_body import NUM_STATES
from chatpose_demo.network.topics import TOPICS
from chatpose_demo.network.understanding import (
    ALONE_THRESHOLD,
    BODY_THRESHOLD,
    CALLED_ODDS,
    EVEN_ODDS,
    understand,
)
from chatpose_demo.network.who_fits import People
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import build, spec_of

pytest_plugins = ("fixtures_network",)

ATLAS_SIZE = 11


@pytest.fixture(scope="module")
def small() -> PoseDecoder:
    torch.manual_seed(0)
    return PoseDecoder(DecoderConfig(atlas_size=ATLAS_SIZE, width=64)).eval()


def question(length: int = 9, people: int = 5) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    return {
        "states": torch.randn(2, length, 576, generator=generator),
        "tokens": torch.randn(2, length, 576, generator=generator),
        "mask": torch.ones(2, length, dtype=torch.bool),
        "context": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        "shown": torch.rand(2, NUM_STATES, generator=generator),
        "crowd": Crowd(
            torch.rand(2, people, NUM_FEATURES, generator=generator),
            torch.rand(2, people, people, len(RELATIONS), generator=generator),
            torch.ones(2, people, dtype=torch.bool),
        ),
    }


def scores(out: Decoded) -> list[torch.Tensor]:
    asked = out.asked
    people = [asked.needs, asked.bans, asked.anchor, asked.relation, out.many]
    return [
        out.intent, out.topic, out.atlas, out.act, out.region, out.earlier, out.other, *people,
        *out.parts.values(),
    ]  # fmt: skip


def reordered(crowd: Crowd, order: torch.Tensor) -> Crowd:
    """The same people, listed otherwise (or some of them)."""
    return Crowd(
        crowd.features[:, order], crowd.pairs[:, order][:, :, order], crowd.present[:, order]
    )


@torch.inference_mode()
def test_shapes(small: PoseDecoder):
    out = small(**question())
    assert out.intent.shape == (2, len(INTENTS)) and len(CONTEXT) == 2
    assert out.atlas.shape == (2, 1 + ATLAS_SIZE)
    assert out.person is not None and out.person.shape == (2, 5)
    assert out.earlier.shape == out.other.shape == (2, len(EARLIER))
    assert out.act.shape == (2, len(ACTS)) and out.region.shape == (2, len(REGIONS))
    assert out.topic.shape == (2, len(TOPICS)) and out.many.shape == (2,)
    assert {part: score.shape[1:] for part, score in out.parts.items()} == {
        part: (len(BODY_INTENTS), len(options)) for part, options in OPTIONS.items()
    }
    assert small(**question() | {"crowd": None}).person is None


@torch.inference_mode()
def test_padding_does_not_matter(small: PoseDecoder):
    plain = question()
    junk = torch.full((2, 4, 576), 50.0)
    padded = plain | {
        "states": torch.cat([plain["states"], junk], 1),
        "tokens": torch.cat([plain["tokens"], -junk], 1),
        "mask": torch.cat([plain["mask"], torch.zeros(2, 4, dtype=torch.bool)], 1),
    }
    before, after = small(**plain), small(**padded)
    for one, other in zip(scores(before), scores(after), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert torch.allclose(before.person, after.person, atol=1e-4)


@torch.inference_mode()
def test_the_order_of_people_does_not_matter(small: PoseDecoder):
    plain, order = question(), torch.tensor([3, 0, 4, 1, 2])
    before = small(**plain)
    after = small(**plain | {"crowd": reordered(plain["crowd"], order)})
    assert torch.allclose(after.person, before.person[:, order], atol=1e-5)
    for one, other in zip(scores(before), scores(after), strict=True):
        assert torch.equal(one, other)


@torch.inference_mode()
def test_words_and_context_do_matter(small: PoseDecoder):
    plain = question()
    before = small(**plain)
    turned = small(**plain | {"states": plain["states"].flip(0)})
    assert not torch.allclose(before.atlas, turned.atlas, atol=1e-3)
    switched = small(**plain | {"context": 1 - plain["context"]})
    assert not torch.allclose(before.intent, switched.intent, atol=1e-4)


@torch.inference_mode()
def test_nobody_at_an_empty_place_changes_how_others_fit(small: PoseDecoder):
    plain = question()
    crowd: Crowd = plain["crowd"]
    wider = Crowd(
        torch.cat([crowd.features, torch.rand(2, 3, NUM_FEATURES)], 1),
        torch.nn.functional.pad(crowd.pairs, (0, 0, 0, 3, 0, 3)),
        torch.cat([crowd.present, torch.zeros(2, 3, dtype=torch.bool)], 1),
    )
    before, after = small(**plain), small(**plain | {"crowd": wider})
    assert torch.allclose(after.person[:, :5], before.person, atol=1e-4)


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    """A copy of the shipped decoder that a test may spoil."""
    for path in weights.glob("pose_decoder.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_shipped_decoder_loads_strictly(weights: Path, copied: Path):
    again = load_decoder(copied)
    assert not again.training and not any(p.requires_grad for p in again.parameters())
    for name, value in load_file(weights / "pose_decoder.safetensors").items():
        assert again.state_dict()[name].dtype == torch.float32
        assert torch.equal(again.state_dict()[name], value.float()), name


@pytest.mark.parametrize("fault", ["missing", "extra", "shape"])
def test_other_weights_are_refused(copied: Path, fault: str):
    path = copied / "pose_decoder.safetensors"
    state = load_file(path)
    if fault == "missing":
        del state["many.bias"]
    elif fault == "extra":
        state["many.extra"] = torch.zeros(3)
    else:
        state["many.bias"] = torch.zeros(4)
    save_file(state, path)
    with pytest.raises(RuntimeError, match="many"):
        load_decoder(copied)


def test_another_atlas_is_refused(copied: Path):
    about = json.loads((copied / "pose_decoder.json").read_text())
    about["atlas"][3] = "pose_of_somebody_else"
    (copied / "pose_decoder.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match="another pose atlas"):
        load_decoder(copied)


def test_no_decoder_is_said_plainly(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        load_decoder(tmp_path)


def test_understanding_is_made_of_probabilities(language: Language, decoder: Decoder):
    rng = np.random.default_rng(0)
    people = People(
        rng.random((3, NUM_FEATURES)).astype(np.float32),
        rng.random((3, 3, len(RELATIONS))).astype(np.float32),
        np.zeros((0, 24, 3, 3), np.float32),
        np.array([[100 * i, 0, 100 * i + 80, 300] for i in range(3)], float),
        640.0,
    )
    seen = understand(language, decoder, "show me the woman in red", people=people, has_photo=True)
    for odds in (seen.intent, seen.topic):
        assert sum(odds.values()) == pytest.approx(1, abs=1e-5)
    assert seen.atlas.shape == (1 + len(load_atlas()),)
    assert seen.atlas.sum() == pytest.approx(1, abs=1e-4)
    assert seen.person.shape == (3,) and ((seen.person >= 0) & (seen.person <= 1)).all()
    assert "top red" in seen.needs
    assert understand(language, decoder, "").earlier in EARLIER
    assert set(seen.parts) == set(BODY_INTENTS)
    for choices in seen.parts.values():
        for part, option in choices.items():
            assert option in OPTIONS[part][1:]


def test_a_change_that_names_no_part_may_name_a_pose(language: Language, decoder: Decoder):
    standing = build(spec_of({}))
    poses = np.stack([pose.rotations for pose in load_atlas()])
    waving = understand(language, decoder, "let her wave", body=standing, atlas=poses)
    assert waving.act == "imagine"
    assert load_atlas()[int(waving.atlas[1:].argmax())].id.startswith("wave")
    raised = understand(language, decoder, "raise the left arm", body=standing, atlas=poses)
    assert raised.act == "change" and set(raised.parts["edit"]) == {"left_arm"}


def test_a_clear_change_needs_less_to_be_done(language: Language, decoder: Decoder):
    shown = build(spec_of({"left_arm": "up", "right_arm": "up"}))
    short = understand(language, decoder, "hands down", body=shown)
    assert short.least == EVEN_ODDS and short.asks_for_body
    # There is nothing to change.
    alone = understand(language, decoder, "hands down")
    with_photo = understand(language, decoder, "hands down", has_photo=True)
    assert (alone.least, with_photo.least) == (ALONE_THRESHOLD, BODY_THRESHOLD)
    for text in ("thanks", "who wrote Hamlet?", "leave it like that"):
        assert not understand(language, decoder, text, body=shown).asks_for_body


def test_a_pose_called_by_a_rare_name_needs_less(language: Language, decoder: Decoder):
    for text in ("do a cartwheel for me", "do a downward dog"):
        called = understand(language, decoder, text)
        assert called.least == CALLED_ODDS and called.asks_for_body
    for text in ("which muscles does a plank train?", "who was the first to land a cartwheel?"):
        assert not understand(language, decoder, text).asks_for_body


def test_the_shown_body_tells_which_arm_is_meant(language: Language, decoder: Decoder):
    for side in ("left", "right"):
        shown = build(spec_of({f"{side}_arm": "up"}))
        seen = understand(language, decoder, "put that arm down", body=shown)
        assert seen.parts["edit"] == {f"{side}_arm": "down"}
