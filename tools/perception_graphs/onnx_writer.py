"""A small writer of ONNX graphs: float16 weights on disk, float32 arithmetic, NCHW inside.

Both source formats (TFLite and TensorFlow.js graph models) hold the same few kinds of layers and
half-precision weights, so one writer serves the two translators.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17  # our choice: every onnxruntime since 1.12 reads it


class OnnxWriter:
    """Collects nodes and weights, then writes one checked file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._names: set[str] = set()

    def node(self, op: str, inputs: list[str], output: str, **attributes) -> str:
        """Append one node with one output and return the output's name."""
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def weight(self, name: str, values: np.ndarray) -> str:
        """Store an array once and return its name.

        Floats go to disk as float16 when that loses nothing (the published weights are float16
        already) and are cast back to float32 inside the graph.
        """
        if name in self._names:
            return name
        self._names.add(name)
        if values.dtype == np.float32 and np.array_equal(values.astype(np.float16), values):
            half = f"{name}/half"
            self.weights.append(numpy_helper.from_array(values.astype(np.float16), half))
            return self.node("Cast", [half], name, to=TensorProto.FLOAT)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def conv(
        self,
        data: str,
        kernel: tuple[str, np.ndarray],
        bias: tuple[str, np.ndarray] | None,
        output: str,
        *,
        strides: tuple[int, int],
        same: bool,
        groups: int = 1,
        activation: str | None = None,
    ) -> str:
        """Convolution with TensorFlow's padding rule. Kernel is (out, in / groups, h, w)."""
        inputs = [data, self.weight(*kernel)]
        if bias is not None:
            inputs.append(self.weight(*bias))
        raw = output if activation is None else f"{output}/linear"
        self.node(
            "Conv",
            inputs,
            raw,
            kernel_shape=list(kernel[1].shape[2:]),
            strides=list(strides),
            group=groups,
            auto_pad="SAME_UPPER" if same else "VALID",
        )
        return raw if activation is None else self.activation(raw, activation, output)

    def activation(self, data: str, kind: str, output: str) -> str:
        """Relu or Relu6."""
        if kind == "Relu":
            return self.node("Relu", [data], output)
        if kind == "Relu6":
            low = self.weight("relu6/low", np.float32(0).reshape(()))
            high = self.weight("relu6/high", np.float32(6).reshape(()))
            return self.node("Clip", [data, low, high], output)
        raise ValueError(f"unknown activation {kind}")

    def double_size(self, data: str, output: str, half_pixel: bool) -> str:
        """Bilinear upsampling by two, in either of TensorFlow's two conventions."""
        scales = self.weight("scales/double", np.array([1, 1, 2, 2], np.float32))
        mode = "half_pixel" if half_pixel else "asymmetric"
        return self.node(
            "Resize",
            [data, "", scales],
            output,
            mode="linear",
            coordinate_transformation_mode=mode,
        )

    def write(
        self,
        path: Path,
        inputs: dict[str, tuple[int, list]],
        outputs: dict[str, list],
        credit: str,
    ) -> None:
        """Check the graph and write it.

        Args:
            path: file to write.
            inputs: name -> (TensorProto element type, shape with strings for free axes).
            outputs: name -> shape; all outputs are float32.
            credit: one line on origin and licence, kept inside the file.
        """
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [helper.make_tensor_value_info(n, t, s) for n, (t, s) in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8  # matches opset 17, so that older runtimes load the file too
        model.doc_string = credit
        onnx.checker.check_model(model, full_check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))
