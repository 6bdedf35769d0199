"""Bodies for the tests of the public sets."""

from __future__ import annotations

import shutil

import pytest

from chatpose_demo.body.smpl import EMBEDDED_FILE, Body


@pytest.fixture(scope="session")
def body() -> Body:
    """The body that ships with the project."""
    return Body.embedded()


@pytest.fixture(scope="session")
def smpl(tmp_path_factory, body) -> Body:
    """A body from a user's file; the embedded geometry stands in for SMPL's."""
    path = tmp_path_factory.mktemp("smpl") / "SMPL_NEUTRAL.npz"
    shutil.copy(EMBEDDED_FILE, path)
    return Body.from_file(path)
