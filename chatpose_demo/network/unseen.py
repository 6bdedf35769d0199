"""Which joints of a body that words made no photo has shown: they are told to be a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatpose_demo.network.acts import REGION_JOINTS
from chatpose_demo.pose import JOINT_NAMES
from chatpose_demo.studio.rig import PART_JOINTS

JOINTS_OF = {**PART_JOINTS, "legs": PART_JOINTS["left_leg"] + PART_JOINTS["right_leg"]}


def unseen_of_mixture(region: str, giver: Iterable[str], taker: Iterable[str]) -> tuple[str, ...]:
    """Joints of a mixed body that no photo showed."""
    moved = REGION_JOINTS[region]
    return (*(n for n in giver if n in moved), *(n for n in taker if n not in moved))


def still_unseen(unseen: Iterable[str], parts: Mapping[str, str]) -> tuple[str, ...]:
    """Joints of a changed body that no photo showed: they go where a change takes their pose."""
    names = set(unseen)
    for part, joints in JOINTS_OF.items():
        option = parts.get(part)
        if parts.get("whole") == "mirror" or option in ("swap", "like_other"):
            taken = {name for name in joints if _partner(name) in unseen}
            names = (names - set(joints)) | taken
        elif option is not None:  # what words have set is no longer a guess
            names -= set(joints)
    return tuple(name for name in JOINT_NAMES if name in names)


def _partner(joint: str) -> str:
    """The joint of the other side; the same where there is none."""
    side, _, rest = joint.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, joint)
