"""RPE-Refined from file to error: keys, shared truths, and what is refused."""

from __future__ import annotations

import json

import pytest
from public_files import perfect, photo, write_rpe

from chatpose_demo.evaluation.public import rpe
from chatpose_demo.evaluation.public.published import PUBLISHED
from chatpose_demo.evaluation.public.report import OWN_TRUTH, report
from chatpose_demo.evaluation.public.sample import PublicSetError
from chatpose_demo.evaluation.public.scoring import Scorer
from chatpose_demo.evaluation.public.sets import SETS

pytest_plugins = ("fixtures_public",)


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
    for name, values in perfect("rpe-refined", body, samples).items():
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
        (
            put([[0, 0, 900.0 * row] for row in range(24)], "ground_truth", "fitted_joint_cam"),
            "mil",
        ),
    ],
)
def test_rpe_refuses_other_forms(tmp_path, body, change, says):
    write_rpe(tmp_path, body, change)
    with pytest.raises(PublicSetError, match=says):
        list(rpe.load(tmp_path))


def test_rpe_marks_two_questions_with_one_truth(tmp_path, body):
    def same_person(records):
        for name in ("real_image", "ground_truth"):
            records[1][name] = records[0][name]

    write_rpe(tmp_path, body)
    assert not any(one.shared_truth for one in rpe.load(tmp_path))
    write_rpe(tmp_path, body, same_person)
    path = tmp_path / "RPE-refined" / "refine_vqa_outfits_withGT.json"
    kept = json.loads(path.read_text())[:1]
    path.write_text(json.dumps(kept))  # the other kind asks about nobody twice
    samples = list(rpe.load(tmp_path))
    assert [one.shared_truth for one in samples] == [True, True, False]
    assert len({one.key for one in samples}) == 3
    scorer = Scorer(SETS["rpe-refined"], body, {}, None)
    rows = report(scorer, samples, [one.rotations for one in samples])["rows"]
    counts = {row["part"]: row["count"] for row in rows}
    assert counts == {"all": 3, OWN_TRUTH: 1, "behaviour": 2, "outfit": 1}


def test_rpe_same_file_names_in_two_sequences_stay_apart(tmp_path, body):
    write_rpe(tmp_path, body)
    first, second = list(rpe.load(tmp_path))[:2]
    assert first.image.name == second.image.name and first.image != second.image
    assert first.group != second.group
    errors = Scorer(SETS["rpe-refined"], body, {}, None)([first], second.rotations[None])
    assert all(one.values[0] > (10 if one.unit == "degrees" else 0.05) for one in errors)


def test_refined_truth_by_the_first_releases_photos(tmp_path, body):
    write_rpe(tmp_path, body)
    public = SETS["rpe-refined-first-photos"]
    with pytest.raises(PublicSetError, match="RPE/images/000000.png"):
        list(public.load(tmp_path, "test", None))
    for number in range(2):
        photo(tmp_path / "RPE" / "images" / f"{number:06d}.png")
    samples = list(public.load(tmp_path, "test", None))
    assert [one.image.name for one in samples] == ["000000.png", "000001.png"] * 2
    assert samples[0].key == "behaviour/downtown_runForBus_01/00326/000000"
    for one, refined in zip(samples, rpe.load(tmp_path), strict=True):
        assert one.text == refined.text and (one.joints == refined.joints).all()
    write_rpe(tmp_path, body, put("../../000001.png", "image"))
    with pytest.raises(PublicSetError, match="not 000000.png"):
        list(public.load(tmp_path, "test", None))


def test_no_set_calls_itself_the_first_release():
    assert "rpe" not in SETS and "rpe" not in PUBLISHED
    assert "not RPE's first release" in SETS["rpe-refined-first-photos"].where
    rows = PUBLISHED["rpe-refined-first-photos"].rows
    assert rows and all(
        "truth for the first release, which is not ours" in row.caveat for row in rows
    )
