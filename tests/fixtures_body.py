"""The embedded body and its file's arrays, for the tests of the body model."""

from __future__ import annotations

import numpy as np
import pytest

from chatpose_demo.body.smpl import EMBEDDED_FILE, Body


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


@pytest.fixture(scope="module")
def file_arrays() -> dict[str, np.ndarray]:
    return dict(np.load(EMBEDDED_FILE))
