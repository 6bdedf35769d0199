"""LLaMA's tokenizer with the pose token as its last entry: from a weights folder, or a tiny one."""

from __future__ import annotations

import importlib.util
import json
from importlib import resources
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AddedToken, LlamaTokenizer

from chatpose_demo.network.llava.config import PoseLlavaConfig

FILES = ("tokenizer.json", "tokenizer.model")
READERS = {"sentencepiece": "sentencepiece", "google.protobuf": "protobuf"}  # module: package


def load_tokenizer(folder: Path, config: PoseLlavaConfig) -> LlamaTokenizer:
    """The tokenizer of a weights folder.

    Raises:
        FileNotFoundError: neither `tokenizer.json` nor `tokenizer.model` is there.
        ImportError: there is only `tokenizer.model` and a package that reads it is missing.
        ValueError: the pose token would not be the row that the weights have for it.
    """
    if not any((folder / name).exists() for name in FILES):
        raise FileNotFoundError(f"{folder} holds no tokenizer: neither {' nor '.join(FILES)}.")
    if not (folder / FILES[0]).exists():
        missing = [package for module, package in READERS.items() if not _installed(module)]
        if missing:
            raise ImportError(
                f"{folder / FILES[1]} cannot be read without `pip install {' '.join(missing)}`."
            )
    # legacy: LLaVA-1.5 was trained on a version that began every piece of text with a space
    tokenizer = LlamaTokenizer.from_pretrained(folder, legacy=True)
    return _with_pose_token(tokenizer, config)


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that would hold it
        return False


def _with_pose_token(tokenizer: LlamaTokenizer, config: PoseLlavaConfig) -> LlamaTokenizer:
    # The tokenizer that the paper's model was trained with swallowed the spaces around it.
    pose = AddedToken(config.pose_token, lstrip=True, rstrip=True, normalized=False, special=True)
    tokenizer.add_tokens([pose], special_tokens=True)
    tokenizer.pad_token = tokenizer.unk_token  # reference, main_chat.py
    found = tokenizer.convert_tokens_to_ids(config.pose_token)
    if found != config.pose_token_id:
        raise ValueError(
            f"The tokenizer has {config.pose_token} at {found}, "
            f"the weights have it at {config.pose_token_id}."
        )
    return tokenizer


def tiny_tokenizer(config: PoseLlavaConfig) -> LlamaTokenizer:
    """A tokenizer of LLaMA's kind and of the configuration's size, learnt from our own words."""
    special = ["<unk>", "<s>", "</s>"]
    # every byte is a token, so nothing is unknown
    alphabet = special + [f"<0x{byte:02X}>" for byte in range(256)]
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace(split=True)
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size - 1, special_tokens=alphabet, show_progress=False
    )
    learner.train_from_iterator(_own_words(), trainer)
    vocabulary, merges = _parts(learner)
    return _with_pose_token(LlamaTokenizer(vocabulary, merges, legacy=True), config)


def _own_words() -> list[str]:
    atlas = resources.files("chatpose_demo.studio") / "atlas"
    return [file.read_text() for file in sorted(atlas.iterdir(), key=lambda f: f.name)]


def _parts(learner: Tokenizer) -> tuple[dict[str, int], list[tuple[str, str]]]:
    model = json.loads(learner.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]
