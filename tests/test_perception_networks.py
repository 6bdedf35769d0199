"""The shipped ONNX networks against outputs of the original files in their own interpreters.

`tests/data/perception_golden.npz` is written by `tools/convert_perception.py` from LiteRT and
TensorFlow.js, on scikit-image's astronaut.
"""

from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from chatpose_demo.perception.eyes import NETWORKS
from chatpose_demo.perception.movenet import decode
from chatpose_demo.perception.networks import ASSETS, open_network, run_network

GOLDEN = np.load(Path(__file__).parent / "data" / "perception_golden.npz")
PICTURES = {"square": astronaut()[::2, ::2], "wide": astronaut()[:384:2, ::2]}


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_movenet_equals_the_published_graph(name):
    image = PICTURES[name]
    heads = run_network("movenet_multipose", np.ascontiguousarray(image[None]))
    ours = decode({k: v[0] for k, v in heads.items()}, most=6)
    original = GOLDEN[f"movenet_{name}"]
    height, width = image.shape[:2]
    keypoints = original[:, :51].reshape(6, 17, 3)[..., [1, 0, 2]] * [width, height, 1]
    boxes = original[:, [52, 51, 54, 53]] * [width, height, width, height]
    np.testing.assert_allclose(ours.keypoints, keypoints, atol=1e-2)
    np.testing.assert_allclose(ours.boxes, boxes, atol=1e-2)
    np.testing.assert_allclose(ours.scores, original[:, 55], atol=1e-4)


def test_movenet_decodes_more_than_six():
    heads = run_network("movenet_multipose", np.ascontiguousarray(PICTURES["square"][None]))
    heads = {k: v[0] for k, v in heads.items()}
    six, many = decode(heads, 6), decode(heads, 20)
    assert len(many) == 20
    np.testing.assert_allclose(many.boxes[:6], six.boxes)


def test_blazepose_equals_the_published_file():
    image = PICTURES["square"][None].astype(np.float32) / 255
    ours = run_network("blazepose_landmarks", image)
    np.testing.assert_allclose(ours["landmarks"][0], GOLDEN["blazepose_landmarks"], atol=1e-2)
    np.testing.assert_allclose(ours["flag"][0], GOLDEN["blazepose_flag"], atol=1e-4)
    np.testing.assert_allclose(ours["world"][0], GOLDEN["blazepose_world"], atol=1e-4)
    heatmaps = ours["heatmaps"][0][:, ::8, ::8]
    np.testing.assert_allclose(heatmaps, GOLDEN["blazepose_heatmaps"], atol=1e-2)


def test_blazepose_batch_equals_single():
    image = PICTURES["square"].astype(np.float32) / 255
    other = image[::-1].copy()
    both = run_network("blazepose_landmarks", np.stack([image, other]))
    for index, single in enumerate((image, other)):
        alone = run_network("blazepose_landmarks", single[None])
        np.testing.assert_allclose(both["landmarks"][index], alone["landmarks"][0], atol=1e-2)


def test_files_are_small():
    sizes = {path.name: path.stat().st_size for path in ASSETS.glob("*.onnx")}
    assert set(sizes) == {f"{name}.onnx" for name in NETWORKS}
    assert max(sizes.values()) < 10e6


def test_missing_network_says_how_to_get_it():
    with pytest.raises(FileNotFoundError, match="convert_perception"):
        open_network("no_such_network")
