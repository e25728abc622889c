"""Simulated scenes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import noise
from .atmosphere import clouds, haziness, sun, through_air
from .landscape import MARGIN, Landscape, landscape
from .noise import Floats
from .passes import Pass, seen
from .phenology import interpolate, parcel_reflectance
from .region import Region


def render(region: Region, pass_: Pass, row: int, column: int, height: int, width: int) -> NDArray[np.uint16]:
    """Top-of-atmosphere reflectance × 10000 of a window of the region, `(band, y, x)`; 0 outside the swath.

    The window starts at `row` and `column` and is given in pixels; it equals the same part of any larger window. Raises
    ValueError if it is empty or extends beyond the region.
    """
    if not (0 <= row < row + height <= region.height and 0 <= column < column + width <= region.width):
        raise ValueError(
            f"the window of {height} x {width} pixels at row {row}, column {column} does not lie in the region "
            f"of {region.height} x {region.width} pixels"
        )
    y = np.arange(row, row + height, dtype=np.float64)[:, None]
    x = np.arange(column, column + width, dtype=np.float64)[None, :]
    inside = seen(pass_.edges, y, x)
    scene = np.zeros((len(region.bands), height, width), np.uint16)
    if not inside.any():
        return scene
    land, sky = landscape(region), pass_.sky
    around = (slice(row, row + height + 2 * MARGIN), slice(column, column + width + 2 * MARGIN))
    mean, slope = parcel_reflectance(region, sky.day)
    parcel, texture = land.parcel[around], land.texture[around]
    snow, light = _snow(region, land, sky.day, around), _light(region, land, sky.day, around)
    shows = np.array([cover.snow for cover in region.covers])[land.parcel_cover][parcel]
    # Ground that is visible through snow is wet and shaded.
    bare, white = (1.0 - snow * shows) * (1.0 - 0.45 * snow), 0.97 * snow * shows
    flakes = region.definition["surfaces"]["snow"]
    haze, overhead = haziness(region, sky, y, x), clouds(region, sky, y, x)
    grain = noise.mix(noise.key(region.seed, "sensor"), sky.day, y.astype(np.int64), x.astype(np.int64))
    for band in range(len(region.bands)):
        surface = np.maximum(mean[band][parcel] + texture * slope[band][parcel], 20.0)
        surface = _blur((surface * bare + flakes[band] * white) * light)
        toa = through_air(region, sky, band, surface, haze, overhead)
        toa = toa + (0.012 * toa + 5.0) * (noise.unit(noise.mix(grain ^ np.uint64(band))) - 0.5)
        scene[band] = np.where(inside, np.minimum(np.maximum(np.floor(toa + 0.5), 1.0), 65535.0), 0.0)
    return scene


def _snow(region: Region, land: Landscape, day: int, around: tuple[slice, slice]) -> Floats:
    """Snow cover of each pixel (0..1), above the snow line of the day."""
    line = float(interpolate(region.definition["snow_line_m"], 1, np.array([float(day)]))[0])
    # Snow lasts longer on slopes that face north.
    height = land.height[around] - 110.0 * land.north_slope[around] + 50.0 * land.texture[around]
    return noise.smoothstep((height - line) / 90.0 + 0.5)


def _light(region: Region, land: Landscape, day: int, around: tuple[slice, slice]) -> Floats:
    """Brightness of each pixel relative to flat ground, by its slope towards the sun and its roughness."""
    east, north, up = sun(region, day)
    east_slope, north_slope = land.east_slope[around], land.north_slope[around]
    steepness = np.sqrt(1.0 + east_slope * east_slope + north_slope * north_slope)
    facing = (up - east * east_slope - north * north_slope) / (up * steepness)
    direct = np.minimum(np.maximum(facing, 0.12), 1.4)
    return (0.25 + 0.75 * direct) * (1.0 + 0.05 * land.brightness[around])


def _blur(surface: Floats) -> Floats:
    """The surface blurred by the optics, weights 1, 4, 1 in each direction; one pixel smaller on every side."""
    rows = (surface[:-2] + 4.0 * surface[1:-1] + surface[2:]) / 6.0
    blurred: Floats = (rows[:, :-2] + 4.0 * rows[:, 1:-1] + rows[:, 2:]) / 6.0
    return blurred
