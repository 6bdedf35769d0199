"""Exported files: what other programs will read in them, and round trips."""

import json
import struct

import numpy as np
import pytest
import torch
import trimesh

from chatpose_demo.body.dress import Dress
from chatpose_demo.body.export import (
    PoseFileError,
    read_amass_npz,
    read_json,
    write_amass_npz,
    write_glb,
    write_json,
    write_obj,
)
from chatpose_demo.body.smpl import Body
from chatpose_demo.pose import JOINT_NAMES, Pose, from_axis_angle

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


@pytest.fixture(scope="module")
def mesh(body):
    return Dress(body).put_on(body.rest().vertices[0])


@pytest.fixture
def pose() -> Pose:
    random = np.random.default_rng(1)
    return Pose(
        rotations=from_axis_angle(random.normal(0, 0.6, (24, 3))),
        betas=random.normal(0, 1, 10),
        transl=np.array([0.25, 0.5, -1.0]),
        subject="person 2, in the red top: “Zoë”",
        source="photo",
        person_box=(10.5, 20.0, 110.25, 400.0),
        photo_size=(640, 480),
        unseen_joints=("left_ankle", "left_foot"),
    )


def test_glb_is_small_upright_matte_and_coloured(mesh, tmp_path):
    path = write_glb(tmp_path / "body.glb", *mesh)
    assert path.stat().st_size < 400_000
    (loaded,) = trimesh.load(path, force="scene").geometry.values()
    low, high = loaded.bounds
    assert low[1] == pytest.approx(0, abs=1e-6) and 1.5 < high[1] < 2.0
    assert (high - low).argmin() == 2  # y up, arms along x, depth along z
    np.testing.assert_array_equal(loaded.faces, mesh.faces)
    np.testing.assert_allclose(loaded.vertex_normals, mesh.normals, atol=1e-5)
    material = loaded.visual.material
    assert material.metallicFactor == 0 and material.roughnessFactor == pytest.approx(0.85)
    stored = loaded.visual.vertex_attributes["color"][:, :3] / 255.0
    back = np.where(stored <= 0.0031308, stored * 12.92, 1.055 * stored ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(back, mesh.colours, atol=0.02)  # linear in the file, 8 bits


def test_glb_container_is_consistent(mesh, tmp_path):
    """Lengths, alignment and index range as the glTF 2.0 specification asks."""
    data = write_glb(tmp_path / "body.glb", *mesh).read_bytes()
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    json_length, _ = struct.unpack("<II", data[12:20])
    tree = json.loads(data[20 : 20 + json_length])
    blob = data[20 + json_length + 8 :]
    (primitive,) = tree["meshes"][0]["primitives"]
    sizes = {5121: 1, 5123: 2, 5125: 4, 5126: 4}
    columns = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
    for accessor in tree["accessors"]:
        view = tree["bufferViews"][accessor["bufferView"]]
        start, size = view.get("byteOffset", 0), view["byteLength"]
        assert start % 4 == 0 and start + size <= len(blob)
        need = accessor["count"] * columns[accessor["type"]] * sizes[accessor["componentType"]]
        assert need <= size
    indices = tree["accessors"][primitive["indices"]]
    assert indices["componentType"] == 5123
    assert indices["max"] == [len(mesh.vertices) - 1]


def test_glb_of_a_mesh_too_large_for_short_indices(tmp_path):
    sphere = trimesh.creation.icosphere(subdivisions=7)  # 163 842 vertices
    colours = np.full(sphere.vertices.shape, 0.5)
    path = write_glb(tmp_path / "large.glb", sphere.vertices, sphere.faces, colours)
    (loaded,) = trimesh.load(path, force="scene").geometry.values()
    np.testing.assert_array_equal(loaded.faces, sphere.faces)


def test_obj_keeps_smpls_vertex_order(body, tmp_path):
    vertices = body.rest().vertices[0].numpy()
    loaded = trimesh.load(write_obj(tmp_path / "a.obj", vertices, body.faces), process=False)
    np.testing.assert_allclose(loaded.vertices, vertices, atol=1e-6)
    np.testing.assert_array_equal(loaded.faces, body.faces)


def assert_same(a: Pose, b: Pose) -> None:
    np.testing.assert_allclose(a.rotations, b.rotations, atol=2e-6)
    np.testing.assert_array_equal(a.betas, b.betas)
    np.testing.assert_array_equal(a.transl, b.transl)
    assert (a.subject, a.source, a.unseen_joints) == (b.subject, b.source, b.unseen_joints)
    assert (a.person_box, a.photo_size) == (b.person_box, b.photo_size)


@pytest.mark.parametrize(
    ("write", "read"), [(write_json, read_json), (write_amass_npz, read_amass_npz)]
)
def test_round_trip(write, read, pose, tmp_path):
    assert_same(read(write(tmp_path / "my pose", pose)), pose)
    plain = Pose(from_axis_angle(np.zeros((24, 3))))
    assert_same(read(write(tmp_path / "plain", plain)), plain)


def test_json_explains_itself(pose, tmp_path):
    content = json.loads(write_json(tmp_path / "pose.json", pose, "free body").read_text("utf-8"))
    assert [joint["name"] for joint in content["joints"]] == list(JOINT_NAMES)
    assert "y up" in content["frame"] and content["body"] == "free body"
    elbow = content["joints"][18]
    assert elbow["parent"] == "left_shoulder"
    np.testing.assert_allclose(
        from_axis_angle(np.array(elbow["axis_angle"])), elbow["rotation_matrix"], atol=1e-5
    )


def test_npz_has_amass_keys_and_shapes(pose, tmp_path):
    with np.load(write_amass_npz(tmp_path / "pose.npz", pose)) as content:
        assert content["poses"].shape == (1, 72) and content["trans"].shape == (1, 3)
        assert content["betas"].shape == (10,) and str(content["gender"]) == "neutral"
        joined = np.concatenate([content["root_orient"], content["pose_body"]], axis=1)
        np.testing.assert_array_equal(joined, content["poses"][:, :66])


@pytest.mark.parametrize("read", [read_json, read_amass_npz])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"PK\x03\x04", bytes(range(256))])
def test_foreign_files_are_refused(read, content, tmp_path):
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(PoseFileError, match="foreign"):
        read(path)
    with pytest.raises(PoseFileError):
        read(tmp_path / "missing")


def test_a_sheared_matrix_is_refused(pose, tmp_path):
    path = write_json(tmp_path / "pose.json", pose)
    content = json.loads(path.read_text("utf-8"))
    content["joints"][3]["rotation_matrix"][0][0] += 0.2
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(PoseFileError, match="not a rotation"):
        read_json(path)
