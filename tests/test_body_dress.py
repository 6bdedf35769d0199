"""Dressing the body and drawing it."""

import numpy as np
import pytest
import torch
from bodies import random_rotations
from scipy.spatial import KDTree

from chatpose_demo.body.dress import REGIONS, Dress, Outfit, default_colours
from chatpose_demo.body.render import contact_sheet, render
from chatpose_demo.body.smpl import Body

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def body() -> Body:
    return Body.embedded()


@pytest.fixture(scope="module")
def dress(body: Body) -> Dress:
    return Dress(body)


def test_dress_covers_the_body_in_any_pose(body, dress):
    rest = dress.put_on(body.rest().vertices[0])
    assert len(rest.vertices) < 10_000  # keeps the GLB under 400 kB
    label_colours = {tuple(c) for c in rest.colours.round(4).tolist()}
    assert len(label_colours) == len(REGIONS)
    with torch.no_grad():
        bare = body.pose(random_rotations(1)).vertices[0].numpy()
    worn = dress.put_on(bare)
    assert np.isfinite(worn.vertices).all()
    np.testing.assert_allclose(np.linalg.norm(worn.normals, axis=1), 1, atol=1e-3)
    # The clothes stay near the skin: cloth a few centimetres, shoe caps bridge the toes.
    distance, _ = KDTree(bare).query(worn.vertices)
    assert distance.max() < 0.06


def test_hems_are_level_and_nothing_bare_lies_between(body, dress):
    outfit = Outfit()
    mesh = dress.put_on(body.rest().vertices[0], outfit)
    floor = mesh.vertices[:, 1].min()
    height = mesh.vertices[:, 1] - floor

    def rows_of(colour):
        return np.isclose(mesh.colours, colour, atol=1e-4).all(axis=1)

    trousers, shirt, skin = (rows_of(c) for c in (outfit.trousers, outfit.shirt, outfit.skin))
    ankle = height[trousers].min()
    hem = height[shirt].min()
    assert 0.08 < ankle < 0.2
    # No skin from below the shirt's hem down to the shoes: arms are level in the T pose.
    assert height[skin].min() > hem
    for low, where in ((ankle, trousers), (hem, shirt)):
        ring = height[where & (height < low + 0.02)]
        assert ring.size > 20 and np.ptp(ring) < 0.02


def test_eyes_are_painted_where_the_face_is_one_surface(body):
    """SMPL has no separate eyeballs: join ours to the skin and the eyes must still be there."""
    joined = Body.embedded()
    vertices = joined.rest().vertices[0].numpy()
    left, right = vertices[2800], vertices[6260]
    skin = int(np.argmin(np.abs(vertices - [0, left[1], left[2]]).sum(axis=1)))
    bridge = np.array([[2800, skin, 6260]], np.int32)
    joined.faces = np.concatenate([joined.faces, bridge])
    outfit = Outfit()
    mesh = Dress(joined).put_on(vertices, outfit)
    for colour in (outfit.eyes, outfit.iris, outfit.pupil):
        place = mesh.vertices[np.isclose(mesh.colours, colour, atol=1e-4).all(axis=1)]
        for eye in (left, right):
            near = np.linalg.norm(place - eye, axis=1)
            assert near.min() < 0.015
        assert (
            np.minimum(
                np.linalg.norm(place - left, axis=1), np.linalg.norm(place - right, axis=1)
            ).max()
            < 0.03
        )


def test_outfit_changes_only_colours(body, dress):
    vertices = body.rest().vertices[0]
    red = dress.put_on(vertices, Outfit(shirt=(0.8, 0.1, 0.1)))
    plain = dress.put_on(vertices)
    np.testing.assert_array_equal(red.vertices, plain.vertices)
    changed = (red.colours != plain.colours).any(axis=1)
    assert 0.1 < changed.mean() < 0.4
    colours = default_colours(body)
    assert colours.shape == (6890, 3) and colours.min() >= 0 and colours.max() <= 1


def test_render_shows_the_front_and_both_sides(body, dress):
    mesh = dress.put_on(body.on_floor(body.rest().vertices)[0])
    front, left, back = (
        np.asarray(render(*mesh, size=(128, 128), azimuth_degrees=a)) for a in (0, 90, 180)
    )
    assert front.shape == (128, 128, 3)
    body_pixels = [(np.ptp(p.astype(int), axis=2) > 25).sum() for p in (front, left, back)]
    assert body_pixels[0] > 1.5 * body_pixels[1] > 0  # the arms point at the camera from the side
    # The T pose is symmetric: only the light tells left from right.
    assert (np.abs(front.astype(int) - front[:, ::-1]) > 60).mean() < 0.02
    assert not np.array_equal(front, back)


def test_render_hides_what_is_behind():
    """A small red triangle behind a large green one is invisible; in front it is visible."""
    big = np.array([[-1, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)
    small = big * 0.3 + [0, 0.4, 0]
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    colours = np.repeat(np.array([[0.1, 0.8, 0.1], [0.9, 0.1, 0.1]], np.float32), 3, axis=0)
    reds = []
    for depth in (-0.3, 0.3):
        vertices = np.concatenate([big, small + [0, 0, depth]])
        picture = np.asarray(render(vertices, faces, colours, size=(96, 96))).astype(int)
        reds.append((picture[..., 0] > picture[..., 1] + 60).sum())
    assert reds[0] == 0 and reds[1] > 100


def test_contact_sheet_size_and_errors(body):
    colours = default_colours(body)
    picture = render(body.rest().vertices[0].numpy(), body.faces, colours, size=(64, 80))
    sheet = contact_sheet([picture] * 5, list("abcde"), columns=3)
    assert sheet.width == 3 * 64 and sheet.height > 2 * 80
    with pytest.raises(ValueError, match="labels"):
        contact_sheet([picture], [], columns=2)
