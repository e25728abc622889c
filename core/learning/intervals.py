"""95 % intervals of accuracies whose samples come in clusters: pixels of one polygon, or of one block, are alike.

The variance is that of a ratio estimator over clusters (Cochran 1977, section 11.8). The interval is that of Korn and
Graubard (1998, "Confidence intervals for proportions with small expected number of positive counts estimated from
survey data"): a binomial interval of the effective number of samples, which stays within 0 and 1 and is wide where
clusters are few. benchmarks/coverage.py compares it with other intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.95
_NARROW = 0.03
_TAIL = (1.0 - LEVEL) / 2.0


@dataclass(frozen=True)
class Estimate:
    """An estimated fraction (0 to 1) and its 95 % interval; NaN where unknown."""

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    @property
    def in_words(self) -> str:
        """As in 88 %, between 71 % and 96 %; with decimals only where the interval is narrow."""
        if math.isnan(self.value):
            return "unknown"
        digits = 1 if self.high - self.low < _NARROW else 0
        value, low, high = (f"{number * 100:.{digits}f}\u202f%" for number in (self.value, self.low, self.high))
        return f"{value}, between {low} and {high}" if self.is_known else f"{value}, interval unknown"

    def to_json(self) -> list[float | None]:
        """As JSON: value, low and high, None for NaN."""
        return [None if math.isnan(number) else number for number in (self.value, self.low, self.high)]

    @classmethod
    def from_json(cls, numbers: Sequence[float | None] | float) -> Estimate:
        """The inverse of `to_json`; records of early versions hold one number."""
        if isinstance(numbers, (int, float)):
            return cls(numbers, math.nan, math.nan)
        return cls(*(math.nan if number is None else number for number in numbers))


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


def ratio(numerator: np.ndarray, denominator: np.ndarray, clusters: np.ndarray, polygons: np.ndarray) -> Estimate:
    """The ratio of two sums over samples (n,), a fraction, with an interval that respects their clusters (n,).

    Each sample adds 0 ≤ numerator ≤ denominator, times its weight. `polygons` (n,) are those of the samples: each
    counts as one independent sample at most. NaN if the denominators are 0; the interval is NaN with one cluster.
    """
    counted = denominator > 0
    total = float(denominator.sum())
    if total == 0.0:
        return UNKNOWN
    value = float(numerator.sum()) / total
    _, own = np.unique(clusters[counted], return_inverse=True)
    parts = np.bincount(own, denominator[counted])
    number = len(parts)
    if number < 2:
        return Estimate(value, math.nan, math.nan)
    residuals = np.bincount(own, (numerator - value * denominator)[counted])
    variance = number / (number - 1) * float((residuals**2).sum()) / total**2
    size = float(len(np.unique(polygons[counted])))
    if variance > 0.0:
        size = min(value * (1.0 - value) / variance, size)
    # Clusters of unequal size give fewer degrees of freedom: Kish's effective number.
    freedom = max(total**2 / float((parts**2).sum()) - 1.0, 1.0)
    wider = float(special.stdtrit(freedom, 1.0 - _TAIL) / special.ndtri(1.0 - _TAIL)) ** 2
    return _clopper_pearson(value, size / wider)


def _clopper_pearson(value: float, size: float) -> Estimate:
    """The exact binomial interval of a fraction of `size` samples, which need not be a whole number."""
    hits, misses = value * size, (1.0 - value) * size
    low = float(special.betaincinv(hits, misses + 1.0, _TAIL)) if value > 0.0 else 0.0
    high = float(special.betaincinv(hits + 1.0, misses, 1.0 - _TAIL)) if value < 1.0 else 1.0
    return Estimate(value, low, high)
