"""Synthetic downloads: the true file and key names of published checkpoints, in small sizes.

The key lists are written out here, apart from the tables under test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors.torch import save_file
from transformers.convert_slow_tokenizer import import_protobuf

HIDDEN, LAYERS, HEADS, INNER = 64, 3, 4, 128
VISION, TOWER_LAYERS, TOWER_INNER, TOWER_PLACES = 32, 2, 64, 5
PIECES = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
PIECES += ["▁a", "▁the", "▁s", "it", "▁sit", "▁", "t", "h", "e", "a", "s", "i", "th", "he", "▁th"]
WORDS = len(PIECES)

LLAMA_CONFIG = {
    "architectures": ["LlavaLlamaForCausalLM"],
    "model_type": "llava",
    "hidden_act": "silu",
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "num_key_value_heads": HEADS,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "mm_projector_type": "mlp2x_gelu",
    "mm_vision_select_layer": -2,
    "mm_vision_select_feature": "patch",
    "mm_vision_tower": "openai/clip-vit-large-patch14-336",
    "torch_dtype": "bfloat16",
    "tie_word_embeddings": False,
}
TOWER_CONFIG = {
    "hidden_size": VISION,
    "image_size": 28,
    "intermediate_size": 64,
    "model_type": "clip_vision_model",
    "num_attention_heads": 2,
    "num_hidden_layers": TOWER_LAYERS,
    "patch_size": 14,
    "projection_dim": 16,
}


def language_shapes(
    rows: int, inner: int = INNER, layers: int = LAYERS, hidden: int = HIDDEN
) -> dict[str, tuple]:
    """LlamaForCausalLM, without buffers."""
    shapes: dict[str, tuple] = {"model.embed_tokens.weight": (rows, hidden)}
    for n in range(layers):
        for part in "qkvo":
            shapes[f"model.layers.{n}.self_attn.{part}_proj.weight"] = (hidden, hidden)
        shapes[f"model.layers.{n}.mlp.gate_proj.weight"] = (inner, hidden)
        shapes[f"model.layers.{n}.mlp.up_proj.weight"] = (inner, hidden)
        shapes[f"model.layers.{n}.mlp.down_proj.weight"] = (hidden, inner)
        shapes[f"model.layers.{n}.input_layernorm.weight"] = (hidden,)
        shapes[f"model.layers.{n}.post_attention_layernorm.weight"] = (hidden,)
    return shapes | {"model.norm.weight": (hidden,), "lm_head.weight": (rows, hidden)}


def tower_shapes(
    vision: int = VISION,
    layers: int = TOWER_LAYERS,
    inner: int = TOWER_INNER,
    places: int = TOWER_PLACES,
) -> dict[str, tuple]:
    """CLIPVisionModel under `vision_model.`, without buffers."""
    shapes: dict[str, tuple] = {
        "embeddings.class_embedding": (vision,),
        "embeddings.patch_embedding.weight": (vision, 3, 14, 14),
        "embeddings.position_embedding.weight": (places, vision),
    }
    norms = ["pre_layrnorm", "post_layernorm"]
    for n in range(layers):
        layer = f"encoder.layers.{n}"
        norms += [f"{layer}.layer_norm1", f"{layer}.layer_norm2"]
        for part in ("k_proj", "v_proj", "q_proj", "out_proj"):
            shapes[f"{layer}.self_attn.{part}.weight"] = (vision, vision)
            shapes[f"{layer}.self_attn.{part}.bias"] = (vision,)
        shapes[f"{layer}.mlp.fc1.weight"], shapes[f"{layer}.mlp.fc1.bias"] = (
            (inner, vision),
            (inner,),
        )
        shapes[f"{layer}.mlp.fc2.weight"], shapes[f"{layer}.mlp.fc2.bias"] = (
            (vision, inner),
            (vision,),
        )
    for norm in norms:
        shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (vision,)
    return {f"vision_model.{key}": shape for key, shape in shapes.items()}


def projector_shapes(hidden: int = HIDDEN, vision: int = VISION) -> dict[str, tuple]:
    shapes = {"0.weight": (hidden, vision), "0.bias": (hidden,)}
    shapes |= {"2.weight": (hidden, hidden), "2.bias": (hidden,)}
    return {f"model.mm_projector.{key}": shape for key, shape in shapes.items()}


def head_shapes(hidden: int = HIDDEN) -> dict[str, tuple]:
    shapes = {"0.0.weight": (hidden, hidden), "0.0.bias": (hidden,)}
    shapes |= {"0.2.weight": (144, hidden), "0.2.bias": (144,)}
    return {f"model.text_hidden_fcs.{key}": shape for key, shape in shapes.items()}


def drawn(shapes: dict[str, tuple], seed: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {k: torch.randn(s, generator=generator).to(dtype) for k, s in shapes.items()}


def llava_tensors(rows: int, **sizes: int) -> dict[str, torch.Tensor]:
    """LLaVA-1.5 by its own names, without vision tower and buffers."""
    return drawn(language_shapes(rows, **sizes) | projector_shapes(), 1, torch.bfloat16)


def tower_tensors() -> dict[str, torch.Tensor]:
    return drawn(tower_shapes(), 2, torch.float32)


def smplx_buffers() -> dict[str, torch.Tensor]:
    """Licensed body data as the released checkpoint has it, of every storage kind."""
    floats = ("v_template", "shapedirs", "posedirs", "J_regressor", "lbs_weights", "jaw_pose")
    named = {f"model.smplx.{name}": torch.zeros(6) for name in floats}
    named |= {f"model.smplx.{name}": torch.zeros(6).long() for name in ("faces_tensor", "parents")}
    return named | {"model.smplx.lmk_mask": torch.zeros(6).bool()}


def frequencies(layers: int = LAYERS) -> dict[str, torch.Tensor]:
    return {f"model.layers.{n}.self_attn.rotary_emb.inv_freq": torch.ones(8) for n in range(layers)}


def hollow(shapes: dict[str, tuple]) -> dict[str, torch.Tensor]:
    """Tensors of any size that take one number on disk."""
    return {key: torch.zeros(1, dtype=torch.bfloat16).expand(s) for key, s in shapes.items()}


def chatpose_tensors(**sizes: int) -> dict[str, torch.Tensor]:
    """Every key of CHATPOSE-V0."""
    head = drawn(head_shapes(), 3, torch.bfloat16)
    return llava_tensors(WORDS + 1, **sizes) | frequencies() | head | smplx_buffers()


def write_shards(
    folder: Path, tensors: dict[str, torch.Tensor], count: int, kind: str = "bin"
) -> None:
    """Write `count` shards of about as many keys each, and their index."""
    folder.mkdir(parents=True, exist_ok=True)
    keys, places = list(tensors), {}
    size = -(-len(keys) // count)
    for n in range(count):
        some = {key: tensors[key] for key in keys[n * size : (n + 1) * size]}
        stem = "pytorch_model" if kind == "bin" else "model"
        name = f"{stem}-{n + 1:05}-of-{count:05}.{kind}"
        if kind == "bin":
            torch.save(some, folder / name)
        else:
            save_file(some, folder / name)
        places |= dict.fromkeys(some, name)
    index = "pytorch_model.bin.index.json" if kind == "bin" else "model.safetensors.index.json"
    (folder / index).write_text(json.dumps({"weight_map": places}))


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def write_sentencepiece(
    folder: Path, words: int = WORDS, scores: Mapping[str, float] = MappingProxyType({})
) -> None:
    """LLaMA's kind of vocabulary.

    Args:
        scores: of pieces that are not joined in the order of their ids.
    """
    model: Any = vars(import_protobuf())["ModelProto"]()
    for n, text in enumerate([*PIECES, *(f"▁{n}" for n in range(words - WORDS))]):
        piece = model.pieces.add()
        piece.piece, piece.score = text, scores.get(text, -float(n))
        piece.type = 2 if n == 0 else 3 if n < 3 else 6 if n < 259 else 1
    model.trainer_spec.model_type = 2
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())


def write_chatpose(folder: Path, kind: str = "bin") -> dict[str, torch.Tensor]:
    """A CHATPOSE-V0 download; returns its tensors."""
    tensors = chatpose_tensors()
    write_shards(folder, tensors, 3, kind)
    write_json(folder / "config.json", LLAMA_CONFIG | {"vocab_size": WORDS + 1})
    write_json(folder / "added_tokens.json", {"[SEG]": WORDS})
    write_sentencepiece(folder)
    return tensors


def write_released_13b(folder: Path, clip: Path) -> dict[str, tuple]:
    """CHATPOSE-V0 and CLIP at their true shapes, without content; returns the former's shapes."""
    large = {"hidden": 5120, "inner": 13824, "layers": 40}
    shapes = language_shapes(32001, **large) | projector_shapes(5120, 1024) | head_shapes(5120)
    write_shards(folder, hollow(shapes) | frequencies(40) | smplx_buffers(), 3)
    sizes = {"hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40}
    heads = {"num_attention_heads": 40, "num_key_value_heads": 40, "vocab_size": 32001}
    write_json(folder / "config.json", LLAMA_CONFIG | sizes | heads)
    write_json(folder / "added_tokens.json", {"[SEG]": 32000})
    write_sentencepiece(folder, 32000)
    clip.mkdir()
    tower = tower_shapes(vision=1024, layers=24, inner=4096, places=577)
    torch.save(hollow(tower), clip / "pytorch_model.bin")
    told = {"hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "patch_size": 14}
    told |= {"num_hidden_layers": 24, "num_attention_heads": 16}
    write_json(clip / "config.json", {"model_type": "clip", "vision_config": told})
    return shapes


def write_clip(folder: Path) -> dict:
    """A CLIP download, both towers in one pickle; returns the vision tower's tensors."""
    tower = tower_tensors()
    rest = {
        "logit_scale": torch.tensor(4.6),
        "text_projection.weight": torch.zeros(16, 16),
        "visual_projection.weight": torch.zeros(16, VISION),
        "text_model.embeddings.position_ids": torch.arange(77)[None],
        "text_model.embeddings.token_embedding.weight": torch.zeros(10, 16),
        "vision_model.embeddings.position_ids": torch.arange(5)[None],
    }
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(tower | rest, folder / "pytorch_model.bin")
    write_json(folder / "config.json", {"model_type": "clip", "vision_config": TOWER_CONFIG})
    return tower


def write_llava_15(folder: Path) -> dict:
    """A liuhaotian/llava-v1.5 download without its vision tower; returns its tensors."""
    tensors = llava_tensors(WORDS)
    write_shards(folder, tensors, 2)
    torch.save({"model.mm_projector.0.bias": torch.zeros(1)}, folder / "mm_projector.bin")
    write_json(folder / "config.json", LLAMA_CONFIG | {"vocab_size": WORDS})
    write_sentencepiece(folder)
    return tensors


def hf_names(key: str, style: str) -> str:
    """The name of a LLaVA-1.5 or CLIP key in llava-hf's "old" or "new" (transformers 5) style."""
    old = style == "old"
    inner = "" if old else "model."
    if key.startswith("vision_model."):
        return f"{inner}vision_tower." + (key if old else key.removeprefix("vision_model."))
    if key.startswith("model.mm_projector."):
        place, name = key.removeprefix("model.mm_projector.").split(".")
        return f"{inner}multi_modal_projector.linear_{1 if place == '0' else 2}.{name}"
    if key == "lm_head.weight":
        return "language_model.lm_head.weight" if old else key
    part = key.removeprefix("model.")
    return ("language_model.model." if old else "model.language_model.") + part


def write_llava_hf(folder: Path, style: str) -> None:
    """A llava-hf/llava-1.5 download with the tensors of `write_llava_15` and `write_clip`.

    As there, the vocabulary has rows for <image>, <pad> and a round number.
    """
    tensors = llava_tensors(WORDS)
    for key in ("model.embed_tokens.weight", "lm_head.weight"):
        tensors[key] = torch.cat([tensors[key], torch.full((9, HIDDEN), 7.0).bfloat16()])
    named = {hf_names(key, style): value for key, value in (tensors | tower_tensors()).items()}
    write_shards(folder, named, 2, "safetensors")
    text = {k: v for k, v in LLAMA_CONFIG.items() if not k.startswith("mm_")}
    text |= {"model_type": "llama", "vocab_size": WORDS + 9}
    told = {"model_type": "llava", "image_token_index": WORDS, "projector_hidden_act": "gelu"}
    whole = told | {"text_config": text, "vision_config": TOWER_CONFIG}
    write_json(folder / "config.json", whole)
    vocabulary = {piece: n for n, piece in enumerate(PIECES)}
    merges = ["▁ a", "▁ s", "▁ t", "i t", "t h", "h e", "▁ th", "▁th e", "▁s it"]
    merges = [pair for pair in merges if pair.replace(" ", "") in vocabulary]
    added = [{"id": WORDS, "content": "<image>"}, {"id": WORDS + 1, "content": "<pad>"}]
    model = {"type": "BPE", "vocab": vocabulary, "merges": merges}
    write_json(folder / "tokenizer.json", {"added_tokens": added, "model": model})
    write_json(folder / "added_tokens.json", {"<image>": WORDS, "<pad>": WORDS + 1})
