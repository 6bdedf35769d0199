"""A variant of the decoder lacks what its name says, and nothing else."""

from __future__ import annotations

import pytest
import torch

from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES
from chatpose_demo.network.pose_decoder import Crowd, Decoded, DecoderConfig, PoseDecoder
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.shown_body import NUM_STATES
from chatpose_demo.studio.words import load_words
from chatpose_demo.training.ablations import VARIANTS, table


def _inputs(seed: int) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return {
        "states": torch.randn(2, 5, 576, generator=chance),
        "tokens": torch.randn(2, 5, 576, generator=chance),
        "shown": torch.rand(2, NUM_STATES, generator=chance),
        "features": torch.rand(2, 3, NUM_FEATURES, generator=chance),
    }


@torch.inference_mode()
def _said(decoder: PoseDecoder, given: dict[str, torch.Tensor]) -> Decoded:
    mask = torch.tensor([[True] * 5, [True] * 4 + [False]])
    pairs = torch.zeros(2, 3, 3, len(RELATIONS))
    crowd = Crowd(given["features"], pairs, torch.ones(2, 3, dtype=torch.bool))
    context = torch.zeros(2, 2)
    return decoder(given["states"], given["tokens"], mask, context, given["shown"], crowd)


def _decoder(name: str) -> PoseDecoder:
    torch.manual_seed(0)
    decoder = PoseDecoder(DecoderConfig(atlas_size=4)).eval()
    change = VARIANTS[name].change
    if change is not None:
        change(decoder)
    return decoder.eval()


@pytest.mark.parametrize(
    ("name", "blind_to"),
    [("as shipped", None), ("no word states", "states"), ("no input embeddings", "tokens")],
)
def test_what_was_taken_out_has_no_say(name: str, blind_to: str | None):
    decoder, given, other = _decoder(name), _inputs(1), _inputs(2)
    before = _said(decoder, given)
    for part in ("states", "tokens"):
        after = _said(decoder, given | {part: other[part]})
        assert torch.equal(before.intent, after.intent) == (part == blind_to)


def test_without_a_layer_words_do_not_see_each_other():
    plain, bare = _decoder("as shipped"), _decoder("no layer of its own")
    words = torch.randn(1, 4, 256)
    other = words.clone()
    other[0, 3] += 1
    nothing = torch.zeros(1, 4, dtype=torch.bool)
    for decoder, alone in ((plain, False), (bare, True)):
        first, second = (
            decoder.mixer(x, src_key_padding_mask=nothing)[0, 0] for x in (words, other)
        )
        assert torch.equal(first, second) == alone


def test_without_ranks_the_second_from_the_left_is_anybody():
    given = _inputs(1)
    moved = given["features"].clone()
    moved[..., FEATURES.index("second from left")] += 1
    moved_half = given["features"].clone()
    moved_half[..., FEATURES.index("left half")] += 1
    decoder = _decoder("no ordinal ranks")
    before = _said(decoder, given).person
    assert torch.equal(before, _said(decoder, given | {"features": moved}).person)
    assert not torch.equal(before, _said(decoder, given | {"features": moved_half}).person)


def test_learned_weights_of_the_fit_stay():
    torch.manual_seed(0)
    decoder = PoseDecoder(DecoderConfig(atlas_size=4))
    with torch.no_grad():
        decoder.fit.bias.fill_(7)
    change = VARIANTS["no ordinal ranks"].change
    assert change is not None
    change(decoder)
    assert decoder.fit.bias.item() == 7


def test_writers_of_variants_exist():
    for variant in VARIANTS.values():
        assert all(load_words(name).writer == name for name in variant.writers)


def test_the_table_holds_mean_and_spread():
    runs = [{"variant": "a", "numbers": {"x, degrees": value, "y": 0.5}} for value in (1.0, 3.0)]
    assert "| a | 2 | 2.0 ± 1.0 | 50.0 ± 0.0 |" in table(runs)
