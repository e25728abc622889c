"""Honest accuracy: no polygon is in both training and test, and every figure is of pixels the model had not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

FOLDS = 5


@dataclass(frozen=True)
class ClassScore:
    """Precision (user's accuracy), recall (producer's accuracy) and F1 of one class, and its number of test pixels."""

    class_id: int
    precision: float
    recall: float
    f1: float
    pixels: int


@dataclass(frozen=True)
class Assessment:
    """How predictions compare with the reference.

    `confusion` (true, predicted) counts pixels, in the order of `class_ids`. `untested` are classes with one group
    only, which cannot be both learnt and tested.
    """

    kind: str
    class_ids: tuple[int, ...]
    confusion: np.ndarray
    scores: tuple[ClassScore, ...]
    untested: tuple[int, ...]
    groups: int

    @property
    def overall(self) -> float:
        """The fraction of test pixels that are right."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def mean_f1(self) -> float:
        """The mean of the F1 scores of the tested classes."""
        return float(np.mean([score.f1 for score in self.scores if score.pixels]))


def assess(kind: str, true: np.ndarray, predicted: np.ndarray, untested: tuple[int, ...], groups: int) -> Assessment:
    """The assessment of class ids (n,) against predicted class ids (n,)."""
    ids = np.union1d(true, predicted)
    precision, recall, f1, pixels = precision_recall_fscore_support(true, predicted, labels=ids, zero_division=0)
    scores = tuple(
        ClassScore(int(i), float(p), float(r), float(f), int(n))
        for i, p, r, f, n in zip(ids, precision, recall, f1, pixels, strict=True)
    )
    matrix = confusion_matrix(true, predicted, labels=ids)
    return Assessment(kind, tuple(int(id_) for id_ in ids), matrix, scores, untested, groups)


def cross_validate(
    kind: str,
    features: np.ndarray,
    class_ids: np.ndarray,
    groups: np.ndarray,
    seed: int,
    fit: Callable[[np.ndarray, np.ndarray], Any],
) -> Assessment | None:
    """Every group is tested once by a model that was fitted to other groups; None where no class has two groups.

    Pixels of classes with a single group stay in training in every fold and are never tested.
    """
    groups_of = {int(id_): len(np.unique(groups[class_ids == id_])) for id_ in np.unique(class_ids)}
    untested = tuple(id_ for id_, number in groups_of.items() if number < 2)
    testable = ~np.isin(class_ids, untested)
    if not testable.any():
        return None
    predicted = np.zeros_like(class_ids)
    tested = np.zeros(len(class_ids), dtype=bool)
    for train, test in _folds(class_ids[testable], groups[testable], seed):
        positions = np.flatnonzero(testable)
        learnt = np.concatenate([positions[train], np.flatnonzero(~testable)])
        if len(np.unique(class_ids[learnt])) < 2:
            continue
        predicted[positions[test]] = fit(features[learnt], class_ids[learnt]).predict(features[positions[test]])
        tested[positions[test]] = True
    if not tested.any():
        return None
    return assess(kind, class_ids[tested], predicted[tested], untested, len(np.unique(groups[tested])))


def _folds(class_ids: np.ndarray, groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    folds = min(FOLDS, len(np.unique(groups)))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros((len(class_ids), 1)), class_ids, groups)


def spatial_blocks(rows: np.ndarray, columns: np.ndarray, polygons: np.ndarray, side: int) -> np.ndarray:
    """A group number for each sample: the square of `side` pixels that the middle of its polygon's samples lies in."""
    _, own = np.unique(polygons, return_inverse=True)
    counts = np.bincount(own)
    middle_rows = (np.bincount(own, rows) / counts)[own] // side
    middle_columns = (np.bincount(own, columns) / counts)[own] // side
    _, blocks = np.unique(np.column_stack([middle_rows, middle_columns]), axis=0, return_inverse=True)
    result: np.ndarray = blocks.ravel()
    return result
