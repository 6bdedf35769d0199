"""Write bodies and poses to files that other programs read, and read the pose files back.

GLB and OBJ hold the posed mesh; JSON and NPZ hold the SMPL parameters.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import roma
import torch
import trimesh
from trimesh.exchange.gltf import export_glb
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from chatpose_demo.body.mesh import srgb_to_linear, vertex_normals
from chatpose_demo.pose import JOINT_NAMES, NUM_JOINTS, PARENTS, Pose, from_axis_angle

_GLTF_UINT16, _GLTF_UINT32 = 5123, 5125

ROUGHNESS = 0.85  # our choice: cloth and skin without plastic highlights

FRAME = (
    "metres, y up, a body with identity global orientation faces +z; rotations are relative to "
    "the parent joint; rotation_matrices are row-major and act on column vectors"
)
FORMAT = "chatpose-pose/1"


class PoseFileError(ValueError):
    """The file does not hold a pose that this program wrote; the message says what is wrong."""


def write_glb(
    path: str | Path,
    vertices: np.ndarray,
    faces: np.ndarray,
    colours: np.ndarray,
    normals: np.ndarray | None = None,
) -> Path:
    """Write a coloured mesh as binary glTF: matte, smooth, y up, lowest point on the floor.

    Args:
        path: where to write.
        vertices: (V, 3) metres, y up, facing +z (glTF's own front).
        faces: (F, 3) triangles.
        colours: (V, 3) sRGB in [0, 1]; the file stores them linear, as glTF asks.
        normals: (V, 3) unit normals; computed when None.
    """
    vertices = np.array(vertices, np.float32)
    vertices[:, 1] -= vertices[:, 1].min()
    if normals is None:
        normals = vertex_normals(vertices, faces)
    rgba = np.ones((len(vertices), 4), np.float32)
    rgba[:, :3] = srgb_to_linear(np.asarray(colours, np.float32).clip(0, 1))
    visual = TextureVisuals(
        material=PBRMaterial(
            name="body",
            baseColorFactor=[255, 255, 255, 255],
            metallicFactor=0.0,
            roughnessFactor=ROUGHNESS,
        )
    )
    visual.vertex_attributes["color"] = (rgba * 255 + 0.5).astype(np.uint8)
    mesh = trimesh.Trimesh(
        vertices, faces, vertex_normals=normals, visual=visual, process=False, validate=False
    )
    path = Path(path)
    scene = trimesh.Scene()
    scene.add_geometry(mesh, node_name="body", geom_name="body")
    path.write_bytes(export_glb(scene, include_normals=True, buffer_postprocessor=_shorten_indices))
    return path


def _shorten_indices(buffers: dict[Any, bytes], tree: dict[str, Any]) -> None:
    """Store vertex numbers in 16 bits where they fit: a fifth off the file."""
    accessors = list(tree["accessors"].values())
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            accessor = accessors[primitive["indices"]]
            if accessor["componentType"] != _GLTF_UINT32 or max(accessor["max"]) >= 2**16 - 1:
                continue
            key = list(buffers)[accessor["bufferView"]]
            indices = np.frombuffer(buffers[key], "<u4")[: accessor["count"]]
            short = indices.astype("<u2").tobytes()
            buffers[key] = short + bytes(-len(short) % 4)
            accessor["componentType"] = _GLTF_UINT16


def write_obj(path: str | Path, vertices: np.ndarray, faces: np.ndarray) -> Path:
    """Write the bare mesh as Wavefront OBJ, metres, y up; vertex order is kept."""
    mesh = trimesh.Trimesh(vertices, faces, process=False, validate=False)
    path = Path(path)
    path.write_text(str(mesh.export(file_type="obj", include_normals=False, header=FRAME)))
    return path


def write_json(path: str | Path, pose: Pose, body_name: str | None = None) -> Path:
    """Write a pose as readable JSON; `body_name` says whose shape space the betas belong to."""
    content = {
        "format": FORMAT,
        "model": "SMPL, 24 joints",
        "body": body_name,
        "frame": FRAME,
        "subject": pose.subject,
        "source": pose.source,
        "person_box": list(pose.person_box) if pose.person_box else None,
        "photo_size": list(pose.photo_size) if pose.photo_size else None,
        "unseen_joints": list(pose.unseen_joints),
        "transl": pose.transl.tolist(),
        "betas": pose.betas.tolist(),
        "joints": [
            {
                "name": name,
                "parent": JOINT_NAMES[parent] if parent >= 0 else None,
                "axis_angle": vector.tolist(),
                "rotation_matrix": matrix.tolist(),
            }
            for name, parent, vector, matrix in zip(
                JOINT_NAMES, PARENTS, pose.axis_angle(), pose.rotations, strict=True
            )
        ],
    }
    path = Path(path)
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")
    return path


def read_json(path: str | Path) -> Pose:
    """Read back what `write_json` wrote.

    Raises:
        PoseFileError: the file is of another kind or damaged.
    """
    try:
        content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r} instead of {FORMAT!r}")
        matrices = {joint["name"]: joint["rotation_matrix"] for joint in content["joints"]}
        box, size = content["person_box"], content.get("photo_size")
        return Pose(
            rotations=_checked(np.array([matrices[name] for name in JOINT_NAMES], np.float32)),
            betas=np.array(content["betas"], np.float32),
            transl=np.array(content["transl"], np.float32),
            subject=content["subject"],
            source=content["source"],
            person_box=tuple(box) if box else None,
            photo_size=tuple(size) if size else None,
            unseen_joints=tuple(content["unseen_joints"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PoseFileError(f"{Path(path).name} is not a pose file: {error}") from error


def write_amass_npz(path: str | Path, pose: Pose) -> Path:
    """Write a pose as a one-frame sequence under AMASS's array names.

    Unlike AMASS's own recordings the world is y up (`up_axis` says so), and there are SMPL's 24
    joints, not SMPL-H's 52.
    """
    vectors = pose.axis_angle().astype(np.float32).reshape(1, -1)
    path = Path(path)
    with path.open("wb") as file:  # an open file keeps numpy from appending ".npz" to the name
        np.savez_compressed(
            file,
            poses=vectors,
            root_orient=vectors[:, :3],
            pose_body=vectors[:, 3:66],
            trans=pose.transl[None],
            betas=pose.betas,
            gender=np.array("neutral"),
            mocap_framerate=np.array(30.0),
            surface_model_type=np.array("smpl"),
            up_axis=np.array("y"),
            subject=np.array(pose.subject),
            source=np.array(pose.source),
            unseen_joints=np.array(pose.unseen_joints, dtype="U16"),
            person_box=np.array(pose.person_box or (), np.float64),
            photo_size=np.array(pose.photo_size or (), np.int64),
        )
    return path


def read_amass_npz(path: str | Path) -> Pose:
    """Read back what `write_amass_npz` wrote.

    Raises:
        PoseFileError: the file is of another kind or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            box = tuple(content["person_box"].tolist())
            size = tuple(content["photo_size"].tolist()) if "photo_size" in content else ()
            return Pose(
                rotations=from_axis_angle(content["poses"].reshape(NUM_JOINTS, 3)),
                betas=content["betas"],
                transl=content["trans"][0],
                subject=str(content["subject"]),
                source=str(content["source"]),
                person_box=box or None,
                photo_size=size or None,
                unseen_joints=tuple(content["unseen_joints"].tolist()),
            )
    except (OSError, EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise PoseFileError(f"{Path(path).name} is not a pose file: {error}") from error


def _checked(rotations: np.ndarray) -> np.ndarray:
    """Refuse matrices that are not rotations."""
    if rotations.shape != (NUM_JOINTS, 3, 3) or not roma.is_rotation_matrix(
        torch.from_numpy(rotations), epsilon=1e-3
    ):
        raise ValueError("a rotation_matrix is not a rotation")
    return rotations
