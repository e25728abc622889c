"""Places where a label would teach the model most: uncertain ones, spread out over the area and over what is there.

The uncertain places are grouped by their features (Zhdanov 2019, "Diverse mini-batch active learning"): each group is a
kind of land about which the model is unsure, and the place in its middle stands for many.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.vq import kmeans2

_UNCERTAIN = 0.1  # of the candidates


def choose_places(
    uncertainty: np.ndarray, places: np.ndarray, features: np.ndarray, number: int, distance: float
) -> np.ndarray:
    """Positions of up to `number` of the candidates, of the largest group of uncertain places first.

    Candidates have an uncertainty (n,), a place (n, 2), and a point in feature space (n, d). Of the most uncertain
    ones, each group gives the place nearest to its middle that is at least `distance` away from those chosen before.
    Where there are not enough so far apart, half the distance is tried, down to 1.
    """
    count = min(max(round(_UNCERTAIN * len(uncertainty)), 5 * number), len(uncertainty))
    pool = np.lexsort((np.arange(len(uncertainty)), -uncertainty))[:count]
    points = features[pool].astype(np.float64)
    middles, groups = kmeans2(points, points[: min(number, count)], minit="matrix", missing="warn")
    off = np.linalg.norm(points[:, np.newaxis] - middles, axis=2)
    nearest = np.full(count, np.inf)  # distance to those chosen before
    chosen: list[int] = []
    while len(chosen) < number and distance >= 1.0:
        for group in np.argsort(-np.bincount(groups, minlength=len(middles)), kind="stable"):
            free = nearest >= distance
            if len(chosen) < number and free.any():
                best = int(np.where(free, off[:, group], np.inf).argmin())
                chosen.append(best)
                nearest = np.minimum(nearest, np.linalg.norm(places[pool] - places[pool][best], axis=1))
        distance /= 2.0
    result: np.ndarray = pool[chosen]
    return result
