"""Poses called by their plain name."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.plain_names import MOST, named_poses, with_names
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.words import LISTERS, load_words

PLACES = {pose.id: place for place, pose in enumerate(load_atlas())}


@pytest.mark.parametrize("writer", LISTERS)
def test_every_plain_name_names_its_pose(writer: str):
    silent = 0
    for pose, names in load_words(writer).atlas.items():
        for name in names:
            evidence = named_poses(f"what does somebody look like who is {name}?")
            silent += evidence[PLACES[pose]] == 0
            assert 0 <= evidence.max() <= MOST
    assert silent < 20  # names of nothing but words like "up" and "down"


def test_rare_words_say_more_than_common_ones():
    proposing = named_poses("a man who proposes marriage: what pose might he be in?")
    assert proposing.argmax() == PLACES["propose_marriage"] and proposing.max() == MOST
    sitting = named_poses("someone sitting")
    assert sitting.max() < 2


def test_half_a_name_is_no_name():
    assert named_poses("the marriage of Figaro")[PLACES["propose_marriage"]] == 0
    assert not named_poses("").any()


def test_the_standing_body_keeps_its_odds():
    odds = np.full(1 + len(PLACES), 0.4 / len(PLACES), np.float32)
    odds[0] = 0.6
    told = with_names(odds, "proposing marriage")
    assert told.dtype == np.float32 and told[0] == odds[0]
    assert abs(told.sum() - 1) < 1e-5
    assert told[1:].argmax() == PLACES["propose_marriage"]
    assert np.allclose(with_names(odds, "xyzzy"), odds)


def test_certainty_is_not_overturned_by_a_common_word():
    odds = np.full(1 + len(PLACES), 1e-4, np.float32)
    odds[1 + PLACES["toast_raise_glass"]] = 0.9
    told = with_names(odds, "someone sitting and raising a glass")
    assert told.argmax() == 1 + PLACES["toast_raise_glass"]


def test_endings_do_not_matter():
    for said, name in (("clap", "clap_applause"), ("let her wave", "wave_hello")):
        for text in (said, said.replace("wave", "waving").replace("clap", "clapping")):
            assert named_poses(text)[PLACES[name]] > 2
    assert not named_poses("show it again please").any()
