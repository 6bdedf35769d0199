"""The people of a photo: names, boxes to look at, boxes to click."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from chatpose_demo.network.people_words import left_to_right, place
from chatpose_demo.perception.person import COLOUR_NAMES, HAIR_NAMES, Person

NAMED_FROM = 0.45  # our choice: below this probability a colour is not worth a name
NEAR = 0.03  # our choice: clicks this far outside a box (of the photo's width) still count


@dataclass(frozen=True)
class Ink:
    """Colours and sizes of the drawing; sizes are pixels on the screen; our choice."""

    box: tuple[int, int, int] = (255, 255, 255)
    chosen: tuple[int, int, int] = (245, 158, 11)
    shade: tuple[int, int, int] = (17, 24, 39)
    line: float = 2.0
    font: float = 12.0
    panel: tuple[float, float] = (420.0, 250.0)  # the photo panel of a 1440 px wide page


INK = Ink()


def short_name(person: Person) -> str:
    """A few words that tell a person apart: "red top", "brown hair" or ""."""
    look = person.appearance
    for chances, names, noun in (
        (look.top, COLOUR_NAMES, "top"),
        (look.bottom, COLOUR_NAMES, "bottoms"),
        (look.hair, HAIR_NAMES, "hair"),
    ):
        best = int(chances.argmax())
        if chances[best] >= NAMED_FROM:
            return names[best] if names[best] == "bald" else f"{names[best]} {noun}"
    return ""


def brief_name(people: list[Person], index: int) -> str:
    """Whom a question means, in few words: "person 2, in the middle"."""
    if len(people) == 1:
        return "the person in the photo"
    rank = left_to_right(people).index(index)
    where = place(people, index)
    if 0 < rank < len(people) - 1 and len(people) > 3:
        where = short_name(people[index]) or where  # "person 3, number 3 from the left" says little
    return f"person {rank + 1}, {where}"


def choices(people: list[Person]) -> list[str]:
    """One label per person, left to right: "1 red top"."""
    return [f"{i} {short_name(person)}".strip() for i, person in enumerate(people, 1)]


def person_at(people: list[Person], x: float, y: float, width: int) -> int | None:
    """Index of the person under a click; the smallest box wins, then the nearest one."""

    def distance(person: Person) -> float:
        x0, y0, x1, y1 = person.box
        return max(x0 - x, 0, x - x1) + max(y0 - y, 0, y - y1)

    def area(person: Person) -> float:
        x0, y0, x1, y1 = person.box
        return (x1 - x0) * (y1 - y0)

    reach = NEAR * width
    near = [i for i, person in enumerate(people) if distance(person) <= reach]
    return min(near, key=lambda i: (distance(people[i]), area(people[i])), default=None)


def draw(image: Image.Image, people: list[Person], chosen: int | None) -> Image.Image:
    """A copy of the photo with numbered, named boxes; `chosen` stands out."""
    picture = image.copy()
    pen = ImageDraw.Draw(picture)
    # The panel shrinks the photo; draw so much larger that lines and letters come out right.
    zoom = max(image.width / INK.panel[0], image.height / INK.panel[1])
    line = max(1, round(INK.line * zoom))
    font = ImageFont.load_default(size=max(8, round(INK.font * zoom)))
    order = [i for i in range(len(people)) if i != chosen]
    if chosen is not None:
        order.append(chosen)  # drawn last, on top of its neighbours
    for i in order:
        colour = INK.chosen if i == chosen else INK.box
        # A dark edge keeps the line visible on any background.
        edge = max(1, line // 2)
        pen.rectangle(_grown(people[i].box, edge), outline=INK.shade, width=line + 2 * edge)
        pen.rectangle(people[i].box, outline=colour, width=line)
    labels = choices(people)
    places = _label_places(pen, labels, people, font, image.size)
    if places is None:  # a crowd: the numbers alone; the list beside the photo has the names
        labels = [str(i) for i in range(1, len(people) + 1)]
        places = _label_places(pen, labels, people, font, image.size, must=True)
    for i, (label, tag) in enumerate(zip(labels, places or [], strict=True)):
        pen.rounded_rectangle(tag, radius=line, fill=INK.chosen if i == chosen else INK.shade)
        middle = ((tag[0] + tag[2]) / 2, (tag[1] + tag[3]) / 2)
        ink = INK.shade if i == chosen else INK.box
        pen.text(middle, label, font=font, fill=ink, anchor="mm")
    return picture


Box = tuple[float, float, float, float]


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _label_places(
    pen: ImageDraw.ImageDraw,
    labels: list[str],
    people: list[Person],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    size: tuple[int, int],
    must: bool = False,
) -> list[Box] | None:
    """Rectangles for the labels, each at the head of its box and none over another.

    None when there is no room for all of them, unless they `must` be placed.
    """
    places: list[Box] = []
    high = pen.textbbox((0, 0), "1g", font=font)[3] * 1.25
    for label, person in zip(labels, people, strict=True):
        wide = pen.textlength(label, font=font) + high * 0.7
        x = min(max(person.box[0], 0), max(size[0] - wide, 0))
        top = person.box[1]
        tries = [top - high, top, top + high, top + 2 * high]
        free = [
            (x, y, x + wide, y + high)
            for y in tries
            if 0 <= y <= size[1] - high
            and not any(_overlap((x, y, x + wide, y + high), other) for other in places)
        ]
        if not free and not must:
            return None
        places.append(free[0] if free else (x, max(top, 0), x + wide, max(top, 0) + high))
    return places


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
