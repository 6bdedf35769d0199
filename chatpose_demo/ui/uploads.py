"""From a file that a visitor sent to the photo on their page."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from chatpose_demo.conversation import Scene
from chatpose_demo.photo import PhotoError, load_photo
from chatpose_demo.ui.session import Session


def take_photo(path: str, session: Session) -> bool:
    """Make an uploaded file the page's photo; one that cannot be used is deleted with a word."""
    try:
        image = load_photo(path, inside=get_upload_folder())
    except PhotoError as fault:
        file = Path(path).resolve()
        if file.is_relative_to(Path(get_upload_folder()).resolve()) and file.is_file():
            file.unlink(missing_ok=True)
        gr.Warning(str(fault), title="Photo not used")
        return False
    session.set_photo(Scene(image))
    session.keep_upload(Path(path))
    return True
