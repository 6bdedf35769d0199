"""NanoDet-g: TensorFlow.js graph model -> ONNX, cut at the network's three heads.

The published graph came from ONNX once, so it is full of axis swaps for TensorFlow's layout and of
fixed shapes at its end. Here every tensor stays (1, C, H, W) and the cut leaves H and W free, so
one file serves any picture whose sides are multiples of 32.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto

from .onnx_writer import OnnxWriter
from .tfjs_to_onnx import read_weights

# Stride in pixels -> node of the published graph that holds class scores and distances.
HEADS = {8: "PartitionedCall/Add_29", 16: "PartitionedCall/Add_33", 32: "PartitionedCall/Add_37"}
CHANNELS = 80 + 44  # class logits of COCO, and 11 bins for each side of the box


class NanoDetGraph:
    """Reads the graph model and writes the nodes that the heads need."""

    def __init__(self, model_json: Path) -> None:
        model = json.loads(model_json.read_text())
        self.nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
        self.weights = read_weights(model_json.parent, model["weightsManifest"])
        self.writer = OnnxWriter("nanodet_heads")
        self.done = {"input_1": "image"}
        self.rows = 13  # of the deepest map, at the published 416 pixels

    def emit(self, name: str) -> str:
        """Write the nodes that make one tensor and return its ONNX name."""
        stack = [name]
        while stack:
            current = stack[-1]
            node = self.nodes[current]
            missing = [i for i in node.get("input", []) if i not in self.weights | self.done]
            if current in self.done:
                stack.pop()
            elif missing:
                stack += missing
            else:
                self.done[current] = self.emit_node(node)
                stack.pop()
        return self.done[name]

    def emit_node(self, node: dict) -> str:
        op, name, inputs, write = node["op"], node["name"], node["input"], self.writer
        attributes = node.get("attr", {})
        data = [self.done[i] for i in inputs if i in self.done]
        constants = [self.weights[i] for i in inputs if i in self.weights]
        if op == "Transpose":  # only swaps layouts; ours never changes
            return data[0]
        if op == "Conv2D":
            (kernel,) = constants
            kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
            strides = [int(s) for s in attributes["strides"]["list"]["i"]]
            return write.conv(
                data[0], (inputs[1], kernel), None, name,
                strides=(strides[1], strides[2]), same=False,
            )  # fmt: skip
        if op == "Add":
            biases = [
                write.weight(i, self.weights[i].reshape(1, -1, 1, 1))
                for i in inputs
                if i in self.weights
            ]
            return write.node("Add", [*data, *biases], name)
        if op == "LeakyRelu":
            return write.node("LeakyRelu", data, name, alpha=float(attributes["alpha"]["f"]))
        if op in ("Pad", "PadV2"):  # (4, 2) before, after of the axes (1, C, H, W)
            pads = write.weight(f"{name}/pads", constants[0].T.reshape(-1).astype(np.int64))
            values = [write.weight(f"{name}/value", constants[1])] if op == "PadV2" else []
            return write.node("Pad", [data[0], pads, *values], name)
        if op == "MaxPool":
            window, step = (attributes[k]["list"]["i"][1:3] for k in ("ksize", "strides"))
            return write.node(
                "MaxPool", data, name,
                kernel_shape=[int(w) for w in window], strides=[int(s) for s in step],
            )  # fmt: skip
        if op == "ConcatV2":
            return write.node("Concat", data, name, axis=int(constants[0]))
        if op == "ResizeBilinear":
            return self.emit_resize(node, data[0], int(constants[0][0]))
        raise ValueError(f"unexpected layer {op}")

    def emit_resize(self, node: dict, data: str, rows: int) -> str:
        """The pyramid's maps double or halve, one after the other along a single chain."""
        half_pixel = bool(node["attr"]["half_pixel_centers"]["b"])
        if not half_pixel or bool(node["attr"]["align_corners"]["b"]):
            raise ValueError("the pyramid's resizing convention has changed")
        factor, self.rows = rows / self.rows, rows
        if factor not in (0.5, 2.0):
            raise ValueError(f"a map grows by {factor}, not by a factor of two")
        scales = self.writer.weight(f"scales/{factor}", np.array([1, 1, factor, factor], "f4"))
        return self.writer.node(
            "Resize", [data, "", scales], node["name"],
            mode="linear", coordinate_transformation_mode="half_pixel",
        )  # fmt: skip


def convert_nanodet(model_json: Path, target: Path) -> None:
    """Write `target`: image (1, 3, H, W) float32, BGR, normalised -> one map for each stride."""
    graph = NanoDetGraph(model_json)
    shapes = {}
    for stride, name in HEADS.items():
        graph.writer.node("Identity", [graph.emit(name)], f"stride{stride}")
        shapes[f"stride{stride}"] = [1, CHANNELS, f"height_{stride}", f"width_{stride}"]
    graph.writer.write(
        target,
        {"image": (TensorProto.FLOAT, [1, 3, "height", "width"])},
        shapes,
        "NanoDet-g 416 (COCO), RangiLyu/nanodet, Apache-2.0; converted from the TensorFlow.js "
        "graph model, cut at its heads.",
    )
