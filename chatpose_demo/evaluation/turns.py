"""What a turn wants: false and missed bodies, and the topic of questions that want words."""

from __future__ import annotations

from collections import defaultdict

from chatpose_demo.evaluation.frozen_set import read_lines
from chatpose_demo.evaluation.reader import Reader, Table, rate
from chatpose_demo.network.topics import APP_TOPICS, BODY_TOPICS, NOT_APP, PHOTO_TOPICS


def wanting(reader: Reader, folder) -> Table:
    """False bodies on ordinary lines, missed bodies on requests; also by context."""
    results: dict[str, list[bool]] = defaultdict(list)
    for name, label in (("ordinary", "false"), ("requests", "missed")):
        for line in read_lines(name, folder):
            context = line["context"]
            body = reader.finder.standing if context == "pose" else None
            seen = reader(line["text"], has_photo=context == "photo", body=body)
            wrong = seen.asks_for_body == (label == "false")
            results[label].append(wrong)
            results[f"{label}, {context}"].append(wrong)
    return {name: rate(values) for name, values in sorted(results.items())}


def topics(reader: Reader, folder) -> Table:
    """Is the topic of a question about a body or a photo read rightly?"""
    hits = defaultdict(list)
    for line in read_lines("talk", folder):
        photo = line["topic"] in PHOTO_TOPICS
        seen = reader(line["text"], has_photo=photo, body=None if photo else reader.finder.standing)
        right = seen.topic_of(PHOTO_TOPICS if photo else BODY_TOPICS) == line["topic"]
        hits["photo" if photo else "body"].append(right)
        hits["all"].append(right)
    return {name: rate(values) for name, values in sorted(hits.items())}


def helping(reader: Reader, folder) -> Table:
    """Is a question about the program told from other lines, and read rightly?"""
    hits = defaultdict(list)
    for line in read_lines("help", folder):
        seen = reader(line["text"])
        said = NOT_APP if seen.asks_for_body else seen.topic_of(APP_TOPICS)
        if line["topic"] == NOT_APP:
            hits["false"].append(said != NOT_APP)
        else:
            hits["missed"].append(said == NOT_APP)
            hits["topic"].append(said == line["topic"])
    return {name: rate(values) for name, values in sorted(hits.items())}
