"""A visitor is asked whom they mean, and clicks one.

The page, the eyes and the body are real; the network is one that always asks back first, because
whether the trained one is in doubt about a photo changes with its weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from browser import chromium_path, open_browser, visit  # noqa: E402

from chatpose_demo.body.smpl import Body as SmplBody  # noqa: E402
from chatpose_demo.chat import ChatPose  # noqa: E402
from chatpose_demo.network.interface import AskBack, Body, Question, Words  # noqa: E402
from chatpose_demo.perception.eyes import Eyes  # noqa: E402

expect = playwright_api.expect
pytestmark = pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")

PHOTO = Path(__file__).parents[1] / "examples" / "stairs.jpg"  # three people
QUESTION = "Show me the man"


class InDoubt:
    """Asks whom the visitor means, and shows the one whom they choose."""

    def answer(
        self, question: Question, stopped: Callable[[], bool]
    ) -> Iterator[Words | Body | AskBack]:
        if question.last is None:
            yield AskBack((0, 2))
            yield Words("Which one do you mean?")
            return
        yield Words("That one. ")
        rotations = question.people[question.last].rotations
        yield Body(rotations, "photo", "the man", person=question.last)


@pytest.fixture(scope="module")
def doubtful_url(tmp_path_factory) -> Iterator[str]:
    """Address of the page over a network in doubt."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        from chatpose_demo.ui.blocks import build, launch
        from chatpose_demo.ui.engine import Engine
        from chatpose_demo.ui.viewer import Tailor
        from chatpose_demo.ui.worker import Worker

        def load() -> Engine:
            body = SmplBody.resolve()
            return Engine(ChatPose(body, Eyes(), InDoubt()), Tailor(body))

        worker = Worker(load)
        worker.start()
        demo = build(worker)
        yield launch(demo)
        demo.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_click_says_who_is_meant(doubtful_url, width, height):
    with open_browser() as browser, visit(browser, doubtful_url, width, height) as guest:
        guest.open()
        guest.upload(str(PHOTO))
        expect(guest.status).to_contain_text("3 people found", timeout=60_000)
        guest.ask_and_wait(QUESTION)
        expect(guest.options).to_have_text(
            ["Person 1, on the far left", "Person 3, on the far right"]
        )
        guest.button("Person 3, on the far right").click()
        expect(guest.questions.last).to_have_text(
            re.compile(f"{QUESTION}\\s*↳ person 3, on the far right")
        )
        guest.finished()
        expect(guest.thumbs).to_have_count(1)
        expect(guest.status).to_contain_text("read from the photo")
        expect(guest.button("Show me everyone")).to_be_visible()
        assert guest.page.evaluate("document.documentElement.scrollWidth") <= width
        assert guest.outside_requests() == []
