"""Where the bodies of a reply come from: the photo, an earlier body, the atlas, or a mix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from chatpose_demo.network.acts import REGION_JOINTS, combine, halfway, turned_like
from chatpose_demo.network.asked_who import DEFINITE
from chatpose_demo.network.base_model import POSE_TOKEN
from chatpose_demo.network.beyond_sight import NO_SHAPE, SHAPE
from chatpose_demo.network.degrees import JOINT_OF, Angle, beside_angles, with_angles
from chatpose_demo.network.earlier import before_the_change, earlier_index
from chatpose_demo.network.in_context import in_context
from chatpose_demo.network.interface import AskBack, Body, Question
from chatpose_demo.network.people_words import name_of
from chatpose_demo.network.plain_names import ANY_POSE, named_poses
from chatpose_demo.network.pointing import choose, whom
from chatpose_demo.network.settling import ROOT, apply_settled, moved_limbs, settle
from chatpose_demo.network.told_bodies import Reader, ToldBodies, in_short
from chatpose_demo.network.told_whom import (
    asked_changes,
    comes_with_photo,
    names_somebody,
    of_whom_one_chose,
    told_to_somebody,
)
from chatpose_demo.network.understanding import NAMED, Understanding
from chatpose_demo.network.unseen import still_unseen, unseen_of_mixture

Found = tuple[Body, ...]
MOST = 6  # our choice: more bodies in one reply are not read any more
POSSIBLY = 0.1  # our choice: so likely somebody of the photo is meant whom words call "the man"
CLEARLY = 0.4  # our choice: a pose this likely is taken though the words read as another change
NO_PHOTO = (
    "There is no photo in our conversation yet, so I cannot look at anyone. "
    "Add a photo, or describe the pose in words."
)
NOBODY = "I cannot find a person in this photo, so there is no body to show."
NOT_ANOTHER = (
    "There is another answer only to a pose described in words; a person in a photo has just the "
    "one. Describe a pose or a situation, and I can show several bodies for it."
)
NOT_CHANGED = "Nothing has been changed yet, so there is nothing to do by half."
UNCLEAR = (
    "I could not tell what to change, so the body stays as it is. Name a part and what it shall "
    "do: “raise the left arm”, “bend the knees more”, “turn the head to the right”."
)
SO_ALREADY = "As I read it, that would change nothing: the body is like that already."
NO_BODY = "There is no body yet. Describe a pose, or add a photo and ask about someone in it."
TWO_BODIES = "That takes two bodies: two of our conversation, or two people of a photo."
# Who asks for the same body gets it.
AGAIN = re.compile(
    r"\b(?:again|once more|repeat|same|back|keep|leave|stay|show|see|redraw|resend)\b",
    re.IGNORECASE,
)


class BodyFinder(ToldBodies):
    """Points, then edits."""

    def find(self, question: Question, seen: Understanding, read: Reader) -> Found | AskBack | str:
        """The bodies that a turn wants; or whom to ask about; or why there is none.

        Args:
            read: understands another text in the same conversation after so many bodies of it.
        """
        kind = seen.kind(has_people=bool(question.people))
        if kind != "person" and comes_with_photo(question):
            kind = "person"
        if kind == "edit" and seen.act == "combine":
            return self._combine(question, seen)
        if kind == "edit" and not question.bodies and seen.act in ("another", "half"):
            return NO_BODY
        told: Mapping[str, str] | None = None
        if kind == "edit" and (not question.bodies or of_whom_one_chose(question, seen)):
            kind = "person" if question.people else "text"
            told = seen.parts["edit"]
        elif kind == "text" and question.people and DEFINITE.match(question.text):
            kind = "person" if seen.intent["person"] >= POSSIBLY else kind
        elif kind == "text" and question.people and told_to_somebody(question, seen):
            kind, told = "person", seen.parts["edit"]
        if kind == "person" and question.image is None:
            if question.mode != "always":
                return NO_PHOTO
            kind = "text"
        if kind == "person" and not question.people:
            return NOBODY
        if kind == "person":
            return self._people(question, seen, told)
        if kind == "edit":
            return self._edit(question, seen, read)
        return (self.told(question, seen, read),)

    def _people(
        self, question: Question, seen: Understanding, told: Mapping[str, str] | None
    ) -> Found | AskBack:
        """Bodies of the photo; `told`: what a plain change asks of them ("raise her left arm")."""
        chosen = whom(question, seen)
        if told is not None and not seen.many and not names_somebody(question):
            # "Raise her left arm" says nothing of how she looks.
            one = 0 if len(question.people) == 1 else question.last
            chosen = AskBack(tuple(range(len(question.people)))) if one is None else (one,)
        if isinstance(chosen, AskBack):
            return chosen
        bodies = []
        for i in chosen[:MOST]:
            pose, unseen = question.people[i].rotations, question.people[i].unseen_joints
            parts = asked_changes(question.text, seen)
            if told is not None:
                parts = in_context(pose, told, question.text)
            changed = apply_settled(pose, parts)
            name, unseen = name_of(question.people, i), still_unseen(unseen, parts)
            bodies.append(
                Body(changed, "edit" if parts else "photo", name, person=i, unseen=unseen)
            )
        return tuple(bodies)

    def same_person(self, question: Question) -> Found | AskBack | None:
        """Whom the talk is about, shown as in the photo; None where it is not about them."""
        one = question.picked if question.picked is not None else question.last
        if one is None and len(question.people) == 1:
            one = 0
        if one is None:
            everybody = tuple(range(len(question.people)))
            return None if question.bodies else AskBack(everybody)
        return (self.seen(question, one),)

    @staticmethod
    def seen(question: Question, i: int) -> Body:
        """Somebody as the photo shows them."""
        person, name = question.people[i], name_of(question.people, i)
        return Body(person.rotations, "photo", name, person=i, unseen=person.unseen_joints)

    # Changes

    def _edit(self, question: Question, seen: Understanding, read: Reader) -> Found | str:
        index = earlier_index(seen.earlier, question.bodies)
        base = question.bodies[index]
        before = before_the_change(question.bodies)
        parts = in_context(base.rotations, seen.parts["edit"], question.text, before)
        if not parts and SHAPE.search(question.text):
            return f"{NO_SHAPE} I change only how it holds itself."
        if seen.act == "another":
            return self._another(question, read)
        if seen.act == "half":
            if before is None:
                return NOT_CHANGED
            end = question.bodies[-1].rotations
            changed = halfway(before, end)
            changed = settle(changed, moved_limbs(before, end), [before, end])
        elif seen.act == "imagine" or (not parts and self._calls(question.text, seen)):
            situation = self.poses[int(seen.atlas[1:].argmax())]
            changed = apply_settled(turned_like(situation, base.rotations), parts)
            # Another situation is another subject, unless it is somebody of a photo.
            subject = base.subject if base.person_box else in_short(question.text)
            return (Body(changed, "edit", subject, base=index),)
        else:
            changed = apply_settled(base.rotations, parts)
            same = seen.earlier == "last" and (changed == base.rotations).all()
            if same and question.mode != "always" and not AGAIN.search(question.text):
                return SO_ALREADY if parts else UNCLEAR
        unseen = still_unseen(base.unseen_joints, parts)
        return (Body(changed, "edit", base.subject, base=index, unseen=unseen),)

    def _calls(self, text: str, seen: Understanding) -> bool:
        """Whether words that change no part call another pose: "now make him sleep"."""
        if seen.act != "change" or seen.earlier != "last" or AGAIN.search(text):
            return False
        clear = seen.atlas[1:].max() >= CLEARLY * seen.atlas.sum()
        return bool(clear or named_poses(text).max() >= NAMED)

    def numbered(
        self, question: Question, angles: Sequence[Angle], read: Reader
    ) -> tuple[Body, str]:
        """A body with joints at angles, and what no joint can do.

        The rest of the words says which body it is, and what else changes about it.
        """
        count, rest = len(question.bodies), beside_angles(question.text)
        seen = read(rest, count) if rest else None
        if not count:
            base = self.imagined(rest, seen).rotations if seen else self.standing
            changed, beyond = with_angles(base, angles)
            return Body(changed, "text", in_short(question.text)), beyond
        index = earlier_index(seen.earlier, question.bodies) if seen else count - 1
        shown = question.bodies[index]
        base = shown.rotations
        if seen:
            base = apply_settled(base, in_context(base, seen.parts["edit"], rest))
        changed, beyond = with_angles(base, angles)
        set_here = {f"{one.side}_{JOINT_OF.get(one.joint)}" for one in angles}
        unseen = tuple(name for name in shown.unseen_joints if name not in set_here)
        return Body(changed, "edit", shown.subject, base=index, unseen=unseen), beyond

    def _another(self, question: Question, read: Reader) -> Found | str:
        """A different body for the last words that described one."""
        rank, shown = 1, sum(reply.count(POSE_TOKEN) for reply in question.replies)
        for (text, _), reply in zip(
            reversed(question.history), reversed(question.replies), strict=True
        ):
            shown -= reply.count(POSE_TOKEN)
            before = read(text, shown)
            kind = before.kind(has_people=bool(question.people))
            if ANY_POSE.match(text):
                return (self.imagined(text, before),)
            if not before.asks_for_body or kind == "edit":
                rank += before.asks_for_body and before.act == "another"
            elif kind == "text":
                return (self.imagined(text, before, rank),)
            else:
                break
        return NOT_ANOTHER

    def _combine(self, question: Question, seen: Understanding) -> Found | AskBack | str:
        """A region of one body on another: of the chat's bodies, or of people in the photo."""
        if question.people and seen.needs:
            giver = whom(question, seen)
            if isinstance(giver, AskBack):
                return giver
            taker = choose(seen.anchor, False, question.last)
            if isinstance(taker, AskBack):
                return taker
            gives, takes = question.people[giver[0]], question.people[taker[0]]
            mixed = _mixed(seen.region, gives.rotations, takes.rotations)
            unseen = unseen_of_mixture(seen.region, gives.unseen_joints, takes.unseen_joints)
            name = name_of(question.people, taker[0])
            return (Body(mixed, "edit", name, person=taker[0], unseen=unseen),)
        count = len(question.bodies)
        if count < 2:
            return TWO_BODIES
        first, second = (
            earlier_index(name, question.bodies) for name in (seen.earlier, seen.other)
        )
        if first == second:
            second = count - 1 if first != count - 1 else count - 2
        gives, takes = question.bodies[first], question.bodies[second]
        mixed = _mixed(seen.region, gives.rotations, takes.rotations)
        unseen = unseen_of_mixture(seen.region, gives.unseen_joints, takes.unseen_joints)
        return (Body(mixed, "edit", takes.subject, base=second, unseen=unseen),)


def _mixed(region: str, giver: np.ndarray, taker: np.ndarray) -> np.ndarray:
    """One body with a region of another, whose limbs settle on it."""
    given = [limb for limb, root in ROOT.items() if root in REGION_JOINTS[region]]
    return settle(combine(region, giver, taker), given, [giver, taker])
