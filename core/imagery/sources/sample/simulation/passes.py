"""The passes of the satellite: time, covered part of the region, and cloud cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from .atmosphere import Sky, clouds
from .noise import Floats
from .region import Region

Edge = tuple[float, float, float]

_STRIDE = 4  # cloud cover is estimated from every fourth pixel in each direction


@dataclass(frozen=True)
class Pass:
    """One pass: `time` in UTC, relative `orbit`, `cloud_cover` of the covered part of the region (0..1), and its `sky`.

    `edges` `(a, b, c)` bound the swath: `a column + b row >= c`, in pixels, for each of them.
    """

    time: datetime
    orbit: int
    cloud_cover: float
    sky: Sky
    edges: tuple[Edge, ...]


@lru_cache(maxsize=2)
def passes(region: Region) -> tuple[Pass, ...]:
    """All passes of the year, by time."""
    made = []
    for row in region.definition["passes"]["table"]:
        orbit = region.definition["orbits"][str(row["orbit"])]
        time = datetime.fromisoformat(f"{row['date']}T{orbit['time']}").replace(tzinfo=timezone.utc)
        sky = Sky(
            time.timetuple().tm_yday, *(float(row.get(part, 0.0)) for part in ("deck", "cumulus", "cirrus", "haze"))
        )
        rows = [orbit["seen"], row["seen"]] if "seen" in row else [orbit["seen"]]
        edges = tuple((float(a), float(b), float(c)) for a, b, c in rows)
        made.append(Pass(time, int(row["orbit"]), _cloud_cover(region, sky, edges), sky, edges))
    return tuple(sorted(made, key=lambda each: each.time))


def coverage(region: Region, pass_: Pass) -> Polygon:
    """The part of the region that the pass covers, in the region's CRS; a pixel has data if its centre is inside."""
    corners = [(0.0, 0.0), (float(region.width), 0.0), (float(region.width), float(region.height))]
    corners.append((0.0, float(region.height)))
    for a, b, c in pass_.edges:
        # Pixel centres are half a pixel from the corners.
        corners = _cut(corners, (a, b, c + (a + b) / 2.0))
    size = region.resolution
    return Polygon([(region.left + column * size, region.top - row * size) for column, row in corners])


def seen(edges: tuple[Edge, ...], y: Floats, x: Floats) -> NDArray[np.bool_]:
    """Whether the rows `y` and columns `x`, which broadcast against each other, lie within all edges."""
    inside = np.ones(np.broadcast_shapes(y.shape, x.shape), np.bool_)
    for a, b, c in edges:
        inside &= a * x + b * y >= c
    return inside


def _cut(corners: list[tuple[float, float]], edge: Edge) -> list[tuple[float, float]]:
    """The convex polygon on the inner side of an edge (Sutherland and Hodgman)."""
    a, b, c = edge
    kept: list[tuple[float, float]] = []
    for (x, y), (next_x, next_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        here, there = a * x + b * y - c, a * next_x + b * next_y - c
        if here >= 0.0:
            kept.append((x, y))
        if (here >= 0.0) != (there >= 0.0):
            part = here / (here - there)
            kept.append((x + part * (next_x - x), y + part * (next_y - y)))
    return kept


def _cloud_cover(region: Region, sky: Sky, edges: tuple[Edge, ...]) -> float:
    y = np.arange(0, region.height, _STRIDE, dtype=np.float64)[:, None]
    x = np.arange(0, region.width, _STRIDE, dtype=np.float64)[None, :]
    inside = seen(edges, y, x)
    cloudy = np.zeros_like(inside)
    for cloud in clouds(region, sky, y, x):
        cloudy |= cloud.opacity > cloud.seen_from
    return int(np.count_nonzero(cloudy & inside)) / int(np.count_nonzero(inside))
