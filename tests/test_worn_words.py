"""A colour belongs to the garment that it stands before."""

from __future__ import annotations

import pytest
import torch

from chatpose_demo.network.people_fit import Asked
from chatpose_demo.network.people_tokens import FEATURES, NUM_FEATURES
from chatpose_demo.network.relations import RELATIONS
from chatpose_demo.network.worn_words import with_worn, worn_colours


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the person in the navy hoodie and grey joggers", {"top blue", "bottom grey"}),
        ("red-haired woman in a white long-sleeved shirt", {"hair red", "top white"}),
        ("her T-shirt is bright red", {"top red"}),
        ("whose trousers are dark blue", {"bottom blue"}),
        ("a light blue tank top", {"top light blue"}),
        ("a light-blue dress", {"top light blue"}),
        ("the white-haired man in a dark coat", {"hair grey", "top black"}),
        ("blond curly hair, black leggings", {"hair blond", "bottom black"}),
        ("somebody in green", set()),
        ("a red-haired one in light brown trousers", {"hair red", "bottom beige"}),
        ("the red car beside the man in jeans", set()),
        ("a black dog and a shirt", set()),
        ("", set()),
    ],
)
def test_colours_and_their_nouns(text: str, found: set[str]):
    assert set(worn_colours(text)) == found


def asked(relation: float = -9.0, **odds: dict[str, float]) -> Asked:
    """Logits at -9 but for those named; `relation` is the logit of the first real relation."""

    def logits(named: dict[str, float]) -> torch.Tensor:
        row = torch.full((1, NUM_FEATURES), -9.0)
        for name, value in named.items():
            row[0, FEATURES.index(name)] = value
        return row

    relations = torch.full((1, len(RELATIONS)), -9.0)
    relations[0, :2] = torch.tensor([0.0, relation])
    roles = (logits(odds.get(role, {})) for role in ("needs", "bans", "anchor"))
    return Asked(*roles, relations)


def sure(logits: torch.Tensor) -> set[str]:
    return {FEATURES[i] for i in torch.nonzero(logits[0] > 0).flatten()}


def test_a_colour_given_to_the_wrong_garment_is_put_right():
    text = "the guy with the green t-shirt and beige shorts"
    read = asked(needs={"male": 3, "bottom green": 1, "top green": -1, "bottom beige": -1})
    mended = with_worn(read, text)
    assert sure(mended.needs) == {"male", "top green", "bottom beige"}
    assert not sure(mended.bans)
    assert sure(read.needs) == {"male", "bottom green"}  # what the decoder said stays as it is


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the man in black with the black hair", "top black"),
        ("the woman in light blue with blue jeans", "top light blue"),
        ("the lady dressed in white, wearing white trousers", "top white"),
    ],
)
def test_a_colour_that_is_named_twice_may_be_two_garments(text: str, kept: str):
    assert kept in sure(with_worn(asked(needs={kept: 3}), text).needs)


def test_a_colour_without_a_noun_stays_the_decoder_s():
    read = asked(needs={"top red": 2, "bottom red": 1})
    mended = with_worn(read, "the one in red with blue jeans")
    assert sure(mended.needs) == {"top red", "bottom blue"}
    assert with_worn(read, "the one in red") is read


def test_what_is_ruled_out_is_not_asked_for():
    read = asked(needs={"female": 3, "top red": -2}, bans={"bottom red": 2})
    mended = with_worn(read, "a woman, but not the one in the red shirt")
    assert sure(mended.needs) == {"female"} and sure(mended.bans) == {"top red"}
    both = asked(needs={"top blue": 2}, bans={"hair black": 2})
    mended = with_worn(both, "blue shirt, but not with black hair")
    assert sure(mended.needs) == {"top blue"} and sure(mended.bans) == {"hair black"}


def test_where_two_people_are_named_nothing_is_changed():
    read = asked(relation=0.0, needs={"bottom green": 1}, anchor={"top red": 2})
    assert with_worn(read, "in green trousers next to the man in the red shirt") is read


def test_a_posture_that_is_named_is_meant_once_the_decoder_leans_to_it():
    text = "Show me the man sitting on the right"
    half = with_worn(asked(needs={"sitting": 0.1, "right half": 2}), text)
    assert half.needs[0, FEATURES.index("sitting")] > 4
    assert sure(half.needs) == {"sitting", "right half"}
    unlikely = asked(needs={"sitting": -2})
    assert not sure(with_worn(unlikely, text).needs)
    ruled_out = asked(needs={"sitting": -0.5}, bans={"sitting": 2})
    assert not sure(with_worn(ruled_out, "the one who is not sitting").needs)
