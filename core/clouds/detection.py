"""Cloud probability and cloud masks by s2cloudless: arrays in, arrays out.

s2cloudless (Zupanc 2017, https://github.com/sentinel-hub/sentinel2-cloud-detector) is trained at
60 m to 160 m, so bands are first averaged to cells of that size; its probability is averaged over a disk, compared with
the threshold, and the mask is dilated by a disk, all in cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ..grid.neighbourhoods import dilate, disk_sum

if TYPE_CHECKING:
    from s2cloudless import S2PixelCloudDetector


def cell_reflectance(bands: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Bands (band, y, x) uint16 averaged over cells of `factor` × `factor` pixels with data.

    y and x are multiples of `factor`. Returns reflectance (y, x, band) float32 in 0 to 1, and which cells (y, x) have
    data. Sums are whole numbers, so a cell's value does not depend on where the array was cut.
    """
    has_data = np.any(bands, axis=0)
    rows, columns = bands.shape[1] // factor, bands.shape[2] // factor
    counts = _sum_cells(has_data[np.newaxis], rows, columns, factor)[0]
    sums = _sum_cells(bands, rows, columns, factor)
    means = sums / (np.maximum(counts, 1) * 10_000.0)
    return np.moveaxis(means, 0, -1).astype(np.float32), counts > 0


def _sum_cells(values: np.ndarray, rows: int, columns: int, factor: int) -> np.ndarray:
    cells = values.reshape(values.shape[0], rows, factor, columns, factor)
    total: np.ndarray = cells.sum(axis=(2, 4), dtype=np.uint64)
    return total


def cloud_probability(reflectance: np.ndarray, has_data: np.ndarray, threads: int) -> np.ndarray:
    """s2cloudless' probability (y, x) float32 of reflectance (y, x, band) in DETECTOR_BANDS; 0 without data."""
    probability = np.zeros(has_data.shape, dtype=np.float32)
    if has_data.any():
        pixels = reflectance[has_data][np.newaxis, np.newaxis]
        probability[has_data] = _detector().get_cloud_probability_maps(pixels, num_threads=threads)[0, 0]
    return probability


@lru_cache(maxsize=1)
def _detector() -> S2PixelCloudDetector:
    # Imported here because it imports sentinelhub and OpenCV, which other methods do not need.
    from s2cloudless import S2PixelCloudDetector

    return S2PixelCloudDetector()


def cloud_mask(
    probability: np.ndarray, has_data: np.ndarray, *, threshold: float, average_over: int, dilation: int
) -> np.ndarray:
    """(y, x) bool: cells whose mean probability over a disk is above the threshold, dilated by a disk.

    Cells without data do not count in the mean. The arithmetic is in double precision and in a fixed order, so that a
    cell's value depends on its neighbours alone and not on where the array was cut.
    """
    mean = probability.astype(np.float64)
    if average_over > 0:
        known = disk_sum(has_data.astype(np.int32), average_over)
        mean = disk_sum(np.where(has_data, mean, 0.0), average_over) / np.maximum(known, 1)
    mask: np.ndarray = (mean > threshold) & has_data
    return dilate(mask, dilation)


def percent(probability: np.ndarray) -> np.ndarray:
    """Probability 0 to 1 as whole percent, uint8."""
    return np.rint(probability * 100.0).astype(np.uint8)
