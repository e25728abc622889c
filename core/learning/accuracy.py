"""Cross-validated accuracy: no polygon, or no block, is in both training and test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

from .assessment import Assessment, ClassScore

FOLDS = 5


def assess(
    kind: str, reference: np.ndarray, predicted: np.ndarray, untested: tuple[int, ...], groups: int
) -> Assessment:
    """Compare class ids of the reference (n,) with predicted class ids (n,)."""
    ids = np.union1d(reference, predicted)
    precision, recall, f1, pixels = precision_recall_fscore_support(reference, predicted, labels=ids, zero_division=0)
    scores = tuple(
        ClassScore(int(i), float(p), float(r), float(f), int(n))
        for i, p, r, f, n in zip(ids, precision, recall, f1, pixels, strict=True)
    )
    matrix = confusion_matrix(reference, predicted, labels=ids)
    return Assessment(kind, tuple(int(id_) for id_ in ids), matrix, scores, untested, groups)


def cross_validate(
    kind: str,
    features: np.ndarray,
    class_ids: np.ndarray,
    groups: np.ndarray,
    seed: int,
    fit: Callable[[np.ndarray, np.ndarray], Any],
) -> Assessment | None:
    """Stratified cross-validation by groups: each group is predicted once, by a model fitted to other groups.

    Samples are `features` (n, feature), `class_ids` (n,) and `groups` (n,). Classes with a single group are in training
    in every fold and never tested. Returns None if no class has two groups, or no fold two classes for training.
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
        training = np.concatenate([positions[train], np.flatnonzero(~testable)])
        if len(np.unique(class_ids[training])) < 2:
            continue
        predicted[positions[test]] = fit(features[training], class_ids[training]).predict(features[positions[test]])
        tested[positions[test]] = True
    if not tested.any():
        return None
    return assess(kind, class_ids[tested], predicted[tested], untested, len(np.unique(groups[tested])))


def _folds(class_ids: np.ndarray, groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    folds = min(FOLDS, len(np.unique(groups)))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros((len(class_ids), 1)), class_ids, groups)


def spatial_blocks(rows: np.ndarray, columns: np.ndarray, polygons: np.ndarray, side: int) -> np.ndarray:
    """The block of each sample (n,): the square of `side` pixels that contains the centre of its polygon's samples."""
    _, own = np.unique(polygons, return_inverse=True)
    counts = np.bincount(own)
    centre_rows = (np.bincount(own, rows) / counts)[own] // side
    centre_columns = (np.bincount(own, columns) / counts)[own] // side
    _, blocks = np.unique(np.column_stack([centre_rows, centre_columns]), axis=0, return_inverse=True)
    result: np.ndarray = blocks.ravel()
    return result
