"""The page: a chat beside one 3D viewer, built with Gradio."""
