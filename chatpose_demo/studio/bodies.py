"""Compose texts about bodies: described part by part, named by a situation, or changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatpose_demo.network.pose_decoder import REGIONS
from chatpose_demo.studio.examples import Example, of_somebody, pick, roughen
from chatpose_demo.studio.pen import Pen
from chatpose_demo.studio.references import Reference
from chatpose_demo.studio.states import ARMS, BOTH_LEGS, FACING, HEAD, LEGS, TORSO, WHOLE

SHOWN_LEGS, SHOWN_ARMS = tuple(LEGS), tuple(ARMS)
SHOWN: dict[str, tuple[str, ...]] = {
    "torso": tuple(TORSO),
    "head": tuple(HEAD),
    "whole": tuple(WHOLE),
    "facing": tuple(FACING),
}
RESTING = (
    ("legs", "stand"), ("torso", "upright"), ("head", "ahead"), ("arm", "down"), ("arms", "down"),
    ("leg", "straight"), ("whole", "up"), ("legs", "stand"),
)  # fmt: skip
RISING = "up"  # a change from lying; as a description it says nothing
PLAIN_LEGS = ("stand", "stand", "sit", "sit", "kneel", "squat", "walk", "sit_crossed", "jump")
WORDS_FOR = {"facing": "face"}  # where the writers' key differs from the part's name
OTHER_SIDE = {"left": "right", "right": "left"}
CLAUSES = {"arms": 0.36, "legs": 0.28, "torso": 0.13, "head": 0.13, "whole": 0.05, "facing": 0.05}
# A relative edit: what it means for the parts; {s} picks the arm.
RELATIVE: dict[str, dict[str, str]] = {
    "arm_higher": {"{s}_arm": "higher"},
    "arm_lower": {"{s}_arm": "lower"},
    "elbow_more": {"{s}_arm": "elbow_more"},
    "elbow_less": {"{s}_arm": "elbow_less"},
    "arms_swap": {"left_arm": "swap", "right_arm": "swap"},
    "legs_swap": {"legs": "swap"},
    "head_swap": {"head": "swap"},
    "arm_too": {"{s}_arm": "like_other"},
    "arms_same": {"left_arm": "like_other", "right_arm": "like_other"},
    "arms_higher": {"left_arm": "higher", "right_arm": "higher"},
    "arms_lower": {"left_arm": "lower", "right_arm": "lower"},
    "knees_more": {"legs": "knees_more"},
    "knees_less": {"legs": "knees_less"},
    "bend_more": {"torso": "bend_more"},
    "bend_less": {"torso": "bend_less"},
    "mirror": {"whole": "mirror"},
    "head_more_left": {"head": "more_left"},
    "head_more_right": {"head": "more_right"},
    "stance_wider": {"legs": "wider"},
}
JOINERS = (", ", ", ", " and ", ", and ", "; ", ". ", ", with ", ", while ", " with ")
SAME = (
    "the same but ", "the same, but ", "same again, only ", "same with ", "now ", "this time ",
    "but ", "and ", "then ", "with ", "ok, ", "maybe ",
)  # fmt: skip
REGION_WORDS: dict[str, tuple[str, ...]] = {
    "arms": ("arms", "arms", "hands", "arm pose", "both arms"),
    "legs": ("legs", "legs", "leg position", "stance", "feet"),
    "upper body": ("upper body", "top half", "torso and arms", "upper half"),
    "lower body": ("lower body", "bottom half", "lower half", "hips and legs"),
    "head": ("head", "head turn", "gaze", "neck and head"),
    "torso": ("torso", "trunk", "back", "lean"),
}
# References without another person in them.
PLAIN = ("top", "bottom", "hair", "leftmost", "rightmost", "middle", "female", "male", "hat",
         "biggest", "smallest", "sitting", "standing", "top+hair", "nth_left")  # fmt: skip
UNDO = (
    "undo", "undo that", "undo it please", "take that back", "undo the last change", "revert that",
    "no, undo", "step back", "cancel that change", "not like that, undo it", "roll that back",
)  # fmt: skip
NAMED_BODIES = ("first", "second", "third", "previous", "last")


class BodyComposer(Pen):
    """Makes examples about bodies."""

    def _written(self, states: Sequence[str], *keys: str) -> str:
        """One of some states for which somebody wrote phrases under all the keys."""
        known = [s for s in states if all(self.has("parts", f"{key}.{s}") for key in keys)]
        return pick(self.rng, known)

    def _arms(self, mark: str) -> tuple[str, dict[str, str]]:
        """A clause about one or both arms; mark is "" to describe or "!" to command."""
        state = self._written(SHOWN_ARMS, f"arm{mark}", f"arms{mark}")
        if self.chance(0.35):
            return self.phrase("parts", f"arms{mark}.{state}"), {
                "left_arm": state,
                "right_arm": state,
            }
        side = pick(self.rng, ("left", "right"))
        phrase = self.phrase("parts", f"arm{mark}.{state}").replace("{s}", side)
        parts = {f"{side}_arm": state}
        if not mark and self.chance(0.35):  # the other arm does something else
            other = self._written(SHOWN_ARMS, "arm")
            second = self.phrase("parts", f"arm.{other}").replace("{s}", OTHER_SIDE[side])
            phrase = f"{phrase}{pick(self.rng, JOINERS)}{second}"
            parts[f"{OTHER_SIDE[side]}_arm"] = other
        return phrase, parts

    def _legs(self, mark: str) -> tuple[str, dict[str, str]]:
        state = pick(self.rng, tuple(BOTH_LEGS))
        if self.chance(0.3) or not self.has("parts", f"legs{mark}.{state}"):
            state = self._written(SHOWN_LEGS, f"leg{mark}")
            side = pick(self.rng, ("left", "right"))
            phrase = self.phrase("parts", f"leg{mark}.{state}").replace("{s}", side)
            return phrase, {f"{side}_leg": state}
        return self.phrase("parts", f"legs{mark}.{state}"), {"legs": state}

    def _clause(self, kind: str, mark: str) -> tuple[str, dict[str, str]]:
        if kind == "arms":
            return self._arms(mark)
        if kind == "legs":
            return self._legs(mark)
        name = f"{WORDS_FOR.get(kind, kind)}{mark}"
        state = self._written(SHOWN[kind], name)
        if (kind, state, mark) == ("whole", RISING, ""):
            return self._clause(kind, mark)
        return self.phrase("parts", f"{name}.{state}"), {kind: state}

    def clauses(self, count: int, mark: str) -> tuple[str, dict[str, str]]:
        """So many clauses about different parts, joined, and what they mean."""
        kinds, odds = tuple(CLAUSES), np.array(list(CLAUSES.values()))
        texts, parts = [], {}
        for index in self.rng.choice(len(kinds), size=count, replace=False, p=odds / odds.sum()):
            clause, meaning = self._clause(kinds[index], mark)
            texts.append(clause.rstrip("."))
            parts |= meaning
        if "whole" in parts and "legs" in parts:  # "lying on the back, kneeling" means nothing
            return self.clauses(count, mark)
        text = texts[0]
        for clause in texts[1:]:
            text += pick(self.rng, JOINERS) + clause
        return text, parts

    def _ask_text(self, description: str, bare: float) -> str:
        if self.chance(bare):
            return description
        return self.phrase("requests", "ask_text").replace("{d}", description)

    def caption(self) -> Example:
        """A body described part by part."""
        count = int(self.rng.choice([1, 2, 3, 4], p=[0.3, 0.34, 0.23, 0.13]))
        text, parts = self._plain() if self.chance(0.1) else self.clauses(count, "")
        if self.chance(0.4):  # as often as a situation is told of somebody: "a man" tells nothing
            text = of_somebody(self.rng, text)
        bare = self.chance(0.5)  # beside a shown body, bare words would change it: see `edit`
        text = roughen(self.rng, text if bare else self._ask_text(text, 0.0))
        return Example(text, "text", body=False if bare else None, atlas="", parts=parts)

    def first_line(self) -> Example:
        """A short plain wish for a body where there is none yet: "kneel", "a man with arms up"."""
        if self.chance(0.4):  # told to the body as if it stood there
            text, parts = self.clauses(1 if self.chance(0.8) else 2, "!")
        else:
            text, parts = self._plain() if self.chance(0.5) else self.clauses(1, "")
            if self.chance(0.6):
                text = of_somebody(self.rng, text)
            if self.chance(0.5):
                text = self._ask_text(text, 0.0)
        return Example(roughen(self.rng, text), "text", body=False, atlas="", parts=parts)

    def _plain(self) -> tuple[str, dict[str, str]]:
        """What most people type first: "standing", "lying on the back"."""
        part = "legs" if self.chance(0.8) else "whole"
        text, parts = "", {part: RISING}
        while RISING in parts.values():
            state = self._written(PLAIN_LEGS if part == "legs" else SHOWN["whole"], part)
            text, parts = self.phrase("parts", f"{part}.{state}"), {part: state}
        return text, parts

    def implicit(self, pose: str, phrase: str) -> Example:
        """A situation that names an atlas pose, alone or in a request."""
        text = phrase
        if self.chance(0.75):
            start = ("a person ", "someone ", "a man ", "a woman ", "somebody ", "my friend ", "")
            text = pick(self.rng, start) + phrase
        text = roughen(self.rng, self._ask_text(text, 0.4))
        return Example(text, "text", atlas=pose, parts={})

    def varied(self, pose: str, phrase: str) -> Example:
        """An atlas pose with something changed in words."""
        change, parts = self.clauses(1, "")
        base = self.implicit(pose, phrase)
        text = f"{base.text.rstrip('.?!')}{pick(self.rng, JOINERS)}{change}"
        return Example(text, "text", atlas=pose, parts=parts)

    def atlas_phrases(self, pose: str) -> list[str]:
        """All writers' phrases for one atlas pose."""
        return [phrase for words in self.writers for phrase in words.atlas.get(pose, ())]

    # Edits

    def edit(self) -> Example:
        """A change to an earlier body."""
        draw = self.rng.random()
        if draw < 0.07:
            return self._changed(*self._rest())
        if draw < 0.26:
            return self._changed(*self._relative())
        if draw < 0.33:
            return self._back()
        if draw < 0.36:
            table, key = ("acts", "again") if self.chance(0.4) else ("requests", "ask_again")
            return self._changed(self.phrase(table, key), {})
        if draw < 0.60:  # a description used as an edit, with a hint ("the same, but …") or without
            text, parts = self.clauses(1 if self.chance(0.75) else 2, "")
            return self._changed((pick(self.rng, SAME) if self.chance(0.4) else "") + text, parts)
        if draw < 0.87:
            text, parts = self.clauses(1 if self.chance(0.75) else 2, "!")
            if self.chance(0.45):
                text = self.phrase("requests", "ask_edit").replace("{e}", text)
            return self._changed(text, parts)
        if draw < 0.92:
            return self._act("another", self.phrase("acts", "another"))
        if draw < 0.96:
            return self._imagine()
        return self._act("half", self.phrase("acts", "half"))

    def _changed(self, text: str, parts: dict[str, str], earlier: str = "last") -> Example:
        text = roughen(self.rng, text)
        return Example(text, "edit", body=True, parts=parts, earlier=earlier, act="change")

    def _rest(self) -> tuple[str, dict[str, str]]:
        """Some part goes back to how a standing body holds it."""
        known = [one for one in RESTING if self.has("parts", f"{one[0]}!.{one[1]}")]
        kind, state = known[int(self.rng.integers(len(known)))]
        side = pick(self.rng, ("left", "right"))
        text = self.phrase("parts", f"{kind}!.{state}").replace("{s}", side)
        if kind == "arms":
            return text, {"left_arm": state, "right_arm": state}
        return text, {f"{side}_{kind}" if kind in ("arm", "leg") else kind: state}

    def _relative(self) -> tuple[str, dict[str, str]]:
        name, side = self._written(tuple(RELATIVE), "rel"), pick(self.rng, ("left", "right"))
        text = self.phrase("parts", f"rel.{name}").replace("{s}", side)
        return text, {key.replace("{s}", side): value for key, value in RELATIVE[name].items()}

    def _back(self) -> Example:
        """An older body again, as it was or changed."""
        earlier = pick(self.rng, NAMED_BODIES)
        text, parts = self.phrase("acts", f"body.{earlier}"), {}
        if self.chance(0.5):
            text = self.phrase("acts", "back").replace("{b}", text)
        if self.chance(0.4):
            more, parts = self.clauses(1, "!")
            text = f"{text}, {more}" if self.chance(0.7) else f"{more}, {text}"
        return self._changed(text, parts, earlier)

    def undo(self) -> Example:
        """The body before the last change."""
        return self._changed(pick(self.rng, UNDO), {}, "previous")

    def _act(self, act: str, text: str) -> Example:
        return Example(roughen(self.rng, text), "edit", body=True, act=act, earlier="last")

    def _imagine(self) -> Example:
        """The same person in a situation of the atlas."""
        pose, words = self.doing()
        text = self.phrase("acts", "imagine").replace("{x}", words)
        text = roughen(self.rng, text)
        return Example(text, "edit", body=True, act="imagine", atlas=pose, parts={}, earlier="last")

    def combine(self) -> Example:
        """A region of one body, the rest of another; bodies of the chat or people of the photo."""
        region = pick(self.rng, REGIONS)
        text = self.phrase("acts", "combine")
        text = text.replace("{g}", pick(self.rng, REGION_WORDS[region]))
        if self.chance(0.5):
            names = self.rng.permutation(np.array(NAMED_BODIES))[:2]
            for slot, name in zip(("{a}", "{b}"), names, strict=True):
                text = text.replace(slot, self.phrase("acts", f"body.{name}"))
            return Example(
                roughen(self.rng, text), "edit", body=True, act="combine", region=region,
                earlier=str(names[0]), other=str(names[1]), person=Reference(""),
            )  # fmt: skip
        first, second = self.refer(PLAIN), self.refer(PLAIN)
        text = text.replace("{a}", first.phrase).replace("{b}", second.phrase)
        return Example(
            roughen(self.rng, text), "edit", photo=True, act="combine", region=region,
            person=first, second=second,
        )  # fmt: skip
