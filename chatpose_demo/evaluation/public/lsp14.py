"""The 14 LSP joints that the papers score, by the user's Human3.6M joint regressor.

Two regressor files are in use, and they order the legs differently (rows 1 to 3 are the left leg
in SPIN's, the right leg in METRO's). With the wrong table legs change sides silently, so the side
is read off the regressor itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from chatpose_demo.body.smpl import Body
from chatpose_demo.evaluation.public.sample import PublicSetError

# Rows of the 17: 14 LSP joints in their order, then the pelvis.
_LEFT_LEG_FIRST = (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10, 0)  # SPIN
_RIGHT_LEG_FIRST = (3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10, 0)  # METRO
_NUM_VERTICES = 6890


@dataclass(frozen=True)
class Lsp14:
    """Turns SMPL vertices into LSP joints.

    Attributes:
        rows: (15, 6890) float32, 14 LSP joints and the pelvis.
    """

    rows: torch.Tensor

    @classmethod
    def load(cls, path: Path, body: Body) -> Lsp14:
        """Read J_regressor_h36m.npy or J_regressor_h36m_correct.npy.

        Args:
            body: the user's SMPL body, in whose T pose left is +x.

        Raises:
            PublicSetError: with one sentence for the user.
        """
        if body.is_embedded:
            raise PublicSetError(
                "A joint regressor is made for SMPL's own vertices; give your SMPL file too."
            )
        try:
            regressor = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise PublicSetError(f"{path} cannot be read as an array ({error}).") from error
        if not isinstance(regressor, np.ndarray) or regressor.shape != (17, _NUM_VERTICES):
            raise PublicSetError(f"{path} is not a Human3.6M regressor of shape (17, 6890).")
        all_rows = torch.from_numpy(regressor.astype(np.float32))
        joints = all_rows @ body.rest().vertices[0]
        left_first, right_first = joints[1, 0] > 0 > joints[4, 0], joints[4, 0] > 0 > joints[1, 0]
        if not left_first and not right_first:
            raise PublicSetError(f"{path} does not have a hip in row 1 and the other in row 4.")
        order = _LEFT_LEG_FIRST if left_first else _RIGHT_LEG_FIRST
        return cls(all_rows[list(order)])

    def __call__(self, vertices: torch.Tensor) -> torch.Tensor:
        """(B, 6890, 3) -> (B, 15, 3), 14 LSP joints and the pelvis."""
        return torch.einsum("jv,bvc->bjc", self.rows, vertices)
