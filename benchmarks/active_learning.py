"""What suggestions are worth: python benchmarks/active_learning.py WORKSPACE [--seeds 3] [--rounds 5] [--number 10]

WORKSPACE is one of the sample region after makemap. Training begins with five polygons of each class. In each round,
places are labelled with their true class: those that suggestsamples would choose, or, for comparison, twice as many
drawn at random. A label counts for the pixels of the same true class within two pixels. It prints the accuracy of the
map at the start and after each round.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np
from coverage import Region

from patchwork.core.learning import models
from patchwork.core.learning.suggestions import choose_places
from patchwork.core.operations.trainmodel import TrainModel
from patchwork.core.store.workspace import Workspace

CANDIDATES, RADIUS, START = 5000, 2, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--number", type=int, default=10)
    given = parser.parse_args()
    region = Region(Workspace(given.workspace))
    for seed in range(given.seeds):
        for name, factor in (("suggested", 1), ("random", 2)):
            accuracy = learn(region, seed, given.rounds, given.number * factor, suggested=name == "suggested")
            print(
                f"seed {seed}, {given.number * factor} {name} places a round: " + " ".join(f"{a:.1%}" for a in accuracy)
            )


def learn(region: Region, seed: int, rounds: int, number: int, *, suggested: bool) -> list[float]:
    """The accuracy of the map at the start and after each round."""
    rng = np.random.default_rng(seed)
    known = np.zeros(region.truth.shape, dtype=bool)
    for id_ in np.unique(region.labels[region.labels > 0]):
        own = np.unique(region.polygons[region.labels == id_])
        known |= np.isin(region.polygons, rng.choice(own, min(START, len(own)), replace=False)) & (region.labels == id_)
    flat = region.features.reshape(-1, region.features.shape[-1])
    found = []
    for turn in range(rounds + 1):
        estimator, classes = fit(flat, region.truth, known, rng)
        mapped = classes[models.predict_proba(estimator, flat[region.tested]).argmax(axis=1)]
        found.append(float((mapped == region.truth.ravel()[region.tested]).mean()))
        if turn < rounds:
            candidates = rng.choice(np.flatnonzero(~known), CANDIDATES, replace=False)
            if suggested:
                chosen = candidates[suggest(estimator, flat[candidates], candidates, region, number)]
            else:
                chosen = candidates[:number]
            for row, column in zip(*np.unravel_index(chosen, region.truth.shape), strict=True):
                near = (
                    slice(max(row - RADIUS, 0), row + RADIUS + 1),
                    slice(max(column - RADIUS, 0), column + RADIUS + 1),
                )
                known[near] |= region.truth[near] == region.truth[row, column]
    return found


def fit(flat: np.ndarray, truth: np.ndarray, known: np.ndarray, rng: np.random.Generator):
    """A random forest on at most 300 known pixels of each class, and its classes."""
    places = np.flatnonzero(known)
    ids = truth.ravel()[places]
    kept = np.concatenate([rng.permutation(np.flatnonzero(ids == id_))[:300] for id_ in np.unique(ids)])
    return models.fit(TrainModel.classifier, flat[places[kept]], ids[kept].astype(np.int64), 0, 2), np.unique(ids)


def suggest(estimator, features: np.ndarray, candidates: np.ndarray, region: Region, number: int) -> np.ndarray:
    """Positions of the suggested candidates."""
    second, first = np.sort(models.predict_proba(estimator, features), axis=1)[:, -2:].T
    spread = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-6)
    places = np.column_stack(np.unravel_index(candidates, region.truth.shape)).astype(float)
    return choose_places(1.0 - (first - second), places, spread, number, (region.truth.size / (4 * number)) ** 0.5)


if __name__ == "__main__":
    main()
