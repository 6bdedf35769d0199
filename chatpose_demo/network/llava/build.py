"""One builder of the paper's model, for training, evaluation and the demo; weights in and out."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import BitsAndBytesConfig, LlavaForConditionalGeneration, PreTrainedTokenizerBase

from chatpose_demo.network.llava.config import (
    SETTINGS_FILE,
    SIZES,
    PoseLlavaConfig,
    config_of,
    llava_config,
    read_config,
    write_config,
)
from chatpose_demo.network.llava.lora import LoraSettings, add_lora, has_lora
from chatpose_demo.network.llava.model import PoseLlava
from chatpose_demo.network.llava.tokenizer import FILES as TOKENIZER_FILES
from chatpose_demo.settings import Quantize

CONVERT = "python -m chatpose_demo convert SOURCE --out FOLDER"
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
HEAD = "pose_head."
# Kept precise under quantisation: small, and what the rest depends on. transformers compares from
# the first letter of a module's full name on.
PRECISE = ["lm_head", "model.vision_tower", "model.multi_modal_projector"]
NAMED = 6  # so many keys are named in an error
SHARD = "5GB"  # our choice


class _Llava(LlavaForConditionalGeneration):
    """transformers' LLaVA that expects the head's tensors beside its own."""

    _keys_to_ignore_on_load_unexpected = [r"^pose_head\."]


class WeightsError(RuntimeError):
    """Weights of the paper's model are missing or do not fit; says which and what helps."""


def build(
    size: str | PoseLlavaConfig,
    *,
    weights: Path | None = None,
    quantize: Quantize | None = None,
    device_map: str | dict[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
    lora: LoraSettings | None = None,
    seed: int = 0,
) -> PoseLlava:
    """The model, in eval mode and frozen but for what `lora` trains.

    Args:
        size: "13b", "7b" or "tiny"; or a configuration.
        weights: a folder in this project's layout. Without one the weights are random: allowed
            for "tiny" and for a configuration, never for a released size by name.
        quantize: bitsandbytes' 8-bit or 4-bit; needs `weights` and a GPU.
        device_map: "auto", a device, or accelerate's map; None is the CPU.
        dtype: of everything but the pose head, which stays fp32.
        seed: of the random weights.

    Raises:
        WeightsError: weights are missing, incomplete or of another model.
    """
    if weights is None:
        model = _random(size, device_map, dtype, seed, quantize)
    else:
        model = _load(size, Path(weights), quantize, device_map, dtype)
    model.requires_grad_(False).eval()
    if lora is not None:
        add_lora(model, lora)
    return model


def _random(
    size: str | PoseLlavaConfig,
    device: str | dict[str, Any] | None,
    dtype: torch.dtype,
    seed: int,
    quantize: Quantize | None,
) -> PoseLlava:
    if isinstance(size, str) and size != "tiny" and size in SIZES:
        raise WeightsError(
            f"The {size} model needs its weights: name their folder, made by `{CONVERT}`; "
            "`python -m chatpose_demo doctor` says what to download."
        )
    if quantize is not None:
        raise WeightsError("Only loaded weights can be quantised; name their folder.")
    config = config_of(size) if isinstance(size, str) else size
    place = torch.device(device if isinstance(device, str) and device != "auto" else "cpu")
    with torch.random.fork_rng(), place:
        torch.manual_seed(seed)
        llava = LlavaForConditionalGeneration._from_config(llava_config(config), dtype=dtype)
        return PoseLlava(config, llava)


# Loading


def _load(
    size: str | PoseLlavaConfig,
    folder: Path,
    quantize: Quantize | None,
    device_map: str | dict[str, Any] | None,
    dtype: torch.dtype,
) -> PoseLlava:
    config = _config_in(folder, size)
    files = check_folder(folder, config)
    quantization = _quantization(quantize, dtype)
    try:
        llava = _Llava.from_pretrained(
            folder,
            config=llava_config(config),
            dtype=dtype,
            device_map=device_map,
            quantization_config=quantization,
            local_files_only=True,
            use_safetensors=True,
        )
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # bitsandbytes: no GPU, or one that it was not built for
        if quantize is None:
            raise
        raise WeightsError(f"{folder} could not be loaded in {quantize}: {error}") from error
    with torch.device("meta"):
        model = PoseLlava(config, llava)
    head = {}
    for file, keys in files.items():
        with safe_open(file, framework="pt") as stored:
            for key in keys:
                if key.startswith(HEAD):
                    head[key.removeprefix(HEAD)] = stored.get_tensor(key).float()
    model.pose_head.load_state_dict(head, strict=True, assign=True)
    model.pose_head.to(model.device)
    return model


def _config_in(folder: Path, size: str | PoseLlavaConfig) -> PoseLlavaConfig:
    if not (folder / SETTINGS_FILE).exists():
        what = "is not there" if not folder.is_dir() else f"has no {SETTINGS_FILE}"
        raise WeightsError(
            f"The weights folder {folder} {what}. Make one from downloaded weights: `{CONVERT}`."
        )
    try:
        config = read_config(folder)
    except (ValueError, TypeError) as error:  # no JSON, unknown fields, missing fields
        raise WeightsError(f"{folder / SETTINGS_FILE} is damaged: {error}") from error
    asked = size if isinstance(size, str) else size.size
    if asked != config.size:
        raise WeightsError(f"{folder} holds the {config.size} model, not {asked}.")
    return config


def expected_shapes(config: PoseLlavaConfig) -> dict[str, tuple[int, ...]]:
    """Every key of a weights folder with its shape; the head's begin with `pose_head.`."""
    with torch.device("meta"):
        model = PoseLlava(config, LlavaForConditionalGeneration(llava_config(config)))
    return {key: tuple(value.shape) for key, value in _state(model).items()}


def check_folder(folder: Path, config: PoseLlavaConfig) -> dict[Path, list[str]]:
    """Compare a folder's tensors with the model's, by the file headers alone.

    Returns:
        File -> its keys.

    Raises:
        WeightsError: a file or key is missing, a key is unknown or twice, a shape differs, a file
            is damaged, or there is no tokenizer.
    """
    if not any((folder / name).exists() for name in TOKENIZER_FILES):
        raise WeightsError(
            f"{folder} holds no tokenizer: neither {' nor '.join(TOKENIZER_FILES)}. Convert again: "
            f"`{CONVERT}`."
        )
    expected = expected_shapes(config)
    found: dict[str, tuple[int, ...]] = {}
    files: dict[Path, list[str]] = {}
    twice: list[str] = []
    for file in _weight_files(folder):
        shapes = _shapes_in(file)
        files[file] = list(shapes)
        twice += [key for key in shapes if key in found]
        found |= shapes
    wrong = [k for k in expected.keys() & found.keys() if expected[k] != found[k]]
    faults = {
        "missing": expected.keys() - found.keys(),
        "unknown": found.keys() - expected.keys(),
        "twice": twice,
        "of another shape": [f"{k} {found[k]} for {expected[k]}" for k in wrong],
    }
    told = [f"{what}: {_some(sorted(keys))}" for what, keys in faults.items() if keys]
    if told:
        raise WeightsError(
            f"{folder} does not fit the {config.size} model. Tensors {'; '.join(told)}. "
            f"Convert again: `{CONVERT}`."
        )
    return files


def _shapes_in(file: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(file, framework="pt") as stored:
            keys = list(stored.keys())
            return {key: tuple(stored.get_slice(key).get_shape()) for key in keys}
    except SafetensorError as error:
        raise WeightsError(
            f"{file} is damaged or cut off ({error}). Run `{CONVERT}` again; it mends the file."
        ) from error


def _weight_files(folder: Path) -> list[Path]:
    if (folder / INDEX).exists():
        index: Mapping[str, str] = json.loads((folder / INDEX).read_text())["weight_map"]
        names = sorted(set(index.values()))
    else:
        names = [SINGLE]
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise WeightsError(
            f"{folder} lacks {_some(missing)}. Run `{CONVERT}` again; it goes on where it stopped."
        )
    return [folder / name for name in names]


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _quantization(quantize: Quantize | None, dtype: torch.dtype) -> BitsAndBytesConfig | None:
    if quantize is None:
        return None
    if importlib.util.find_spec("bitsandbytes") is None:
        raise WeightsError(
            f"{quantize} weights need the package bitsandbytes: `pip install bitsandbytes`."
        )
    if quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=PRECISE)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",  # reference, main_chat.py, as the next one
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=PRECISE,
    )


# Saving


def _state(model: PoseLlava) -> dict[str, torch.Tensor]:
    head = {f"{HEAD}{key}": value for key, value in model.pose_head.state_dict().items()}
    return {**model.llava.state_dict(), **head}


def save_folder(
    model: PoseLlava, tokenizer: PreTrainedTokenizerBase, folder: Path, shard: str = SHARD
) -> None:
    """Write the layout that `build` reads.

    Args:
        shard: largest file, as "5GB".

    Raises:
        ValueError: adapters are still in the model; merge them first.
    """
    if has_lora(model):
        raise ValueError("Merge the adapters (lora.merge_lora) before the weights are saved.")
    folder.mkdir(parents=True, exist_ok=True)
    state = _state(model)
    plan = split_torch_state_dict_into_shards(
        state, filename_pattern="model{suffix}.safetensors", max_shard_size=shard
    )
    for name, keys in plan.filename_to_tensors.items():
        tensors = {key: state[key].detach().cpu().contiguous() for key in keys}
        save_file(tensors, folder / name, metadata={"format": "pt"})
    index = {"metadata": plan.metadata, "weight_map": plan.tensor_to_filename}
    (folder / INDEX).write_text(json.dumps(index, indent=1))
    write_config(model.config, folder)
    tokenizer.save_pretrained(folder)
