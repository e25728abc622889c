"""Calibration of probabilities by temperature (Guo et al. 2017), which never changes the most probable class.

A pixel of probability 0.8 should be right in 8 of 10 cases. The temperature is fitted to samples that were predicted
by models not trained on their polygon, and is used only where it lowers the Brier score of folds that it was not fitted
to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LOWEST, _HIGHEST = 0.2, 5.0
_BINS = 10


@dataclass(frozen=True)
class Bin:
    """Test samples whose predicted class has a similar probability: its mean, the fraction right, their number."""

    probability: float
    accuracy: float
    samples: int


@dataclass(frozen=True)
class Calibration:
    """The temperature of a model (1: as the classifier gives them), and how well probabilities hold before and after.

    Brier scores are those of samples in folds that were not used for the temperature; `reliability` is after it.
    """

    temperature: float
    brier_before: float
    brier_after: float
    reliability: tuple[Bin, ...]


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, class) as p^(1/T), with the sum 1; of the same type."""
    if temperature == 1.0:
        return probabilities
    raised = probabilities ** probabilities.dtype.type(1.0 / temperature)
    result: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return result


def brier(probabilities: np.ndarray, places: np.ndarray, weights: np.ndarray) -> float:
    """The Brier score of probabilities (n, class), weighted (n,); `places` (n,) are the columns of the true classes."""
    wrong = probabilities.astype(np.float64)
    wrong[np.arange(len(places)), places] -= 1.0
    return float(np.average((wrong**2).sum(axis=1), weights=weights))


def calibrate(probabilities: np.ndarray, places: np.ndarray, weights: np.ndarray, folds: np.ndarray) -> Calibration:
    """The calibration of test samples: probabilities (n, class), columns of their classes, weights and folds (n,)."""
    own = probabilities.astype(np.float64)
    after = own.copy()
    for fold in np.unique(folds):
        held = folds == fold
        if not held.all():
            after[held] = tempered(own[held], _fitted(own[~held], places[~held], weights[~held]))
    before, crossed = brier(own, places, weights), brier(after, places, weights)
    better = crossed < before
    temperature = _fitted(own, places, weights) if better else 1.0
    return Calibration(temperature, before, crossed, _reliability(after if better else own, places, weights))


def _fitted(probabilities: np.ndarray, places: np.ndarray, weights: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar  # slow to import, and the report needs only the records

    found = minimize_scalar(
        lambda power: brier(tempered(probabilities, float(np.exp(power))), places, weights),
        bounds=(np.log(_LOWEST), np.log(_HIGHEST)),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return round(float(np.exp(found.x)), 3)


def _reliability(probabilities: np.ndarray, places: np.ndarray, weights: np.ndarray) -> tuple[Bin, ...]:
    """Bins of equal width of the highest probability, those without samples left out."""
    highest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == places
    number = np.minimum((highest * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(
            float(np.average(highest[own], weights=weights[own])),
            float(np.average(right[own], weights=weights[own])),
            int(own.sum()),
        )
        for own in (number == place for place in range(_BINS))
        if own.any()
    )
