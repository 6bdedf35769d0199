"""3DPW from file to error: people, frames, cameras, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from public_files import FLIP, Bomb, matrices, perfect, sequence_3dpw, stack, write_3dpw

from chatpose_demo.evaluation.public import threedpw
from chatpose_demo.evaluation.public.sample import PublicSetError, spread
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS

pytest_plugins = ("fixtures_public",)


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


def test_3dpw_gives_each_person_of_a_frame_the_own_truth(tmp_path, body):
    write_3dpw(tmp_path, sequence_3dpw(body))
    samples = [one for one in threedpw.load(tmp_path) if one.key.split("/")[1] == "00002"]
    assert [one.person for one in samples] == ["downtown_test_00/0", "downtown_test_00/1"]
    assert len({one.image for one in samples}) == 1
    swapped = stack(samples[::-1])
    errors = Scorer(SETS["3dpw"], body, {}, None)(samples, swapped)
    assert all((one.values > (10 if one.unit == "degrees" else 0.05)).all() for one in errors)


def test_3dpw_limit_is_spread_over_the_set(tmp_path, body):
    write_3dpw(tmp_path, sequence_3dpw(body))
    keys = [one.key for one in threedpw.load(tmp_path, limit=2)]
    assert keys == ["downtown_test_00/00000/0", "downtown_test_00/00000/1"]
    assert spread(range(10), 3) == [0, 3, 6] and spread(range(2), 5) == [0, 1]


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
        ({"jointPositions": [1000 * np.random.rand(3, 72)] * 2}, "millimetres"),
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


def test_gendered_truth_shows_in_vertices(tmp_path, body, smpl):
    write_3dpw(tmp_path, sequence_3dpw(body))
    samples = list(threedpw.load(tmp_path))
    scorer = Scorer(SETS["3dpw"], smpl, {"male": smpl, "female": smpl}, None)
    errors = {one.name: one.values for one in scorer(samples, stack(samples))}
    shape = errors["MPVE (pelvis aligned, true body by gender)"]
    assert (shape[:2] > 0.01).all() and (shape[2:] > 1e-3).all() and (shape[2:] < shape[0]).all()
