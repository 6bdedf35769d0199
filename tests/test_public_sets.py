"""Loaders of the public sets on tiny files in the true formats, from file to error."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import EMBEDDED_FILE, Body
from chatpose_demo.evaluation.public import human36m, posescript, rpe, threedpw
from chatpose_demo.evaluation.public.__main__ import main
from chatpose_demo.evaluation.public.asking import overlap
from chatpose_demo.evaluation.public.lsp14 import Lsp14
from chatpose_demo.evaluation.public.report import report, table
from chatpose_demo.evaluation.public.sample import PublicSetError, spread
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS

ROOT = Path(__file__).parents[1]
FLIP = np.diag([1.0, -1.0, -1.0])  # the world looks back at the camera


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


def vectors(seed: int, *shape: int) -> np.ndarray:
    """Axis-angle vectors of plausible size."""
    return 0.5 * np.random.default_rng(seed).standard_normal((*shape, 3))


def matrices(rotvecs: np.ndarray) -> np.ndarray:
    flat = Rotation.from_rotvec(rotvecs.reshape(-1, 3)).as_matrix()
    return flat.reshape(*rotvecs.shape[:-1], 3, 3)


def posed(body: Body, rotvecs: np.ndarray) -> np.ndarray:
    """(..., 24, 3) joints of axis-angle poses (..., 24, 3)."""
    flat = torch.from_numpy(matrices(rotvecs).reshape(-1, 24, 3, 3)).float()
    return body.pose(flat).joints.double().numpy().reshape(*rotvecs.shape)


def photo(path: Path, size: tuple[int, int] = (64, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 90, 90)).save(path)


def perfect(name: str, body: Body, samples: list) -> dict[str, np.ndarray]:
    """Errors of the truth itself; all must be nil."""
    scorer = Scorer(SETS[name], body, {}, None)
    return {one.name: one.values for one in scorer(samples, stack(samples))}


def stack(samples: list) -> np.ndarray:
    return np.stack([one.rotations for one in samples])


# --- 3DPW ---------------------------------------------------------------------------------------


def sequence_3dpw(body: Body, frames: int = 3) -> dict:
    """A sequence of two people, with the keys and types of the released pickles."""
    poses = [vectors(number, frames, 24) for number in range(2)]
    cameras = np.tile(np.eye(4), (frames, 1, 1))
    cameras[:, :3, :3] = matrices(vectors(9, frames))
    cameras[:, :3, 3] = [0.3, 0.2, 4.0]
    valid = [np.array([1, 0, 1]), np.array([1, 1, 1])]
    poses2d = np.zeros((2, frames, 3, 18))
    poses2d[:, :, :, 3] = [20.0, 10.0, 0.9]
    poses2d[:, :, :, 7] = [40.0, 30.0, 0.5]
    poses2d[:, :, :2, 9] = 900.0  # not seen: its confidence is zero
    return {
        "sequence": "downtown_test_00",
        "poses": [one.reshape(frames, 72) for one in poses],
        "betas": [np.arange(10.0), np.arange(10.0) / 10],
        "genders": ["m", "f"],
        "campose_valid": valid,
        "cam_poses": cameras,
        "jointPositions": [(posed(body, one) + 7.0).reshape(frames, 72) for one in poses],
        "poses2d": list(poses2d),
        "cam_intrinsics": np.eye(3),
        "trans": [np.zeros((frames, 3))] * 2,
        "img_frame_ids": np.arange(frames),
    }


def write_3dpw(root: Path, content: object, protocol: int = 2) -> None:
    path = root / "sequenceFiles" / "test" / "downtown_test_00.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    for frame in range(3):
        photo(root / "imageFiles" / "downtown_test_00" / f"image_{frame:05d}.jpg")


def test_3dpw_from_file_to_error(tmp_path, body):
    raw = sequence_3dpw(body)
    write_3dpw(tmp_path, raw)
    samples = list(threedpw.load(tmp_path))
    assert [one.key for one in samples] == [
        "downtown_test_00/00000/0", "downtown_test_00/00002/0", "downtown_test_00/00000/1",
        "downtown_test_00/00001/1", "downtown_test_00/00002/1",
    ]  # fmt: skip
    one = samples[1]  # frame 2 of the first person; frame 1 has no valid camera
    assert one.image == tmp_path / "imageFiles" / "downtown_test_00" / "image_00002.jpg"
    assert (one.gender, one.person, one.group) == ("male", "downtown_test_00/0", "downtown_test_00")
    assert one.betas.tolist() == list(range(10))
    assert one.box == (20.0, 10.0, 40.0, 30.0)
    truth = matrices(raw["poses"][0][2].reshape(24, 3))
    assert np.allclose(one.rotations[1:], truth[1:], atol=1e-6)
    camera = raw["cam_poses"][2, :3, :3]
    assert np.allclose(one.rotations[0], FLIP @ camera @ truth[0], atol=1e-6)
    for name, values in perfect("3dpw", body, samples).items():
        assert values == pytest.approx([0] * 5, abs=2e-2 if "MPJRE" in name else 1e-5), name


def test_3dpw_turned_twice_by_its_camera_would_show(tmp_path, body):
    raw = sequence_3dpw(body)
    write_3dpw(tmp_path, raw)
    samples = list(threedpw.load(tmp_path))
    wrong = stack(samples)
    wrong[:, 0] = wrong[:, 0] @ raw["cam_poses"][0, :3, :3]
    errors = {one.name: one.values for one in Scorer(SETS["3dpw"], body, {}, None)(samples, wrong)}
    assert (errors["MPJPE (SMPL 24 joints, pelvis aligned)"] > 0.05).all()
    assert errors["PA-MPJPE (SMPL 24 joints)"] == pytest.approx([0] * 5, abs=1e-5)


def test_3dpw_limit_is_spread_over_the_set(tmp_path, body):
    write_3dpw(tmp_path, sequence_3dpw(body))
    keys = [one.key for one in threedpw.load(tmp_path, limit=2)]
    assert keys == ["downtown_test_00/00000/0", "downtown_test_00/00000/1"]
    assert spread(range(10), 3) == [0, 3, 6] and spread(range(2), 5) == [0, 1]


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("bomb-went-off"),))


@pytest.mark.parametrize("protocol", [2, 5])
def test_3dpw_runs_no_code(tmp_path, body, protocol, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_3dpw(tmp_path, sequence_3dpw(body) | {"extra": Bomb()}, protocol)
    with pytest.raises(PublicSetError, match="asks to run"):
        list(threedpw.load(tmp_path))
    assert not (tmp_path / "bomb-went-off").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cam_poses": None}, "no 'cam_poses'"),
        ({"genders": ["m", "x"]}, "gender 'x'"),
        ({"genders": ["m"]}, "not for 1 people"),
        ({"poses": [np.zeros((3, 156))] * 2}, "shape .3, 156. instead of .3, 72."),
        ({"betas": [np.zeros(9)] * 2}, "fewer than 10"),
        ({"campose_valid": [np.ones(2)] * 2}, "campose_valid"),
        ({"jointPositions": [np.full((3, 72), np.nan)] * 2}, "not finite"),
        ({"sequence": "../../elsewhere"}, "says that it is"),
    ],
)
def test_3dpw_refuses_other_forms(tmp_path, body, change, says):
    raw = sequence_3dpw(body) | change
    write_3dpw(tmp_path, {key: value for key, value in raw.items() if value is not None})
    with pytest.raises(PublicSetError, match=says):
        list(threedpw.load(tmp_path))


def test_3dpw_says_what_is_missing(tmp_path, body):
    with pytest.raises(PublicSetError, match="sequenceFiles/test: 3DPW .*site of"):
        list(threedpw.load(tmp_path))
    write_3dpw(tmp_path, sequence_3dpw(body))
    (tmp_path / "imageFiles" / "downtown_test_00" / "image_00001.jpg").unlink()
    with pytest.raises(PublicSetError, match="image_00001.jpg"):
        list(threedpw.load(tmp_path))
    (tmp_path / "sequenceFiles" / "test" / "downtown_test_00.pkl").write_bytes(b"not a pickle")
    with pytest.raises(PublicSetError, match="damaged"):
        list(threedpw.load(tmp_path))


# --- Human3.6M ----------------------------------------------------------------------------------

NAMES_H36M = ("S9_Directions_1.60457274_000001.jpg", "S11_SittingDown.60457274_000006.jpg")


def arrays_h36m() -> dict[str, np.ndarray]:
    S = np.zeros((2, 24, 4))
    S[:, :, :3] = np.random.default_rng(0).standard_normal((2, 24, 3))
    S[:, [*range(13), 14, 16, 17, 18], 3] = 1  # the rows that SPIN's preprocessing fills
    return {
        "imgname": np.array([f"images/{name}" for name in NAMES_H36M]),
        "center": np.array([[500.0, 480.0], [510.0, 470.0]]),
        "scale": np.array([1.5, 2.0]),
        "S": S,
    }


def write_h36m(root: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(root / "h36m_valid_protocol2.npz", **arrays)
    for name in NAMES_H36M:
        photo(root / "images" / name)


def test_h36m_values(tmp_path):
    raw = arrays_h36m() | {
        "pose": vectors(1, 2, 24).reshape(2, 72),
        "shape": np.tile(np.arange(10.0), (2, 1)),
        "has_smpl": np.array([1, 0]),
    }
    write_h36m(tmp_path, raw)
    first, second = human36m.load(tmp_path)
    assert first.key == "S9_Directions_1.60457274_000001"
    assert (first.part, first.person, second.part) == ("Directions", "S9", "SittingDown")
    assert first.box == (350.0, 330.0, 650.0, 630.0)  # 1.5 x 200 pixels wide
    rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 14]
    assert np.allclose(first.joints, raw["S"][0, rows, :3] * [1, -1, -1])
    truth = matrices(raw["pose"][0].reshape(24, 3))
    assert np.allclose(first.rotations[0], FLIP @ truth[0], atol=1e-6)
    assert np.allclose(first.rotations[1:], truth[1:], atol=1e-6)
    assert second.rotations is None and second.betas is None


def test_h36m_reads_names_kept_as_bytes_and_no_smpl(tmp_path):
    raw = arrays_h36m()
    write_h36m(tmp_path, raw | {"imgname": raw["imgname"].astype("S")})
    samples = list(human36m.load(tmp_path))
    assert [one.image.name for one in samples] == list(NAMES_H36M)
    assert samples[0].rotations is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"S": None}, "has no S"),
        ({"S": np.zeros((2, 24, 4))}, "lacks an LSP joint"),
        ({"S": np.zeros((2, 17, 4))}, "instead of"),
        ({"scale": np.array([1.0, np.inf])}, "not finite"),
        ({"imgname": np.array(["images/S9_Eating.54138969_000001.jpg"] * 2)}, "not protocol 2"),
        ({"imgname": np.array(["images/S7_Eating.60457274_000001.jpg"] * 2)}, "not protocol 2"),
        ({"imgname": np.array(["../../S9_Eating.60457274_000001.jpg"] * 2)}, "outside"),
        ({"imgname": np.array([Bomb(), Bomb()], dtype=object)}, "plain arrays"),
        ({"pose": np.zeros((2, 72))}, "shape"),
    ],
)
def test_h36m_refuses_other_forms(tmp_path, change, says):
    raw = arrays_h36m() | change
    write_h36m(tmp_path, {key: value for key, value in raw.items() if value is not None})
    with pytest.raises(PublicSetError, match=says):
        list(human36m.load(tmp_path))


@pytest.fixture(scope="module")
def smpl(tmp_path_factory, body) -> Body:
    """A body from a user's file; the embedded geometry stands in for SMPL's."""
    path = tmp_path_factory.mktemp("smpl") / "SMPL_NEUTRAL.npz"
    shutil.copy(EMBEDDED_FILE, path)
    return Body.from_file(path)


def write_regressor(path: Path, body: Body, left_first: bool) -> None:
    """A (17, 6890) regressor of single vertices near the joints, in one of the two leg orders."""
    legs = [1, 4, 7, 2, 5, 8] if left_first else [2, 5, 8, 1, 4, 7]
    smpl_joints = [0, *legs, 3, 6, 12, 15, 16, 18, 20, 17, 19, 21]
    rest = body.rest()
    gaps = torch.cdist(rest.joints[0, smpl_joints], rest.vertices[0])
    regressor = np.zeros((17, 6890))
    regressor[np.arange(17), gaps.argmin(dim=1).numpy()] = 1
    np.save(path, regressor)


@pytest.mark.parametrize("left_first", [True, False])
def test_lsp_joints_keep_their_sides_in_both_regressors(tmp_path, smpl, left_first):
    write_regressor(tmp_path / "J.npy", smpl, left_first)
    joints = Lsp14.load(tmp_path / "J.npy", smpl)(smpl.rest().vertices)[0]
    assert joints.shape == (15, 3)
    right, left = joints[[0, 1, 2, 6, 7, 8], 0], joints[[3, 4, 5, 9, 10, 11], 0]
    assert (right < 0).all() and (left > 0).all()
    height = joints[:, 1]
    assert (
        height[0] < height[1] < height[2] < height[12] < height[13]
    )  # ankle, knee, hip, neck, head


def test_lsp_joints_refuse_the_wrong_body_or_file(tmp_path, smpl, body):
    write_regressor(tmp_path / "J.npy", smpl, True)
    with pytest.raises(PublicSetError, match="give your SMPL file"):
        Lsp14.load(tmp_path / "J.npy", body)
    np.save(tmp_path / "small.npy", np.zeros((17, 100)))
    np.save(tmp_path / "zero.npy", np.zeros((17, 6890)))
    np.save(tmp_path / "bomb.npy", np.array([Bomb()], dtype=object))
    for name, says in [("small", "17, 6890"), ("zero", "hip"), ("bomb", "read"), ("no", "read")]:
        with pytest.raises(PublicSetError, match=says):
            Lsp14.load(tmp_path / f"{name}.npy", smpl)


def test_h36m_scores_the_regressed_joints(tmp_path, smpl):
    write_regressor(tmp_path / "J.npy", smpl, True)
    lsp14 = Lsp14.load(tmp_path / "J.npy", smpl)
    pose = vectors(3, 2, 24)
    rotations = torch.from_numpy(matrices(pose)).float()
    rotations[:, 0] = torch.from_numpy(FLIP).float() @ rotations[:, 0]
    raw = arrays_h36m()
    truth = lsp14(smpl.pose(rotations).vertices).numpy() @ FLIP
    raw["S"][:, [*range(13), 18, 14], :3] = truth
    write_h36m(tmp_path, raw)
    samples = list(human36m.load(tmp_path))
    with pytest.raises(PublicSetError, match="--regressor"):
        Scorer(SETS["h36m"], smpl, {}, None)
    errors = Scorer(SETS["h36m"], smpl, {}, lsp14)(samples, rotations.numpy())
    names = [one.name for one in errors]
    assert names == ["MPJPE (14 LSP joints, pelvis aligned)", "PA-MPJPE (14 LSP joints)"]
    assert all(one.values == pytest.approx([0, 0], abs=1e-5) for one in errors)


def test_gendered_truth_shows_in_vertices(tmp_path, body, smpl):
    write_3dpw(tmp_path, sequence_3dpw(body))
    samples = list(threedpw.load(tmp_path))
    scorer = Scorer(SETS["3dpw"], smpl, {"male": smpl, "female": smpl}, None)
    errors = {one.name: one.values for one in scorer(samples, stack(samples))}
    shape = errors["MPVE (pelvis aligned, true body by gender)"]
    assert (shape[:2] > 0.01).all() and (shape[2:] > 1e-3).all() and (shape[2:] < shape[0]).all()


# --- PoseScript ---------------------------------------------------------------------------------


def write_posescript(root: Path) -> np.ndarray:
    """Two poses of one AMASS file with captions by people and machines; returns the poses."""
    folder = root / "posescript_release"
    folder.mkdir()
    sequence = "ACCAD/Female1Running_c3d/C10_poses.npz"
    files = {
        "ids_2_dataset_sequence_and_frame_index_100k": {
            "5": ["AMASS", sequence, 2],
            "8": ["AMASS", sequence, 0],
            "9": ["AMASS", sequence, 1],
        },
        "test_ids_100k": [8, 5, 9],
        "train_ids_100k": [],
        "posescript_human_6293": {"5": ["  He sits. "], "8": "She runs.", "77": ["Elsewhere."]},
        "posescript_auto_100k": {"5": ["a", "b", "c"], "8": ["d"], "9": ["e"]},
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    poses = vectors(4, 3, 52)
    file = root / "AMASS" / "smplh" / sequence
    file.parent.mkdir(parents=True)
    np.savez(
        file,
        poses=poses.reshape(3, 156),
        betas=np.arange(16.0),
        gender=np.array("female"),
        trans=np.zeros((3, 3)),
        mocap_framerate=np.array(120.0),
        dmpls=np.zeros((3, 8)),
    )
    return poses


def test_posescript_values(tmp_path, body):
    poses = write_posescript(tmp_path)
    runs, sits = posescript.load(tmp_path)  # pose 9 has no caption by people
    assert (runs.key, runs.text, sits.key, sits.text) == ("8/0", "She runs.", "5/0", "He sits.")
    assert sits.gender == "female" and sits.betas.tolist() == list(range(10))
    truth = matrices(poses[2])
    assert np.allclose(sits.rotations[1:22], truth[1:22], atol=1e-6)
    assert np.allclose(sits.rotations[22:], np.eye(3))  # fingers are not hands
    assert sits.image is None and sits.joints is None
    errors = perfect("posescript", body, [runs, sits])
    assert list(errors) == [
        "MPJPE (SMPL 22 body joints, pelvis aligned)",
        "PA-MPJPE (SMPL 22 body joints)",
        "MPVE (pelvis aligned, both bodies of the mean shape)",
        "MPJRE (global orientation and 21 body joints)",
        "MPJRE (21 body joints)",
    ]
    auto = posescript.load(tmp_path, captions="auto")
    assert [one.key for one in auto] == ["8/0", "5/0", "5/1", "5/2", "9/0"]
    assert list(posescript.load(tmp_path, split="train")) == []


@pytest.mark.parametrize("heading", [-170.0, -30.0, 0.0, 75.0, 160.0])
def test_posescript_forgets_the_heading_only(heading):
    def turn(axis: str, angle: float) -> Rotation:
        return Rotation.from_euler(axis, angle, degrees=True)

    upright = turn("x", 90)  # AMASS: SMPL's y up turned to z up
    seen = posescript.without_heading((turn("z", heading) * upright).as_rotvec())
    assert np.allclose(posescript.R_WORLD_AMASS @ seen, np.eye(3), atol=1e-6)
    leaning = turn("x", 30) * upright  # 30 degrees forwards stay
    seen = posescript.without_heading((turn("z", heading) * leaning).as_rotvec())
    head = (posescript.R_WORLD_AMASS @ seen) @ [0, 1, 0]
    assert head == pytest.approx([0, np.cos(np.pi / 6), np.sin(np.pi / 6)], abs=1e-6)
    sideways = turn("y", 20) * leaning
    seen = posescript.without_heading((turn("z", heading) * sideways).as_rotvec())
    assert np.allclose(seen, sideways.as_matrix(), atol=1e-6)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("ids_2_dataset_sequence_and_frame_index_100k", {"8": ["KIT", "x", 0]}, "AMASS"),
        ("ids_2_dataset_sequence_and_frame_index_100k", {"8": ["AMASS", "../../x", 0]}, "outside"),
        ("ids_2_dataset_sequence_and_frame_index_100k", {"8": ["AMASS", "KIT/y.npz", 0]}, "y.npz"),
        ("ids_2_dataset_sequence_and_frame_index_100k", {}, "None of pose 8"),
        ("posescript_human_6293", {"8": [3]}, "not text"),
        ("posescript_human_6293", [], "release 2"),
        ("posescript_human_3893", {}, "several"),
    ],
)
def test_posescript_refuses_other_forms(tmp_path, file, content, says):
    write_posescript(tmp_path)
    (tmp_path / "posescript_release" / f"{file}.json").write_text(json.dumps(content))
    with pytest.raises(PublicSetError, match=says):
        list(posescript.load(tmp_path))


def test_posescript_refuses_other_amass_files(tmp_path):
    write_posescript(tmp_path)
    file = next(tmp_path.rglob("*_poses.npz"))
    for arrays, says in [
        ({"poses": np.zeros((3, 165))}, "instead of"),  # SMPL-X
        ({"poses": np.zeros((1, 156))}, "no frame 2"),
        ({"poses": np.full((3, 156), np.nan)}, "whole pose"),
        ({"poses": np.array([Bomb()], dtype=object)}, "plain arrays"),
    ]:
        np.savez(file, betas=np.zeros(16), gender=np.array("male"), **arrays)
        with pytest.raises(PublicSetError, match=says):
            list(posescript.load(tmp_path))
    file.write_bytes(b"PK but not an archive")
    with pytest.raises(PublicSetError, match="plain arrays"):
        list(posescript.load(tmp_path))


def test_posescript_says_what_is_missing(tmp_path):
    with pytest.raises(PublicSetError, match="posescript_release: PoseScript .*AMASS/smplh"):
        list(posescript.load(tmp_path))
    write_posescript(tmp_path)
    (tmp_path / "posescript_release" / "test_ids_100k.json").write_text("{")
    with pytest.raises(PublicSetError, match="test_ids_100k.json cannot be read as JSON"):
        list(posescript.load(tmp_path))


# --- RPE ----------------------------------------------------------------------------------------

PHOTOS_RPE = ("downtown_runForBus_01/image_00326.jpg", "downtown_cafe_00/image_00326.jpg")


def record_rpe(body: Body, number: int) -> dict:
    pose = vectors(20 + number, 24)
    joints = posed(body, np.concatenate([np.zeros((1, 3)), pose[1:]]))
    joints = (joints - joints[0]) @ matrices(pose[:1])[0].T + [0.1, 0.2, 5.0]
    return {
        "id": f"{number:06d}",
        "image": f"{number:06d}.png",
        "real_image": f"3DPW/imageFiles/{PHOTOS_RPE[number]}",
        "conversations": [
            {
                "from": "human",
                "value": "<image>\nThe man sits, can you give the SMPL pose of this person?",
            },
            {"from": "gpt", "value": "Sure, it is <POSE>."},
        ],
        "ground_truth": {
            "id": 36452 + number,
            "image_id": 29095,
            "person_id": 0,
            "joint_cam": (1.05 * joints).tolist(),
            "joint_img": np.zeros((24, 2)).tolist(),
            "fitted_joint_cam": joints.tolist(),
            "openpose_result": np.zeros((18, 3)).tolist(),
            "smpl_param": {
                "shape": [0.1 * place for place in range(10)],
                "pose": pose.reshape(72).tolist(),
                "trans": [0.0, 0.0, 5.0],
                "gender": "male",
            },
            "bbox": [700.0, 400.0, 290.0, 395.0],
        },
    }


def write_rpe(root: Path, body: Body, change=None, source: Path | None = None) -> None:
    """Two records each of two kinds; both photos share a file name, as in the release."""
    (root / "RPE-refined").mkdir(exist_ok=True)
    for word in ("behavior", "outfits"):
        records = [record_rpe(body, number) for number in range(2)]
        if change is not None:
            change(records)
        path = root / "RPE-refined" / f"refine_vqa_{word}_withGT.json"
        path.write_text(json.dumps(records))
    for name in PHOTOS_RPE:
        path = root / "3DPW" / "imageFiles" / name
        photo(path)
        if source is not None:
            shutil.copy(source, path)


def test_rpe_from_file_to_error(tmp_path, body):
    write_rpe(tmp_path, body)
    samples = list(rpe.load(tmp_path))
    assert [one.key for one in samples] == [
        "behaviour/downtown_runForBus_01/00326/000000", "behaviour/downtown_cafe_00/00326/000001",
        "outfit/downtown_runForBus_01/00326/000000", "outfit/downtown_cafe_00/00326/000001",
    ]  # fmt: skip
    one = samples[0]
    assert one.text == "The man sits, can you give the SMPL pose of this person?"
    assert one.box == (700.0, 400.0, 990.0, 795.0)
    assert (one.part, one.gender, one.person) == ("behaviour", "male", "downtown_runForBus_01/0")
    assert one.betas == pytest.approx([0.1 * place for place in range(10)])
    assert one.image.is_file() and one.group == "downtown_runForBus_01/00326"
    for name, values in perfect("rpe", body, samples).items():
        assert values == pytest.approx([0] * 4, abs=2e-2 if "MPJRE" in name else 1e-5), name
    assert [one.part for one in rpe.load(tmp_path, limit=2)] == ["behaviour", "outfit"]


def drop(*path):
    def change(records):
        place = records[1]
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]

    return change


def put(value, *path):
    def change(records):
        place = records[1]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (drop("ground_truth"), "no 'ground_truth'"),
        (drop("ground_truth", "smpl_param", "pose"), "no 'pose'"),
        (put([0.0] * 69, "ground_truth", "smpl_param", "pose"), "instead of"),
        (put([[0, 0]] * 24, "ground_truth", "fitted_joint_cam"), "instead of"),
        (put("x", "ground_truth", "smpl_param", "gender"), "gender 'x'"),
        (put("000001.png", "real_image"), "3DPW/imageFiles"),
        (put("3DPW/imageFiles/../../x/image_00001.jpg", "real_image"), "3DPW/imageFiles"),
        (put("3DPW/imageFiles/other_00/image_00001.jpg", "real_image"), "image_00001.jpg"),
        (put("<image>\n", "conversations", 0, "value"), "asks nothing"),
        (put([], "conversations"), "one question"),
        (lambda records: records.append(records[0]), "two records"),
    ],
)
def test_rpe_refuses_other_forms(tmp_path, body, change, says):
    write_rpe(tmp_path, body, change)
    with pytest.raises(PublicSetError, match=says):
        list(rpe.load(tmp_path))


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_command_without_the_set(name, tmp_path, capsys):
    assert main([name, "--root", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"There is no {tmp_path}") and said.count("\n") == 1
    assert "name the folder" in said


def test_command_says_what_it_found(tmp_path, body, capsys):
    write_rpe(tmp_path, body)
    assert main(["rpe", "--root", str(tmp_path), "--limit", "3"]) == 0
    said = capsys.readouterr().out
    assert "3 samples of 2 people" in said and "behaviour 2, outfit 1" in said
    assert "behaviour/downtown_runForBus_01/00326/000000" in said


def test_help_tells_what_to_put_where(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    for one in SETS.values():
        assert " ".join(one.where.split()) in said


def test_a_missing_answer_counts_as_standing(tmp_path, body):
    write_rpe(tmp_path, body)
    samples = list(rpe.load(tmp_path))
    scorer = Scorer(SETS["rpe"], body, {}, None)
    result = report(scorer, samples, [samples[0].rotations, None, None, None])
    rows = {(row["measure"], row["part"]): row for row in result["rows"]}
    name = "MPJPE (SMPL 22 body joints, pelvis aligned)"
    assert result["answered"]["value"] == 0.25
    assert rows[name, "outfit"]["model"] == rows[name, "outfit"]["standing"]
    assert rows[name, "behaviour"]["model"]["value"] < rows[name, "behaviour"]["standing"]["value"]
    assert rows[name, "all"]["count"] == 4
    printed = f"{rows[name, 'outfit']['model']['value'] * 1000:.1f}"
    assert f"| {name}, mm | outfit | 2 | {printed}" in table(result)


def test_overlap_by_hand():
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert overlap((0, 0, 2, 1), (0, 0, 2, 1)) == 1


def test_the_demo_answers_and_goes_on(tmp_path, body, capsys):
    write_rpe(tmp_path, body, source=ROOT / "examples" / "portrait.jpg")
    out = tmp_path / "result.json"
    command = ["rpe", "--root", str(tmp_path), "--model", "embedded", "--out", str(out)]
    assert main([*command, "--limit", "1"]) == 0
    answers = out.with_suffix(".jsonl")
    first = answers.read_text().splitlines()
    assert len(first) == 2
    answers.write_text("\n".join(first) + '\n{"key": "torn')  # the machine stopped here
    assert main([*command, "--limit", "2"]) == 0
    second = answers.read_text().splitlines()
    assert second[:2] == first and len(second) == 3
    result = json.loads(out.read_text())
    assert (result["set"], result["samples"], result["body"]) == ("rpe", 2, "embedded")
    assert {row["part"] for row in result["rows"]} == {"all", "behaviour", "outfit"}
    assert (
        "| MPJPE (SMPL 22 body joints, pelvis aligned), mm | all | 2 |" in capsys.readouterr().out
    )
    answers.write_text(answers.read_text().replace('"rpe"', '"3dpw"', 1))
    assert main([*command, "--limit", "2"]) == 2
    assert "another run" in capsys.readouterr().err
