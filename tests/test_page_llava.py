"""A visitor on the page with the paper's architecture: real app, real browser, tiny weights.

The weights are random but for the pose head, which always gives the same body: somebody who stands
upright in front of the camera, so that what reaches the page and the files can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from browser import Visit, chromium_path, open_browser, visit  # noqa: E402
from conftest import ROOT, serving  # noqa: E402

from chatpose_demo.body.export import read_amass_npz, read_json  # noqa: E402
from chatpose_demo.body.smpl import Body  # noqa: E402
from chatpose_demo.network.llava.build import build, save_folder  # noqa: E402
from chatpose_demo.network.llava.config import config_of  # noqa: E402
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer  # noqa: E402
from chatpose_demo.pose import JOINT, R_WORLD_CAMERA, matrix_to_6d  # noqa: E402

expect = playwright_api.expect
pytestmark = pytest.mark.skipif(chromium_path() is None, reason="no Chromium on this machine")

PHOTO = ROOT / "examples" / "stairs.jpg"  # three people
# Keeps every text that the last reply has shown.
WATCH = """() => {
    window.said = new Set();
    new MutationObserver(() => {
        const reply = [...document.querySelectorAll('#chat [data-testid="bot"]')].at(-1);
        if (reply) window.said.add(reply.innerText.trim());
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A folder of tiny weights whose bodies stand upright in the camera's frame, y down."""
    folder = tmp_path_factory.mktemp("weights")
    model = build("tiny")
    upright = torch.eye(3).repeat(24, 1, 1)
    upright[0] = torch.from_numpy(R_WORLD_CAMERA)  # its own inverse
    last = model.pose_head[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(matrix_to_6d(upright).flatten())
    save_folder(model, tiny_tokenizer(config_of("tiny")), folder)
    return folder


@pytest.fixture(scope="module")
def llava_url(weights, tmp_path_factory) -> Iterator[str]:
    """Address of `python app.py --model tiny-llava`."""
    folder = tmp_path_factory.mktemp("app")
    with serving(folder, folder, "--model", "tiny-llava", "--weights", str(weights)) as url:
        yield url


def download(guest: Visit, name: str, folder: Path) -> Path:
    with guest.page.expect_download() as event:
        guest.button(name).click()
    path = folder / event.value.suggested_filename
    event.value.save_as(path)
    return path


def stands_upright(file: Path) -> None:
    """A pose file's body has its head above its hips and faces the viewer."""
    pose = read_json(file) if file.suffix == ".json" else read_amass_npz(file)
    np.testing.assert_allclose(pose.rotations, np.tile(np.eye(3), (24, 1, 1)), atol=1e-4)
    joints = Body.embedded().pose(torch.from_numpy(pose.rotations)[None]).joints[0]
    assert joints[JOINT["head"], 1] > joints[JOINT["left_hip"], 1] + 0.4


def test_a_chosen_person_becomes_an_upright_body(llava_url, tmp_path):
    with open_browser() as browser, visit(browser, llava_url) as guest:
        guest.open()
        expect(guest.page.locator("#served")).to_contain_text("the paper's model")
        guest.upload(str(PHOTO))
        expect(guest.status).to_contain_text("3 people found", timeout=60_000)
        expect(guest.status).to_contain_text("cannot point")
        guest.page.locator("#who").get_by_role("radio").nth(2).check()
        expect(guest.status).to_contain_text("part of the photo around them")
        guest.page.get_by_role("button", name=re.compile("^Settings")).click()
        guest.page.get_by_role("radio", name="Always").check()

        guest.page.evaluate(WATCH)
        guest.ask("What is this person doing?")
        chips = guest.page.locator("#chat .pose-chip")
        expect(chips).to_have_text(["body 1"], timeout=60_000)
        guest.finished()
        growing = guest.page.evaluate("[...window.said]")
        assert len(growing) >= 3, f"not streamed: {growing}"
        expect(guest.status).to_contain_text("Body 1: person 2, in the middle, read from the photo")
        guest.body_is_drawn()

        mesh = trimesh.load_mesh(download(guest, "↓ GLB", tmp_path))
        assert abs(mesh.bounds[0, 1]) < 1e-3 and 1.5 < mesh.bounds[1, 1] < 2
        top = mesh.vertices[mesh.vertices[:, 1] > mesh.bounds[1, 1] - 0.2]
        assert np.ptp(top[:, 0]) < 0.35  # one head, not two feet
        for name in ("↓ JSON", "↓ NPZ"):
            stands_upright(download(guest, name, tmp_path))

        expect(guest.options).to_have_text(["Describe it"])
        guest.ask("And now?")
        expect(chips).to_have_text(["body 1", "body 2"], timeout=60_000)
        guest.finished()
        expect(guest.thumbs).to_have_count(2)
        assert guest.errors == [] and guest.outside_requests() == []
