"""People told by how they hold themselves."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.network.held_so import held_so
from chatpose_demo.studio.rig import build, spec_of


def crowd(*bodies: dict[str, str]) -> np.ndarray:
    return np.stack([build(spec_of(parts)) for parts in bodies])


def test_who_does_it_comes_first():
    people = crowd({}, {"left_arm": "forward", "right_arm": "forward"}, {"left_arm": "up"})
    told = {"left_arm": "forward", "right_arm": "forward"}
    held = held_so(people, told, "who holds both arms straight ahead?")
    assert held is not None and held.argmax() == 1 and held[1] == pytest.approx(1)
    assert max(held[0], held[2]) < 0.6


def test_without_a_side_the_mirror_image_will_do():
    people = crowd({}, {"right_arm": "hip", "head": "right"})
    told = {"left_arm": "hip", "head": "left"}
    free = held_so(people, told, "with one hand on the hip, looking aside")
    assert free is not None and free.argmax() == 1 and free[0] < 0.5
    # Said to be the left one, nobody does it nearly as well.
    strict = held_so(people, told, "with the left hand on the hip, looking left")
    assert strict is None or strict[0] > free[0]


def test_it_says_nothing_where_nothing_is_told_or_nobody_is_near():
    people = crowd({}, {"left_arm": "up"})
    assert held_so(people, {}, "the one in red") is None
    assert held_so(people, {"left_arm": "higher"}, "higher") is None
    assert held_so(people, {"whole": "back"}, "lying on the back") is None
    assert held_so(people[:0], {"left_arm": "up"}, "left arm up") is None
