"""MoveNet MultiPose: TensorFlow.js graph model -> ONNX, cut at the network's six heads.

The published graph ends in a decoder that keeps at most six people and whose shapes are baked in.
Cut at the heads, the network takes any picture whose sides are multiples of 32, and our own decoder
(`chatpose_demo.perception.movenet`) has no cap.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto

from .onnx_writer import OnnxWriter

# Node of the published graph -> (our name, channels). Maps have a quarter of the input's sides.
HEADS = {
    "StatefulPartitionedCall/Sigmoid": ("center", 1),
    "StatefulPartitionedCall/box_offset_0/conv2d_6/BiasAdd": ("box_offset", 2),
    "StatefulPartitionedCall/box_scale_0/conv2d_5/BiasAdd": ("box_size", 2),
    "StatefulPartitionedCall/Sigmoid_1": ("keypoint_heatmap", 17),
    "StatefulPartitionedCall/kpt_regress_0/conv2d_8/BiasAdd": ("keypoint_regress", 34),
    "StatefulPartitionedCall/kpt_offset_0/conv2d_9/BiasAdd": ("keypoint_offset", 34),
}
DTYPES = {"float32": np.float32, "float16": np.float16, "int32": np.int32}


def read_weights(folder: Path, manifest: list[dict]) -> dict[str, np.ndarray]:
    """The weights of a TensorFlow.js model by name, float16 storage widened to float32."""
    weights = {}
    for group in manifest:
        data = b"".join((folder / name).read_bytes() for name in group["paths"])
        start = 0
        for entry in group["weights"]:
            stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(data, DTYPES[stored], count, start)
            start += values.nbytes
            values = values.astype(DTYPES[entry["dtype"]]).reshape(entry["shape"])
            weights[entry["name"]] = values
        if start != len(data):
            raise ValueError(f"{group['paths']}: {len(data) - start} bytes are left over")
    return weights


class MoveNetGraph:
    """Reads the graph model and writes the nodes that the heads need."""

    def __init__(self, model_json: Path) -> None:
        model = json.loads(model_json.read_text())
        self.nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
        self.weights = read_weights(model_json.parent, model["weightsManifest"])
        self.writer = OnnxWriter("movenet_multipose_heads")

    def emit(self, name: str, done: dict[str, str]) -> str:
        """Write the nodes that make one tensor and return its ONNX name."""
        stack = [name]
        while stack:
            current = stack[-1]
            node = self.nodes[current]
            data = [i for i in node["input"] if i not in self.weights]
            data = data[:1] if node["op"] == "ResizeBilinear" else data  # its size is always 2x
            missing = [i for i in data if i not in done]
            if current in done:
                stack.pop()
            elif missing:
                stack += missing
            else:
                done[current] = self.emit_node(node, [done[i] for i in data])
                stack.pop()
        return done[name]

    def operand(self, name: str) -> str:
        """A stored constant of an element-wise node, (..., C) -> (1, C, 1, 1)."""
        values = self.weights[name]
        if values.size > 1:
            values = values.reshape(1, -1, 1, 1)
        return self.writer.weight(name, values)

    def emit_node(self, node: dict, data: list[str]) -> str:
        op, name, write = node["op"], node["name"], self.writer
        attributes = node.get("attr", {})
        if op in ("_FusedConv2D", "FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"):
            return self.emit_conv(node, data[0])
        if op == "Cast":
            return write.node("Cast", data, name, to=TensorProto.FLOAT)
        if op in ("Sub", "Mul", "AddV2"):
            inputs = iter(data)
            operands = [
                self.operand(i) if i in self.weights else next(inputs) for i in node["input"]
            ]
            return write.node({"AddV2": "Add"}.get(op, op), operands, name)
        if op == "ResizeBilinear":
            half_pixel = bool(attributes["half_pixel_centers"]["b"])
            return write.double_size(data[0], name, half_pixel=half_pixel)
        if op == "Sigmoid":
            return write.node("Sigmoid", data, name)
        raise ValueError(f"unexpected layer {op}")

    def emit_conv(self, node: dict, data: str) -> str:
        attributes, name = node["attr"], node["name"]
        kernel_name, *rest = node["input"][1:]
        kernel = self.weights[kernel_name]
        deep = "Depthwise" in node["op"]
        # h, w, in, out or, per channel, h, w, channels, 1
        kernel = np.ascontiguousarray(kernel.transpose((2, 3, 0, 1) if deep else (3, 2, 0, 1)))
        fused = [
            base64.b64decode(f).decode()
            for f in attributes.get("fused_ops", {}).get("list", {}).get("s", [])
        ]
        strides = [int(s) for s in attributes["strides"]["list"]["i"]]
        return self.writer.conv(
            data,
            (kernel_name, kernel),
            (rest[0], self.weights[rest[0]]) if "BiasAdd" in fused else None,
            name,
            strides=(strides[1], strides[2]),
            same=base64.b64decode(attributes["padding"]["s"]).decode() == "SAME",
            groups=kernel.shape[0] if deep else 1,
            activation=next((f for f in fused if f != "BiasAdd"), None),
        )


def convert_movenet(model_json: Path, target: Path) -> None:
    """Write `target`: image (1, H, W, 3) uint8 RGB, H and W multiples of 32 -> the six heads."""
    graph = MoveNetGraph(model_json)
    picture = graph.writer.node("Transpose", ["image"], "image/nchw", perm=[0, 3, 1, 2])
    done = {"input": picture}
    shapes = {}
    for name, (ours, channels) in HEADS.items():
        graph.writer.node("Identity", [graph.emit(name, done)], ours)
        shapes[ours] = [1, channels, "height_4", "width_4"]
    graph.writer.write(
        target,
        {"image": (TensorProto.UINT8, [1, "height", "width", 3])},
        shapes,
        "MoveNet MultiPose Lightning, Google, Apache-2.0; converted from the TensorFlow.js "
        "graph model, cut at its heads.",
    )
