"""The atmosphere between ground and satellite: clouds, cloud shadows, haze and clear air."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import noise
from .noise import Floats
from .phenology import interpolate
from .region import Region, Spectrum

HAZE_TRANSMISSION = 0.93
"""Transmission of full haze."""


@dataclass(frozen=True)
class Sky:
    """The sky on a day of the year: cover (0..1) of each kind of cloud, and haze (0..1)."""

    day: int
    deck: float
    cumulus: float
    cirrus: float
    haze: float


@dataclass(frozen=True)
class Kind:
    """A kind of cloud: width in pixels (`scale`), elongation by the wind (`stretch`), height above ground (`base_m`).

    `opaque` is its maximum opacity (0..1), `edge` the width of its rim in units of the noise; a pixel counts as cloudy
    from the opacity `seen_from`.
    """

    name: str
    scale: float
    octaves: int
    edge: float
    opaque: float
    base_m: float
    stretch: float
    seen_from: float


KINDS = (
    Kind("cirrus", 34.0, 4, 0.34, 0.34, 8000.0, 5.0, 0.06),
    Kind("deck", 200.0, 6, 0.11, 0.97, 1900.0, 1.6, 0.25),
    Kind("cumulus", 40.0, 5, 0.09, 0.97, 1300.0, 1.25, 0.25),
)


@dataclass(frozen=True, eq=False)
class Cloud:
    """One kind of cloud over some pixels: its opacity and brightness, and the opacity of the cloud that shades them."""

    spectrum: Spectrum
    opacity: Floats
    brightness: Floats
    shadow: Floats
    seen_from: float


def sun(region: Region, day: int) -> tuple[float, float, float]:
    """Direction of the sun at overpass: east, north and up components of a vector of about unit length."""
    table, at = region.definition["sun"]["table"], np.array([float(day)])
    east, north, up = (float(interpolate(table, part, at)[0]) for part in (1, 2, 3))
    return east, north, up


def clouds(region: Region, sky: Sky, y: Floats, x: Floats) -> list[Cloud]:
    """The clouds of the day at rows `y` and columns `x` (arrays that broadcast), from the lowest layer to the top."""
    east, north, up = sun(region, sky.day)
    found = []
    for kind in KINDS:
        share = float(getattr(sky, kind.name))
        if share == 0.0:
            continue
        threshold = _threshold(region, sky.day, kind, share)
        # The cloud that shades a pixel lies towards the sun.
        away = kind.base_m / up / region.resolution
        density = _density(region, sky.day, kind, y, x)
        sunward = _density(region, sky.day, kind, y - 2.5 * north, x + 2.5 * east)
        shading = _density(region, sky.day, kind, y - away * north, x + away * east)
        found.append(
            Cloud(
                spectrum=tuple(region.definition["atmosphere"][kind.name]),
                opacity=_opacity(kind, density - threshold),
                brightness=0.72 + 0.5 * noise.clip(density) + 1.6 * (density - sunward),
                shadow=_opacity(kind, shading - threshold),
                seen_from=kind.seen_from,
            )
        )
    return found


def _density(region: Region, day: int, kind: Kind, y: Floats, x: Floats) -> Floats:
    layer = noise.key(region.seed, f"{kind.name} {day}")
    # Elongated along a wind that is oblique to the grid.
    along, across = (0.8 * x + 0.6 * y) / kind.stretch, 0.8 * y - 0.6 * x
    return noise.field(layer, across, along, kind.scale, kind.octaves)


def _opacity(kind: Kind, excess: Floats) -> Floats:
    opacity: Floats = kind.opaque * noise.smoothstep(excess / kind.edge)
    return opacity


@lru_cache(maxsize=256)
def _threshold(region: Region, day: int, kind: Kind, share: float) -> float:
    """The density that is exceeded in this share of the region; well below the minimum for a share of 1."""
    y = np.arange(0, region.height, 4, dtype=np.float64)[:, None]
    x = np.arange(0, region.width, 4, dtype=np.float64)[None, :]
    density = np.sort(_density(region, day, kind, y, x), axis=None)
    if share >= 1.0:
        return float(density[0]) - kind.edge
    return float(density[int((1.0 - share) * density.size)]) - kind.edge / 4.0


def haziness(region: Region, sky: Sky, y: Floats, x: Floats) -> Floats:
    """The strength of the haze, which is never quite zero."""
    uneven = noise.field(noise.key(region.seed, f"haze {sky.day}"), y, x, 300.0, 3)
    strength: Floats = (0.04 + sky.haze) * (0.5 + uneven)
    return strength


def through_air(region: Region, sky: Sky, band: int, surface: Floats, haze: Floats, overhead: list[Cloud]) -> Floats:
    """Top-of-atmosphere reflectance × 10000 of a band, from surface reflectance, haze and clouds."""
    air = region.definition["atmosphere"]
    up = sun(region, sky.day)[2]
    path = air["path"][band] * (0.78 + 0.22 / up)
    light = surface * (air["transmission"][band] * (1.0 - (1.0 - HAZE_TRANSMISSION) * haze))
    # Diffuse blue light brightens shadows; there is little of it in the infrared.
    dark = 0.55 if band < 4 else 0.68
    for cloud in overhead:
        light = light * (1.0 - dark * cloud.shadow)
    seen: Floats = path + air["haze"][band] * haze + light
    for cloud in overhead:
        seen = seen * (1.0 - cloud.opacity) + cloud.spectrum[band] * cloud.brightness * cloud.opacity
    return seen
