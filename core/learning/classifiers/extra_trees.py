"""Extra trees: a forest whose thresholds are drawn at random (Geurts, Ernst and Wehenkel 2006)."""

from __future__ import annotations

from typing import Any

from .record import Classifier

_TREES = 100


def _new(seed: int, threads: int) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(_TREES, min_samples_leaf=2, max_features=0.2, random_state=seed, n_jobs=threads)


CLASSIFIER = Classifier(
    name="extra-trees",
    label="Extra trees",
    help="A forest with random thresholds: trains fastest, and robust to errors in the reference.",
    noun="a forest of extra trees",
    new=_new,
)
