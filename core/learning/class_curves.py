"""The mean series of each class over its samples, with its spread, for comparison with the series of a place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.indices import INDICES, bands_of, compute_index
from .features import SeriesPlan


def mean_features(class_ids: np.ndarray, features: np.ndarray) -> dict[int, list[float]]:
    """For each class id the mean of every feature over its samples; features are (sample, feature)."""
    return {
        int(id_): _rounded(features[class_ids == id_].mean(axis=0, dtype=np.float64)) for id_ in np.unique(class_ids)
    }


def spread_features(class_ids: np.ndarray, features: np.ndarray) -> dict[int, list[float]]:
    """For each class id the standard deviation of every feature over its samples; features are (sample, feature)."""
    return {
        int(id_): _rounded(features[class_ids == id_].std(axis=0, dtype=np.float64)) for id_ in np.unique(class_ids)
    }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in values]


def class_spread(plan: SeriesPlan, spreads: Sequence[float], name: str) -> np.ndarray | None:
    """The standard deviation (date,) of a band or index in one class; None if it is not among the features."""
    if name not in plan.values or not spreads:
        return None
    known = np.reshape(spreads, (len(plan.values), len(plan.dates)))[plan.values.index(name)]
    scaled: np.ndarray = known * 10.0 if name in RADAR_BANDS else known
    return scaled


def class_curve(plan: SeriesPlan, means: Sequence[float], name: str) -> np.ndarray | None:
    """A band or index (date,) of one class from its mean features; None if the samples do not have it.

    An index that is not among the features is that of the mean bands. Radar is in decibel.
    """
    known = dict(zip(plan.values, np.reshape(means, (len(plan.values), len(plan.dates))), strict=True))
    if name in known:
        return known[name] * 10.0 - 50.0 if name in RADAR_BANDS else known[name]
    if name in INDICES and set(bands_of(name)) <= set(plan.bands):
        index: np.ndarray = compute_index(name, known)
        return index
    return None
