"""The static landscape: heights, land cover and parcels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import features, noise
from .noise import Floats, Hashes, Numbers
from .region import Region

MARGIN = 1
"""Pixels that the landscape extends beyond the region on every side, for operations on neighbourhoods."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """Static layers, `(y, x)` over the region and `MARGIN` pixels around it.

    `parcel` numbers units of management (a field, a stand of trees, a building); `tract` numbers units of a land-use
    layer (the same, except that a quarter of a town is one tract). `parcel_hash` and `parcel_cover` have one row per
    parcel. Heights are in metres, slopes in metres per metre; `texture` and `brightness` vary around 0.
    """

    height: Floats
    east_slope: Floats
    north_slope: Floats
    parcel: Numbers
    parcel_hash: Hashes
    parcel_cover: Numbers
    tract: Numbers
    texture: Floats
    brightness: Floats


@lru_cache(maxsize=2)
def landscape(region: Region) -> Landscape:
    """The landscape of the region; computed once per process."""
    y, x = _places(region, MARGIN)
    height = features.height(region, *_places(region, MARGIN + 1))
    cover, parcel, tract = _parcels(region, y, x, height[1:-1, 1:-1])
    hashes, first, parcels = np.unique(parcel, return_index=True, return_inverse=True)
    pixel = noise.mix(noise.key(region.seed, "pixel"), y.astype(np.int64), x.astype(np.int64))
    clumps = noise.field(noise.key(region.seed, "clumps"), y, x, 7.0, 2)
    return Landscape(
        height=height[1:-1, 1:-1],
        east_slope=(height[1:-1, 2:] - height[1:-1, :-2]) / (2.0 * region.resolution),
        north_slope=(height[:-2, 1:-1] - height[2:, 1:-1]) / (2.0 * region.resolution),
        parcel=parcels.reshape(cover.shape),
        parcel_hash=hashes,
        parcel_cover=cover.reshape(-1)[first],
        tract=np.unique(tract, return_inverse=True)[1].reshape(cover.shape),
        texture=3.2 * (clumps - 0.5) + 1.4 * (noise.unit(noise.mix(pixel, 1)) - 0.5),
        brightness=noise.unit(noise.mix(pixel, 2)) + noise.unit(noise.mix(pixel, 3)) - 1.0,
    )


def land_cover(region: Region) -> NDArray[np.uint8]:
    """The true class of every pixel, `(y, x)`."""
    land = landscape(region)
    classes = np.array([cover.class_id for cover in region.covers], np.uint8)
    inner = slice(MARGIN, -MARGIN)
    return classes[land.parcel_cover[land.parcel]][inner, inner]


def _places(region: Region, margin: int) -> tuple[Floats, Floats]:
    y = np.arange(-margin, region.height + margin, dtype=np.float64)
    x = np.arange(-margin, region.width + margin, dtype=np.float64)
    return y[:, None], x[None, :]


def _parcels(region: Region, y: Floats, x: Floats, height: Floats) -> tuple[Numbers, Hashes, Hashes]:
    """Cover, parcel and tract of each pixel; later features cover earlier ones."""
    bent = 16.0 * (noise.field(noise.key(region.seed, "bend"), y, x, 40.0) - 0.5)
    stand, stand_y, stand_x = noise.cells(noise.key(region.seed, "stands"), y + bent, x - bent, 26.0)

    cover, parcel = features.fields(region, y, x)
    nature = features.woods(region, y, x, height, stand_y, stand_x)
    belts, banks = features.heights(region, y, x, height, stand), features.waterside(region, y, x, height, stand)
    nature = np.where(banks >= 0, banks, np.where(belts >= 0, belts, nature))
    cover, parcel = np.where(nature >= 0, nature, cover), np.where(nature >= 0, stand, parcel)
    tract = parcel

    built, building = features.built(region, y, x)
    quarter = noise.cells(noise.key(region.seed, "quarters"), y + bent, x - bent, 17.0)[0]
    cover, parcel = np.where(built >= 0, built, cover), np.where(built >= 0, building, parcel)
    tract = np.where(built >= 0, quarter, tract)

    water = features.water(region, y, x)
    wet = water >= 0
    cover, parcel, tract = np.where(wet, water, cover), np.where(wet, stand, parcel), np.where(wet, stand, tract)
    rough = noise.field(noise.key(region.seed, "quarries"), y, x, 14.0, 3) - 0.5
    for row, column, rows, columns in region.definition["terrain"]["quarries"]:
        dug = features.ellipse(y, x, row, column, rows, columns) + 2.0 * rough < 1.0
        cover = np.where(dug, region.number("gravel"), cover)
    class_of = np.array([each.class_id for each in region.covers])
    return cover, noise.mix(parcel, cover), noise.mix(tract, class_of[cover])
