"""Which body of a conversation a turn goes back to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.pose import Pose


def before_the_change(bodies: Sequence[Pose]) -> np.ndarray | None:
    """The body that the last one was made from, unless that was only shown again."""
    source = bodies[-1].made_from if bodies else None
    if source is None or (bodies[source].rotations == bodies[-1].rotations).all():
        return None
    return bodies[source].rotations


def _previous(bodies: Sequence[Pose], index: int) -> int:
    """Index of the body before one; before a body that was taken back, the one before that."""
    if index == 0:
        return 0
    before, source = _previous(bodies, index - 1), bodies[index].made_from
    again = source is not None and (bodies[source].rotations == bodies[index].rotations).all()
    return _previous(bodies, before) if again and source == before else index - 1


def earlier_index(name: str, bodies: Sequence[Pose]) -> int:
    """Index of an earlier body by its name of pose_decoder.EARLIER; the nearest there is."""
    last = len(bodies) - 1
    if name == "previous":
        return _previous(bodies, last)
    return min({"last": last, "first": 0, "second": 1, "third": 2}[name], last)
