"""Facts about the program are true of it."""

from __future__ import annotations

import re

import pytest

from chatpose_demo.network.app_talk import ANSWERS, about_app, is_fact
from chatpose_demo.network.topics import APP_TOPICS, NOT_APP
from chatpose_demo.photo import LIMITS, READABLE
from chatpose_demo.studio.atlas import load_atlas


def test_every_topic_has_whole_sentences():
    assert set(ANSWERS) == {*APP_TOPICS} - {NOT_APP}
    for topic in ANSWERS:
        said = about_app(topic)
        assert is_fact(said) and not is_fact(said[:-1])
        assert said.endswith(".") and "{" not in said and not re.search(r"  |\n", said)


def test_numbers_in_the_answers_are_those_of_the_code():
    assert f"{len(load_atlas())} poses" in about_app("app_how")
    assert READABLE in about_app("app_photo")
    assert f"{LIMITS.max_bytes // 2**20} MB" in about_app("app_photo")


@pytest.mark.parametrize("topic", [NOT_APP, "posture", ""])
def test_other_topics_are_refused(topic: str):
    with pytest.raises(ValueError, match="program"):
        about_app(topic)
