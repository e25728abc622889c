"""Rough estimates of time, space and memory of a run on two cores; `benchmarks/steps.py` measures a machine."""

from __future__ import annotations

from ..frozen import frozen

# Deflated reflectance takes about two thirds of its raw size; a core writes about 20 MB of it a second.
COMPRESSION = 0.65
RAW_MB_PER_SECOND = 20.0
SECONDS_PER_REQUEST = 2.5

# A year of both Sentinel-2 without the cloudiest: six bands, and the ten of s2cloudless in cells of 6 × 6 pixels.
ACQUISITIONS_PER_YEAR = 70
_VALUES_PER_PIXEL = 6 + 10 / 36
_SECONDS_PER_MEGAPIXEL = 120.0  # clouds, statistics, samples and the map, both cores together
_SECONDS_OF_TRAINING = 45.0
_CORES = 2
_PROCESS_MB = 300.0
_BYTES_PER_SERIES = ACQUISITIONS_PER_YEAR * 2 * 2 * 6 + 2 * 4 * 207
_BLOCK_MB = 200.0  # larger patches are processed in strips


@frozen
class Estimate:
    """Space on disk, time and memory."""

    disk_mb: float
    minutes: float
    memory_mb: float


def estimate_year(pixels: int, largest_patch: int) -> Estimate:
    """The estimate for a year of Sentinel-2, on two cores; memory follows from the pixels of the largest patch."""
    raw_mb = pixels * ACQUISITIONS_PER_YEAR * _VALUES_PER_PIXEL * 2 / 1e6
    seconds = raw_mb / RAW_MB_PER_SECOND / _CORES + pixels / 1e6 * _SECONDS_PER_MEGAPIXEL + _SECONDS_OF_TRAINING
    memory_mb = _CORES * (_PROCESS_MB + min(largest_patch * _BYTES_PER_SERIES / 1e6, _BLOCK_MB))
    return Estimate(round(raw_mb * COMPRESSION, 1), round(seconds / 60, 1), round(memory_mb))
