"""Importance of features by permutation, on polygons that the model was not trained on (Breiman 2001; Fisher, Rudin
and Dominici 2019).

The values of one feature are shuffled among test samples. The more the probability of their true class falls, the more
the model relies on the feature. Unlike the importance that a forest reports of itself, it counts what helps elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_ROWS = 100_000  # that are predicted in all, about a second with a random forest
_FEWEST, _MOST = 20, 100  # samples of a fold
_BLOCK = 4096  # rows of one prediction


class PermutationImportance:
    """Collects what each model of a cross-validation says of its test samples.

    `features` (n, feature) and `class_ids` (n,) are those of all samples; there are `folds` models.
    """

    def __init__(self, features: np.ndarray, class_ids: np.ndarray, folds: int, seed: int) -> None:
        self._features, self._class_ids = features, class_ids
        self._rng = np.random.default_rng(seed)
        count = features.shape[1]
        self._wanted = int(np.clip(_ROWS // max(folds * count, 1), _FEWEST, _MOST))
        self._fall = np.zeros(count)
        self._tested = 0

    def observe(self, predict: Callable[[np.ndarray], np.ndarray], test: np.ndarray, known: np.ndarray) -> None:
        """Take in one model: its prediction of rows, the test samples (n,) bool, and its class ids in order."""
        places = np.flatnonzero(test & np.isin(self._class_ids, known))
        if len(places) < 2:
            return
        chosen = self._rng.permutation(places)[: self._wanted]
        rows, own = self._features[chosen], np.searchsorted(known, self._class_ids[chosen])
        before = predict(rows)[np.arange(len(rows)), own].sum()
        order = self._rng.permutation(len(rows))
        at_once = max(_BLOCK // len(rows), 1)
        for first in range(0, len(self._fall), at_once):
            some = range(first, min(first + at_once, len(self._fall)))
            shuffled = np.repeat(rows[np.newaxis], len(some), axis=0)
            for number, feature in enumerate(some):
                shuffled[number, :, feature] = rows[order, feature]
            found = predict(shuffled.reshape(-1, rows.shape[1])).reshape(len(some), len(rows), -1)
            self._fall[first : first + len(some)] += before - found[:, np.arange(len(rows)), own].sum(axis=1)
        self._tested += len(rows)

    @property
    def falls(self) -> list[float] | None:
        """The mean fall of the probability of the true class for each feature, 0 to 1; None if nothing was tested."""
        if not self._tested:
            return None
        return [round(float(fall) / self._tested, 6) for fall in self._fall]
