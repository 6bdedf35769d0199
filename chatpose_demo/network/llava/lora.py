"""Low-rank adapters inside the language model, put in and merged in place."""

from __future__ import annotations

from dataclasses import dataclass

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer

from chatpose_demo.network.llava.model import PoseLlava


@dataclass(frozen=True)
class LoraSettings:
    """The reference's training command, where it says.

    Attributes:
        targets: Linear layers of the language model that get an adapter.
        train_vocabulary: also train the embeddings and the output layer, as LISA does.
    """

    rank: int = 128  # reference, scripts/main_inference.sh
    alpha: int = 256  # reference, scripts/main_inference.sh
    dropout: float = 0.05  # reference, merge script
    targets: tuple[str, ...] = ("q_proj", "v_proj")  # reference, merge script
    train_vocabulary: bool = False  # our choice


def add_lora(model: PoseLlava, settings: LoraSettings) -> None:
    """Put adapters in; afterwards only they, the head and what `settings` names are trained."""
    # CLIP has layers of the same names; the reference leaves it frozen.
    targets = rf".*language_model.*\.({'|'.join(settings.targets)})"
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
    )
    model.llava.requires_grad_(False)
    inject_adapter_in_model(config, model.llava)
    model.train(model.training)  # new dropout layers follow the mode of the rest
    model.pose_head.requires_grad_(True)
    if settings.train_vocabulary:
        model.llava.get_input_embeddings().requires_grad_(True)
        model.llava.get_output_embeddings().requires_grad_(True)


def has_lora(model: PoseLlava) -> bool:
    """Whether adapters are in the model."""
    return any(isinstance(module, LoraLayer) for module in model.modules())


def merge_lora(model: PoseLlava) -> None:
    """Add the adapters to the weights that they wrap and take them out."""
    layers = [(name, m) for name, m in model.named_modules() if isinstance(m, LoraLayer)]
    for name, layer in layers:
        layer.merge(safe_merge=True)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer.get_base_layer())
