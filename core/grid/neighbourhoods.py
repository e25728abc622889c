"""Disk neighbourhoods of pixels: dilation and sums."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def disk(radius: int) -> np.ndarray:
    """The pixels within `radius` of the middle, (2 radius + 1)² bool, as in scikit-image and s2cloudless."""
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    within: np.ndarray = x * x + y * y <= radius * radius
    return within


def dilate(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask (y, x) dilated by a disk."""
    if radius == 0:
        return mask
    grown: np.ndarray = ndimage.binary_dilation(mask, structure=disk(radius))
    return grown


def disk_sum(values: np.ndarray, radius: int) -> np.ndarray:
    """For each pixel (y, x) the sum over the disk around it; the array is mirrored at its edges."""
    total: np.ndarray = ndimage.correlate(values, disk(radius).astype(values.dtype), mode="reflect")
    return total
