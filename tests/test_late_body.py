"""A body that was on its way when the visitor pressed Stop."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import pytest
from visitor import answered

from chatpose_demo.ui import handlers as reactions
from chatpose_demo.ui.handlers import Handlers
from chatpose_demo.ui.session import SessionStore
from chatpose_demo.ui.views import Parts
from chatpose_demo.ui.worker import Worker


@pytest.mark.parametrize("bodies", [0, 1])
def test_it_comes_into_the_viewer(tmp_path, monkeypatch, bodies):
    monkeypatch.setattr(reactions, "SETTLE_S", 0.0)
    store = SessionStore(tmp_path)
    session = store.of("one")
    before = answered(session, "sit", "<POSE>", 1).bodies[0]
    session.shown = before
    stopped = answered(session, "kneel", "<POSE>" * bodies, bodies)
    stopped.complete = False
    # The handler answers with updates for these components; any hashable parts will do.
    parts = SimpleNamespace(**{field.name: field.name for field in fields(Parts)})
    page = Handlers(parts, Worker(lambda: None), store, [])  # type: ignore[arg-type]
    update = page.settled(SimpleNamespace(session_hash="one"))  # type: ignore[arg-type]
    assert session.shown is (stopped.bodies[-1] if bodies else before)
    assert ("bodies" in update) == bool(bodies)
