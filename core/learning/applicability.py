"""Dissimilarity index and area of applicability (Meyer and Pebesma 2021, "Predicting into unknown space?").

Features are standardised and weighted by their importance. The dissimilarity of a pixel is its distance to the nearest
training sample over the mean distance of training samples; where it exceeds what training samples have to those of
other folds, the model has never seen anything alike. Distances are taken along the principal components that hold
nearly all of the weighted variance; what a pixel has beyond them counts as one more dimension, so that novelty shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .exact import grid_step, on_grid, to_grid, weights_on_grid
from .folds import UNTESTED

_MOST_SAMPLES = 500
_VARIANCE = 0.995
_ROWS = 512  # a block and its distances fit in the cache
_REACH, _FAR = 64.0, 256.0  # standard deviations, of features and of components; more are as many


@dataclass(frozen=True)
class FeatureSpace:
    """The training samples in feature space.

    `mean` and `scale` (feature,) standardise and weigh, `axes` (feature, component) project, `points` (n, component +
    1) are samples. `mean_distance` is that of all pairs, `threshold` the highest dissimilarity that is applicable.
    Products are exact (exact.py): the same pixel has the same dissimilarity in any block.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    points: np.ndarray
    mean_distance: float
    threshold: float

    def to_arrays(self) -> dict[str, Any]:
        """As arrays and numbers, for model files."""
        return {name: value if isinstance(value, np.ndarray) else float(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, values: Mapping[str, Any]) -> FeatureSpace:
        """The inverse of `to_arrays`; ValueError if the arrays do not fit each other."""
        space = cls(**values)
        features, components = space.axes.shape
        if space.mean.shape != (features,) or space.scale.shape != (features,):
            raise ValueError("its feature space has other features")
        if space.points.ndim != 2 or space.points.shape[1] != components + 1 or not len(space.points):
            raise ValueError("its feature space has other components")
        return space

    def dissimilarity(self, features: np.ndarray, threads: int = 1) -> np.ndarray:
        """(pixel,) float32 of features (pixel, feature) float32, in whatever blocks and however many threads."""
        result = np.empty(len(features), dtype=np.float32)
        # |x - p|² = |x|² - 2 (x·p - |p|²/2): one product, and its largest value
        halves = -0.5 * (self.points**2).sum(axis=1)
        points = np.ascontiguousarray(np.column_stack([self.points, halves]).T)

        def compare(first: int) -> None:
            places = self._places(features[first : first + _ROWS])
            nearest = (np.column_stack([places, np.ones(len(places))]) @ points).max(axis=1)
            squares = np.einsum("ij,ij->i", places, places) - 2.0 * nearest
            result[first : first + len(places)] = np.sqrt(np.maximum(squares, 0.0)) / self.mean_distance

        with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(compare, range(0, len(features), _ROWS)):
                pass
        return result.round(4)

    def _places(self, features: np.ndarray) -> np.ndarray:
        return _projected(_weighted(features, self.mean, self.scale), self.axes)


def feature_space(
    features: np.ndarray, folds: np.ndarray, importances: np.ndarray | None, seed: int
) -> FeatureSpace | None:
    """The space of training samples (n, feature) with their folds (n,) and the importance of each feature.

    Without importances all features count alike. None if samples are all alike or in one fold, so that there is nothing
    to compare them with.
    """
    if len(features) > _MOST_SAMPLES:
        kept = np.sort(np.random.default_rng(seed).choice(len(features), _MOST_SAMPLES, replace=False))
        features, folds = features[kept], folds[kept]
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    weights = np.ones(len(mean)) if importances is None else importances / importances.max()
    scale = np.divide(weights, spread, out=np.zeros(len(mean)), where=spread > 0)
    mean, scale = mean.astype(np.float32), scale.astype(np.float32)
    weighted = _weighted(features, mean, scale)
    with threadpool_limits(1):
        _, values, directions = np.linalg.svd(weighted, full_matrices=False)
    held = np.cumsum(values**2) / max(float((values**2).sum()), 1e-30)
    axes = directions[: int(np.searchsorted(held, _VARIANCE)) + 1].T
    axes = weights_on_grid(axes * np.where(np.abs(axes).max(axis=0) == axes.max(axis=0), 1.0, -1.0))
    points = _projected(weighted, axes)
    lengths = (points**2).sum(axis=1)
    distances = np.sqrt(np.maximum(lengths[:, np.newaxis] + lengths - 2.0 * (points @ points.T), 0.0))
    count = len(points)
    mean_distance = float(distances.sum(dtype=np.float64)) / max(count * (count - 1), 1)
    apart = folds[:, np.newaxis] != folds
    apart &= (folds != UNTESTED)[:, np.newaxis]
    tested = apart.any(axis=1)
    if mean_distance == 0.0 or not tested.any():
        return None
    own = np.where(apart, distances, np.inf).min(axis=1)[tested] / mean_distance
    lower, upper = np.quantile(own, (0.25, 0.75))
    threshold = float(min(upper + 1.5 * (upper - lower), own.max()))
    return FeatureSpace(mean, scale, axes, points, mean_distance, round(threshold, 4))


def _weighted(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(n, feature) float32, standardised and weighted, on the grid of exact products, which holds in 24 bits."""
    weighted = features * (scale / np.float32(grid_step(_REACH)))
    weighted -= mean * (scale / np.float32(grid_step(_REACH)))
    return to_grid(weighted, _REACH)


def _projected(weighted: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(n, component + 1): components, and the length of what is beyond them."""
    values = weighted.astype(np.float64)
    components = on_grid(values @ axes, _FAR)
    whole, part = (np.einsum("ij,ij->i", own, own) for own in (values, components))
    beyond = np.maximum(whole - part, 0.0)
    return np.column_stack([components, on_grid(np.sqrt(beyond), _FAR)])
