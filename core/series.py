"""Series: the values of every pixel on regular dates, by linear interpolation over its valid observations.

The work is done in small blocks of pixels that stay in the processor's cache, and in as many threads as are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timezone

import numpy as np

from .features import SeriesPlan
from .indices import compute_index
from .records import Observations

_BLOCK = 8192
_SCALE = np.float32(1e-4)


def join(plan: SeriesPlan, groups: Sequence[Observations], threads: int = 1) -> np.ndarray:
    """Features (pixel, feature) float32 of observations by several satellites: each value by those that have its bands.

    Of two groups that have the bands of a value, the one with more bands counts. A pixel without a valid observation
    in any group has NaN in the features of that group.
    """
    count = groups[0].valid.shape[1]
    features = np.full((count, len(plan.values), len(plan.dates)), np.nan, dtype=np.float32)
    todo = list(plan.values)
    for group in sorted(groups, key=lambda each: -len(each.bands)):
        own = plan.restricted_to(group.bands, todo)
        todo = [value for value in todo if value not in own.values]
        if not own.values or not group.times:
            continue
        order = [group.bands.index(band) for band in own.needed_bands]
        stack = group.stack if order == list(range(len(group.bands))) else group.stack[:, order]
        found = interpolate(own, stack, group.valid, group.times, threads)
        if own == plan:
            return found
        features[:, [plan.values.index(value) for value in own.values]] = found.reshape(count, len(own.values), -1)
    return features.reshape(count, -1)


def interpolate(
    plan: SeriesPlan, stack: np.ndarray, valid: np.ndarray, times: Sequence[datetime], threads: int = 1
) -> np.ndarray:
    """Features (pixel, feature) float32 of a stack (time, band, pixel) uint16 in the plan's `needed_bands`.

    `valid` (time, pixel) tells the valid observations, `times` are in order, UTC. Bands are reflectance 0 to 1, of
    radar backscatter as (decibel + 50) / 10; indices are computed on the observations and interpolated like bands.
    Before the first and after the last valid observation the nearest one counts. A pixel without any has NaN in all
    features.
    """
    observed = np.array([moment.timestamp() for moment in times])
    wanted = np.array([datetime.combine(day, time(12), timezone.utc).timestamp() for day in plan.dates])
    features = np.empty((stack.shape[2], len(plan.features)), dtype=np.float32)

    def fill(first: int) -> None:
        block = slice(first, first + _BLOCK)
        features[block] = _interpolate_block(plan, stack[:, :, block], valid[:, block], observed, wanted)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(fill, range(0, stack.shape[2], _BLOCK)):
            pass
    return features


def _interpolate_block(
    plan: SeriesPlan, stack: np.ndarray, valid: np.ndarray, observed: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """Features (pixel, feature) of one block: for each date the observations on both sides, found for all pixels."""
    count = valid.shape[1]
    values = [value.ravel() for value in _values(plan, stack)]
    before, after = _neighbours(valid)
    # Counted from a date of the plan: which acquisitions are at hand depends on the block, and float32 would tell.
    days = ((observed - wanted[0]) / 86400.0).astype(np.float32)
    pixels = np.arange(count)
    result = np.empty((len(plan.values), len(wanted), count), dtype=np.float32)
    for number, moment in enumerate(wanted):
        position = int(np.searchsorted(observed, moment, side="right"))
        left, right = before[position], after[position]
        left, right = np.where(left < 0, right, left), np.where(right < 0, left, right)
        start = days[left]
        gap = days[right] - start
        day = np.float32((moment - wanted[0]) / 86400.0)
        weight = (day - start) * (gap > 0) / np.maximum(gap, np.float32(1e-6))
        left, right = left * count + pixels, right * count + pixels
        for value, own in zip(values, result, strict=True):
            low = value.take(left, mode="wrap")
            high = value.take(right, out=own[number], mode="wrap")
            high -= low
            high *= weight
            high += low
    result[:, :, ~valid.any(axis=0)] = np.nan
    return result.reshape(-1, count).T


def _values(plan: SeriesPlan, stack: np.ndarray) -> list[np.ndarray]:
    """Bands as reflectance and indices, each (time, pixel) float32."""
    bands = {name: stack[:, number] * _SCALE for number, name in enumerate(plan.needed_bands)}
    return [bands[name] for name in plan.bands] + [compute_index(name, bands) for name in plan.indices]


def _neighbours(valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each position 0 … time in the sequence the last valid observation before it and the first from it on.

    Both (time + 1, pixel), -1 where there is none.
    """
    count, pixels = valid.shape
    numbers = np.arange(count, dtype=np.intp)[:, np.newaxis]
    before = np.full((count + 1, pixels), -1, dtype=np.intp)
    np.maximum.accumulate(np.where(valid, numbers, -1), axis=0, out=before[1:])
    after = np.full((count + 1, pixels), count, dtype=np.intp)
    after[:-1] = np.minimum.accumulate(np.where(valid, numbers, count)[::-1], axis=0)[::-1]
    after[after == count] = -1
    return before, after
