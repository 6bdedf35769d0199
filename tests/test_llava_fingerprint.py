"""Weights are told apart by what they hold, not by where they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from chatpose_demo.network.llava.build import save_folder
from chatpose_demo.network.llava.fingerprint import fingerprint

pytest_plugins = ("fixtures_llava",)


@pytest.fixture
def folder(llava, tokenizer, tmp_path) -> Path:
    """The tiny model's weights."""
    save_folder(llava, tokenizer, tmp_path / "a")
    return tmp_path / "a"


def test_a_copy_is_the_same_weights(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "b")
    assert fingerprint(folder) == fingerprint(tmp_path / "b")


@pytest.mark.parametrize("name", ["pose_head", "q_proj"])
def test_weights_that_were_trained_on_are_others(folder, llava, tokenizer, name):
    before = fingerprint(folder)
    weight = next(w for key, w in llava.named_parameters() if name in key and w.dim() > 1)
    with torch.no_grad():
        weight[0, -1] += 1
    save_folder(llava, tokenizer, folder)
    assert fingerprint(folder) != before


def test_the_last_number_of_the_pose_head_counts(folder, llava, tokenizer):
    before = fingerprint(folder)
    with torch.no_grad():
        list(llava.pose_head.parameters())[-2][-1, -1] += 1
    save_folder(llava, tokenizer, folder)
    assert fingerprint(folder) != before


@pytest.mark.parametrize("name", ["tokenizer.json", "pose_llava.json"])
def test_settings_and_tokenizer_count(folder, name):
    before = fingerprint(folder)
    (folder / name).write_text((folder / name).read_text() + " ")
    assert fingerprint(folder) != before


def test_a_damaged_file_is_told(folder):
    file = next(folder.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(SafetensorError):
        fingerprint(folder)
