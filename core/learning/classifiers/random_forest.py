"""Random forest."""

from __future__ import annotations

from typing import Any

from .record import Classifier


def _new(seed: int, threads: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, min_samples_leaf=2, random_state=seed, n_jobs=threads)


CLASSIFIER = Classifier(
    name="random-forest",
    label="Random forest",
    help="The classifier that most publications use.",
    noun="a random forest",
    new=_new,
)
