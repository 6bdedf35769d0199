"""A headless browser on the page: opening it, acting on it, judging what it draws."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

# The software renderer: WebGL2 without a graphics card.
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
]
SEND = "Submit"
STOP = "Stop"
QUESTION = "Ask about a pose…"
IN_PROGRESS = re.compile(r"^\s*$|…(\s*\d+ s)?\s*$")  # "Thinking…", "Loading the model… 3 s"
REPLY_MS = 120_000  # a reply of the embedded model on two busy cores

# Right after the start the model loads in the same process, and a busy machine answers late.
expect.set_options(timeout=20_000)

# What Babylon reports without harm: that there is no WebGPU (it goes on with WebGL2), and that its
# next frame found no scene when an undo emptied the viewer in the middle of drawing.
HARMLESS = ("WebGPU", "postProcessManager")


def _is_harmless(text: str, address: str) -> bool:
    # Gradio's own page resets a question that has no number yet when Stop comes that early; the
    # server refuses, and the question ends all the same.
    too_early = "422" in text and address.endswith(("/cancel", "/reset"))
    # Seen once in many runs: a component of Gradio's that is replaced while it mounts listens on
    # what is gone. Our own script listens on the document only.
    replaced = "null (reading 'addEventListener')" in text and "/assets/" in address
    return too_early or replaced or any(word in text for word in HARMLESS)


def chromium_path() -> str | None:
    """The browser: $CHROMIUM, else one on the path; None lets playwright use its own."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """One browser process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), headless=True, args=ARGUMENTS
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One visitor's tab and what it reported."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    # Parts of the page

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name=QUESTION)

    @property
    def replies(self) -> Locator:
        return self.page.locator('#chat [data-testid="bot"]')

    @property
    def questions(self) -> Locator:
        return self.page.locator('#chat [data-testid="user"]')

    @property
    def options(self) -> Locator:
        return self.page.locator("#chat .option")

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def thumbs(self) -> Locator:
        return self.page.locator("#bodies button.thumbnail-item")

    @property
    def canvas(self) -> Locator:
        return self.page.locator("#viewer canvas")

    @property
    def toast(self) -> Locator:
        return self.page.get_by_test_id("toast-body")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    # Acting

    def open(self, query: str = "") -> None:
        """Load the page and wait until it can be used."""
        self.page.goto(self.url + query, wait_until="domcontentloaded")
        expect(self.box).to_be_visible(timeout=60_000)
        expect(self.button(SEND)).to_be_visible()

    def ask(self, text: str) -> None:
        """Type a question and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def finished(self) -> None:
        """Wait for the end of the reply."""
        expect(self.button(STOP)).to_have_count(0, timeout=REPLY_MS)
        expect(self.button(SEND)).to_be_visible()

    def ask_and_wait(self, text: str) -> str:
        """Ask, wait for the whole reply, return its text."""
        before = self.replies.count()
        self.ask(text)
        expect(self.replies).to_have_count(before + 1, timeout=REPLY_MS)
        # Words have come. (Stop may be gone by now: a short reply ends before anybody looks.)
        expect(self.replies.last).not_to_have_text(IN_PROGRESS, timeout=REPLY_MS)
        self.finished()
        return self.replies.last.inner_text()

    def upload(self, path: str) -> None:
        """Choose a file in the photo panel."""
        self.page.locator("#photo input[type=file]").set_input_files(path)

    # Judging

    def body_is_drawn(self, timeout_s: float = 60) -> None:
        """Wait until the 3D canvas shows more than its background."""
        end = time.monotonic() + timeout_s
        seen = (0, 0.0)
        while time.monotonic() < end:
            seen = self.ink()
            if seen[0] > 20 and seen[1] > 0.01:
                return
            time.sleep(0.25)
        raise AssertionError(f"the canvas stayed blank: (colours, share of pixels) = {seen}")

    def ink(self) -> tuple[int, float]:
        """(distinct colours, share of pixels off the row's edge colour) of the canvas."""
        shot = Image.open(io.BytesIO(self.canvas.screenshot())).convert("RGB")
        pixels = np.asarray(shot).astype(int)
        # The background is a vertical gradient: compare each pixel with its row's left edge.
        off = np.abs(pixels - pixels[:, 2:3]).sum(axis=-1) > 40
        colours = np.unique(pixels[off].reshape(-1, 3), axis=0)
        return len(colours), float(off.mean())

    def picture(self) -> np.ndarray:
        """(H, W, 3) pixels of the canvas."""
        shot = Image.open(io.BytesIO(self.canvas.screenshot())).convert("RGB")
        return np.asarray(shot).astype(int)

    def settled_picture(
        self, unlike: np.ndarray | None = None, timeout_s: float = 30
    ) -> np.ndarray:
        """The canvas once it has stopped moving (and no longer looks like `unlike`)."""
        end = time.monotonic() + timeout_s
        last = self.picture()
        while time.monotonic() < end:
            time.sleep(0.4)
            now = self.picture()
            still = np.abs(now - last).mean() < 0.05
            if still and (unlike is None or np.abs(now - unlike).mean() > 1):
                return now
            last = now
        raise AssertionError("the canvas did not settle on a new picture")

    def outside_requests(self) -> list[str]:
        """Addresses off this machine that the page asked for."""
        own = (self.url, "data:", "blob:")
        return [address for address in self.requests if not address.startswith(own)]


@contextlib.contextmanager
def visit(browser: Browser, url: str, width: int = 1440, height: int = 900) -> Iterator[Visit]:
    """A fresh visitor."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    page = context.new_page()
    guest = Visit(page, url.rstrip("/"))
    page.on("request", lambda request: guest.requests.append(request.url))

    def note(text: str, address: str = "") -> None:
        if not _is_harmless(text, address):
            guest.errors.append(f"{text} {address}".strip())

    page.on("pageerror", lambda fault: note(str(fault), fault.stack or ""))
    page.on(
        "console",
        lambda line: note(line.text, line.location["url"]) if line.type == "error" else None,
    )
    try:
        yield guest
    finally:
        context.close()
