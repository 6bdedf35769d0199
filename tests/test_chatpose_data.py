"""Training data of the paper's model: every public format on tiny files in its true form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from chatpose_demo.evaluation.frozen_set import frozen_texts, normalised
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.pose import R_WORLD_CAMERA
from chatpose_demo.training.chatpose import templates
from chatpose_demo.training.chatpose.bedlam import Bedlam
from chatpose_demo.training.chatpose.mix665k import Mix665k
from chatpose_demo.training.chatpose.mixing import Shares, mixtures, split_rows
from chatpose_demo.training.chatpose.photos import PhotoSet
from chatpose_demo.training.chatpose.posescript import PoseScript
from chatpose_demo.training.chatpose.sample import DataError, Sample
from chatpose_demo.training.chatpose.sources import FILES, open_sources
from chatpose_demo.training.chatpose.stage_photos import StageFolder, StageLive
from chatpose_demo.training.chatpose.studio import StudioTalk, StudioText

UP, LOW = np.array([0.0, 1.0, 0.0]), 0  # a body's own up; the pelvis


def dice(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def matrices(vectors: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, 3, 3)


def marked(path: Path, size: tuple[int, int], spot: tuple[int, int]) -> None:
    """A grey photo with a red block of 9 pixels around a spot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.new("RGB", size, (90, 90, 90))
    photo.paste((255, 0, 0), (spot[0] - 4, spot[1] - 4, spot[0] + 5, spot[1] + 5))
    photo.save(path)


def red_middle(image: Image.Image) -> np.ndarray:
    """Mean (x, y) of the red pixels, as shares of the sides."""
    pixels = np.asarray(image).astype(int)
    rows, columns = np.nonzero((pixels[..., 0] > 200) & (pixels[..., 1] < 60))
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / image.size


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


# --- the studio ---------------------------------------------------------------------------------


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


# --- mixing -------------------------------------------------------------------------------------


class Numbers:
    """Rows that say which they are."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count = name, count

    def __len__(self) -> int:
        return self.count

    def sample(self, row: int, rng: np.random.Generator) -> Sample:
        return Sample(((f"{self.name} {row}", str(rng.integers(1000))),))


def numbers() -> dict:
    return {"text": [Numbers("t", 10), Numbers("u", 5)], "image": [Numbers("i", 40)]}


SHARES = {"text": 1, "instruction": 0, "image": 2}


def test_mixture_keeps_the_shares_and_goes_through_every_row():
    stream, held_out = mixtures(numbers(), SHARES, seed=3, held_out=0)  # type: ignore[arg-type]
    assert held_out.tasks == ()
    said = [stream[k].messages[0] for k in range(45)]
    asked = [question for question, _ in said]
    kinds = [text[0] for text in asked]
    for start in range(0, 45, 3):  # blocks of one text and two images
        assert sorted("t" if k in "tu" else k for k in kinds[start : start + 3]) == ["i", "i", "t"]
    words = [text for text in asked if text[0] in "tu"]
    assert len(set(words)) == 15 and words != sorted(words)
    assert said == [mixtures(numbers(), SHARES, 3, 0)[0][k].messages[0] for k in range(45)]  # type: ignore[arg-type]
    other = mixtures(numbers(), SHARES, 4, 0)[0]  # type: ignore[arg-type]
    assert said != [other[k].messages[0] for k in range(45)]


def test_processes_share_the_stream_without_overlap():
    def take(shares: Shares, count: int) -> list[list[int]]:
        stream = iter(shares)
        return [next(stream) for _ in range(count)]

    alone = take(Shares(0, batch=6), 4)
    pair = [take(Shares(0, batch=3, rank=rank, processes=2), 4) for rank in (0, 1)]
    assert [a + b for a, b in zip(*pair, strict=True)] == alone
    assert take(Shares(12, batch=3, rank=1, processes=2), 2) == pair[1][2:]
    assert len(list(Shares(0, 3, batches=5))) == 5


def test_held_out_rows_are_never_trained_on():
    train, test = split_rows(100, 8)
    assert len(test) == 8 and not set(train) & set(test) and len(train) == 92
    assert np.ptp(test) > 80  # from all of the set
    assert len(split_rows(5, 8)[1]) == 0
    data = {"text": [Numbers("t", 100)]}
    streams = mixtures(data, {"text": 1}, seed=0, held_out=8)  # type: ignore[arg-type]
    seen = [{int(one[k].messages[0][0].split()[1]) for k in range(92)} for one in streams]
    assert seen == [set(train.tolist()), set(test.tolist())]
