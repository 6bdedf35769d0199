"""Sizes, names and numbers of the paper's model; each with its source.

"reference" is the authors' public code (yfeng95/PoseGPT), "LLaVA-1.5" the model it starts from.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

from chatpose_demo.pose import NUM_JOINTS
from chatpose_demo.settings import ImageWay

TemplateName = Literal["llava_v1", "vicuna_v1"]
SETTINGS_FILE = "pose_llava.json"
BOS, EOS = 1, 2  # LLaMA tokenizer
PAD = 0  # reference: pad = unk


@dataclass(frozen=True)
class PoseLlavaConfig:
    """Everything that the architecture, the prompt and the pictures depend on.

    Attributes:
        size: name of the size, for messages.
        hidden, layers, heads, intermediate: of the language model.
        vocab_size: with the pose token, which is its last row.
        max_positions: longest sequence that the language model was made for, in tokens.
        vision_hidden, vision_layers, vision_heads, vision_intermediate: of CLIP's image half.
        image_size, patch: pixels; a photo becomes (image_size / patch)² tokens.
        vision_layer: index into CLIP's hidden states; its class token is dropped.
        pose_token: text of the token that says a body.
        template, image_way: names of the prompt template and of the preprocessing.
    """

    size: str
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocab_size: int = 32001  # LLaMA's 32000 and the pose token: released added_tokens.json
    max_positions: int = 4096  # Vicuna v1.5 config
    norm_eps: float = 1e-5  # Vicuna v1.5 config
    vision_hidden: int = 1024  # CLIP ViT-L/14-336 config, as the four below
    vision_layers: int = 24
    vision_heads: int = 16
    vision_intermediate: int = 4096
    image_size: int = 336
    patch: int = 14
    vision_layer: int = -2  # LLaVA-1.5: penultimate layer
    pose_token: str = "[SEG]"  # reference: trained and stored under the name it had in LISA
    template: TemplateName = "llava_v1"  # reference, main_chat.py default
    image_way: ImageWay = "crop"  # reference, main_chat.py

    @property
    def pose_token_id(self) -> int:
        """The last row of the vocabulary; 32000 in the released weights."""
        return self.vocab_size - 1

    @property
    def image_token_id(self) -> int:
        """Marks a photo's places in a prompt; one past the vocabulary, so nothing can say it."""
        return self.vocab_size

    @property
    def image_tokens(self) -> int:
        """Places that one photo takes; 576 at 336 pixels."""
        return (self.image_size // self.patch) ** 2

    @property
    def head_out(self) -> int:
        """24 joints × 6 numbers = 144."""
        return NUM_JOINTS * 6


SIZES: dict[str, PoseLlavaConfig] = {
    # Vicuna v1.5 configs; the paper's model is the 13B one, 7B is in its ablation.
    "13b": PoseLlavaConfig("13b", hidden=5120, layers=40, heads=40, intermediate=13824),
    "7b": PoseLlavaConfig("7b", hidden=4096, layers=32, heads=32, intermediate=11008),
    # our choice: the smallest that still has every part, for tests and dry runs
    "tiny": PoseLlavaConfig(
        "tiny",
        hidden=64,
        layers=2,
        heads=4,
        intermediate=128,
        vocab_size=601,
        max_positions=2048,
        vision_hidden=32,
        vision_layers=2,
        vision_heads=2,
        vision_intermediate=64,
        image_size=28,
    ),
}


def config_of(size: str) -> PoseLlavaConfig:
    """The configuration of a named size.

    Raises:
        ValueError: no such size.
    """
    if size not in SIZES:
        raise ValueError(f"There is no size {size!r}; there are {', '.join(SIZES)}.")
    return SIZES[size]


def llava_config(size: str | PoseLlavaConfig) -> LlavaConfig:
    """The same as transformers' configuration of `LlavaForConditionalGeneration`."""
    config = config_of(size) if isinstance(size, str) else size
    vision = CLIPVisionConfig(
        hidden_size=config.vision_hidden,
        num_hidden_layers=config.vision_layers,
        num_attention_heads=config.vision_heads,
        intermediate_size=config.vision_intermediate,
        image_size=config.image_size,
        patch_size=config.patch,
        projection_dim=768,  # CLIP ViT-L/14; unused by LLaVA
    )
    text = LlamaConfig(
        hidden_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        intermediate_size=config.intermediate,
        vocab_size=config.vocab_size,
        max_position_embeddings=config.max_positions,
        rms_norm_eps=config.norm_eps,
        tie_word_embeddings=False,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=config.image_token_id,
        image_seq_length=config.image_tokens,
        projector_hidden_act="gelu",  # LLaVA-1.5: mlp2x_gelu
        vision_feature_select_strategy="default",  # CLIP's class token dropped
        vision_feature_layer=config.vision_layer,
        tie_word_embeddings=False,
        architectures=["LlavaForConditionalGeneration"],
    )


def write_config(config: PoseLlavaConfig, folder: Path) -> None:
    """Write `config.json` (transformers' form) and `pose_llava.json` (this dataclass)."""
    llava_config(config).save_pretrained(folder)
    (folder / SETTINGS_FILE).write_text(json.dumps(asdict(config), indent=2) + "\n")


def read_config(folder: Path) -> PoseLlavaConfig:
    """What `write_config` wrote.

    Raises:
        FileNotFoundError: no `pose_llava.json` in the folder.
        ValueError: it holds other fields than this version of the project knows.
    """
    told = json.loads((folder / SETTINGS_FILE).read_text())
    unknown = sorted(set(told) - set(PoseLlavaConfig.__dataclass_fields__))
    if unknown:
        raise ValueError(f"{folder / SETTINGS_FILE} has unknown fields: {', '.join(unknown)}")
    return PoseLlavaConfig(**told)
