"""Who is who in a photo, in words: for asking back, for labels, for the language model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.perception.person import (
    COLOUR_NAMES,
    HAIR_NAMES,
    POSTURES,
    Person,
)

SURE = 0.45  # our choice: a colour is named when it has at least this probability
HELD = 0.5  # our choice: a posture is named above this degree
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
POSTURE_WORDS = {
    "arms up": "both arms up", "left arm up": "left arm up", "right arm up": "right arm up",
    "arms out": "arms stretched out", "hand on hip": "a hand on the hip",
    "arms crossed": "arms crossed",
}  # fmt: skip
WHOLE_BODY = ("lying", "kneeling", "crouching", "sitting", "bending", "walking", "standing")


def _likeliest(names: Sequence[str], odds: np.ndarray) -> str | None:
    return names[int(odds.argmax())] if odds.max() >= SURE else None


def clothes(person: Person) -> str:
    """ "in a red top and black trousers"; empty when no colour is sure."""
    look = person.appearance
    top, bottom = _likeliest(COLOUR_NAMES, look.top), _likeliest(COLOUR_NAMES, look.bottom)
    article = "an" if top and top[0] in "aeiou" else "a"
    worn = [f"{article} {top} top"] if top else []
    worn += [f"{bottom} trousers"] if bottom else []
    return "in " + " and ".join(worn) if worn else ""


def hair(person: Person) -> str:
    """ "with brown hair"; empty when not sure."""
    colour = _likeliest(HAIR_NAMES, person.appearance.hair)
    if colour is None:
        return ""
    return "bald" if colour == "bald" else f"with {colour} hair"


def posture(person: Person) -> str:
    """ "sitting, both arms up": the whole body first, then one remarkable gesture."""
    degrees: dict[str, float] = dict(zip(POSTURES, person.appearance.postures, strict=True))
    whole = max(WHOLE_BODY, key=lambda name: degrees[name])
    found = [whole] if degrees[whole] > HELD else []
    gesture = max(POSTURE_WORDS, key=lambda name: degrees[name])
    if degrees[gesture] > HELD:
        found.append(POSTURE_WORDS[gesture])
    return ", ".join(found)


def _place(index: int, count: int) -> str:
    if count == 1:
        return "the only one"
    if index in (0, count - 1):
        return "on the far left" if index == 0 else "on the far right"
    if count == 3:
        return "in the middle"
    return f"number {index + 1} from the left"


def number_word(count: int) -> str:
    """ "no", "one" to "ten", then digits."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def left_to_right(people: Sequence[Person]) -> list[int]:
    """Indices of the people by the centre of their boxes."""
    return sorted(range(len(people)), key=lambda i: people[i].box[0] + people[i].box[2])


def place(people: Sequence[Person], index: int) -> str:
    """ "number 2 from the left": where somebody is among the people."""
    return _place(left_to_right(people).index(index), len(people))


def name_of(people: Sequence[Person], index: int) -> str:
    """ "person 2 (in the middle, in a red top, sitting)": place, clothes and posture."""
    rank = left_to_right(people).index(index)
    person = people[index]
    told = [_place(rank, len(people)), clothes(person), hair(person), posture(person)]
    return f"person {rank + 1} ({', '.join(word for word in told if word)})"


def crowd(people: Sequence[Person]) -> str:
    """All people of a photo in one line."""
    if not people:
        return "I can see nobody in this photo."
    count = number_word(len(people))
    listed = "; ".join(name_of(people, i) for i in left_to_right(people))
    return f"I see {count} {'person' if len(people) == 1 else 'people'}: {listed}."
