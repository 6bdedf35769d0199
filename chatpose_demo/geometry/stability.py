"""Whether a body that stands still would stay up, in words."""

from __future__ import annotations

from chatpose_demo.geometry.clauses import centimetres
from chatpose_demo.geometry.figure import SIDES, Figure
from chatpose_demo.geometry.stance import posture
from chatpose_demo.geometry.support import SETTINGS, support, way_words, weight_share

NO_LEGS = "The photo does not show the legs, so its balance cannot be judged."
VERBS = {
    "standing": "stands", "taking": "stands", "in": "stands", "bent": "stands",
    "balanced": "stands", "sitting": "sits", "lying": "lies", "kneeling": "kneels",
    "squatting": "squats",
}  # fmt: skip
EVEN = 0.1  # our choice: a share this near to one half is even


def carried_area(regions: tuple[str, ...]) -> str:
    """The area that carries a body: "the area between its feet", "its right foot"."""
    feet = [side for side in SIDES if f"{side}_foot" in regions]
    if {region.split("_")[-1] for region in regions} <= {"foot"}:
        return "the area that its feet span" if len(feet) == 2 else f"its {feet[0]} foot"
    return "the area that touches the floor"


def stability(figure: Figure) -> str:
    """One or two sentences: where the weight is against what carries it, and what follows."""
    if any(figure.hides("leg", side) for side in SIDES):
        return NO_LEGS
    carried = support(figure)
    said = posture(figure)
    if carried.seat is not None and said.startswith("sitting"):
        behind = centimetres(-carried.margin)
        return (
            f"Its weight is {behind} behind its feet: a seat must carry it, "
            f"about {centimetres(carried.seat)} above the floor. The seat is not shown."
        )
    area, gap = carried_area(carried.regions), centimetres(abs(carried.margin))
    if carried.margin >= SETTINGS.safe:
        does = VERBS.get(said.split(" ")[0].rstrip(","), "is held")
        return f"It {does} safely: its weight is {gap} inside the edge of {area}."
    to = way_words(figure, carried.way)
    if abs(carried.margin) < 0.005:
        return f"It is only just in balance: its weight is exactly at the edge of {area}."
    if carried.margin >= 0:
        return f"It is only just in balance: its weight is {gap} from the edge of {area}."
    place = {"forward": "in front of", "back": "behind", "to its left": "to the left of",
             "to its right": "to the right of"}[to]  # fmt: skip
    where = f"its weight is {gap} {place} {area}"
    if -carried.margin < SETTINGS.doubt:
        return f"It is at the edge: {where}, so the least push {to} would topple it."
    return f"Held still, it would fall {to}: {where}, and nothing else that is shown holds it."


def carrying_leg(figure: Figure) -> str:
    """Which leg carries the weight, in one or two sentences."""
    if any(figure.hides("leg", side) for side in SIDES):
        return (
            "The photo does not show both legs, so it does not tell which one carries the weight."
        )
    carried, share = support(figure), weight_share(figure)
    if carried.seat is not None and posture(figure).startswith("sitting"):
        return "Neither: a seat that is not shown must carry most of the weight."
    if share is None:
        others = [name for name in carried.regions if not name.endswith("_foot")]
        if others:
            return "Not the feet alone: other parts of the body are on the floor too."
        return "The feet are so close together that both carry about the same."
    if share in (0.0, 1.0):
        side = "left" if share else "right"
        both = all(f"{one}_foot" in carried.regions for one in SIDES)
        only = "" if both else f", for only the {side} foot is on the floor"
        return f"The {side} leg carries all the weight{only}."
    if abs(share - 0.5) <= EVEN:
        return "Both legs carry about the same."
    side = "left" if share > 0.5 else "right"
    if max(share, 1 - share) > 0.95:
        return f"The {side} leg carries nearly all the weight."
    return f"Mostly the {side} leg: it carries about {round(max(share, 1 - share) * 20) * 5} %."
