"""PoseScript and SPG from file to sample, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from public_files import Bomb, matrices, perfect, write_posescript
from scipy.spatial.transform import Rotation

from chatpose_demo.evaluation.public import posescript, spg
from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.training.chatpose.posescript import PoseScript

pytest_plugins = ("fixtures_public",)


def test_posescript_values(tmp_path, body):
    poses = write_posescript(tmp_path)
    runs, sits = posescript.load(tmp_path)  # pose 9 has no caption by people
    assert (runs.key, runs.caption, sits.key, sits.caption) == (
        "8/0",
        "She runs.",
        "5/0",
        "He sits.",
    )
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


@pytest.mark.parametrize(
    ("folder", "written"),
    [
        ("BioMotionLab_NTroje", "BioMotionLab_NTroje"),
        ("BMLrub", "BioMotionLab_NTroje"),
        ("BMLrub/BioMotionLab_NTroje", "BioMotionLab_NTroje"),
        ("PosePrior", "MPI_Limits"),
        ("EyesJapanDataset/Eyes_Japan_Dataset", "Eyes_Japan_Dataset"),
    ],
)
def test_amass_is_found_under_its_old_and_its_present_names(tmp_path, folder, written):
    write_posescript(tmp_path)
    truth = [one.rotations for one in posescript.load(tmp_path)]
    old = next(tmp_path.rglob("*_poses.npz"))
    new = tmp_path / "AMASS" / "smplh" / folder / "rub001" / "a_poses.npz"
    new.parent.mkdir(parents=True)
    old.rename(new)
    index = next((tmp_path / "posescript_release").glob("ids_2_*.json"))
    places = {
        name: ["AMASS", f"{written}/rub001/a_poses.npz", place[2]]
        for name, place in json.loads(index.read_text()).items()
    }
    index.write_text(json.dumps(places))
    samples = list(posescript.load(tmp_path))
    assert np.array_equal([one.rotations for one in samples], truth)
    assert samples[0].person == f"{written}/rub001/a_poses.npz"  # the same on every disk
    (tmp_path / "posescript_release" / "train_ids_100k.json").write_text("[8]")
    taught = PoseScript(tmp_path).sample(0, np.random.default_rng(0)).rotations
    assert taught is not None and np.allclose(taught[1:], truth[0][1:])


def test_amass_that_is_missing_is_named_both_ways(tmp_path):
    write_posescript(tmp_path)
    index = next((tmp_path / "posescript_release").glob("ids_2_*.json"))
    index.write_text(json.dumps({"8": ["AMASS", "MPI_HDM05/bk/x_poses.npz", 0]}))
    both = "smplh/MPI_HDM05/bk/x_poses.npz or HDM05/bk/x_poses.npz or HDM05/MPI_HDM05/bk"
    with pytest.raises(PublicSetError, match=both) as caught:
        list(posescript.load(tmp_path))
    assert "(BioMotionLab_NTroje) or of today's downloads (BMLrub)" in str(caught.value)
    index.write_text(json.dumps({"8": ["AMASS", "MPI_HDM05/../../../x.npz", 0]}))
    with pytest.raises(PublicSetError, match="outside"):
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


def test_spg_asks_and_knows_the_caption(tmp_path, body):
    write_posescript(tmp_path)
    with pytest.raises(PublicSetError, match="SPG/spg.json: SPG is read from"):
        list(spg.load(tmp_path))
    file = tmp_path / "SPG" / "spg.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"5": ["Why would she rest?", "Is he tired?"], "9": "And then?"}))
    first, second, third = spg.load(tmp_path)
    assert [first.key, second.key, third.key] == ["5/0", "5/1", "9/0"]
    assert (first.text, first.caption) == ("Why would she rest?", "He sits.")
    assert (third.text, third.caption) == ("And then?", "")
    truth = next(one for one in posescript.load(tmp_path) if one.key == "5/0")
    assert np.array_equal(first.rotations, truth.rotations)
    for content, says in [([], "object of pose ids"), ({"5": 3}, "not text"), ({"77": "x"}, "77")]:
        file.write_text(json.dumps(content))
        with pytest.raises(PublicSetError, match=says):
            list(spg.load(tmp_path))
