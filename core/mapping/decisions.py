"""The class of each pixel from probabilities, and smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..grid.neighbourhoods import disk

NO_CONFIDENCE = 255


def to_classes(probabilities: np.ndarray, class_ids: Sequence[int], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Class ids (pixel,) and confidence (pixel,) in percent, uint8, of probabilities (pixel, class).

    The most probable class; the first in order of id where two are equal.
    """
    best = probabilities.argmax(axis=1)
    ids = np.asarray(class_ids, dtype=dtype)[best]
    confidence = np.rint(probabilities[np.arange(len(best)), best] * 100.0).astype(np.uint8)
    return ids, confidence


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
