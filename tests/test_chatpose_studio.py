"""Training data of the paper's model from the studio: captions, talk, rendered pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from chatpose_photos import marked, red_middle
from chatpose_toys import dice
from scipy.spatial.transform import Rotation

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.training.chatpose.stage_photos import StageFolder, StageLive
from chatpose_demo.training.chatpose.studio import StudioTalk, StudioText

UP = np.array([0.0, 1.0, 0.0])  # a body's own


def test_studio_text_is_its_own_seed_and_never_frozen():
    data = StudioText(5)
    first = [data.sample(row, dice()) for row in range(60)]
    again = [StudioText(5).sample(row, dice(9)) for row in (3, 17)]
    for row, one in zip((3, 17), again, strict=True):
        assert one.messages == first[row].messages
        assert np.array_equal(one.rotations, first[row].rotations)  # type: ignore[arg-type]
    asked = [one.messages[0][0] for one in first]
    assert len(set(asked)) > 50
    assert not {normalised(text) for text in asked} & frozen_texts()
    heads = [(one.rotations[0] @ UP)[1] for one in first if one.rotations is not None]
    assert np.median(heads) < -0.8  # most stand: in the camera frame up is -y


def test_studio_talk_is_answered_by_geometry():
    samples = [StudioTalk(5).sample(row, dice()) for row in range(8)]
    assert all(one.rotations is None and one.image is None for one in samples)
    assert len({answer for one in samples for _, answer in one.messages}) > 5


def stage_folder(folder: Path) -> None:
    """Two people in the true form of the stage's files; the second is hidden."""
    root = Rotation.from_euler("y", 30, degrees=True).as_matrix()
    body = np.tile(np.eye(3), (24, 1, 1))
    body[18] = Rotation.from_euler("y", -80, degrees=True).as_matrix()
    shown = {
        "rotations": body.tolist(), "orientation_in_view": root.tolist(),
        "box": [60, 10, 100, 110], "visible": 0.9,
    }  # fmt: skip
    record = {"photo": "000000.jpg", "people": [shown, shown | {"visible": 0.2}]}
    marked(folder / "000000.jpg", (160, 120), (80, 60))
    (folder / "truth.jsonl").write_text(json.dumps(record) + "\n")


def test_stage_folder_turns_the_view_into_the_camera_frame(tmp_path):
    stage_folder(tmp_path)
    data = StageFolder(tmp_path, "pose")
    assert len(data) == 1
    sample = data.sample(0, dice())
    assert sample.image is not None and sample.rotations is not None
    assert sample.image.size == (120, 120)  # 100 px high, grown by 1.2
    assert np.allclose(red_middle(sample.image), 0.5, atol=0.02)
    ahead = sample.rotations[0] @ [0, 0, 1]
    assert ahead[2] < -0.8 and ahead[0] > 0.4  # towards the camera and to the picture's right
    assert (sample.rotations[0] @ UP)[1] < -0.99
    talk = StageFolder(tmp_path, "talk").sample(0, dice())
    assert talk.rotations is None and talk.image is not None


def test_stage_renders_when_asked():
    pytest.importorskip("moderngl", reason="pictures need the extra")
    sample = StageLive(7, "pose").sample(1, dice())
    again = StageLive(7, "pose").sample(1, dice())
    assert sample.image is not None and sample.rotations is not None
    assert np.array_equal(np.asarray(sample.image), np.asarray(again.image))
    assert np.array_equal(sample.rotations, again.rotations)  # type: ignore[arg-type]
    assert np.asarray(sample.image).std() > 10
