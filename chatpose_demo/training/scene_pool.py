"""A pool of synthetic scenes, indexed so that a question finds one that it fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from chatpose_demo.network.people_fit import ACTION
from chatpose_demo.network.people_tokens import (
    FEATURES,
    NUM_FEATURES,
    count_among,
    person_features,
)
from chatpose_demo.network.relations import RELATIONS, relations
from chatpose_demo.studio.references import Reference
from chatpose_demo.studio.scenes import WIDTH, exact_features, sample_scene

INDEX = {name: i for i, name in enumerate(FEATURES)}
MAX_PEOPLE = 8
TRIES = 24  # our choice: draws until a scene suits a question that rules out or relates


@dataclass(frozen=True)
class Drawn:
    """One scene for one question.

    Attributes:
        features: (8, F) as the eyes report them.
        pairs: (8, 8, R) relations.
        present, fits: (8,) bool: who is there, and who of them is meant.
    """

    features: np.ndarray
    pairs: np.ndarray
    present: np.ndarray
    fits: np.ndarray


class ScenePool:
    """Many scenes as arrays.

    Attributes:
        noisy: (S, 8, F) features as the eyes report them; zero rows where there is nobody.
        exact: (S, 8, F) 0/1 truth.
        pairs: (S, 8, 8, R) how people stand to each other.
        boxes: (S, 8, 4) pixels.
        present: (S, 8) bool.
    """

    def __init__(self, size: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.noisy = np.zeros((size, MAX_PEOPLE, NUM_FEATURES), np.float32)
        self.exact = np.zeros((size, MAX_PEOPLE, NUM_FEATURES), bool)
        self.pairs = np.zeros((size, MAX_PEOPLE, MAX_PEOPLE, len(RELATIONS)), np.float16)
        counts, boxes = np.zeros(size, int), np.zeros((size, MAX_PEOPLE, 4))
        for i in range(size):
            scene = sample_scene(rng)
            count = counts[i] = len(scene.people)
            last = int(rng.integers(count)) if rng.random() < 0.5 else None
            self.noisy[i, :count] = person_features(scene.people, WIDTH, last)
            self.exact[i, :count] = exact_features(scene, last) > 0.5
            self.pairs[i, :count, :count] = relations(scene.people)
            boxes[i, :count] = [person.box for person in scene.people]
        self.boxes = boxes
        self.present = np.arange(MAX_PEOPLE)[None] < counts[:, None]
        self._having = lru_cache(maxsize=8192)(self._find)

    def _counted(self, scene: int, needs: tuple[str, ...], features: np.ndarray) -> np.ndarray:
        """Features in which "the second woman from the left" counts women only."""
        present = self.present[scene]
        counted = count_among(features[present], self.boxes[scene][present], WIDTH, needs)
        return np.concatenate([counted, features[~present]])

    def _has(self, scenes, names: tuple[str, ...]) -> np.ndarray:
        """(..., 8) bool: who has all the named features ("action" is set when drawing)."""
        columns = [INDEX[name] for name in names if name != "action"]
        return self.exact[scenes][..., columns].all(-1) & self.present[scenes]

    def _find(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        hits = self._has(slice(None), names).sum(1)
        return np.flatnonzero(hits == 1), np.flatnonzero(hits >= 1)

    def fits(self, scene: int, who: Reference) -> np.ndarray:
        """(8,) bool: who in the scene is meant, the action left aside."""
        exact = self._counted(scene, who.needs, self.exact[scene].astype(np.float32)) > 0.5
        columns = [INDEX[name] for name in who.needs if name != "action"]
        fitting = exact[:, columns].all(-1) & self.present[scene]
        if who.bans:
            columns = [INDEX[name] for name in who.bans]
            fitting = fitting & ~self.exact[scene][:, columns].all(-1)
        if who.relation != "none":
            others = self._has(scene, who.anchor)
            stands = self.pairs[scene, :, :, RELATIONS.index(who.relation)] > 0.5
            fitting = fitting & (stands & others[None]).any(1)
        return fitting

    def _excluded(self, scene: int, who: Reference) -> np.ndarray:
        """(8,) bool: who has what is asked for and is ruled out."""
        columns = [INDEX[name] for name in who.bans]
        return self._has(scene, who.needs) & self.exact[scene][:, columns].all(-1)

    def _suitable(self, rng: np.random.Generator, who: Reference) -> int:
        """A scene for a question: mostly one person fits, sometimes several or nobody."""
        unique, some = self._having(who.needs)
        chance = rng.random()
        if who.bans or who.relation != "none":
            among = some
            if who.relation != "none":
                named = self._having(who.anchor)[0]
                among = named if len(named) else some
            wanted = 1 if chance < 0.75 else 0
            scene = int(rng.integers(len(self.present)))
            for _ in range(TRIES if len(among) else 0):
                scene = int(among[rng.integers(len(among))])
                hits = self.fits(scene, who).sum()
                if who.bans and not self._excluded(scene, who).any():
                    continue  # where nobody is ruled out, there is nothing to learn
                if (hits == 1 and wanted) or (not wanted and hits != 1):
                    break
            return scene
        if who.many or "action" in who.needs:
            for _ in range(TRIES if len(some) else 0):
                scene = int(some[rng.integers(len(some))])
                enough = self.fits(scene, who) if who.many else self.present[scene]
                if enough.sum() >= 2:
                    return scene
        if chance < 0.72 and len(unique):
            return int(unique[rng.integers(len(unique))])
        if chance < 0.85 and len(some):
            return int(some[rng.integers(len(some))])
        return int(rng.integers(len(self.present)))

    def draw(self, rng: np.random.Generator, who: Reference) -> Drawn:
        """A scene in which the question can be asked."""
        scene = self._suitable(rng, who)
        features, fits = self._counted(scene, who.needs, self.noisy[scene]), self.fits(scene, who)
        if "action" in who.needs:
            features, fits = features.copy(), fits.copy()
            doing = rng.random(MAX_PEOPLE) < 0.15
            if fits.any() and rng.random() < 0.85:
                doing[:] = False
                doing[rng.choice(np.flatnonzero(fits))] = True
            fits &= doing
            faint = rng.uniform(0, 0.6, MAX_PEOPLE)
            features[:, ACTION] = np.where(doing, rng.uniform(0.75, 1.0, MAX_PEOPLE), faint)
            features[~self.present[scene]] = 0
        return Drawn(features, self.pairs[scene].astype(np.float32), self.present[scene], fits)
