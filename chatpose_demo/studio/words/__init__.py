"""Hand-written training text, one folder per writer, and its reader."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from importlib import resources

WRITERS = ("ada", "bela", "chen", "dara", "iris", "jon", "kofi", "lena")
CHATTERS = ("evan", "fay")  # wrote ordinary lines only
REQUESTERS = ("gus", "hana")  # wrote whole requests for a body only
# Wrote lines on both sides of wanting a body; the last eight mostly moments of somebody's story
# that one sees before one's eyes, and stories that only tell.
BORDERERS = (
    "mira", "noor", "otto", "pia",
    "ivan", "jola", "kurt", "lotte", "milo", "nadia", "owen", "petra",
    "anton", "betty", "cyril", "daria", "ewan", "flora", "gregor", "heidi",
)  # fmt: skip
NAMERS = ("quin", "rosa", "sam", "tess")  # wrote phrases for people and parts of bodies, no poses
# Wrote whole changes and whole questions about people for given meanings, and ordinary lines.
TELLERS = ("ugo", "vera", "wim", "xena", "yara", "zeno")
# Wrote changes that lean on the body they saw ("the other knee"), and remarks that want none; the
# later ones also turned it around and wished for whole poses.
SEERS = (
    "abel", "bram", "cleo", "dina", "egon", "faye",
    "gwen", "hugo", "inka", "jens", "kaya", "liam", "mona", "nils",
    "anja", "boris", "cara", "dov", "elin", "fritz", "greta", "hector",
)  # fmt: skip
# Wrote whole questions about people only: somebody ruled out, somebody beside, ordinal places.
FINDERS = ("ilse", "jack", "kira", "luis", "meg", "noel")
# Wrote questions about the program, and lines in the same words that are not about it.
ASKERS = ("olga", "paul", "rita", "stan", "tina", "uwe")
# Wrote the plain first lines of a chat only: "a man kneeling", "stand on your toes please".
BEGINNERS = ("alma", "bert", "clem", "doro", "emil", "fina")
# Wrote wishes that name a mood, a manner or a character and no doing ("something melancholic", "how
# does grief look?"), and ordinary lines in the same words.
MOODERS = ("amir", "bibi", "cosmo", "delia", "enzo", "frida", "gabor", "hilde")
LISTERS = ("ines", "olaf")  # wrote the plain names of the atlas' poses: no training text


@dataclass(frozen=True)
class Words:
    """One writer's text.

    Attributes:
        parts, refs, requests, acts, talk: key -> phrases, as the writer's files hold them; not
            every writer wrote every file or key.
        chat: ordinary lines.
        atlas: pose id -> phrases.
        edits, people, wishes: meaning -> whole sentences, see `told`.
        bodies: meaning -> whole first lines of a chat that ask for such a body, see `told`.
        slots: "posture.sitting", "place.leftmost" -> words that fit after "the woman".
    """

    writer: str
    parts: dict[str, list[str]]
    refs: dict[str, list[str]]
    requests: dict[str, list[str]]
    chat: list[str]
    atlas: dict[str, list[str]]
    acts: dict[str, list[str]]
    talk: dict[str, list[str]]
    edits: dict[str, list[str]]
    people: dict[str, list[str]]
    wishes: dict[str, list[str]]
    bodies: dict[str, list[str]]
    slots: dict[str, list[str]]


def _lines(writer: str, name: str) -> list[str]:
    file = resources.files(__name__) / writer / name
    if not file.is_file():
        return []
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]


def _keyed(writer: str, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in _lines(writer, name):
        key, separator, phrase = line.partition("|")
        if not separator or not phrase.strip():
            raise ValueError(f"{writer}/{name}: not `key | phrase`: {line!r}")
        found[key.strip()].append(phrase.strip())
    return dict(found)


def load_words(writer: str) -> Words:
    """All text of one writer.

    Raises:
        FileNotFoundError: no such writer.
        ValueError: a line that is not `key | phrase`.
    """
    if not (resources.files(__name__) / writer).is_dir():
        raise FileNotFoundError(f"no writer {writer!r} among the words")
    atlas = {
        pose: [phrase.strip() for line in lines for phrase in line.split(";") if phrase.strip()]
        for pose, lines in _keyed(writer, "atlas.txt").items()
    }
    return Words(
        writer,
        parts=_keyed(writer, "parts.txt"),
        refs=_keyed(writer, "refs.txt"),
        requests=_keyed(writer, "requests.txt"),
        chat=_lines(writer, "chat.txt"),
        atlas=atlas,
        acts=_keyed(writer, "acts.txt"),
        talk=_keyed(writer, "talk.txt"),
        edits=_keyed(writer, "edits.txt"),
        people=_keyed(writer, "people.txt"),
        wishes=_keyed(writer, "wishes.txt"),
        bodies=_keyed(writer, "bodies.txt"),
        slots=_keyed(writer, "slots.txt"),
    )
