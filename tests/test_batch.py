"""Scripted conversations and people: the format, broken lines, going on, pixels of the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from skimage.data import astronaut

from chatpose_demo import __main__ as command
from chatpose_demo.batch import run_batch
from chatpose_demo.chat import ChatPose
from chatpose_demo.pose import JOINT_NAMES

pytest_plugins = ("fixtures_network",)

POSE_KEYS = {"rotations", "betas", "subject", "person_box", "unseen_joints"}
PERSON_KEYS = {
    "box", "score", "landmarks_px", "landmarks_m", "visibility", "rotations", "joint_names",
    "camera", "unseen_joints", "attributes", "female", "age",
}  # fmt: skip
SEATED = {"id": "seated", "turns": [{"text": "a person sitting on a chair"}]}
ABOUT_PHOTO = "show me the pose of the person in the photo"


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """A portrait as it is, and the same one large and lying on its side as phones store it."""
    folder = tmp_path_factory.mktemp("photos")
    upright = Image.fromarray(astronaut()[:, :380])
    upright.save(folder / "upright.png")
    large = upright.resize((1900, 2560), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # shown turned by 90 degrees clockwise
    large.transpose(Image.Transpose.ROTATE_90).save(folder / "phone.jpg", exif=exif, quality=92)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    return folder


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(chat: ChatPose, folder: Path, *records: dict | str) -> tuple[int, list[dict]]:
    """Play records (or raw lines) from a file in `folder`; failures and the answers."""
    source, out = folder / "turns.jsonl", folder / "answers.jsonl"
    raw = [one if isinstance(one, str) else json.dumps(one) for one in records]
    source.write_text("\n".join(raw) + "\n", encoding="utf-8")
    return run_batch(chat, source, out), lines_of(out)


def test_a_conversation_is_played_turn_by_turn(chat: ChatPose, tmp_path: Path):
    talk = {"id": 7, "turns": [*SEATED["turns"], {"text": "now raise the left arm"}]}
    failed, (answer,) = run(chat, tmp_path, talk)
    assert failed == 0 and set(answer) == {"id", "replies", "error"}
    assert answer["id"] == 7 and answer["error"] is None and len(answer["replies"]) == 2
    for reply in answer["replies"]:
        assert set(reply) == {"text", "asked_back", "poses"}
        assert reply["asked_back"] is False and reply["text"].count("<POSE>") == 1
        (pose,) = reply["poses"]
        assert set(pose) == POSE_KEYS and pose["person_box"] is None
        rotations = np.array(pose["rotations"])
        assert rotations.shape == (24, 3, 3) and len(pose["betas"]) == 10
        assert np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3), atol=1e-4)


def test_a_conversation_equals_the_same_one_alone(chat: ChatPose, tmp_path: Path):
    hello = {"id": "hello", "turns": [{"text": "hello"}]}
    (tmp_path / "alone").mkdir()
    _, (alone,) = run(chat, tmp_path / "alone", SEATED)
    _, (_, after) = run(chat, tmp_path, hello, SEATED)
    assert alone == after


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{not json", "not JSON"),
        ('["a list"]', "must be an object"),
        ({"turns": [{"text": "hi"}]}, '"id"'),
        ({"id": None, "turns": [{"text": "hi"}]}, '"id"'),
        ({"id": "x"}, "turns"),
        ({"id": "x", "turns": []}, "turns"),
        ({"id": "x", "turns": "hi"}, "turns"),
        ({"id": "x", "turns": [{"photo": "a.jpg"}]}, "text"),
        ({"id": "x", "turns": [{"text": 5}]}, "text"),
        ({"id": "x", "turns": [{"text": "hi", "photo": 5}]}, "photo"),
        ({"id": "x", "turns": [{"text": "hi", "photo": "nowhere.jpg"}]}, "no longer there"),
    ],
)
def test_a_bad_line_is_answered_by_its_fault(chat: ChatPose, tmp_path: Path, line, fault: str):
    failed, (answer,) = run(chat, tmp_path, line)
    assert failed == 1 and answer["replies"] == [] and fault in answer["error"]
    has_id = isinstance(line, dict) and line.get("id")
    assert answer["id"] == ("x" if has_id else None)


def test_a_broken_photo_spoils_only_its_own_line(chat: ChatPose, photos: Path):
    broken = {"id": "broken", "turns": [{"text": ABOUT_PHOTO, "photo": "broken.jpg"}]}
    failed, answers = run(chat, photos, broken, SEATED)
    assert failed == 1
    assert "could not be read" in answers[0]["error"] and answers[1]["error"] is None


def test_a_line_end_inside_a_text_is_no_line_end(chat: ChatPose, tmp_path: Path):
    odd = json.dumps({"id": "odd", "turns": [{"text": "hello\u2028there"}]}, ensure_ascii=False)
    failed, (answer,) = run(chat, tmp_path, odd)
    assert failed == 0 and answer["error"] is None


def test_a_second_run_goes_on_where_the_first_was_torn(chat: ChatPose, tmp_path: Path):
    records = [SEATED | {"id": name} for name in ("a", "b", "c")]
    out = tmp_path / "answers.jsonl"
    marked = {"id": "a", "replies": [], "error": None, "mark": "kept as it is"}
    bad = {"id": None, "replies": [], "error": "not JSON"}
    torn = '{"id": "b", "replies": [{"te'
    out.write_text(f"{json.dumps(marked)}\n{json.dumps(bad)}\n{torn}", encoding="utf-8")
    failed, answers = run(chat, tmp_path, records[0], "{not json", *records[1:])
    assert failed == 1
    assert [one["id"] for one in answers] == ["a", None, "b", "c"]
    assert answers[0] == marked
    failed, again = run(chat, tmp_path, records[0], "{not json", *records[1:])
    assert failed == 1  # a line without an id is tried each time, but answered once
    assert sorted(map(str, again)) == sorted(map(str, answers))


def test_boxes_are_in_pixels_of_the_upright_file(chat: ChatPose, photos: Path):
    records = [
        {"id": name, "turns": [{"text": ABOUT_PHOTO, "photo": name}, {"text": "now sit down"}]}
        for name in ("upright.png", "phone.jpg")
    ]
    (photos / "answers.jsonl").unlink(missing_ok=True)
    failed, answers = run(chat, photos, *records)
    assert failed == 0
    small, large = (
        [np.array(reply["poses"][0]["person_box"]) for reply in answer["replies"]]
        for answer in answers
    )
    assert np.abs(large[0] / 5 - small[0]).max() < 12  # pixels of the small picture
    assert large[0][2] > 1000 and large[0][3] > 1900
    assert np.array_equal(large[0], large[1])  # the edited body keeps its box


def test_people_of_photos_as_json(photos: Path, capsys, monkeypatch):
    names = [str(photos / name) for name in ("upright.png", "phone.jpg", "broken.jpg")]
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "people", "--json", *names])
    assert command.main() == 1  # one picture is broken
    small, large, broken = map(json.loads, capsys.readouterr().out.splitlines())
    assert broken["people"] == [] and "could not be read" in broken["error"]
    assert small["size"] == [380, 512] and large["size"] == [1900, 2560]
    for found, scale in ((small, 1), (large, 5)):
        assert set(found) == {"photo", "size", "people", "error"} and found["error"] is None
        (person,) = found["people"]
        assert set(person) == PERSON_KEYS
        assert person["joint_names"] == list(JOINT_NAMES)
        shapes = {name: np.array(person[name]).shape for name in PERSON_KEYS - {"attributes"}}
        assert shapes["box"] == (4,) and shapes["rotations"] == (24, 3, 3)
        assert shapes["landmarks_px"] == (33, 2) and shapes["landmarks_m"] == (33, 3)
        assert shapes["visibility"] == (33,) and shapes["camera"] == (3,)
        names = {"top", "bottom", "hair", "postures", "near", "worn"}
        assert set(person["attributes"]) == names
        assert person["female"] is None or 0 <= person["female"] <= 1
        assert max(person["attributes"]["top"], key=person["attributes"]["top"].get) == "orange"
        nose = np.array(person["landmarks_px"][0]) / scale
        assert np.abs(nose - (222, 117)).max() < 20  # seen by eye


def test_people_are_told_in_plain_lines_too(photos: Path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["chatpose_demo", "people", str(photos / "upright.png")])
    assert command.main() == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("1 person")
    assert "box" in second and "top orange" in second


def test_the_folder_of_the_answers_is_made(chat: ChatPose, tmp_path: Path):
    source, out = tmp_path / "turns.jsonl", tmp_path / "new" / "deep" / "answers.jsonl"
    source.write_text(json.dumps(SEATED), encoding="utf-8")
    assert run_batch(chat, source, out) == 0
    assert [one["id"] for one in lines_of(out)] == ["seated"]


def test_a_missing_source_is_said(tmp_path: Path, capsys, monkeypatch):
    arguments = ["chatpose_demo", "batch", str(tmp_path / "no.jsonl"), "--out", "x.jsonl"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command.main() == 2
    assert "There is no file" in capsys.readouterr().err
