"""Inputs and outputs by which the networks of the second look are compared with their originals.

Needs no build-time package, so that the tests can ask the shipped files the same questions.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit
from skimage.data import astronaut

from chatpose_demo.perception.networks import run_network
from chatpose_demo.perception.objects import network_input

# Largest allowed differences; our choice. The two detectors hold their originals' own
# half-precision weights; the other three are rounded to half precision here, which costs a little.
LIMITS = {
    "nanodet_scores": 1e-4,
    "nanodet_distances": 1e-3,
    "blazeface_score": 1e-3,
    "blazeface_place": 1e-2,  # pixels of 128
    "efficientnet_probabilities": 5e-3,
    "efficientnet_features": 3e-2,
    "face_gender": 5e-3,
    "face_age": 5e-3,
}
# The stored outputs: every seventh cell of the long ones is enough to notice any change.
SHORT = {
    name: slice(None, None, 7 if name.startswith(("nanodet", "blazeface")) else 1)
    for name in LIMITS
}


def inputs() -> dict[str, np.ndarray]:
    """One input for each network, cut from the photo without resampling where sizes allow it."""
    image = astronaut()
    face = image[60:188, 160:288]
    return {
        "nanodet": network_input(image[:416, :416], 416),
        "blazeface": face[None].astype(np.float32) / 127.5 - 1,
        "efficientnet_lite0": _planes(image[:448:2, :448:2], 127.0, 128.0),
        "face_gender": _planes(face[16:112:3, 16:112:3], 117.0, 256.0),
        "face_age": _planes(face[::2, ::2], 117.0, 256.0),
    }


def _planes(image: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32."""
    return np.ascontiguousarray(
        ((image.astype(np.float32) - mean) / scale).transpose(2, 0, 1)[None]
    )


def shipped_outputs() -> dict[str, np.ndarray]:
    """The same numbers from the files in `assets/perception`."""
    images = inputs()
    heads = run_network("nanodet", images["nanodet"]).values()
    cells = np.concatenate([head[0].reshape(len(head[0]), -1).T for head in heads])
    face = run_network("blazeface", images["blazeface"])
    crops = run_network("efficientnet_lite0", images["efficientnet_lite0"])
    return {
        "nanodet_scores": expit(cells[:, :80]),
        "nanodet_distances": cells[:, 80:],
        "blazeface_score": face["score"][0],
        "blazeface_place": face["place"][0],
        "efficientnet_probabilities": crops["probabilities"],
        "efficientnet_features": crops["features"],
        "face_gender": run_network("face_gender", images["face_gender"])["probabilities"],
        "face_age": run_network("face_age", images["face_age"])["probabilities"],
    }
