"""LightGBM: gradient boosted trees."""

from __future__ import annotations

from typing import Any

from .record import Classifier


def _new(seed: int, threads: int) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=100,
        min_child_samples=5,
        random_state=seed,
        n_jobs=threads,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


CLASSIFIER = Classifier(
    name="lightgbm",
    label="LightGBM",
    help="Gradient boosted trees, as in the original article.",
    noun="LightGBM",
    new=_new,
)
