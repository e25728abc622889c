"""Surface reflectance of each parcel on a day, from its soil and vegetation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from . import noise
from .landscape import landscape
from .noise import Floats, Hashes
from .region import Cover, Region

FLOWERING = 0.75
"""The share of green vegetation hidden by petals at full bloom."""


def interpolate(knots: Sequence[Sequence[float]], column: int, day: Floats) -> Floats:
    """The value in a column of `(day, value, ...)` rows on each day, linear between the knots and constant outside.

    Not numpy.interp, which may round differently from one processor to another.
    """
    days = np.array([knot[0] for knot in knots])
    values = np.array([knot[column] for knot in knots])
    after = np.minimum(np.maximum(np.searchsorted(days, day, side="right"), 1), days.size - 1)
    part = noise.clip((day - days[after - 1]) / (days[after] - days[after - 1]))
    between: Floats = values[after - 1] + part * (values[after] - values[after - 1])
    return between


@lru_cache(maxsize=32)
def parcel_reflectance(region: Region, day: int) -> tuple[Floats, Floats]:
    """Mean reflectance × 10000 of every parcel on a day, and its change per unit of texture: both (band, parcel)."""
    land = landscape(region)
    mean = np.zeros((len(region.bands), land.parcel_hash.size))
    slope = np.zeros_like(mean)
    damp = 0.82 + 0.26 * noise.unit(noise.mix(noise.key(region.seed, "rain"), day))[0]
    for number, cover in enumerate(region.covers):
        members = np.nonzero(land.parcel_cover == number)[0]
        mean[:, members], slope[:, members] = _cover_reflectance(cover, land.parcel_hash[members], day, damp)
    return mean, slope


def _cover_reflectance(cover: Cover, parcels: Hashes, day: int, damp: float) -> tuple[Floats, Floats]:
    """Mean and slope (band, parcel); parcels of a cover differ in timing, vigour and soil, and vary between dates."""
    own_day = day - cover.days * _swing(parcels, 21)
    strength = 1.0 + cover.vigour * _swing(parcels, 22)
    astray = 1.0 + 1.1 * cover.vigour * _swing(parcels, 1000 + day)
    green = noise.clip(interpolate(cover.season, 1, own_day) * strength * astray)
    dry = np.minimum(interpolate(cover.season, 2, own_day) * (1.0 + 0.4 * _swing(parcels, 2000 + day)), 1.0 - green)
    soil = damp * (1.0 + 0.32 * _swing(parcels, 24))
    bloom = np.zeros_like(green)
    if cover.bloom:
        begin, end = cover.bloom
        bloom = FLOWERING * noise.smoothstep(1.6 - np.abs(2.0 * own_day - begin - end) / (end - begin) * 1.6)
    mean, slope = [], []
    for ground, leaf, straw, petal in zip(cover.ground, cover.green, cover.dry, cover.petals, strict=True):
        plant = leaf + bloom * (petal - leaf)
        mean.append(ground * soil * (1.0 - green - dry) + plant * green + straw * dry)
        slope.append(cover.texture * (plant - ground * soil))
    return np.stack(mean), np.stack(slope)


def _swing(parcels: Hashes, what: int) -> Floats:
    """A number in -1..1 for each parcel, with a triangular distribution around 0."""
    return noise.unit(noise.mix(parcels, what, 1)) + noise.unit(noise.mix(parcels, what, 2)) - 1.0
