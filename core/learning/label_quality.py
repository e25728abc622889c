"""Polygons that look mislabelled, by predictions of models that were not trained on them.

The thresholds are those of confident learning (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating
uncertainty in dataset labels"): a sample looks like a class if its probability reaches the mean probability that the
samples of that class get for it. Samples of one polygon share its label, so they are judged together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_PRIOR = 2.0  # samples: a polygon of one pixel is not judged by that pixel alone
_ALIKE = 0.5


@dataclass(frozen=True)
class PolygonScores:
    """Polygons (n,), most suspicious first: number, class, the class that they resemble most besides, and the score.

    The score is from 0 to 1, above 0.5 where the polygon looks more like the suggested class than like its own.
    `is_suspect`: also by the threshold of confident learning.
    """

    polygons: np.ndarray
    classes: np.ndarray
    suggested: np.ndarray
    scores: np.ndarray
    is_suspect: np.ndarray


def score_polygons(
    probabilities: np.ndarray, class_ids: np.ndarray, polygons: np.ndarray, classes: np.ndarray
) -> PolygonScores:
    """Scores of the polygons of samples: probabilities (n, class) in the order of `classes`, ids and polygons (n,).

    All samples of a polygon have its class.
    """
    own = np.searchsorted(classes, class_ids)
    thresholds = _thresholds(probabilities, own)
    numbers, first, inverse = np.unique(polygons, return_index=True, return_inverse=True)
    counts = np.bincount(inverse)
    means = np.stack([np.bincount(inverse, column) / counts for column in probabilities.T], axis=1)
    given = own[first]
    rows = np.arange(len(numbers))
    others = means.copy()
    others[rows, given] = -1.0
    best = others.argmax(axis=1)
    margin = (others[rows, best] - means[rows, given]) * counts / (counts + _PRIOR)
    scores = (1.0 + margin) / 2.0
    suspect = (others[rows, best] >= thresholds[best]) & (margin > 0)
    order = np.lexsort((numbers, -scores))
    return PolygonScores(numbers[order], classes[given][order], classes[best][order], scores[order], suspect[order])


def find_outliers(probabilities: np.ndarray, class_ids: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """For each sample the class (n,) that it looks like instead of its own, 0 where its label is not doubted.

    Of the classes whose threshold the sample reaches, it looks like the most probable one.
    """
    own = np.searchsorted(classes, class_ids)
    reached = np.where(probabilities >= _thresholds(probabilities, own), probabilities, -1.0)
    alike = reached.argmax(axis=1)
    doubted = (reached.max(axis=1) >= 0) & (alike != own)
    found: np.ndarray = np.where(doubted, classes[alike], 0)
    return found


def _thresholds(probabilities: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(class,): the mean probability that the samples of a class get for it; `own` (n,) are places of classes."""
    places = range(probabilities.shape[1])
    return np.array([probabilities[own == place, place].mean() if (own == place).any() else 1.0 for place in places])


def indistinct_pairs(
    class_ids: np.ndarray, predicted: np.ndarray, classes: np.ndarray
) -> list[tuple[int, int, float, float]]:
    """Pairs of classes that cannot be told apart: ids, and the fraction of each that is taken for the other.

    Together these fractions exceed a half; they would be 1 if one could only guess which of the two it is.
    """
    found = []
    for position, one in enumerate(classes.tolist()):
        for other in classes[position + 1 :].tolist():
            there, back = (
                float((predicted[class_ids == mine] == theirs).mean()) if (class_ids == mine).any() else 0.0
                for mine, theirs in ((one, other), (other, one))
            )
            if there + back > _ALIKE and min(there, back) > 0.1:
                found.append((one, other, there, back))
    return sorted(found, key=lambda pair: -(pair[2] + pair[3]))
