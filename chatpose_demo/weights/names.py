"""How the tensors of published checkpoints are called, and what we call them: tables, no code.

The target names are those of the installed transformers' LlavaForConditionalGeneration. A key that
no table knows is refused by name: guessing would load a model that answers nonsense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chatpose_demo.network.llava.build import HEAD
from chatpose_demo.weights.journal import TRAINED_FAMILY
from chatpose_demo.weights.shards import CheckpointError


@dataclass(frozen=True)
class Rename:
    """Keys that match `pattern` as a whole become `target` (which may use its groups)."""

    pattern: str
    target: str
    source: str


@dataclass(frozen=True)
class Drop:
    """Keys that match `pattern` as a whole are left out, because of `why`."""

    pattern: str
    why: str


@dataclass(frozen=True)
class Table:
    """One family of checkpoints.

    Attributes:
        name: how messages call it.
        sign: a pattern that some key of such a checkpoint, and of no other family, matches.
        drops: tried before the renames.
        renames: first match wins.
    """

    name: str
    sign: str
    drops: tuple[Drop, ...]
    renames: tuple[Rename, ...]


_LANGUAGE = "model.language_model."
_VISION = "model.vision_tower."
_PROJECTOR = "model.multi_modal_projector."

# LLaVA's LlavaLlamaForCausalLM is a LlamaForCausalLM, so the language model has its plain names.
_LANGUAGE_RENAMES = (
    Rename(r"model\.(embed_tokens|norm)\.weight", _LANGUAGE + r"\1.weight", "LlamaModel"),
    Rename(r"model\.(layers\.\d+)\.(.+)", _LANGUAGE + r"\1.\2", "LlamaModel"),
    Rename(r"lm_head\.weight", "lm_head.weight", "LlamaForCausalLM"),
)
_PROJECTOR_RENAMES = (
    # `mlp2x_gelu` is Sequential(Linear, GELU, Linear): the GELU has place 1 and no weights.
    Rename(r"model\.mm_projector\.0\.(.+)", _PROJECTOR + r"linear_1.\1", "LLaVA-1.5 mlp2x_gelu"),
    Rename(r"model\.mm_projector\.2\.(.+)", _PROJECTOR + r"linear_2.\1", "LLaVA-1.5 mlp2x_gelu"),
)
_INNER_VISION_RENAMES = (
    Rename(
        r"model\.vision_tower\.vision_tower\.vision_model\.(.+)",
        _VISION + r"\1",
        "LLaVA's CLIPVisionTower holds a CLIPVisionModel, both under the name vision_tower",
    ),
)
_OLD_BUFFERS = (
    Drop(
        r".*\.rotary_emb\.inv_freq",
        "rotary frequencies: up to transformers 4.31 saved, since then computed",
    ),
    Drop(
        r".*vision_model\.embeddings\.position_ids",
        "0, 1, 2, ...: up to transformers 4.30 saved, since then computed",
    ),
)

CHATPOSE_V0 = Table(
    TRAINED_FAMILY,
    r"model\.text_hidden_fcs\..+",
    (
        *_OLD_BUFFERS,
        Drop(r"model\.smplx\..+", "SMPL-X buffers: licensed body data, not part of the network"),
    ),
    (
        *_LANGUAGE_RENAMES,
        *_PROJECTOR_RENAMES,
        *_INNER_VISION_RENAMES,
        # LISA's text_hidden_fcs is a ModuleList of one Sequential(Linear, ReLU, Linear, Dropout).
        Rename(r"model\.text_hidden_fcs\.0\.0\.(.+)", HEAD + r"0.\1", "reference, chatpose.py"),
        Rename(r"model\.text_hidden_fcs\.0\.2\.(.+)", HEAD + r"2.\1", "reference, chatpose.py"),
    ),
)  # fmt: skip
LLAVA_15 = Table(
    "liuhaotian/llava-v1.5",
    r"model\.mm_projector\..+",
    _OLD_BUFFERS,
    (*_LANGUAGE_RENAMES, *_PROJECTOR_RENAMES, *_INNER_VISION_RENAMES),
)
LLAVA_HF = Table(
    "llava-hf/llava-1.5",
    r"(model\.)?multi_modal_projector\..+",
    _OLD_BUFFERS,
    (
        # As published: LlavaForConditionalGeneration of transformers 4.36 to 4.51.
        Rename(r"language_model\.model\.(.+)", _LANGUAGE + r"\1", "transformers 4.36"),
        Rename(r"language_model\.lm_head\.weight", "lm_head.weight", "transformers 4.36"),
        Rename(r"multi_modal_projector\.(.+)", _PROJECTOR + r"\1", "transformers 4.36"),
        Rename(r"vision_tower\.vision_model\.(.+)", _VISION + r"\1", "transformers 4.36"),
        # As LlavaModel calls them since 4.52; since 5 CLIP has no `vision_model` level.
        Rename(r"model\.language_model\.(.+)", _LANGUAGE + r"\1", "transformers 4.52"),
        Rename(r"lm_head\.weight", "lm_head.weight", "transformers 4.52"),
        Rename(r"model\.multi_modal_projector\.(.+)", _PROJECTOR + r"\1", "transformers 4.52"),
        Rename(r"model\.vision_tower\.vision_model\.(.+)", _VISION + r"\1", "transformers 4.52"),
        Rename(r"model\.vision_tower\.(.+)", _VISION + r"\1", "transformers 5"),
    ),
)
CLIP = Table(
    "openai/clip-vit-large-patch14-336",
    r"vision_model\..+",
    (
        *_OLD_BUFFERS,
        Drop(r"text_model\..+", "CLIP's text tower: the network reads only pictures with CLIP"),
        Drop(r"(text|visual)_projection\.weight|logit_scale", "compares CLIP's towers: not used"),
    ),
    (Rename(r"vision_model\.(.+)", _VISION + r"\1", "transformers CLIPModel"),),
)
# CHATPOSE-V0 also carries LLaVA-1.5's projector, so the order decides.
FAMILIES = (CHATPOSE_V0, LLAVA_15, LLAVA_HF)


def recognise(keys: Iterable[str]) -> Table:
    """Which family these keys belong to.

    Raises:
        CheckpointError: to none of those this project knows.
    """
    keys = list(keys)
    for table in FAMILIES:
        if any(re.fullmatch(table.sign, key) for key in keys):
            return table
    raise CheckpointError(
        "The folder holds none of the checkpoints this command knows ("
        + ", ".join(table.name for table in FAMILIES)
        + "): it has neither text_hidden_fcs, nor mm_projector, nor multi_modal_projector."
    )


def renamed(table: Table, key: str) -> Rename | Drop | None:
    """The rule that decides about `key`, or None when the table does not know it."""
    for rule in (*table.drops, *table.renames):
        if re.fullmatch(rule.pattern, key):
            return rule
    return None


def target(rule: Rename, key: str) -> str:
    """The new name of a key that `rule` matches."""
    return re.sub(rule.pattern, rule.target, key)
