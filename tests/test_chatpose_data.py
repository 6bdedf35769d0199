"""Training data of the paper's model: every public format on tiny files in its true form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from chatpose_photos import marked, red_middle
from chatpose_toys import dice
from PIL import Image
from scipy.spatial.transform import Rotation

from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.pose import R_WORLD_CAMERA
from chatpose_demo.training.chatpose import templates
from chatpose_demo.training.chatpose.bedlam import Bedlam
from chatpose_demo.training.chatpose.mix665k import Mix665k
from chatpose_demo.training.chatpose.photos import PhotoSet
from chatpose_demo.training.chatpose.posescript import PoseScript
from chatpose_demo.training.chatpose.sample import DataError, Sample
from chatpose_demo.training.chatpose.sources import FILES, open_sources

UP = np.array([0.0, 1.0, 0.0])  # a body's own


def matrices(vectors: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, 3, 3)


# --- PoseScript ---------------------------------------------------------------------------------


@pytest.fixture
def posescript(tmp_path: Path) -> Path:
    """Three poses: with both kinds of caption, with an automatic one only, with none."""
    folder = tmp_path / "posescript_release"
    folder.mkdir()
    places = {str(k): ["AMASS", "CMU/01/walk_poses.npz", k] for k in range(3)}
    files = {
        "ids_2_dataset_sequence_and_frame_index_100k.json": places,
        "train_ids_100k.json": ["0", "1", "2"],
        "posescript_human_6293.json": {"0": ["Somebody stands."]},
        "posescript_auto_100k.json": {"0": ["They are up.", "Upright it is."], "1": ["A walk"]},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    poses = np.zeros((3, 156))
    poses[:, 3:66] = 0.3 * dice().standard_normal((3, 63))
    turned = Rotation.from_euler("xyz", [[85, 5, 130], [90, 0, -70], [90, 0, 0]], degrees=True)
    poses[:, :3] = turned.as_rotvec()
    file = tmp_path / "AMASS" / "smplh" / "CMU" / "01" / "walk_poses.npz"
    file.parent.mkdir(parents=True)
    np.savez(file, poses=poses, betas=np.zeros(16), gender=np.array("male"))
    return tmp_path


def test_posescript_has_no_heading_and_stands_in_the_camera_frame(posescript):
    data = PoseScript(posescript)
    assert len(data) == 2  # a pose without captions teaches nothing
    raw = np.load(posescript / "AMASS" / "smplh" / "CMU" / "01" / "walk_poses.npz")["poses"]
    for row in range(2):
        truth = data.sample(row, dice()).rotations
        assert truth is not None
        # facts of the reference: yaw off, then z-up to y-down by this very matrix
        x, y, _ = Rotation.from_rotvec(raw[row, :3]).as_euler("xyz")
        flat = Rotation.from_euler("xyz", [x, y, 0]).as_matrix()
        down = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]) @ flat
        assert np.allclose(truth[0], down, atol=1e-5)
        assert np.allclose(truth[1:22], matrices(raw[row, 3:66]), atol=1e-5)
        assert np.allclose(truth[22:], np.eye(3))
    standing = data.sample(1, dice()).rotations
    assert standing is not None and (standing[0] @ UP)[1] < -0.99  # the head is up: y is down


def test_posescript_takes_human_captions_half_of_the_time(posescript):
    data = PoseScript(posescript)
    asked = [data.sample(0, dice(seed)).messages[0][0] for seed in range(200)]
    human = np.mean(["Somebody stands." in text for text in asked])
    assert 0.4 < human < 0.6
    assert any("They are up." in text for text in asked)
    assert any("Upright it is." in text for text in asked)
    assert "A walk." in data.sample(1, dice()).messages[0][0]


# --- photos of people ---------------------------------------------------------------------------


def people(folder: Path, **fields: np.ndarray) -> PhotoSet:
    marked(folder / "images" / "a" / "one.jpg", (200, 120), (150, 50))
    names = np.array([b"a/one.jpg"] * 2)
    np.savez(folder / "set.npz", imgname=names, center=np.array([[150.0, 50.0]] * 2), **fields)
    return PhotoSet(folder / "set.npz")


def test_spin_file_is_cropped_as_hmr2_does(tmp_path):
    poses = 0.4 * dice().standard_normal((2, 72))
    data = people(
        tmp_path, pose=poses, scale=np.array([0.3, 0.45]), has_smpl=np.array([0, 1])
    )  # fmt: skip
    assert len(data) == 1  # the other has no pose
    sample = data.sample(0, dice())
    assert sample.image is not None and sample.rotations is not None
    assert sample.image.size == (120, 120)  # 0.45 x 200 px wide, grown to 4 : 3
    assert np.allclose(red_middle(sample.image), 0.5, atol=0.02)
    assert sample.image.getpixel((119, 60)) == (0, 0, 0)  # beyond the photo's edge
    assert np.allclose(sample.rotations, matrices(poses[1]), atol=1e-5)  # as it is


def test_hmr2_file_counts_scale_in_pixels(tmp_path):
    poses = 0.4 * dice().standard_normal((2, 72)).astype(np.float32)
    data = people(
        tmp_path, body_pose=poses, scale=np.array([[30.0, 80.0], [60.0, 20.0]]),
        has_body_pose=np.ones(2), extra_info=np.array([{}, {}], dtype=object),
    )  # fmt: skip
    sizes = [data.sample(row, dice()).image.size for row in range(2)]  # type: ignore[union-attr]
    assert sizes == [(80, 80), (80, 80)]  # the higher side; 60 wide grown to 80 high
    truth = data.sample(0, dice()).rotations
    assert truth is not None and np.allclose(truth, matrices(poses[0]), atol=1e-5)


@pytest.mark.parametrize("portrait", [False, True])
def test_bedlam_scene(tmp_path, portrait):
    upright = (72, 128) if portrait else (128, 72)
    spot = (50, 100) if portrait else (100, 40)
    folder = tmp_path / "training_images" / "closeup_6fps" / "png" / "seq_000000"
    marked(folder / "seq_000000_0005.png", upright, spot)
    if portrait:  # as it is stored
        path = folder / "seq_000000_0005.png"
        Image.open(path).transpose(Image.Transpose.ROTATE_90).save(path)
    lens = np.array([[[500.0, 0, upright[0] / 2], [0, 500, upright[1] / 2], [0, 0, 1]]])
    pose = 0.3 * dice().standard_normal((1, 165))
    labels = tmp_path / "training_labels" / "all_npz_12_training"
    labels.mkdir(parents=True)
    np.savez(
        labels / "closeup_6fps.npz", imgname=np.array(["seq_000000/seq_000000_0005.png"]),
        center=np.array([spot], float), scale=np.array([0.15]), pose_cam=pose, cam_int=lens,
        motion_info=np.array([{}], dtype=object),
    )  # fmt: skip
    np.savez(labels / "agora-body.npz", imgname=np.array(["x.png"]))
    data = Bedlam(tmp_path)
    sample = data.sample(0, dice())
    assert len(data) == 1 and sample.image is not None and sample.rotations is not None
    assert sample.image.size == (40, 40)
    assert np.allclose(red_middle(sample.image), 0.5, atol=0.02)
    assert np.allclose(sample.rotations[:22], matrices(pose[0, :66]), atol=1e-5)
    assert np.allclose(sample.rotations[22:], np.eye(3))  # SMPL-X has fingers there


# --- instructions -------------------------------------------------------------------------------


def conversation(image: str | None, *values: str) -> dict:
    said = [
        {"from": ("human", "gpt")[place % 2], "value": value} for place, value in enumerate(values)
    ]
    return {"id": "1", "conversations": said} | ({"image": image} if image else {})


def test_mix665k_is_restricted_to_three_sources(tmp_path):
    records = [
        conversation("coco/train2017/1.jpg", "<image>\nWhat is it?", "A cat.", "Sure?", "Yes."),
        conversation("ocr_vqa/images/2.jpg", "Who wrote it?\n<image>", "Nobody."),
        conversation(None, "Write a poem.", "No."),
        conversation("vg/VG_100K/3.jpg", "Where is it?\n<image>", "There."),
        conversation("gqa/images/4.jpg", "<image>\nSay it.", f"Well, {POSE_TOKEN}."),
    ]
    (tmp_path / "llava_v1_5_mix665k.json").write_text(json.dumps(records))
    for name in ("coco/train2017/1.jpg", "vg/VG_100K/3.jpg"):
        marked(tmp_path / name, (20, 20), (9, 9))
    data = Mix665k(tmp_path)
    samples = [data.sample(row, dice()) for row in range(len(data))]
    assert [one.messages for one in samples] == [
        (("What is it?", "A cat."), ("Sure?", "Yes.")),
        (("Where is it?", "There."),),
    ]
    assert all(one.image is not None and one.rotations is None for one in samples)


# --- all of them --------------------------------------------------------------------------------


def test_missing_data_say_what_to_put_where(tmp_path):
    for name in FILES:
        with pytest.raises(DataError, match=f"Put .* here: {tmp_path / name}"):
            open_sources([f"{name}={tmp_path / name}"])
        with pytest.raises(DataError, match=f"{name}=PATH"):
            open_sources([name])
    with pytest.raises(DataError, match="studio.stage --out"):
        open_sources([f"studio={tmp_path / 'pictures'}"])
    with pytest.raises(DataError, match="no data 'imagenet'"):
        open_sources(["imagenet"])


def test_templates_count_as_the_paper_s():
    asked, seen, told = templates.TEXT_QUESTIONS, templates.IMAGE_QUESTIONS, templates.ANSWERS
    assert [len(set(forms)) for forms in (asked, seen, told)] == [9, 5, 8]
    assert all(form.count("{caption}") == 1 for form in asked)
    assert all(form.count(POSE_TOKEN) == 1 for form in told)
    assert templates.ask_text(dice(), "a man sits").count("A man sits.") == 1


def test_a_sample_s_words_fit_its_body():
    with pytest.raises(ValueError, match="pose token"):
        Sample((("Show me.", f"Here: {POSE_TOKEN}."),))
    with pytest.raises(ValueError, match="pose token"):
        Sample((("Hi.", "Hello."),), rotations=np.tile(R_WORLD_CAMERA, (24, 1, 1)))
