"""Tiny copies of the public sets in their true formats, for the tests of their loaders."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial.transform import Rotation

from chatpose_demo.body.smpl import Body
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS

FLIP = np.diag([1.0, -1.0, -1.0])  # the world looks back at the camera


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


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("bomb-went-off"),))


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


def write_regressor(path: Path, body: Body, left_first: bool) -> None:
    """A (17, 6890) regressor of single vertices near the joints, in one of the two leg orders."""
    legs = [1, 4, 7, 2, 5, 8] if left_first else [2, 5, 8, 1, 4, 7]
    smpl_joints = [0, *legs, 3, 6, 12, 15, 16, 18, 20, 17, 19, 21]
    rest = body.rest()
    gaps = torch.cdist(rest.joints[0, smpl_joints], rest.vertices[0])
    regressor = np.zeros((17, 6890))
    regressor[np.arange(17), gaps.argmin(dim=1).numpy()] = 1
    np.save(path, regressor)


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
