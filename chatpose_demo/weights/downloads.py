"""What can be downloaded from the Hugging Face hub, where the suggested commands put it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Download:
    """A repository of the Hugging Face hub.

    Attributes:
        what: in words, with its size.
        leave_out: a pattern of files that nobody here needs.
    """

    repository: str
    what: str
    licence: str
    leave_out: str = ""

    @property
    def folder(self) -> Path:
        """Where the command puts it."""
        return Path("downloads") / self.repository.split("/")[1]

    @property
    def command(self) -> str:
        """Downloads it, or goes on where it stopped."""
        leave_out = f' --exclude "{self.leave_out}"' if self.leave_out else ""
        return f"hf download {self.repository} --local-dir {self.folder}{leave_out}"

    def told(self) -> list[str]:
        """Two lines: what it is, and the command."""
        about = f"    {self.repository}: {self.what}; licence: {self.licence}"
        return [about, f"      {self.command}"]


_LLAMA = "Llama 2 Community License"  # LLaVA-1.5's model card
TRAINED = Download(
    "YaoFeng/CHATPOSE-V0",
    "the paper's 13B weights, 26.2 GB",
    f"Apache-2.0 by its page; made from Llama 2, so also the {_LLAMA}",
)
TOWER = Download(
    "openai/clip-vit-large-patch14-336",
    "the vision tower it was trained with, 1.7 GB",
    "MIT (the licence of OpenAI's CLIP repository)",
    "*.h5",  # the same weights once more, for TensorFlow
)
BASES = {
    size: Download(
        f"llava-hf/llava-1.5-{size}-hf",
        f"LLaVA-1.5 {size.upper()}, a base for training, vision tower included, {gigabytes} GB",
        _LLAMA,
    )
    # two bytes for each parameter
    for size, gigabytes in (("13b", "26.7"), ("7b", "14.1"))
}
