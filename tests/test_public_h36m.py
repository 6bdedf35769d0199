"""Human3.6M's protocols and its 14 joints: frames, sides, roots, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from public_files import (
    FLIP,
    NAMES_H36M,
    Bomb,
    arrays_h36m,
    matrices,
    photo,
    vectors,
    write_h36m,
    write_regressor,
)

from chatpose_demo.evaluation.public import human36m
from chatpose_demo.evaluation.public.__main__ import main
from chatpose_demo.evaluation.public.lsp14 import Lsp14
from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS

pytest_plugins = ("fixtures_public",)


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
    assert first.box_is_grown and second.box_is_grown  # nobody may widen it once more
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
        ({"imgname": np.array(["images/S9_Eating.60457274_000002.jpg"] * 2)}, "every 5 frames"),
        ({"S": arrays_h36m()["S"] * [1000, 1000, 1000, 1]}, "millimetres"),
    ],
)
def test_h36m_refuses_other_forms(tmp_path, change, says):
    raw = arrays_h36m() | change
    write_h36m(tmp_path, {key: value for key, value in raw.items() if value is not None})
    with pytest.raises(PublicSetError, match=says):
        list(human36m.load(tmp_path))


def write_frames(root: Path, protocol: int, names: list[str]) -> None:
    """SPIN's file of that protocol with these photos."""
    raw = {
        key: np.resize(value, (len(names), *value.shape[1:]))
        for key, value in arrays_h36m().items()
    }
    raw["imgname"] = np.array([f"images/{name}.jpg" for name in names])
    np.savez(root / f"h36m_valid_protocol{protocol}.npz", **raw)
    for name in names:
        photo(root / "images" / f"{name}.jpg")


def keys(root: Path, name: str) -> list[str]:
    return [one.key for one in SETS[name].load(root, "test", None)]


def test_protocol_1_has_all_four_cameras_and_both_trials(tmp_path):
    names = [
        f"S11_{take}.{camera}_000006"
        for take in ("Directions_1", "Directions", "SittingDown_1")
        for camera in human36m.CAMERAS
    ]
    write_frames(tmp_path, 1, names)
    broken = "S11_Directions.54138969_000006"  # HMR's (11, Directions, 1, 0)
    assert keys(tmp_path, "h36m-p1") == [name for name in names if name != broken]
    samples = list(human36m.load(tmp_path, frames="p1"))
    assert len({one.key for one in samples}) == 11
    assert {one.group for one in samples} == {  # cameras see the same motion: one group
        "S11_Directions_1",
        "S11_Directions",
        "S11_SittingDown_1",
    }
    assert {one.part for one in samples} == {"Directions", "SittingDown"}
    with pytest.raises(PublicSetError, match="h36m_valid_protocol2.npz: Human3.6M, protocol 2"):
        keys(tmp_path, "h36m-p2")  # protocol 2 has a file of its own


def test_protocol_1_refuses_a_file_without_all_its_cameras(tmp_path):
    write_frames(tmp_path, 1, ["S9_Eating.60457274_000001", "S9_Eating.58860488_000001"])
    with pytest.raises(PublicSetError, match="camera 54138969, 55011271, so it is not protocol 1"):
        keys(tmp_path, "h36m-p1")
    with pytest.raises(PublicSetError, match="h36m_valid_protocol2.npz"):
        keys(tmp_path, "h36m-p2")


def test_hmr_counts_the_first_trial_of_every_action(tmp_path):
    first = ["S9_Directions_1", "S9_Discussion_1", "S9_SittingDown", "S11_Greeting_2",
             "S11_Phoning_3", "S11_Smoking_2", "S11_SittingDown"]  # fmt: skip
    second = ["S9_Directions", "S9_Discussion_2", "S9_SittingDown_1", "S11_Greeting",
              "S11_Phoning_2", "S11_Smoking", "S11_SittingDown_1"]  # fmt: skip
    takes = [take for pair in zip(first, second, strict=True) for take in pair]
    write_frames(tmp_path, 2, [f"{take}.60457274_000001" for take in takes])
    assert keys(tmp_path, "h36m-p2") == [f"{take}.60457274_000001" for take in takes]
    assert keys(tmp_path, "h36m-p2-trial0") == [f"{take}.60457274_000001" for take in first]
    write_frames(tmp_path, 2, ["S9_Juggling_1.60457274_000001"])
    with pytest.raises(PublicSetError, match="no take 'Juggling_1'"):
        keys(tmp_path, "h36m-p2-trial0")


@pytest.mark.parametrize("subject", ["S9", "S11"])
def test_every_action_has_two_trials(subject):
    pairs = human36m.TRIALS[subject]
    assert len(pairs) == 15 and len({take for pair in pairs for take in pair}) == 30
    assert all(first.split("_")[0] == second.split("_")[0] for first, second in pairs)


@pytest.mark.parametrize("name", ["h36m-p1", "h36m-p2", "h36m-p2-trial0"])
def test_the_help_names_the_protocol(name, capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    says = {
        "h36m-p1": "protocol 1: all four cameras, both trials",
        "h36m-p2": "protocol 2 as SPIN counts: camera 3 (60457274), both trials",
        "h36m-p2-trial0": "protocol 2 as HMR counts: camera 3 (60457274), trial 0 only",
    }
    assert f"{name}: Human3.6M, {says[name]};" in text


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
        Scorer(SETS["h36m-p2"], smpl, {}, None)
    errors = Scorer(SETS["h36m-p2"], smpl, {}, lsp14)(samples, rotations.numpy())
    names = [one.name for one in errors]
    assert names == [
        "MPJPE (14 LSP joints, pelvis aligned)",
        "MPJPE (14 LSP joints, mid-hip aligned)",
        "PA-MPJPE (14 LSP joints)",
    ]
    assert all(one.values == pytest.approx([0, 0], abs=1e-5) for one in errors)


def test_h36m_errors_do_not_depend_on_the_regressors_leg_order(tmp_path, smpl):
    write_h36m(tmp_path, arrays_h36m())
    samples = list(human36m.load(tmp_path))
    rotations = matrices(vectors(5, 2, 24)).astype(np.float32)
    found = []
    for left_first in (True, False):
        write_regressor(tmp_path / "J.npy", smpl, left_first)
        lsp14 = Lsp14.load(tmp_path / "J.npy", smpl)
        found.append(Scorer(SETS["h36m-p2"], smpl, {}, lsp14)(samples, rotations))
    for one, other in zip(*found, strict=True):
        assert (one.values > 0.1).all() and one.values == pytest.approx(other.values), one.name


def test_a_pelvis_that_is_off_counts_only_where_it_is_the_root(tmp_path, smpl):
    write_regressor(tmp_path / "J.npy", smpl, True)
    lsp14 = Lsp14.load(tmp_path / "J.npy", smpl)
    rotations = matrices(vectors(3, 2, 24)).astype(np.float32)
    raw = arrays_h36m()
    truth = lsp14(smpl.pose(torch.from_numpy(rotations)).vertices).numpy() @ FLIP
    truth[:, 14, 0] += 0.03
    raw["S"][:, [*range(13), 18, 14], :3] = truth
    write_h36m(tmp_path, raw)
    samples = list(human36m.load(tmp_path))
    by_pelvis, by_hips, aligned = Scorer(SETS["h36m-p2"], smpl, {}, lsp14)(samples, rotations)
    assert by_pelvis.values == pytest.approx([0.03, 0.03], abs=1e-5)
    assert by_hips.values == pytest.approx([0, 0], abs=1e-5)
    assert aligned.values == pytest.approx([0, 0], abs=1e-5)
