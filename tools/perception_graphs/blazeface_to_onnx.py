"""BlazeFace's short-range face detector: TFLite file -> ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto

from .tflite_to_onnx import LandmarkGraph

# Name of a head in the TFLite file -> (our output, values for each anchor).
HEADS = {
    "classificator_8": ("score", 1),
    "classificator_16": ("score", 1),
    "regressor_8": ("place", 16),
    "regressor_16": ("place", 16),
}


class FaceGraph(LandmarkGraph):
    """The same kinds of layers as in BlazePose, and plain Relu layers."""

    def emit_operator(self, operator, data: list[str], output: str) -> str:
        if self.kind(operator) == "RELU":
            return self.writer.activation(data[0], "Relu", output)
        return super().emit_operator(operator, data, output)

    def tensor(self, name: str) -> int:
        """The number of the tensor that carries this name."""
        count = self.graph.TensorsLength()
        return next(i for i in range(count) if self.graph.Tensors(i).Name().decode() == name)


def convert_blazeface(source: Path, target: Path) -> None:
    """Write `target`: image (N, 128, 128, 3) float32 in [-1, 1] -> score and place per anchor."""
    graph = FaceGraph(source)
    write = graph.writer
    done = {
        int(graph.graph.Inputs(0)): write.node("Transpose", ["image"], "nchw", perm=[0, 3, 1, 2])
    }
    parts: dict[str, list[str]] = {"score": [], "place": []}
    for name, (output, width) in HEADS.items():
        raw = graph.emit(graph.tensor(name), done)
        last = write.node("Transpose", [raw], f"{name}/nhwc", perm=[0, 2, 3, 1])
        shape = write.weight(f"shape{width}", np.array([0, -1, width], np.int64))
        parts[output].append(write.node("Reshape", [last, shape], f"{name}/anchors"))
    for output, pieces in parts.items():
        write.node("Concat", pieces, output, axis=1)
    write.write(
        target,
        {"image": (TensorProto.FLOAT, ["faces", 128, 128, 3])},
        {"score": ["faces", 896, 1], "place": ["faces", 896, 16]},
        "BlazeFace short range, Google, Apache-2.0; converted from "
        "face_detection_short_range.tflite.",
    )
