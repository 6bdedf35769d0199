"""The layout of the page, and which handler follows which event."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.examples import FILE, Example, load_examples
from chatpose_demo.ui.handlers import Handlers
from chatpose_demo.ui.loading import LoadBadge
from chatpose_demo.ui.served import EMBEDDED, Served
from chatpose_demo.ui.session import SessionStore
from chatpose_demo.ui.theme import SCRIPT, STYLE, THEME
from chatpose_demo.ui.viewer import FRONT, SIDE
from chatpose_demo.ui.views import ANYONE, WELCOME, Parts
from chatpose_demo.ui.worker import Worker

TITLE = "ChatPose Demo"
HEADER = f"""<h1>{TITLE}</h1>
<p>Ask about a person, in a photo or in words, and get their pose as a 3D body.
<span id="served">{{about}}</span></p>"""
EMPTY_CHAT = """### What pose shall it be?
Describe one, or add a photo and ask about someone in it."""
MODES = [("When it fits", "auto"), ("Always", "always"), ("Never", "never")]
QUEUE_LENGTH = 32  # our choice: about five minutes of waiting at 10 s a reply
CACHE_SWEEP_S, CACHE_AGE_S = 3600, 6 * 3600  # the age must exceed a visit

# Light reactions run side by side and show no spinner over what they change.
LIGHT: dict[str, Any] = {
    "concurrency_limit": None,
    "show_progress": "hidden",
    "api_visibility": "private",
}


def build(worker: Worker[Engine], served: Served = EMBEDDED) -> gr.Blocks:
    """The whole page over a worker that has been started or will be, and what it serves."""
    session_root = Path(get_upload_folder()).resolve() / "visitors"
    session_root.mkdir(parents=True, exist_ok=True)
    # Served from where they are: no second copy that would outlive the visit.
    gr.set_static_paths([session_root, FILE.parent])
    examples = load_examples()
    with gr.Blocks(
        title=TITLE,
        fill_width=True,
        analytics_enabled=False,
        delete_cache=(CACHE_SWEEP_S, CACHE_AGE_S),
    ) as demo:
        with gr.Row(elem_id="top"):
            gr.HTML(HEADER.format(about=served.about), container=False)
            badge = LoadBadge(worker)
            fresh = gr.Button("New chat", size="sm", min_width=90, scale=0, elem_id="fresh")
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                chat, box, mode = _conversation(examples)
            with gr.Column(scale=6, min_width=320):
                parts, front, side = _stage(chat, box)
        handlers = Handlers(parts, worker, SessionStore(session_root, served), examples)
        _wire(parts, handlers, mode, fresh)
        front.click(lambda: gr.Model3D(camera_position=FRONT), None, parts.view, **LIGHT)
        side.click(lambda: gr.Model3D(camera_position=SIDE), None, parts.view, **LIGHT)
        badge.wire()
        demo.unload(handlers.leave)
    return demo.queue(max_size=QUEUE_LENGTH, api_open=False)


def _conversation(
    examples: list[Example],
) -> tuple[gr.Chatbot, gr.MultimodalTextbox, gr.Radio]:
    chat = gr.Chatbot(
        elem_id="chat",
        label="Conversation",
        show_label=False,
        layout="bubble",
        buttons=["copy"],
        editable="user",
        group_consecutive_messages=False,  # Gradio cannot edit words grouped with a photo
        placeholder=EMPTY_CHAT,
        examples=[example.card() for example in examples],
        latex_delimiters=[],
    )
    box = gr.MultimodalTextbox(
        elem_id="ask",
        label="Your question",
        show_label=False,
        placeholder="Ask about a pose…",
        file_types=["image"],
        sources=["upload"],
        max_plain_text_length=4000,
        autofocus=True,
    )
    with gr.Accordion("Settings", open=False):
        mode = gr.Radio(
            MODES,
            value="auto",
            label="Show a body",
            info="“When it fits” lets the model decide whether a reply comes with a body.",
        )
    return chat, box, mode


def _stage(chat: gr.Chatbot, box: gr.MultimodalTextbox) -> tuple[Parts, gr.Button, gr.Button]:
    view = gr.Model3D(
        elem_id="viewer",
        label="Body",
        show_label=False,
        clear_color=(0.0, 0.0, 0.0, 0.0),
        camera_position=FRONT,
        height="46vh",
        interactive=False,
    )
    with gr.Row(elem_id="tools"):
        front = gr.Button("Front", size="sm", min_width=56)
        side = gr.Button("Side", size="sm", min_width=56)
        gr.HTML(container=False, elem_classes="spacer")
        glb, json, npz = (
            gr.DownloadButton(label, interactive=False, size="sm", min_width=56)
            for label in ("↓ GLB", "↓ JSON", "↓ NPZ")
        )
    status = gr.Markdown(WELCOME, elem_id="status")
    with gr.Row(elem_id="props"):
        with gr.Column(scale=3, min_width=280):
            photo = gr.Image(
                elem_id="photo",
                label="Photo",
                type="filepath",
                sources=["upload", "clipboard"],
                height=250,
                buttons=[],
                interactive=True,
                placeholder="Drop a photo here, or click to choose one",
                alt_text="The photo; click a person to choose them",
            )
        with gr.Column(scale=2, min_width=220, elem_id="found"):
            who = gr.Radio(
                [ANYONE], value=ANYONE, label="Whom do you mean?", visible=False, elem_id="who"
            )
            bodies = gr.Gallery(
                elem_id="bodies",
                label="Bodies so far",
                show_label=False,
                columns=4,
                height="auto",
                allow_preview=False,
                interactive=False,
                buttons=[],
                object_fit="cover",
                fit_columns=False,
                visible=False,
            )
    return Parts(chat, box, view, status, photo, who, bodies, glb, json, npz), front, side


def _wire(parts: Parts, handlers: Handlers, mode: gr.Radio, fresh: gr.Button) -> None:
    """Connect events and handlers."""
    outputs = parts.all()
    # One shared slot: a question, a retry and an edit never run the model side by side.
    slot: dict[str, Any] = {
        "concurrency_id": "model",
        "concurrency_limit": 1,
        "show_progress": "minimal",
        "show_progress_on": [parts.status],
        "api_visibility": "private",
    }
    settle: dict[str, Any] = LIGHT | {"queue": False}
    replies = []
    for event, opener, inputs in (
        (parts.box.submit, handlers.ask, [parts.box]),
        (parts.chat.example_select, handlers.ask_example, None),
        (parts.chat.option_select, handlers.ask_option, None),
        (parts.chat.retry, handlers.retry, None),
        (parts.chat.edit, handlers.edit, None),
    ):
        opened = event(opener, inputs, outputs, **LIGHT)
        reply = opened.success(handlers.answer, [mode, parts.view], outputs, **slot)
        # `then` does not follow a failure, so the text box is set right after both.
        reply.then(handlers.settle, None, [parts.box], **settle)
        reply.failure(handlers.settle, None, [parts.box], **settle)
        opened.failure(handlers.settle, None, [parts.box], **settle)
        replies.append(reply)
    stopped = parts.box.stop(handlers.stop, None, outputs, cancels=replies, **settle)
    # A last update of the stream may overtake the one that says "Stopped."
    stopped.then(handlers.settled, None, outputs, **settle)
    parts.chat.undo(handlers.undo, None, outputs, cancels=replies, **LIGHT)
    gr.on([fresh.click, parts.chat.clear], handlers.clear, None, outputs, cancels=replies, **LIGHT)
    # Raw payload: a bad file must reach our own loader and its clear sentence.
    gr.on(
        [parts.photo.upload, parts.photo.clear],
        handlers.set_photo,
        [parts.photo],
        outputs,
        preprocess=False,
        **LIGHT,
    )
    parts.photo.select(handlers.pick_by_click, None, outputs, **LIGHT)
    parts.who.input(handlers.pick_by_name, [parts.who], outputs, **LIGHT)
    parts.bodies.select(handlers.show_body, [parts.view], outputs, **LIGHT)
    parts.chat.select(handlers.show_reply, [parts.view], outputs, **LIGHT)


def launch(demo: gr.Blocks, *, port: int | None = None, share: bool = False) -> str:
    """Serve the page from a thread of its own; returns the address."""
    on_space = bool(os.environ.get("SPACE_ID"))
    _, url, _ = demo.launch(
        # A Space's own environment says where to listen; elsewhere only this machine may call.
        server_name=None if on_space else "127.0.0.1",
        server_port=port,
        share=share,
        theme=THEME,
        css_paths=[STYLE],
        js=SCRIPT,
        quiet=True,
        show_error=False,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        footer_links=[],
        max_file_size="15mb",
        prevent_thread_lock=True,
    )
    return url
