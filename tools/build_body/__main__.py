"""Build the embedded body: `python -m tools.build_body --out free_body_smpl.npz`.

Needs `anny` (the `body-build` extra). Anny's own first build takes minutes and a cache of 0.9 GB
in $ANNY_CACHE_DIR (~/.cache/anny).
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import anny
import numpy as np
import torch

from chatpose_demo.body.smpl import EMBEDDED_FILE, Body
from chatpose_demo.pose import NUM_JOINTS, PARENTS
from tools.build_body.decimate import decimate
from tools.build_body.fit import Shaped, fit
from tools.build_body.posedirs import fit_posedirs
from tools.build_body.sample import sample

WEIGHT_CRUMB = 2e-3  # weights below this are dropped; our choice
POSEDIRS_STEP = 2e-4  # metres: the correctives are rounded, which halves the file


def write(path: Path, body: Shaped, posedirs: np.ndarray) -> None:
    """Round and save under SMPL's array names."""
    weights = np.where(body.weights < WEIGHT_CRUMB, 0, body.weights)
    parents = np.where(np.array(PARENTS) < 0, 2**32 - 1, PARENTS)
    np.savez_compressed(
        path,
        v_template=body.v_template.astype(np.float32),
        shapedirs=body.shapedirs.astype(np.float32),
        posedirs=(np.round(posedirs / POSEDIRS_STEP) * POSEDIRS_STEP).astype(np.float16),
        J_regressor=body.J_regressor.astype(np.float32),
        weights=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        kintree_table=np.stack([parents, np.arange(NUM_JOINTS)]).astype(np.int64),
        f=body.f,
        phenotype_labels=body.phenotype_labels,
        phenotype_to_betas=body.phenotype_to_betas.astype(np.float32),
        mirror=body.mirror,
        anny_vertex=body.anny_vertex,
    )


def compare(path: Path, shipped: Path) -> None:
    """Print how far a new build is from the shipped file."""
    new, old = np.load(path), np.load(shipped)
    for name in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f"):
        same = new[name].shape == old[name].shape
        gap = np.abs(new[name].astype(float) - old[name].astype(float)).max() if same else np.nan
        print(
            f"{name:12s} {new[name].shape!s:16s} largest difference to the shipped file {gap:.2e}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=1200, help="sampled adults")
    parser.add_argument("--poses", type=int, default=1300, help="poses for the correctives")
    options = parser.parse_args()
    torch.set_num_threads(1)
    samples = sample(anny.Anny(phenotypes="all").to(torch.float32), options.people)
    mesh = decimate(samples)
    print(f"{len(mesh.keep)} vertices, {len(mesh.faces)} faces")
    body = fit(samples, mesh)
    write(options.out, body, fit_posedirs(body, options.poses))
    Body.from_file(options.out)  # refuses a file that is not SMPL-shaped
    compare(options.out, EMBEDDED_FILE)
    print("sha256", hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
