"""Wordings that ask for somebody of the photo: which one, who else, show me, by what they do."""

from __future__ import annotations

import numpy as np
import pytest
from test_chat import ask, somebody

from chatpose_demo.chat import ChatPose
from chatpose_demo.conversation import Conversation, Scene
from chatpose_demo.evaluation.frozen_set import DEVELOPMENT, read_lines
from chatpose_demo.network.asked_who import DEFINITE, as_pointing, asks_to_show
from chatpose_demo.network.beyond_sight import NO_SHAPE, SHAPE
from chatpose_demo.network.english import NOT_READ, is_english
from chatpose_demo.network.jargon import spelt_out
from chatpose_demo.network.who_does import LEAD, NEAR, doing_of, who_does
from chatpose_demo.pose import mirror
from chatpose_demo.studio.atlas import load_atlas
from chatpose_demo.studio.rig import Spec, build, legs

pytest_plugins = ("fixtures_network",)


@pytest.fixture(scope="module")
def poses() -> dict[str, np.ndarray]:
    return {pose.id: pose.rotations for pose in load_atlas()}


@pytest.fixture
def doers(blank, poses) -> Scene:
    """Four who look alike: one stands, one waves, one squats, one does a push-up."""
    done = (build(Spec()), poses["wave_hello"], build(Spec(**legs("squat"))), poses["push_up_high"])
    people = []
    for place, rotations in enumerate(done):
        person = somebody(160 + 320 * place, "grey", "brown")
        person.rotations = rotations
        person.appearance.postures[:] = 0
        people.append(person)
    return Scene(blank, people)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Which of them is waving?", "the one waving"),
        ("who's doing the pushup", "the one doing the pushup"),
        ("and who is sitting on the sofa?", "and the one sitting on the sofa"),
        ("which one is not standing", "the one not standing"),
        ("which one is bending the knee more?", "which one is bending the knee more?"),
        ("who is there?", "who is there?"),
        ("show the man in the grey tee, then tell me his name", "show the man in the grey tee"),
        ("a man waving", "a man waving"),
    ],
)
def test_questions_become_pointing(text: str, read: str):
    assert as_pointing(text) == read


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("show me", True),
        ("ok show her then", True),
        ("oh sorry, wrong photo. well ok show her then", True),
        ("can you show me his body in 3d please?", True),
        ("show me someone waving", False),
        ("show her with both arms up", False),
        ("don't show me", False),
    ],
)
def test_asking_to_see_whom_the_talk_is_about(text: str, shows: bool):
    assert asks_to_show(text) == shows


@pytest.mark.parametrize(
    ("text", "definite"),
    [
        ("the fella trying to reach the shelf", True),
        ("show me the tall guy", True),
        ("who is that", True),
        ("a man reaching for a shelf", False),
        ("somebody who lost the keys", False),
        ("the splits", False),
    ],
)
def test_somebody_who_is_there(text: str, definite: bool):
    assert bool(DEFINITE.match(text)) == definite


def test_a_wish_before_it_is_what_counts():
    text = "which pose has the old man got? let me see it"
    assert asks_to_show(text) and not asks_to_show(text, for_more=True)
    assert asks_to_show("show me", for_more=True)


# By what they do


@pytest.mark.parametrize(
    ("text", "doing"),
    [
        ("show me the guy waving", "someone waving"),
        ("whoever is reaching for the top shelf?", "someone reaching for the top shelf"),
        ("the one who's waving at the door", "someone waving"),
        ("the woman wearing red", None),
        ("the man on the left", None),
    ],
)
def test_what_is_done_is_found_in_the_words(text: str, doing: str | None):
    assert doing_of(text) == doing


def test_who_comes_clearly_closest_does_it(poses):
    standing = build(Spec())
    crowd = [standing, poses["wave_hello"], poses["deadlift"]]
    assert who_does(crowd, poses["wave_hello"], standing) == 1
    assert who_does(crowd, mirror(poses["wave_hello"]), standing) == 1
    assert who_does(crowd[:1], poses["push_up_high"], standing) is None, f"not within {NEAR}"
    twins = [poses["wave_hello"], poses["wave_hello"]]
    assert who_does(twins, poses["wave_hello"], standing) is None, f"no lead of {LEAD}"


def test_the_way_one_faces_does_not_matter(poses):
    around = poses["deadlift"].copy()
    around[0] = np.diag([-1.0, 1.0, -1.0]) @ around[0]
    assert who_does([build(Spec()), around], poses["deadlift"], build(Spec())) == 1


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("show me the guy waving", 1),
        ("which one is waving?", 1),
        ("who is squatting?", 2),
        ("who's doing the pushup", 3),
    ],
)
def test_the_doer_is_shown(chat: ChatPose, doers: Scene, text: str, index: int):
    turn, _ = ask(chat, Conversation(), text, doers)
    assert turn.pointed == [index]


# The talk


def test_who_else_and_who_is_next(chat: ChatPose, blank):
    scene = Scene(
        blank,
        [
            somebody(250, "red", "blond"),
            somebody(640, "blue", "black", "sitting", Spec(**legs("sit"))),
            somebody(1030, "white", "brown", "sitting", Spec(**legs("sit"))),
        ],
    )
    talk = Conversation()
    ask(chat, talk, "show me the one in the blue shirt", scene)
    turn, _ = ask(chat, talk, "who else is sitting?")
    assert "person 3" in turn.reply and "person 2" not in turn.reply and not turn.poses
    turn, _ = ask(chat, talk, "who else is in blue?")
    assert turn.reply.startswith("Nobody else")
    turn, _ = ask(chat, talk, "who is the closest to him?")
    assert turn.about in (0, 2)


def test_show_me_shows_whom_the_talk_is_about(chat: ChatPose, doers: Scene):
    talk = Conversation()
    ask(chat, talk, "what is person 2 wearing?", doers)
    turn, _ = ask(chat, talk, "ok show me")
    assert turn.pointed == [1]
    first, _ = ask(chat, Conversation(), "show me", doers)
    assert first.asked_back and first.candidates == (0, 1, 2, 3)


def test_nobody_has_that_number(chat: ChatPose, doers: Scene):
    turn, _ = ask(chat, Conversation(), "person 7", doers)
    assert not turn.poses and "no person 7" in turn.reply and "four people" in turn.reply


def test_what_cannot_be_known_is_said(chat: ChatPose, doers: Scene):
    talk = Conversation()
    ask(chat, talk, "show me person 2", doers)
    for text in ("how tall is he?", "what mission did she fly?", "what is his name?"):
        turn, _ = ask(chat, talk, text)
        assert turn.reply.startswith("I cannot") and not turn.poses, turn.reply


def test_build_is_not_changed(chat: ChatPose):
    talk = Conversation()
    ask(chat, talk, "someone standing with both arms raised")
    turn, _ = ask(chat, talk, "make him taller")
    assert NO_SHAPE in turn.reply


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("make him taller", True),
        ("show him but thinner", True),
        ("make it a bit more muscular", True),
        ("show me the older woman", False),
        ("the man but not the taller one", False),
        ("put her behind the taller man", False),
    ],
)
def test_changes_of_build_are_told_from_people(text: str, build: bool):
    assert bool(SHAPE.search(text)) == build


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("mujer de camiseta roja sentada", False),
        ("zeig mir die frau", False),
        ("무릎을 꿇은 사람", False),
        ("покажи мне человека", False),
        ("a man proposing in las Vegas", True),
        ("tai chi", True),
        ("Les standing on one leg", True),
        ("12345 !?", True),
        ("", True),
    ],
)
def test_english_is_told_from_other_languages(text: str, english: bool):
    assert is_english(text) == english


@pytest.mark.parametrize("name", ["requests", "ordinary", "edits", "first", "moods"])
def test_lines_of_the_development_set_count_as_english(name: str):
    lines = [one["text"] for one in read_lines(name, DEVELOPMENT)]
    assert [line for line in lines if not is_english(line)] == []


def test_other_languages_are_refused(chat: ChatPose):
    turn, _ = ask(chat, Conversation(), "zeig mir die frau")
    assert turn.reply == NOT_READ


def test_jargon_is_spelt_out():
    assert spelt_out("Warrior II please") == "warrior two please"
    assert "away from the body" in spelt_out("an A-pose")
    assert spelt_out("strike a pose") == "strike a pose"


def test_programs_names_of_joints():
    assert spelt_out("left_elbow = 90, right_knee=30") == "left elbow 90, right knee 30"


def test_any_pose_will_do(chat: ChatPose, poses):
    talk = Conversation()
    for text in ("surprise me", "another one", "give me a random pose"):
        turn, _ = ask(chat, talk, text)
        assert any(np.array_equal(turn.poses[0].rotations, one) for one in poses.values()), text
