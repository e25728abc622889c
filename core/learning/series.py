"""Series: the values of every pixel on regular dates, by linear interpolation over its valid observations.

Satellites that have the same bands make one series; those with other bands, such as radar, are joined to it feature by
feature.

The work is done in small blocks of pixels that stay in the processor's cache, and in as many threads as are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timezone

import numpy as np

from ..vocabulary.indices import bands_of, compute_index
from .features import SeriesPlan
from .observations import Observations

_BLOCK = 8192
_SCALE = np.float32(1e-4)


def join(plan: SeriesPlan, groups: Sequence[Observations], threads: int = 1) -> np.ndarray:
    """Features (pixel, feature) float32 of observations of several satellites: each value from all that have its bands.

    If several groups have them they make one series, in order of time. Values without a valid observation are NaN.
    """
    count = groups[0].valid.shape[1]
    shares = _shares(plan, groups)
    if len(shares) == 1:
        return _interpolate_groups(plan, shares[0][1], count, threads)
    features = np.empty((count, len(plan.values), len(plan.dates)), dtype=np.float32)
    for own, having in shares:
        found = _interpolate_groups(own, having, count, threads)
        features[:, [plan.values.index(value) for value in own.values]] = found.reshape(count, len(own.values), -1)
    return features.reshape(count, -1)


def validly_seen(plan: SeriesPlan, groups: Sequence[Observations]) -> np.ndarray:
    """(pixel,) bool: the pixels with a valid observation of every value; the others have NaN among their features."""
    seen = np.ones(groups[0].valid.shape[1], dtype=bool)
    for _, having in _shares(plan, groups):
        seen &= np.logical_or.reduce([group.valid.any(axis=0) for group in having], axis=0)
    return seen


def _shares(plan: SeriesPlan, groups: Sequence[Observations]) -> list[tuple[SeriesPlan, list[Observations]]]:
    """The plan in parts: values that the same groups have, with these groups."""
    shares: dict[tuple[int, ...], list[str]] = {}
    for value in plan.values:
        having = (number for number, group in enumerate(groups) if set(bands_of(value)) <= set(group.bands))
        shares.setdefault(tuple(having), []).append(value)
    return [(plan.restricted_to(values), [groups[number] for number in having]) for having, values in shares.items()]


def _interpolate_groups(plan: SeriesPlan, groups: Sequence[Observations], count: int, threads: int) -> np.ndarray:
    """Features (pixel, feature) of `count` pixels by groups that all have the bands of the plan."""
    merged = _merged(plan.needed_bands, [group for group in groups if group.times])
    if merged is None:
        return np.full((count, len(plan.features)), np.nan, dtype=np.float32)
    return interpolate(plan, merged.stack, merged.valid, merged.times, threads)


def _merged(bands: tuple[str, ...], groups: Sequence[Observations]) -> Observations | None:
    """The observations of these bands in order of time; nothing is copied that is in order already."""
    if not groups:
        return None
    if len(groups) == 1 and groups[0].bands == bands:
        return groups[0]
    rows = [(time, group, number) for group in groups for number, time in enumerate(group.times)]
    rows.sort(key=lambda row: row[0])
    stack = np.empty((len(rows), len(bands), groups[0].stack.shape[2]), dtype=np.uint16)
    for (_, group, number), own in zip(rows, stack, strict=True):
        for band, pixels in zip(bands, own, strict=True):
            pixels[:] = group.stack[number, group.bands.index(band)]
    valid = np.stack([group.valid[number] for _, group, number in rows])
    return Observations(bands, stack, valid, tuple(time for time, _, _ in rows))


def interpolate(
    plan: SeriesPlan, stack: np.ndarray, valid: np.ndarray, times: Sequence[datetime], threads: int = 1
) -> np.ndarray:
    """Features (pixel, feature) float32 of a stack (time, band, pixel) uint16 in the plan's `needed_bands`.

    `valid` (time, pixel) marks the valid observations, `times` are in order, UTC. Bands are reflectance 0 to 1, of
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
    # From a date of the plan, not of the block's acquisitions, so that float32 rounds alike in every block.
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
