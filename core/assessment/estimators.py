"""Accuracy and area from a stratified random sample of pixels, with standard errors and 95 % intervals.

One estimator for all: the ratio of two totals over strata (Stehman 2014, "Estimating area and map accuracy for
stratified random sampling when the strata are different from the map classes", equations 2 to 28). Where the strata are
the classes of the map, it gives the numbers of Olofsson et al. (2014, "Good practices for estimating area and assessing
accuracy of land change").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_NORMAL = 1.959963984540054  # of a 95 % interval
_TAIL = 0.025
_NOTHING = 1e-12


@dataclass(frozen=True)
class Figure:
    """An estimate with its standard error and 95 % interval; NaN where unknown."""

    estimate: float
    standard_error: float
    low: float
    high: float

    def scaled(self, factor: float) -> Figure:
        """The figure times a factor, such as the whole area of a share."""
        return Figure(*(factor * value for value in (self.estimate, self.standard_error, self.low, self.high)))


@dataclass(frozen=True)
class Sample:
    """A stratified random sample: the stratum, the class on the map and the class of the reference of each unit (n,).

    `sizes` (stratum,) is the number of pixels of each stratum, `strata` (n,) are positions in it. `clusters` (n,) are
    units that were not drawn independently, such as the pixels of a polygon; by default each is on its own.
    """

    strata: np.ndarray
    mapped: np.ndarray
    reference: np.ndarray
    sizes: np.ndarray
    clusters: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """(stratum,): the units of each stratum."""
        counts: np.ndarray = np.bincount(self.strata, minlength=len(self.sizes))
        return counts

    @property
    def weights(self) -> np.ndarray:
        """(n,): the pixels that each unit stands for."""
        weights: np.ndarray = (self.sizes / np.maximum(self.counts, 1))[self.strata]
        return weights


@dataclass(frozen=True)
class ClassFigures:
    """User's and producer's accuracy, F1, and share of the area of one class."""

    class_id: int
    users: Figure
    producers: Figure
    f1: Figure
    share: Figure


@dataclass(frozen=True)
class AccuracyAndArea:
    """All figures of a sample: overall, of each class, and the matrices (map class, reference class).

    `counts` are units, `proportions` estimated shares of the area. `thin` are positions of strata with fewer than two
    units: their variance is unknown, and so are the standard errors.
    """

    class_ids: tuple[int, ...]
    overall: Figure
    classes: tuple[ClassFigures, ...]
    counts: np.ndarray
    proportions: np.ndarray
    thin: tuple[int, ...]


def estimate(sample: Sample) -> AccuracyAndArea:
    """Accuracy and area of a sample. Strata without any unit must be left out before."""
    ids = np.union1d(sample.mapped, sample.reference)
    right = (sample.mapped == sample.reference).astype(float)
    everything = np.ones(len(right))
    classes = []
    for id_ in ids:
        as_class, of_class = (sample.mapped == id_).astype(float), (sample.reference == id_).astype(float)
        both = as_class * of_class
        classes.append(
            ClassFigures(
                int(id_),
                ratio(sample, both, as_class),
                ratio(sample, both, of_class),
                ratio(sample, both, (as_class + of_class) / 2.0),
                ratio(sample, of_class, everything),
            )
        )
    rows, columns = np.searchsorted(ids, sample.mapped), np.searchsorted(ids, sample.reference)
    counts, proportions = np.zeros((len(ids), len(ids)), dtype=np.int64), np.zeros((len(ids), len(ids)))
    np.add.at(counts, (rows, columns), 1)
    np.add.at(proportions, (rows, columns), sample.weights / sample.sizes.sum())
    thin = tuple(np.flatnonzero(sample.counts < 2).tolist())
    return AccuracyAndArea(
        tuple(ids.tolist()), ratio(sample, right, everything), tuple(classes), counts, proportions, thin
    )


def ratio(sample: Sample, numerator: np.ndarray, denominator: np.ndarray) -> Figure:
    """The ratio of two estimated totals, of values (n,) from 0 to 1 of each unit.

    NaN if the denominator is 0 everywhere; the standard error is NaN if a stratum has fewer than two units.
    """
    weights = sample.weights
    total = float((weights * denominator).sum())
    if total == 0.0:
        return Figure(math.nan, math.nan, math.nan, math.nan)
    value = float((weights * numerator).sum()) / total
    error = math.sqrt(_variance(sample, numerator - value * denominator)) / total
    low, high = max(value - _NORMAL * error, 0.0), min(value + _NORMAL * error, 1.0)
    if error * _NORMAL < _NOTHING:
        low, high = _without_errors(sample, value, numerator, denominator)
    return Figure(value, error, low, high)


def _without_errors(
    sample: Sample, value: float, numerator: np.ndarray, denominator: np.ndarray
) -> tuple[float, float]:
    """The interval where no unit differs from its stratum, so that the standard error is 0.

    Errors may be too rare to be found in so few units: the exact binomial bound of none among n (the rule of three).
    """
    clusters = np.arange(len(numerator)) if sample.clusters is None else sample.clusters
    inside = len(np.unique(clusters[numerator > 0]))
    outside = len(np.unique(clusters[(numerator == 0) & (denominator > 0)]))
    missed = (_TAIL ** (1.0 / number) if number else 0.0 for number in (inside, outside))
    kept_inside, kept_outside = missed
    low = value * kept_inside if inside else value
    high = 1.0 - (1.0 - value) * kept_outside if outside else value
    return low, high


def _variance(sample: Sample, residuals: np.ndarray) -> float:
    """The variance of the estimated total of values (n,) over all strata; NaN if a stratum has one unit only.

    As in both papers, without the correction for finite populations: strata have many more pixels than units.
    """
    clusters = np.arange(len(residuals)) if sample.clusters is None else sample.clusters
    variance = 0.0
    for stratum, (size, units) in enumerate(zip(sample.sizes.tolist(), sample.counts.tolist(), strict=True)):
        here = sample.strata == stratum
        _, own = np.unique(clusters[here], return_inverse=True)
        sums = np.bincount(own, residuals[here])
        number = len(sums)
        if number < 2:
            return math.nan
        spread = float(((sums - sums.mean()) ** 2).sum()) / (number - 1)
        variance += (size / units) ** 2 * number * spread
    return variance
