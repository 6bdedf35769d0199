"""Translators that turn the published detector and landmark networks into ONNX files."""
