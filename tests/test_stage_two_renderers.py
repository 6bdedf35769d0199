"""Renderers that live side by side draw what each would draw alone."""

from __future__ import annotations

import gc
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from chatpose_demo.studio.stage.picture import StageRenderer, StageShot
from chatpose_demo.studio.stage.scene import StageScene, sample_stage
from chatpose_demo.training.chatpose.sample import DataSet, Sample
from chatpose_demo.training.chatpose.sources import open_sources

pytest.importorskip("moderngl", reason="pictures need the extra")
# Pixels read from another context's memory are often no numbers.
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

LONGER = 128


@pytest.fixture(scope="module")
def scenes() -> list[StageScene]:
    return [sample_stage(np.random.default_rng([21, seed]), 2) for seed in range(3)]


@pytest.fixture(scope="module")
def alone(scenes) -> list[StageShot]:
    """What one renderer draws when none was made after it."""
    renderer = StageRenderer(LONGER)
    return [renderer.render(scene) for scene in scenes]


def assert_same(shot: StageShot, expected: StageShot) -> None:
    assert np.array_equal(shot.ids, expected.ids)
    assert np.array_equal(shot.depth, expected.depth)
    assert np.array_equal(shot.covered, expected.covered)
    assert np.array_equal(shot.image, expected.image)


def test_alone_shows_people(alone) -> None:
    for shot in alone:
        assert shot.image.std() > 10 and (shot.covered > 0).all()


def test_two_draw_in_turns(scenes, alone) -> None:
    """The second is made when the first has drawn: equal objects have other numbers in it."""
    first = StageRenderer(LONGER)
    assert_same(first.render(scenes[0]), alone[0])
    second = StageRenderer(LONGER)
    for scene, expected in zip(scenes[1:], alone[1:], strict=True):
        for renderer in (first, second, first):
            assert_same(renderer.render(scene), expected)


def test_one_goes_while_another_draws(scenes, alone, monkeypatch) -> None:
    staying = StageRenderer(LONGER)
    going = [StageRenderer(LONGER)]
    assert_same(going[0].render(scenes[0]), alone[0])
    context, paint = going[0]._canvas._gl, staying._canvas._paint_sky

    def interrupted(*told) -> None:
        going.clear()
        gc.collect()
        paint(*told)

    monkeypatch.setattr(staying._canvas, "_paint_sky", interrupted)
    assert_same(staying.render(scenes[0]), alone[0])
    assert type(context.mglo).__name__ == "InvalidObject"  # given back, not only forgotten
    monkeypatch.undo()
    assert_same(staying.render(scenes[1]), alone[1])
    assert_same(StageRenderer(LONGER).render(scenes[2]), alone[2])


def test_threads_may_draw_at_once(scenes, alone) -> None:
    """A renderer that another thread made, and one of the thread's own."""
    made = [StageRenderer(LONGER) for _ in scenes]
    with ThreadPoolExecutor(len(scenes)) as pool:
        for shots in (
            pool.map(lambda k: made[k].render(scenes[k]), range(len(scenes))),
            pool.map(lambda scene: StageRenderer(LONGER).render(scene), scenes),
        ):
            for shot, expected in zip(shots, alone, strict=True):
                assert_same(shot, expected)


def test_forked_processes_are_refused(scenes, alone) -> None:
    """They would hang: the driver's threads are not there."""
    renderer = StageRenderer(LONGER)

    def refused() -> None:
        with pytest.raises(RuntimeError, match="forked"):
            renderer.render(scenes[0])
        with pytest.raises(RuntimeError, match="forked"):
            StageRenderer(LONGER)

    child = multiprocessing.get_context("fork").Process(target=refused)
    child.start()
    child.join(60)
    hangs = child.is_alive()
    child.kill()
    assert not hangs and child.exitcode == 0
    assert_same(renderer.render(scenes[0]), alone[0])


def assert_same_sample(sample: Sample, expected: Sample) -> None:
    assert sample.messages == expected.messages
    assert sample.image is not None and expected.image is not None
    assert np.array_equal(np.asarray(sample.image), np.asarray(expected.image))
    if sample.rotations is None or expected.rotations is None:
        assert sample.rotations is expected.rotations
    else:
        assert np.array_equal(sample.rotations, expected.rotations)


def test_training_rows_do_not_depend_on_what_is_drawn_between() -> None:
    opened = open_sources(["studio"])
    poses, talk = opened["image"][0], opened["instruction"][1]

    def row(data: DataSet, number: int) -> Sample:
        return data.sample(number, np.random.default_rng(number))

    alone = [row(poses, 0), row(poses, 1)]
    about = row(talk, 0)
    for number, expected in enumerate(alone):
        assert_same_sample(row(poses, number), expected)
        assert_same_sample(row(talk, 0), about)
