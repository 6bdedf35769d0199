"""Convert the two published networks of the eyes to ONNX and prove the copies equal.

    python tools/convert_perception.py --movenet movenet-multipose.json \\
        --landmarks pose_landmark_full.tflite --node-folder FOLDER

Needs, beside the project itself: `pip install onnx tflite ai-edge-litert scikit-image`, and node
with `npm install @tensorflow/tfjs-core @tensorflow/tfjs-converter @tensorflow/tfjs-backend-cpu` in
FOLDER.
The originals run in their own interpreters (LiteRT, TensorFlow.js) on a public-domain photo; their
outputs are stored in `tests/data/perception_golden.npz`, and the script fails if the ONNX files
differ by more than the limits below.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from perception_graphs.tfjs_to_onnx import convert_movenet
from perception_graphs.tflite_to_onnx import convert_landmarks
from skimage.data import astronaut

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chatpose_demo.perception.movenet import decode  # noqa: E402
from chatpose_demo.perception.networks import ASSETS, run_network  # noqa: E402

GOLDEN = ROOT / "tests" / "data" / "perception_golden.npz"
LIMITS = {  # our choice: far below anything that decoding could notice
    "keypoints (px)": 1e-2,
    "boxes (px)": 1e-2,
    "scores": 1e-4,
    "landmarks (px of 256)": 1e-2,
    "flag": 1e-4,
    "heatmaps": 1e-2,
    "world (m)": 1e-4,
}


def pictures() -> dict[str, np.ndarray]:
    """Inputs that need no resampling: a square one, and one that shows the free axes at work."""
    image = astronaut()
    return {"square": image[::2, ::2], "wide": image[:384:2, ::2]}


def movenet_original(model: Path, image: np.ndarray, node_folder: Path) -> np.ndarray:
    """(6, 56) output of the published graph in TensorFlow.js."""
    script = Path(__file__).resolve().parent / "perception_graphs" / "movenet_reference.mjs"
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(np.ascontiguousarray(image).tobytes())
        file.flush()
        command = ["node", str(script), str(model), file.name, *map(str, image.shape[:2])]
        done = subprocess.run(command, cwd=node_folder, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout.strip().splitlines()[-1]), np.float32).reshape(6, 56)


def landmarks_original(model: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    """The published landmark network's outputs in LiteRT, for an image (256, 256, 3) in [0, 1]."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()
    by_size = {}
    for detail in interpreter.get_output_details():
        values = interpreter.get_tensor(detail["index"])[0]
        by_size[values.size] = values
    return {
        "landmarks": by_size[195],
        "flag": by_size[1],
        "heatmaps": by_size[64 * 64 * 39].transpose(2, 0, 1)[:, ::8, ::8],  # a sample is enough
        "world": by_size[117],
    }


def movenet_differences(golden: dict[str, np.ndarray]) -> dict[str, float]:
    """Largest difference of our MoveNet (ONNX heads and decoder) from the published graph."""
    worst = {"keypoints (px)": 0.0, "boxes (px)": 0.0, "scores": 0.0}
    for name, image in pictures().items():
        heads = run_network("movenet_multipose", np.ascontiguousarray(image[None]))
        ours = decode({name: head[0] for name, head in heads.items()}, most=6)
        height, width = image.shape[:2]
        original = golden[f"movenet_{name}"]
        keypoints = original[:, :51].reshape(6, 17, 3)[..., [1, 0, 2]] * [width, height, 1]
        boxes = original[:, [52, 51, 54, 53]] * [width, height, width, height]
        gaps = (ours.keypoints - keypoints, ours.boxes - boxes, ours.scores - original[:, 55])
        for key, gap in zip(worst, gaps, strict=True):
            worst[key] = max(worst[key], float(np.abs(gap).max()))
    return worst


def landmark_differences(golden: dict[str, np.ndarray]) -> dict[str, float]:
    """Largest difference of the ONNX landmark network from the published one."""
    image = pictures()["square"][None].astype(np.float32) / 255
    ours = run_network("blazepose_landmarks", image)
    ours["heatmaps"] = ours["heatmaps"][..., ::8, ::8]
    keys = {"landmarks": "landmarks (px of 256)", "world": "world (m)"}
    return {
        keys.get(name, name): float(np.abs(ours[name][0] - golden[f"blazepose_{name}"]).max())
        for name in ours
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movenet", type=Path, required=True, help="movenet-multipose.json")
    parser.add_argument("--landmarks", type=Path, required=True, help="pose_landmark_full.tflite")
    parser.add_argument("--node-folder", type=Path, required=True, help="holds node_modules")
    options = parser.parse_args()

    convert_movenet(options.movenet, ASSETS / "movenet_multipose.onnx")
    convert_landmarks(options.landmarks, ASSETS / "blazepose_landmarks.onnx")
    images = pictures()
    golden = {
        f"movenet_{name}": movenet_original(options.movenet.resolve(), image, options.node_folder)
        for name, image in images.items()
    }
    crop = images["square"].astype(np.float32) / 255
    for name, values in landmarks_original(options.landmarks, crop).items():
        golden[f"blazepose_{name}"] = values
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDEN, **golden)

    differences = movenet_differences(golden) | landmark_differences(golden)
    print(f"{'output':24s}{'largest difference':>20s}{'limit':>10s}")
    for name, value in differences.items():
        print(f"{name:24s}{value:20.2e}{LIMITS[name]:10.0e}")
    too_large = [name for name, value in differences.items() if not value <= LIMITS[name]]
    if too_large:
        raise SystemExit(f"not equal to the originals: {', '.join(too_large)}")


if __name__ == "__main__":
    main()
