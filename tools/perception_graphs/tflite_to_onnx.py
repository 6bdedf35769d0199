"""BlazePose's landmark network: TFLite file -> ONNX, without its segmentation branch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tflite
from onnx import TensorProto

from .onnx_writer import OnnxWriter

OPS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
ACTIVATIONS = {0: None, 1: "Relu", 3: "Relu6"}
DTYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16,
          tflite.TensorType.INT32: np.int32}  # fmt: skip
# TFLite output name -> (our name, shape); Identity_2 (segmentation) is left out.
OUTPUTS = {
    "Identity": ("landmarks", ["people", 195]),
    "Identity_1": ("flag", ["people", 1]),
    "Identity_3": ("heatmaps", ["people", 39, 64, 64]),
    "Identity_4": ("world", ["people", 117]),
}


class LandmarkGraph:
    """Reads the TFLite graph and writes the part that the wanted outputs need."""

    def __init__(self, path: Path) -> None:
        model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self.graph = model.Subgraphs(0)
        self.model = model
        self.constants: dict[int, np.ndarray] = {}
        self.writer = OnnxWriter("blazepose_landmarks")
        self.producer = {}
        for index in range(self.graph.OperatorsLength()):
            operator = self.graph.Operators(index)
            for output in operator.OutputsAsNumpy():
                self.producer[int(output)] = operator

    def constant(self, tensor_id: int) -> np.ndarray:
        """The values of a stored tensor, through DEQUANTIZE if it is half precision."""
        if tensor_id in self.producer:
            operator = self.producer[tensor_id]
            if self.kind(operator) != "DEQUANTIZE":
                raise ValueError(f"tensor {tensor_id} is not a constant")
            return self.constant(int(operator.Inputs(0))).astype(np.float32)
        tensor = self.graph.Tensors(tensor_id)
        raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        return np.frombuffer(raw.tobytes(), DTYPES[tensor.Type()]).reshape(tensor.ShapeAsNumpy())

    def kind(self, operator) -> str:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        return OPS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]

    @staticmethod
    def options(operator, options):
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def emit(self, tensor_id: int, done: dict[int, str]) -> str:
        """Write the nodes that make one tensor and return its ONNX name."""
        stack = [tensor_id]
        while stack:
            current = stack[-1]
            if current in done:
                stack.pop()
                continue
            operator = self.producer[current]
            data = [int(i) for i in operator.InputsAsNumpy()]
            data = data if self.kind(operator) == "ADD" else data[:1]
            missing = [i for i in data if i not in done]
            if missing:
                stack += missing
                continue
            done[current] = self.emit_operator(operator, [done[i] for i in data], f"t{current}")
            stack.pop()
        return done[tensor_id]

    def emit_operator(self, operator, data: list[str], output: str) -> str:
        kind, write = self.kind(operator), self.writer
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            deep = kind == "DEPTHWISE_CONV_2D"
            options = tflite.DepthwiseConv2DOptions() if deep else tflite.Conv2DOptions()
            options = self.options(operator, options)
            kernel = self.constant(int(operator.Inputs(1)))
            order = (3, 0, 1, 2) if deep else (0, 3, 1, 2)  # 1hwc / ohwi -> out, in/groups, h, w
            kernel = np.ascontiguousarray(kernel.transpose(order))
            return write.conv(
                data[0],
                (f"{output}/kernel", kernel),
                (f"{output}/bias", self.constant(int(operator.Inputs(2)))),
                output,
                strides=(options.StrideH(), options.StrideW()),
                same=options.Padding() == tflite.Padding.SAME,
                groups=kernel.shape[0] if deep else 1,
                activation=ACTIVATIONS[options.FusedActivationFunction()],
            )
        if kind == "ADD":
            options = self.options(operator, tflite.AddOptions())
            activation = ACTIVATIONS[options.FusedActivationFunction()]
            raw = write.node("Add", data, output if activation is None else f"{output}/linear")
            return raw if activation is None else write.activation(raw, activation, output)
        if kind == "PAD":
            before_after = self.constant(int(operator.Inputs(1)))[[0, 3, 1, 2]].T
            pads = write.weight(f"{output}/pads", before_after.reshape(-1).astype(np.int64))
            return write.node("Pad", [data[0], pads], output)
        if kind == "RESIZE_BILINEAR":
            options = self.options(operator, tflite.ResizeBilinearOptions())
            if options.AlignCorners():
                raise ValueError("align_corners is not expected in this network")
            return write.double_size(data[0], output, half_pixel=options.HalfPixelCenters())
        if kind == "MAX_POOL_2D":
            options = self.options(operator, tflite.Pool2DOptions())
            return write.node(
                "MaxPool",
                data,
                output,
                kernel_shape=[options.FilterHeight(), options.FilterWidth()],
                strides=[options.StrideH(), options.StrideW()],
                auto_pad="SAME_UPPER" if options.Padding() == tflite.Padding.SAME else "VALID",
            )
        if kind == "LOGISTIC":
            return write.node("Sigmoid", data, output)
        if kind == "RESHAPE":  # only ever (N, 1, 1, C) -> (N, C) here
            return write.node("Flatten", data, output, axis=1)
        raise ValueError(f"unexpected layer {kind}")


def convert_landmarks(source: Path, target: Path) -> None:
    """Write `target`: image (N, 256, 256, 3) float32 in [0, 1] -> the four outputs of OUTPUTS."""
    graph = LandmarkGraph(source)
    picture = graph.writer.node("Transpose", ["image"], "image/nchw", perm=[0, 3, 1, 2])
    done = {int(graph.graph.Inputs(0)): picture}
    shapes = {}
    for tensor_id in graph.graph.OutputsAsNumpy():
        name = graph.graph.Tensors(int(tensor_id)).Name().decode()
        if name in OUTPUTS:
            ours, shapes_of = OUTPUTS[name]
            graph.writer.node("Identity", [graph.emit(int(tensor_id), done)], ours)
            shapes[ours] = shapes_of
    graph.writer.write(
        target,
        {"image": (TensorProto.FLOAT, ["people", 256, 256, 3])},
        shapes,
        "BlazePose landmark network (full), Google, Apache-2.0; converted from "
        "pose_landmark_full.tflite without the segmentation output.",
    )
