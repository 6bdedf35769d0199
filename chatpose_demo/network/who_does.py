"""Who does what the words name, where the decoder's own reading leaves several people.

"Somebody waving" is made into a body as if asked for in words; whoever of the photo comes clearly
closest to it is meant. What tells is where that body is not at rest, and how its trunk is tilted;
which way it faces does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

from chatpose_demo.network.asked_who import SOMEBODY
from chatpose_demo.perception.swing import angle
from chatpose_demo.pose import geodesic_degrees, mirror

BODY = slice(1, 22)  # joints without the global orientation and the hands
LEAST, MOST = 10.0, 90.0  # degrees from rest: weights of the joints, our choice
TILT = 0.4  # our choice: share of the trunk's tilt in the distance
NEAR = 24.0  # degrees, our choice: nobody farther from the body than this does it
LEAD = 5.0  # degrees, our choice: who is meant must be so much nearer than the next
CLEAR_LEAD = 10.0  # likewise, where the words name other things, too
DOING = re.compile(
    rf"\b(?:who(?:ever)?|which|{SOMEBODY})(?: (?:who|that))?(?:'?s| is| are)? "
    r"(?P<doing>(?!wearing|sporting)\w+ing\b[^,.;?!]*)",
    re.IGNORECASE,
)
# Where somebody does it says nothing of how.
PLACE = re.compile(
    r" (?:at|by|near|beside|next to|in front of|behind|under|close to) (?:the|a|an|that|this)\b.*$",
    re.IGNORECASE,
)


def doing_of(text: str) -> str | None:
    """ "the guy waving" -> "someone waving"; None where the words name no doing."""
    match = DOING.search(text)
    return f"someone {PLACE.sub('', match['doing']).strip()}" if match else None


def who_does(
    poses: Sequence[np.ndarray], body: np.ndarray, standing: np.ndarray, lead: float = LEAD
) -> int | None:
    """Index of the one person who does as a body does, or None.

    Args:
        poses: rotations (24, 3, 3) of each person, world frame.
        body: (24, 3, 3) of the body that the words make; either side will do.
        standing: (24, 3, 3) of the body at rest.
        lead: degrees that the next one must be farther.
    """
    apart = [min(_apart(pose, way, standing) for way in (body, mirror(body))) for pose in poses]
    order = np.argsort(apart)
    if apart[order[0]] > NEAR:
        return None
    if len(apart) > 1 and apart[order[1]] - apart[order[0]] < lead:
        return None
    return int(order[0])


def _apart(pose: np.ndarray, body: np.ndarray, standing: np.ndarray) -> float:
    weight = np.clip(_degrees(body[BODY], standing[BODY]), LEAST, MOST)
    limbs = float((_degrees(pose[BODY], body[BODY]) * weight).sum() / weight.sum())
    # The world's up in the body's own axes: the same for every way to face.
    return (1 - TILT) * limbs + TILT * angle(pose[0][1], body[0][1])


def _degrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return geodesic_degrees(torch.tensor(a), torch.tensor(b)).numpy()
