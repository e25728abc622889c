"""The class of each pixel from probabilities, and smoothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from ..grid.neighbourhoods import disk

NO_CONFIDENCE = 255
NO_PROBABILITY = 65535
_LEAST = 1e-4  # probabilities are kept that far from 0 and 1, as they are stored
_IDS = 1 << 16  # class ids are below
_CELLS = 20_000_000  # values of windows at a time


def to_classes(probabilities: np.ndarray, class_ids: Sequence[int], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Class ids (pixel,) and confidence (pixel,) in percent, uint8, of probabilities (pixel, class).

    The most probable class; the first in order of id where two are equal.
    """
    best = probabilities.argmax(axis=1)
    ids = np.asarray(class_ids, dtype=dtype)[best]
    confidence = np.rint(probabilities[np.arange(len(best)), best] * 100.0).astype(np.uint8)
    return ids, confidence


def uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """Entropy and margin (2, pixel) float32 of probabilities (pixel, class), both from 0 to 1.

    Entropy is -Σ p ln p / ln K of K classes: 1 where all are equally probable. Margin is the difference of the two
    highest probabilities: 0 where they are equal.
    """
    values = probabilities.astype(np.float64)
    count = values.shape[1]
    logarithms = np.log(values, out=np.zeros_like(values), where=values > 0)
    entropy = -(values * logarithms).sum(axis=1) / np.log(count)
    second, first = np.partition(values, count - 2, axis=1)[:, -2:].T
    return np.stack([entropy.clip(0.0, 1.0) + 0.0, first - second]).astype(np.float32)  # no -0


def as_percent(stored: np.ndarray) -> np.ndarray:
    """Stored probabilities in percent, uint8, 255 = no data."""
    percent: np.ndarray = np.where(stored == NO_PROBABILITY, NO_CONFIDENCE, np.rint(stored / 100)).astype(np.uint8)
    return percent


def bayes_smooth(probabilities: np.ndarray, radius: int, variance: float) -> np.ndarray:
    """The most probable class (y, x), as a position, after smoothing of probabilities (class, y, x); -1 for no data.

    Empirical Bayes smoothing as in the R package sits (Camara et al. 2024): of each class, the half of the logits in
    the window that are highest give a mean and a variance s², and the pixel's logit gets the weight s² / (s² + σ²)
    against that mean, with σ² = `variance`. NaN is no data, which has no part in the windows of others.
    """
    best = np.full(probabilities.shape[1:], -np.inf)
    result = np.full(probabilities.shape[1:], -1, dtype=np.int64)
    has_data = ~np.isnan(probabilities[0])
    for position, own in enumerate(probabilities):
        clipped = own.clip(_LEAST, 1.0 - _LEAST)
        logits = np.log(clipped / (1.0 - clipped))
        smoothed = _shrunk(logits, radius, variance)
        better = has_data & (smoothed > best)
        result[better] = position
        best[better] = smoothed[better]
    return result


def _shrunk(logits: np.ndarray, radius: int, variance: float) -> np.ndarray:
    """Logits (y, x) drawn towards the mean of the highest half of their window; NaN is no data."""
    side = 2 * radius + 1
    padded = np.pad(logits, radius, constant_values=np.nan)
    result = np.empty_like(logits)
    rows = max(_CELLS // (logits.shape[1] * side * side), 1)
    for first in range(0, logits.shape[0], rows):
        here = slice(first, first + rows)
        windows = sliding_window_view(padded[first : first + rows + 2 * radius], (side, side))
        values = -np.sort(-windows.reshape(*windows.shape[:2], -1), axis=2)  # highest first, NaN last
        used = np.maximum((~np.isnan(values)).sum(axis=2) // 2, 1)
        kept = np.where(np.arange(side * side) < used[..., np.newaxis], values, 0.0)
        mean = kept.sum(axis=2) / used
        squares = np.where(np.arange(side * side) < used[..., np.newaxis], (values - mean[..., np.newaxis]) ** 2, 0.0)
        spread = squares.sum(axis=2) / np.maximum(used - 1, 1)
        weight = spread / (spread + variance)
        result[here] = weight * logits[here] + (1.0 - weight) * mean
    return result


def sieve(classes: np.ndarray, least: int) -> np.ndarray:
    """Class ids (y, x) in which connected areas of fewer than `least` pixels have the class around them.

    Pixels are connected by their sides. A small area gets the class with which it has the longest border among areas
    that are not small (the lower id where two are equal); one that touches only small ones, or no data, stays. So the
    result at a pixel depends on the pixels within 2 × `least` of it alone. 0 is no data and stays.
    """
    numbers = np.zeros(classes.shape, dtype=np.int64)
    for class_id in np.unique(classes[classes > 0]):
        found, _ = ndimage.label(classes == class_id)
        numbers[found > 0] = found[found > 0] + numbers.max()
    sizes = np.bincount(numbers.ravel())
    small = sizes < least
    small[0] = False
    keys = []
    for one, other in _sides(numbers, classes):
        (own, _), (beside, classes_beside) = one, other
        border = small[own] & ~small[beside] & (beside > 0)
        keys.append(own[border] * _IDS + classes_beside[border])
    found_keys, lengths = np.unique(np.concatenate(keys), return_counts=True)
    areas, ids = found_keys // _IDS, found_keys % _IDS
    best = np.lexsort((ids, -lengths, areas))
    first = np.unique(areas[best], return_index=True)[1]
    new = np.zeros(len(sizes), dtype=classes.dtype)
    new[areas[best][first]] = ids[best][first]
    return np.where(new[numbers] > 0, new[numbers], classes)


_Side = tuple[np.ndarray, np.ndarray]


def _sides(numbers: np.ndarray, classes: np.ndarray) -> Iterator[tuple[_Side, _Side]]:
    """Numbers and classes of all pairs of pixels that share a side, in both directions."""
    every, but_last, but_first = slice(None), slice(None, -1), slice(1, None)
    for one, other in (((but_last, every), (but_first, every)), ((every, but_last), (every, but_first))):
        first, second = (numbers[one], classes[one]), (numbers[other], classes[other])
        yield first, second
        yield second, first


def smooth(classes: np.ndarray, radius: int) -> np.ndarray:
    """Class ids (y, x) smoothed to the most frequent class within `radius`; 0 stays and does not vote.

    Where two classes are equally frequent the pixel's own class counts if it is one of them, else the lower id.
    """
    best = np.zeros(classes.shape, dtype=np.int32)
    result = classes.copy()
    for class_id in np.unique(classes[classes > 0]):
        own = classes == class_id
        # Twice the votes, and one more for the pixel's own class: ties go to it.
        votes = 2 * ndimage.correlate(own.astype(np.int32), disk(radius).astype(np.int32), mode="constant") + own
        better = (votes > best) & (classes > 0)
        result[better] = class_id
        best[better] = votes[better]
    return result
