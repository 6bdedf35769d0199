"""The body model: SMPL rotations and betas in, vertices and joints out.

The arithmetic is the `smplx` package's own SMPL layer. The arrays come from the embedded free body
(CC0 geometry, SMPL's topology of 24 joints) or from the user's SMPL or SMPL-X file; poses mean the
same on all of them, betas do not.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import smplx
import torch
from smplx.utils import Struct

from chatpose_demo.body.smpl_file import SmplArrays, read_smpl_file
from chatpose_demo.body.smplx_file import NUM_SMPLX_VERTICES
from chatpose_demo.pose import NUM_BETAS, NUM_JOINTS

log = logging.getLogger(__name__)

EMBEDDED_FILE = Path(__file__).parents[2] / "assets" / "body" / "free_body_smpl.npz"
# The file that tools/build_body writes.
EMBEDDED_SHA256 = "58eb0bcfa25fe0a53510b9d2fef4f90e48aec85bf17c378f16b102017d0bb5d5"
SMPL_VARIABLE = "CHATPOSE_SMPL"


class PosedBodies(NamedTuple):
    """Bodies in SMPL's own frame: metres, y up, facing +z, pelvis near the origin.

    vertices: (B, V, 3) float32, V = 6890, of SMPL-X 10475; joints: (B, 24, 3) float32.
    """

    vertices: torch.Tensor
    joints: torch.Tensor


class _Layer(smplx.SMPL):
    # The layer prints a warning for files with fewer shapes than this; ten is what we use.
    SHAPE_SPACE_DIM = NUM_BETAS


class Body(torch.nn.Module):
    """An SMPL body that can be posed.

    Attributes:
        faces: (F, 3) int32 triangles, counter-clockwise seen from outside.
        is_embedded: whether this is the body that ships with the demo.
        is_smplx: whether it has SMPL-X's vertices, not SMPL's.
    """

    def __init__(self, arrays: SmplArrays, is_embedded: bool) -> None:
        super().__init__()
        self._layer = _Layer(
            "",
            data_struct=Struct(**vars(arrays)),
            create_betas=False,
            create_global_orient=False,
            create_body_pose=False,
            create_transl=False,
        )
        self.faces: np.ndarray = arrays.f.astype(np.int32)
        self.is_embedded = is_embedded
        self.is_smplx = len(arrays.v_template) == NUM_SMPLX_VERTICES

    @classmethod
    def embedded(cls) -> Body:
        """The body that ships with the demo."""
        return cls(read_smpl_file(EMBEDDED_FILE), is_embedded=True)

    @classmethod
    def from_file(cls, path: str | Path) -> Body:
        """The user's SMPL_NEUTRAL or SMPLX_NEUTRAL (.npz or .pkl).

        Raises:
            BodyFileError: with one sentence for the user.
        """
        body = cls(read_smpl_file(path), is_embedded=False)
        if body.is_smplx:
            log.info(
                "%s is an SMPL-X body: hands, jaw and eyes stay at rest, and SMPL's hand joints "
                "(22 and 23) move nothing; pose files still hold all 24 joints.",
                Path(path).name,
            )
        return body

    @classmethod
    def resolve(cls, path: str | Path | None = None) -> Body:
        """The body at `path`, else at $CHATPOSE_SMPL, else the embedded one."""
        path = path or os.environ.get(SMPL_VARIABLE)
        return cls.from_file(path) if path else cls.embedded()

    @property
    def parents(self) -> torch.Tensor:
        """(24,) int64 parent of each joint, -1 for the pelvis."""
        return self._layer.get_buffer("parents")

    @property
    def weights(self) -> torch.Tensor:
        """(V, 24) float32 skinning weights."""
        return self._layer.get_buffer("lbs_weights")

    def rest(self, betas: torch.Tensor | None = None) -> PosedBodies:
        """T pose of each shape (B, 10); None gives the one mean shape."""
        rotations = torch.eye(3, device=self.weights.device).expand(1, NUM_JOINTS, 3, 3)
        if betas is not None:
            rotations = rotations.expand(len(betas), -1, -1, -1)
        return self.pose(rotations, betas)

    def pose(self, rotations: torch.Tensor, betas: torch.Tensor | None = None) -> PosedBodies:
        """Pose a batch of bodies; gradients flow through.

        Args:
            rotations: (B, 24, 3, 3) relative rotation matrices, joint 0 = global orientation.
            betas: (B, 10) shapes, or None for the mean shape.

        Returns:
            Vertices and joints, metres. No translation is added.
        """
        if rotations.shape[1:] != (NUM_JOINTS, 3, 3):
            raise ValueError(f"rotations must be (B, 24, 3, 3), not {tuple(rotations.shape)}")
        rotations = rotations.to(self.weights)
        if betas is None:
            betas = rotations.new_zeros(len(rotations), NUM_BETAS)
        if betas.shape != (len(rotations), NUM_BETAS):
            raise ValueError(f"betas must be ({len(rotations)}, 10), not {tuple(betas.shape)}")
        output = self._layer(
            betas=betas.to(rotations),
            global_orient=rotations[:, :1],
            body_pose=rotations[:, 1:],
            pose2rot=False,
        )
        return PosedBodies(output.vertices, output.joints[:, :NUM_JOINTS])

    def on_floor(self, vertices: torch.Tensor) -> torch.Tensor:
        """Shift each body (B, V, 3): lowest point at y = 0, pelvis over x = z = 0.

        The pelvis is regressed from the posed vertices.
        """
        regressor = self._layer.get_buffer("J_regressor")
        pelvis = torch.einsum("v,bvc->bc", regressor[0], vertices)
        lowest = vertices[..., 1].amin(dim=1)
        return vertices - torch.stack([pelvis[:, 0], lowest, pelvis[:, 2]], dim=-1)[:, None]
