"""The paper's model made ready for the page: what is missing is said, a chosen person is cropped,
bodies stand upright in every file, and ZeroGPU's decorator gets what it can carry.
"""

from __future__ import annotations

import pickle
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image
from visitor import answered, person

from chatpose_demo.body.export import read_amass_npz, read_json, write_obj
from chatpose_demo.body.smpl import Body as SmplBody
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.network.chosen import NamesTheChosen, around, seen_photos
from chatpose_demo.network.interface import Body, CannotLoad, Question, Words
from chatpose_demo.network.llava.build import build, save_folder
from chatpose_demo.network.llava.config import config_of
from chatpose_demo.network.llava.network import LlavaNetwork, to_world
from chatpose_demo.network.llava.tokenizer import tiny_tokenizer
from chatpose_demo.network.paper import load_paper_model, needs
from chatpose_demo.network.zerogpu import OnZeroGpu
from chatpose_demo.pose import JOINT, Pose, matrix_to_6d
from chatpose_demo.settings import Settings
from chatpose_demo.training.chatpose.sample import crop_square, hmr2_side
from chatpose_demo.training.chatpose.stage_photos import BOX_GROWTH
from chatpose_demo.ui.engine import Engine
from chatpose_demo.ui.loading import LoadBadge
from chatpose_demo.ui.options import DESCRIBE, offered
from chatpose_demo.ui.served import EMBEDDED, served
from chatpose_demo.ui.session import Session
from chatpose_demo.ui.viewer import Tailor
from chatpose_demo.ui.views import status_line
from chatpose_demo.ui.worker import ModelNotLoaded, Worker

torch.set_num_threads(1)
TINY = Settings(model="tiny-llava")


def going_on() -> bool:
    return False


# What is missing


@pytest.mark.parametrize("weights", [None, "nowhere"])
def test_missing_weights_are_told_on_the_page_with_the_command_that_makes_them(
    weights, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    worker = Worker(lambda: Engine.load(Settings(model="chatpose-13b", weights=weights)))
    worker.start()
    with pytest.raises(ModelNotLoaded) as refused:
        list(worker.stream(lambda engine: iter(()), threading.Event()))
    told = LoadBadge(worker).text()
    assert "<code>python -m chatpose_demo convert SOURCE --out FOLDER</code>" in told
    assert ("nowhere" if weights else "chatpose-13b") in told
    assert "python -m chatpose_demo convert" in str(refused.value)
    assert "Traceback" not in caplog.text


def test_what_it_needs_is_told_before_it_is_loaded(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level("INFO"), pytest.raises(CannotLoad):
        load_paper_model(Settings(model="chatpose-13b", quantize="4bit"))
    assert "chatpose-13b in 4bit takes about" in caplog.text
    # 13 billion weights of two bytes, or of half a byte
    full, small = (
        float(needs(Settings(model="chatpose-13b", quantize=q)).split("about ")[1].split()[0])
        for q in (None, "4bit")
    )
    assert 26 < full < 32 and 8 < small < 14


def test_weights_where_the_doctor_puts_them_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights" / "7b").mkdir(parents=True)
    with pytest.raises(CannotLoad, match=r"weights/7b has no pose_llava.json"):
        load_paper_model(Settings(model="chatpose-7b"))


def test_the_page_says_which_model_answers(tmp_path):
    assert served(Settings()) == EMBEDDED and EMBEDDED.points and not EMBEDDED.about
    large = served(Settings(model="chatpose-13b", weights="x", quantize="4bit"))
    assert "ChatPose-13B" in large.about and "4 bits" in large.about and not large.points
    assert "random" in served(TINY).about
    session = Session(tmp_path, served=large)
    session.set_photo(Scene(Image.new("RGB", (99, 99)), [person((0, 0, 40, 90))]))
    assert "cannot point" in status_line(session)
    session.picked = 0
    assert "part of the photo around them" in status_line(session)
    answered(session, "Which pose?", "<POSE>", 1, source="photo")
    assert [option.label for option in offered(session)] == [DESCRIBE]


# The chosen person


def photo() -> Scene:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    people = [person((10, 20, 60, 180)), person((200, 50, 290, 90))]
    return Scene(Image.fromarray(noise), people)


@pytest.mark.parametrize("box", [(10.0, 20.0, 60.0, 180.0), (200.0, 50.0, 290.4, 90.2)])
def test_the_crop_is_the_one_that_the_model_learns_from(box):
    image, (x0, y0, x1, y1) = photo().image, box
    size = BOX_GROWTH * np.array([x1 - x0, y1 - y0])
    learnt = crop_square(image, np.array([x0 + x1, y0 + y1]) / 2, hmr2_side(size))
    assert around(image, box) == learnt
    assert learnt.width == learnt.height >= 1.2 * max(x1 - x0, y1 - y0) - 1


def test_every_turn_keeps_the_picture_it_was_about():
    talk, scene = Conversation(), photo()
    first, second = (around(scene.image, one.box) for one in scene.people or [])
    talk.ask("hello")
    talk.ask("who is there?").scene = scene
    talk.ask("and him?", picked=1)
    talk.ask("still him?", picked=1)
    talk.ask("tell me more")
    talk.ask("and her?", picked=0)
    other = photo()
    talk.ask("this one?", picked=1).scene = other
    wanted = [(1, scene.image), (2, second), (5, first), (6, second)]
    seen = seen_photos(talk)
    assert [index for index, _ in seen] == [index for index, _ in wanted]
    assert all(a == b for (_, a), (_, b) in zip(seen, wanted, strict=True))


def test_a_body_is_the_chosen_persons():
    network = NamesTheChosen(load_paper_model(TINY))
    scene = photo()
    asked = Question(
        "Which pose?",
        image=scene.image,
        photos=[(0, scene.image)],
        people=tuple(scene.people or ()),
        mode="always",
    )
    (free,) = [p for p in network.answer(asked, going_on) if isinstance(p, Body)]
    assert free.person is None and free.source == "photo"
    asked = Question(**{**vars(asked), "last": 1})
    (chosen,) = [p for p in network.answer(asked, going_on) if isinstance(p, Body)]
    assert chosen.person == 1 and chosen.subject == "person 2, on the far right"


# Upright everywhere


def test_an_upright_person_in_a_photo_stands_upright_in_every_file(tmp_path):
    camera = torch.eye(3).repeat(24, 1, 1)
    camera[0] = torch.diag(torch.tensor([1.0, -1.0, -1.0]))  # x right, y down, faces the camera
    pose = Pose(to_world(matrix_to_6d(camera).flatten()), source="photo")
    body = SmplBody.embedded()
    made = Tailor(body).make(pose, Session(tmp_path))
    dressed = trimesh.load_mesh(made.glb)
    for stored in (pose, read_json(made.json), read_amass_npz(made.npz)):
        posed = body.pose(torch.from_numpy(stored.rotations)[None])
        joints = posed.joints[0].numpy()
        assert joints[JOINT["head"], 1] > joints[JOINT["left_hip"], 1] + 0.4
        assert joints[JOINT["left_foot"], 2] > joints[JOINT["left_ankle"], 2]  # faces +z
        vertices = body.on_floor(posed.vertices)[0].numpy()
        bare = trimesh.load_mesh(write_obj(tmp_path / "body.obj", vertices, body.faces))
        for mesh in (dressed, bare):
            low, high = mesh.bounds
            assert abs(low[1]) < 1e-3 and 1.5 < high[1] < 2
            upper = mesh.vertices[mesh.vertices[:, 1] > high[1] - 0.2]
            assert np.ptp(upper[:, 0]) < 0.35  # a head, not two feet or spread arms


# Where the weights lie


def test_weights_that_wait_elsewhere_answer_alike(tmp_path):
    model, tokenizer = build("tiny"), tiny_tokenizer(config_of("tiny"))
    save_folder(model, tokenizer, tmp_path)
    language = [f"language_model.{part}" for part in ("embed_tokens", "norm", "layers.0")]
    near = [f"model.{part}" for part in ("multi_modal_projector", *language)]
    far = ["model.vision_tower", "model.language_model.layers.1"]
    spread = dict.fromkeys([*near, "lm_head"], "cpu") | dict.fromkeys(far, "disk")
    offloaded = build("tiny", weights=tmp_path, device_map=spread)
    assert any(weight.is_meta for weight in offloaded.llava.parameters())
    asked = Question("Which pose?", photos=[(0, photo().image)], mode="always")
    here, there = (
        list(LlavaNetwork(one, tokenizer, 12).answer(asked, going_on)) for one in (model, offloaded)
    )
    assert [type(part) for part in here] == [type(part) for part in there]
    for a, b in zip(here, there, strict=True):
        if isinstance(a, Body) and isinstance(b, Body):
            np.testing.assert_allclose(a.rotations, b.rotations, atol=1e-5)
        else:
            assert a == b


# ZeroGPU


class Spaces(SimpleNamespace):
    """Stands for the package `spaces`: notes what is decorated and what goes in and out."""

    def __init__(self) -> None:
        super().__init__(decorated=[], carried=[], closed=0)

    def GPU(self, function):
        self.decorated.append(function)

        def lent(*arguments):
            # The real one sends both ways through a pipe to another process.
            try:
                for part in function(*pickle.loads(pickle.dumps(arguments))):
                    self.carried.append(part)
                    yield pickle.loads(pickle.dumps(part))
            finally:
                self.closed += 1

        return lent


@pytest.fixture
def spaces(monkeypatch) -> Spaces:
    package = Spaces()
    monkeypatch.setitem(sys.modules, "spaces", package)
    return package


def test_on_zerogpu_the_reply_is_decorated_and_says_the_same(spaces):
    scene = photo()
    asked = Question(
        "Which pose?",
        history=[("Hello", "Hi.")],
        photos=[(0, scene.image)],
        people=tuple(scene.people or ()),
        bodies=[Pose(np.tile(np.eye(3, dtype=np.float32), (24, 1, 1)))],
        last=0,
        mode="always",
    )
    lent = load_paper_model(TINY)
    assert len(spaces.decorated) == 1
    there = list(lent.answer(asked, going_on))
    assert spaces.carried and spaces.closed == 1
    sys.modules.pop("spaces")
    here = list(load_paper_model(TINY).answer(asked, going_on))
    assert [part for part in there if isinstance(part, Words)] == [
        part for part in here if isinstance(part, Words)
    ]
    bodies = [
        [part.rotations for part in parts if isinstance(part, Body)] for parts in (here, there)
    ]
    assert bodies[0] and len(bodies[0]) == len(bodies[1])
    np.testing.assert_array_equal(bodies[0], bodies[1])
    assert len(spaces.decorated) == 1


def test_a_stop_gives_the_gpu_back(spaces):
    stop = threading.Event()
    stream = OnZeroGpu(load_paper_model(TINY), spaces).answer(Question("Hello"), stop.is_set)
    next(stream)
    stop.set()
    assert list(stream) == [] and spaces.closed >= 1


def test_a_model_can_be_loaded_before_the_page_is_served():
    here = []
    worker = Worker(lambda: here.append(threading.current_thread()) or "model")
    worker.load()
    worker.start()
    assert here == [threading.main_thread()] and worker.loading_seconds is None
    assert list(worker.stream(iter, threading.Event())) == list("model")
    assert len(here) == 1
