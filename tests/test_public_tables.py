"""Published rows and ours side by side, and what was not run."""

from __future__ import annotations

import json

import pytest

from chatpose_demo.evaluation.public.published import PUBLISHED
from chatpose_demo.evaluation.public.sets import SETS
from chatpose_demo.evaluation.public.tables import comparison, details, main

MPJPE = "MPJPE (SMPL 22 body joints, pelvis aligned)"


def result(model: str = "embedded", measure: str = MPJPE) -> dict:
    value = {"value": 0.1234, "low": 0.1, "high": 0.2}
    row = {"measure": measure, "unit": "m", "part": "pose", "count": 5}
    return {
        "set": "rpe-refined",
        "model": model,
        "weights": None,
        "body": "embedded",
        "judge": None,
        "samples": 5,
        "answered": {"value": 1.0, "low": 0.5, "high": 1.0},
        "rows": [row | {"model": value, "standing": value}],
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_row_is_whole(name):
    published = PUBLISHED[name]
    assert published.columns and all(row.source for row in published.rows)
    assert all(len(row.values) == len(published.columns) for row in published.rows)


def test_ours_stand_beside_the_published_rows_in_millimetres():
    text = comparison("rpe-refined", [result(), result() | {"set": "3dpw"}])
    assert "| ChatPose | pose | 216.4 | 104.0 | jjunsss/RPE-Refined" in text
    assert "| **embedded** | pose | 123.4 [100.0, 200.0] | – | ours, 5 samples" in text
    assert "| **chatpose-13b** | all | not run | not run | ours |" in text
    assert text.count("**embedded**") == 1


def test_a_run_under_another_protocol_is_not_put_beside():
    text = comparison("rpe-refined", [result(measure="MPJPE (something else)")])
    assert "123.4" not in text and "| **embedded** | all | other joints | other joints |" in text


@pytest.mark.parametrize(
    ("name", "like"), [("h36m-p2-trial0", "h36m-p2"), ("posescript-auto", "posescript")]
)
def test_sets_that_no_paper_has_numbers_of_have_the_same_columns(name, like):
    column = PUBLISHED[like].columns[-1]
    text = comparison(name, [result(measure=column.measure) | {"set": name}])
    assert text.splitlines()[2] == comparison(like, []).splitlines()[2]
    ours, not_run = text.splitlines()[4:]
    assert ours.startswith("| **embedded** | pose | –") and "123.4 [100.0, 200.0] | ours" in ours
    assert "regressor" not in text
    assert not_run.count("not run") == len(PUBLISHED[like].columns)


def test_the_regressor_is_asked_for_only_where_it_would_help():
    for name in PUBLISHED:
        wants = "14 LSP joints" in str(PUBLISHED[name].columns)
        text = comparison(name, [result(measure="something else") | {"set": name}])
        assert ("--regressor" in text) == wants, name


def test_the_folder_of_the_tables_is_made(tmp_path, capsys):
    file = tmp_path / "new" / "t.md"
    assert main(["--markdown", str(file)]) == 0 and file.exists()
    assert main(["--markdown", str(file / "t.md")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_tables_of_all_sets(tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(result("chatpose-13b")))
    assert main([str(path), "--markdown", str(tmp_path / "t.md")]) == 0
    text = (tmp_path / "t.md").read_text()
    assert all(f"## {name}\n" in text for name in SETS)
    assert "### chatpose-13b on rpe-refined" in text
    path.write_text("{}")
    assert main([str(path)]) == 2
    assert "does not hold a run's results" in capsys.readouterr().err


def test_the_chat_checks_have_their_table_among_the_others(tmp_path, capsys):
    value = {"value": 0.25, "low": 0.1, "high": 0.5}
    chat = {"set": "chat", "model": "embedded", "weights": None, "lines": 20}
    files = [tmp_path / "chat.json", tmp_path / "r.json"]
    files[0].write_text(json.dumps(chat | {"rows": {"false bodies": value}}))
    files[1].write_text(json.dumps(result()))
    assert main([str(file) for file in files]) == 0
    text = capsys.readouterr().out
    assert "### embedded on chat\n\n20 lines\n" in text
    assert "| false bodies, % | 25.0 [10.0, 50.0] |" in text
    assert "### embedded on rpe-refined" in text


def test_forced_bodies_are_named_where_a_run_knows_of_them():
    share = {"value": 0.4, "low": 0.1, "high": 0.8}
    text = details(result() | {"forced": share, "forced_bodies": 2})
    assert "made to, where the model gave none: 2 (40.0 [10.0, 80.0] %)" in text
    assert "made to" not in details(result())
