"""How the whole body is carried, in a few words: `describe`'s posture, checked against the skin.

`describe` knows joints alone. Where a posture claims a contact that the skin refutes (kneeling with
the knee in the air, sitting with the weight over the feet), the words are replaced.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from chatpose_demo.geometry.contacts import floor_points, lowest, on_floor
from chatpose_demo.geometry.figure import SIDES, UP, Figure, other_side
from chatpose_demo.geometry.support import centre_of_mass, signed_margin, support, way_words
from chatpose_demo.perception.swing import angle

# Our choices, looked at on the atlas; metres and degrees.
RESTS = 0.12  # a trunk this near to the floor lies on it
HIPS_FLEXED = 50.0  # a body that kneels to the floor folds at the hips
HIPS_OFF = 0.2  # hips higher do not lie on the floor
KNEE_NEAR = 0.1  # of a body on its hands
KNEE_RESTS = 0.15  # a knee that carries is not higher
LOW_SEAT = 0.25  # nobody calls something lower a seat
FALLEN = 0.4  # weight further outside what carries it: nobody stands like that
HEELS_SLACK = 0.25  # weight behind the feet of somebody deep down on them
CHAIR_SLACK, SHINS_SLANT = 0.11, 15.0  # weight behind the feet; shins from vertical
WIDE = 0.5  # between the ankles
SPLIT = 120.0  # thighs further apart are a split
FOLDED = 120.0  # a knee bent more is folded
TRUNK_REGIONS = ("seat", "back", "belly", "chest", "left_hip", "right_hip")


def trunk_rests(figure: Figure) -> bool:
    """Whether the trunk lies or sits on the floor."""
    return min(lowest(figure, name) for name in TRUNK_REGIONS) < RESTS


def feet_on_floor(figure: Figure) -> list[str]:
    """Sides whose foot touches the floor."""
    floor = on_floor(figure)
    return [side for side in SIDES if f"{side}_foot" in floor]


def floats(figure: Figure) -> bool:
    """Whether the photo shows nothing that carries the body: the legs, or the one that stands."""
    return figure.hidden_legs or not on_floor(figure)


@lru_cache(maxsize=64)
def posture(figure: Figure) -> str:
    """The whole body in a few words, to follow "is" ("sitting", "in a wide squat")."""
    said = figure.words.posture
    if floats(figure):
        return "lying down" if said.startswith("lying") else "upright"
    if said.startswith("lying") or said == "upside down" or "stretched out" in said:
        said = _low(figure, said)
    if said.startswith(("face down, held", "bent over", "on hands and knees")):
        said = _on_hands(figure, said)
    if said.startswith(("sitting", "squatting")):
        said = _seated(figure, said)
    if said.startswith("kneeling") and min(lowest(figure, f"{s}_knee") for s in SIDES) > KNEE_RESTS:
        feet = feet_on_floor(figure)
        if len(feet) == 1:
            return f"balanced on the {feet[0]} foot"
        stride = (figure.foot("left") - figure.foot("right")) @ figure.ahead
        if abs(stride) > WIDE:
            return f"in a long stride, the {'left' if stride > 0 else 'right'} leg in front"
        return "standing with bent knees"
    if said.startswith(("standing", "taking", "in a lunge")):
        carried = support(figure)
        if carried.margin < -FALLEN:
            return f"slanting far {way_words(figure, carried.way)}, off balance"
    return said


def _hands(floor: set[str]) -> list[str]:
    return [side for side in SIDES if f"{side}_hand" in floor]


def _crouching(hands: list[str]) -> str:
    return "crouching on the feet and " + (
        "both hands" if len(hands) == 2 else f"the {hands[0]} hand"
    )


def _low(figure: Figure, said: str) -> str:
    """A trunk that is nearly level or points down."""
    floor, trunk = set(on_floor(figure)), figure.bone("pelvis", "neck")
    hands, feet = _hands(floor), feet_on_floor(figure)
    belly = figure.axis("pelvis", 2)[1]
    bent = min(figure.bend(side, "knee") for side in SIDES)
    knees = max(lowest(figure, f"{side}_knee") for side in SIDES) < KNEE_RESTS
    flexed = min(figure.bend(side, "hip") for side in SIDES) > HIPS_FLEXED
    if knees and flexed and belly < 0 and bent > 60 and figure.at("pelvis")[1] > HIPS_OFF:
        return "kneeling, " + (
            "folded forward over the thighs" if bent > FOLDED else "bowed down to the floor"
        )
    if belly < -0.5 and knees and lowest(figure, "chest") > RESTS:
        return "lying face down, the chest pushed up"
    on_shoulders = min(lowest(figure, f"{side}_shoulder") for side in SIDES) < RESTS
    if said == "lying on the back" and feet and on_shoulders and lowest(figure, "seat") > RESTS:
        return "lying on the shoulders with the hips lifted"
    if trunk_rests(figure) or said.startswith("sitting"):
        return said
    if belly > 0.3 and len(hands) == 2 and feet:
        return "belly up on the hands and feet"
    if feet and abs(trunk @ figure.leftward) > 0.6:
        way = "left" if trunk @ figure.leftward > 0 else "right"
        thighs = [figure.bone(f"{side}_hip", f"{side}_knee") for side in SIDES]
        if max(angle(thigh, -UP) for thigh in thighs) < 65:
            return f"standing, bent far over to the {way}"
        return f"on the {way} side, held up on the {hands[0]} hand" if hands else said
    if hands and not feet and not knees:
        if len(hands) == 2 and trunk[1] < -0.5:
            return "upside down on the " + ("head and arms" if "head" in floor else "hands")
        return f"turned over on the {hands[0]} hand" if len(hands) == 1 else said
    return said


def _on_hands(figure: Figure, said: str) -> str:
    """A level trunk, face down, that the limbs carry."""
    floor = set(on_floor(figure))
    hands, feet = _hands(floor), feet_on_floor(figure)
    for side in SIDES:
        planted = other_side(side)
        raised = angle(figure.bone(f"{planted}_hip", f"{planted}_knee"), -UP) > 50
        knelt = f"{side}_knee" in floor and f"{planted}_knee" not in floor
        if knelt and raised and planted in feet:
            return f"kneeling on the {side} knee, bent forward"
    knees = [f"{side}_knee" for side in SIDES if lowest(figure, f"{side}_knee") < KNEE_NEAR]
    if not (hands or knees or feet):
        return "curled up, the head down"
    if hands and knees and len(hands) + len(knees) < 4:
        return f"on {grouped((*knees, *(f'{side}_hand' for side in hands)))}"
    if not hands or not feet or knees:
        return said
    if min(figure.bend(side, "knee") for side in SIDES) > 60:
        return _crouching(hands)
    soles = np.concatenate([floor_points(figure, f"{side}_foot") for side in feet])
    if signed_margin(soles, centre_of_mass(figure)[[0, 2]])[0] > 0:
        return "bent over"
    if figure.at("pelvis")[1] - figure.at("neck")[1] > RESTS:
        return "on the hands and feet with the hips high"
    return said


def _seated(figure: Figure, said: str) -> str:
    """Raised thighs: on the floor, on a seat that is not shown, or over the feet."""
    knees = {side: figure.bend(side, "knee") for side in SIDES}
    thighs = {side: figure.bone(f"{side}_hip", f"{side}_knee") for side in SIDES}
    if lowest(figure, "seat") < RESTS:
        back = [figure.bone(f"{s}_knee", f"{s}_ankle") @ figure.ahead for s in SIDES]
        if said == "sitting cross-legged" and max(back) < -0.3:
            return "sitting with the shins folded back"
        return said
    if "heels" in said:
        return said
    if angle(*thighs.values()) > SPLIT and max(knees.values()) < 40:
        front = max(SIDES, key=lambda side: float(thighs[side] @ figure.ahead))
        return f"in a split, the {front} leg in front"
    carried = support(figure)
    ankles = figure.at("left_ankle") - figure.at("right_ankle")
    wide = bool(abs(ankles @ figure.leftward) > WIDE)
    only_feet = set(carried.regions) <= {"left_foot", "right_foot"}
    # Somebody leaning forward on a chair is nearly over the feet too; slanting shins tell a squat.
    shins = {s: angle(figure.bone(f"{s}_knee", f"{s}_ankle"), -UP) for s in SIDES}
    slack = CHAIR_SLACK if max(shins.values()) > SHINS_SLANT else 0.0
    hands, feet = _hands(set(carried.regions)), feet_on_floor(figure)
    if hands and feet and not only_feet:
        return _crouching(hands)
    high = "cross-legged" in said or "on the floor" in said  # refuted: the seat is in the air
    if high and only_feet and len(carried.regions) == 2 and carried.margin > -HEELS_SLACK:
        slack = HEELS_SLACK
    if not only_feet or carried.margin < -slack:
        return "sitting" if high else said
    straight = min(SIDES, key=lambda side: knees[side])
    if knees[straight] < 40 < knees[other_side(straight)]:
        return f"squatting on the {other_side(straight)} leg, the {straight} leg stretched out"
    return "in a wide squat" if wide else "squatting"


def floor_words(figure: Figure) -> str:
    """One sentence: what touches the floor, and whether a seat must carry the body."""
    if floats(figure):
        legs = "the legs" if figure.hidden_legs else "both legs"
        return f"The photo does not show {legs}, so it does not tell what carries the body."
    touching = grouped(on_floor(figure))
    one = not any(word in touching for word in (" and ", "both", "buttocks"))
    seat, more = support(figure).seat, ""
    if seat is not None and posture(figure).startswith("sitting"):
        high = f"{5 * round(seat * 20)} cm"
        more = f"; a seat about {high} high, which is not shown, must carry the body"
        if seat < LOW_SEAT:
            more = f"; the buttocks are {high} above it, on something that is not shown"
    verb = "touches" if one else "touch"
    return f"{touching[0].upper()}{touching[1:]} {verb} the floor{more}."


# A region is not worth a word beside its neighbour that touches too.
COVERS = {
    "foot": ("shin",), "knee": ("shin", "thigh"), "hand": ("forearm",),
    "elbow": ("forearm", "upper_arm"), "seat": ("thigh", "hip"), "shoulder": ("upper_arm",),
    "back": ("neck",), "hip": ("thigh",),
}  # fmt: skip


def grouped(names: tuple[str, ...]) -> str:
    """Regions as words, both sides at once: "both feet and the right hand"."""
    plural = {"foot": "feet"}
    parts: dict[str, list[str]] = {}
    for name in names:
        side, _, part = name.partition("_")
        parts.setdefault(part if side in SIDES else name, []).append(side if part else "")
    for part in [part for part in COVERS if part in parts]:
        for covered in COVERS[part]:
            parts.pop(covered, None)
    listed = []
    for part, sides in parts.items():
        word = part.replace("_", " ")
        if len(sides) == 2:
            listed.append(f"both {plural.get(part, word + 's')}")
        elif sides[0]:
            listed.append(f"the {sides[0]} {word}")
        else:
            listed.append("the buttocks" if part == "seat" else f"the {word}")
    return listing(listed)


def listing(items: list[str]) -> str:
    """Words joined as "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
