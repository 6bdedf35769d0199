"""From a pose to what the viewer and the download buttons show."""

from __future__ import annotations

import gradio as gr
import torch

from chatpose_demo.body.dress import Dress
from chatpose_demo.body.export import write_amass_npz, write_glb, write_json
from chatpose_demo.body.render import render
from chatpose_demo.body.smpl import Body
from chatpose_demo.pose import Pose
from chatpose_demo.ui.session import Session, ShownBody

# (degrees about y, degrees from above, metres). Measured: 3 m shows a 1.8 m body with raised or
# spread arms in every window shape; the viewer's own framing cuts hands off in upright windows.
FRONT = (90, 82, 3.0)
SIDE = (0, 82, 3.0)
THUMB_SIZE = (180, 220)  # pixels; our choice


class Tailor:
    """Poses, dresses and writes bodies; built once, for one body model."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._dress = Dress(body)

    def make(self, pose: Pose, session: Session) -> ShownBody:
        """Write all files of one body into the visitor's folder."""
        with torch.inference_mode():
            rotations = torch.from_numpy(pose.rotations)[None]
            posed = self._body.pose(rotations, torch.from_numpy(pose.betas)[None])
            vertices = self._body.on_floor(posed.vertices)[0].numpy()
        mesh = self._dress.put_on(vertices)
        glb = session.new_file("body", ".glb")
        write_glb(glb, *mesh)
        json_file, npz, thumb = (glb.with_suffix(end) for end in (".json", ".npz", ".png"))
        write_json(json_file, pose)
        write_amass_npz(npz, pose)
        render(*mesh, size=THUMB_SIZE, azimuth_degrees=20).save(thumb)
        return ShownBody(pose, *map(str, (glb, json_file, npz, thumb)))


def camera_of(view: gr.Model3D | None) -> tuple[float, float, float]:
    """Where the visitor's camera stands now, or the front view when it has not moved."""
    position = getattr(view, "camera_position", None)
    if not position or None in position or not position[2]:
        return FRONT
    return tuple(position)
