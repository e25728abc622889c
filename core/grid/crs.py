"""Coordinate reference systems, and transformations between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from ..errors import DataError, ParameterError


@dataclass(frozen=True)
class Ground:
    """A geometry on the Earth, and the CRS of its coordinates (EPSG code or WKT)."""

    geometry: BaseGeometry
    crs: str

    def to(self, crs: str) -> Ground:
        """The geometry in another CRS; long edges are densified."""
        return Ground(reproject(np.array([self.geometry], dtype=object), self.crs, crs)[0], crs)


def read_crs(name: str) -> CRS:
    """The CRS of an authority code or WKT; ParameterError if it is unknown."""
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise ParameterError(f"CRS: {name!r} is unknown. Use an EPSG code such as EPSG:32633.") from error


def is_in_metres(name: str) -> bool:
    """Whether a CRS is projected, with metres as its unit."""
    crs = read_crs(name)
    return crs.is_projected and math.isclose(crs.axis_info[0].unit_conversion_factor, 1.0)


@lru_cache(maxsize=16)
def transformer(source: str, target: str) -> Transformer:
    """The transformation of coordinates (x, y) or (longitude, latitude) from one CRS to another."""
    return Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)


def utm_crs(geometry: BaseGeometry, crs: str) -> str:
    """The EPSG code of the UTM zone (WGS 84) of the middle of the geometry, also where it crosses zones."""
    centre = geometry.centroid
    longitude, latitude = Transformer.from_crs(read_crs(crs), 4326, always_xy=True).transform(centre.x, centre.y)
    if not (math.isfinite(longitude) and -80.0 <= latitude <= 84.0):
        raise DataError(f"The area is at latitude {latitude:.1f}°, outside the UTM zones (80° S to 84° N). Set CRS.")
    zone = min(int((longitude + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if latitude >= 0.0 else 32700) + zone}"


def reproject(geometries: np.ndarray, source: str, target: str) -> np.ndarray:
    """Geometries transformed from one CRS to another; long edges are densified.

    Of invalid geometries only the vertices are transformed.
    """
    source_crs, target_crs = read_crs(source), read_crs(target)
    if source_crs == target_crs:
        return geometries
    xmin, ymin, xmax, ymax = shapely.total_bounds(geometries)
    step = max(xmax - xmin, ymax - ymin) / 256.0
    dense = geometries.copy()
    whole = shapely.is_valid(geometries)  # GEOS would drop a part of an invalid polygon: half of a bow tie
    if step > 0.0:
        dense[whole] = shapely.segmentize(geometries[whole], step)
    transformer = Transformer.from_crs(source_crs, target_crs, always_xy=True)

    def forward(xy: np.ndarray) -> np.ndarray:
        x, y = transformer.transform(xy[:, 0], xy[:, 1])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise DataError(
                f"Coordinates of {source} cannot be transformed to {target}. Is the CRS of the layer right?"
            )
        return np.column_stack([x, y])

    moved: np.ndarray = shapely.transform(dense, forward)
    return moved
