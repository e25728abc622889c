"""Coordinate reference systems, and transformations between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from ..errors import DataError, ParameterError
from . import antimeridian

_DEGREES = "EPSG:4326"


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


def is_georeferenced(name: str) -> bool:
    """Whether a CRS of a file says where on the Earth coordinates are: neither unreadable nor undefined."""
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        return False
    return (crs.is_geographic or crs.is_projected or crs.is_geocentric) and not crs.name.startswith("Undefined")


def on_earth(geometries: np.ndarray, crs: str) -> np.ndarray:
    """(n,) bool: the geometries whose coordinates are all on the Earth: latitudes to 90°, longitudes to 360°."""
    to_degrees = transformer(crs, _DEGREES)

    def are_right(xy: np.ndarray) -> np.ndarray:
        longitudes, latitudes = to_degrees.transform(xy[:, 0], xy[:, 1])
        right: np.ndarray = (np.abs(longitudes) <= 360.0) & (np.abs(latitudes) <= 90.0)  # false where not finite
        return right

    xmin, ymin, xmax, ymax = shapely.total_bounds(geometries)
    if are_right(np.array([(x, y) for x in (xmin, xmax) for y in (ymin, ymax)])).all():
        return np.ones(len(geometries), dtype=bool)
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    right = np.ones(len(geometries), dtype=bool)
    right[owners[~are_right(coordinates)]] = False
    return right


def utm_crs(geometry: BaseGeometry, crs: str) -> str:
    """The EPSG code of the UTM zone (WGS 84) of the middle of the geometry, also where it crosses zones or ±180°."""
    centre = geometry.centroid
    longitude, latitude = transformer(crs, _DEGREES).transform(centre.x, centre.y)
    degrees = reproject(np.array([geometry], dtype=object), crs, _DEGREES)
    (across,) = antimeridian.joined(degrees)
    if across.bounds[2] > 180.0:
        longitude = across.centroid.x
    if not -180.0 <= longitude <= 180.0:
        longitude = (longitude + 180.0) % 360.0 - 180.0
    if not (math.isfinite(longitude) and -80.0 <= latitude <= 84.0):
        raise DataError(f"The area is at latitude {latitude:.1f}°, outside the UTM zones (80° S to 84° N). Set CRS.")
    zone = min(int((longitude + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if latitude >= 0.0 else 32700) + zone}"


def reproject(geometries: np.ndarray, source: str, target: str) -> np.ndarray:
    """Geometries transformed from one CRS to another; long edges are densified.

    Of invalid geometries only the vertices are transformed. In degrees, geometries across ±180° consist of two halves.
    Raises DataError where coordinates cannot be transformed.
    """
    moved = _transform(geometries, source, target)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise _no_transformation(source, target)
    return moved


def reproject_near(geometries: np.ndarray, source: str, target: str) -> np.ndarray:
    """As `reproject`; None for geometries that are too far from the target's area of use, as across the Earth."""
    moved = _transform(geometries, source, target)
    coordinates, owners = shapely.get_coordinates(moved, return_index=True)
    finite = np.isfinite(coordinates).all(axis=1)
    near = np.bincount(owners, finite, len(moved)) > 0
    if (near[owners] & ~finite).any():
        raise _no_transformation(source, target)
    return moved if near.all() else np.where(near, moved, np.array(None, dtype=object))


def _no_transformation(source: str, target: str) -> DataError:
    return DataError(f"Coordinates of {source} cannot be transformed to {target}. Is the CRS of the layer right?")


def _transform(geometries: np.ndarray, source: str, target: str) -> np.ndarray:
    source_crs, target_crs = read_crs(source), read_crs(target)
    if source_crs == target_crs:
        return geometries
    move = transformer(source, target)
    if source_crs.is_geographic:
        geometries = (antimeridian.split if _ends_at_antimeridian(move) else antimeridian.joined)(geometries)
    xmin, ymin, xmax, ymax = shapely.total_bounds(geometries)
    step = max(xmax - xmin, ymax - ymin) / 256.0
    dense = geometries.copy()
    whole = shapely.is_valid(geometries)  # GEOS would drop a part of an invalid polygon: half of a bow tie
    if step > 0.0:
        dense[whole] = shapely.segmentize(geometries[whole], step)

    moved: np.ndarray = shapely.transform(dense, lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])))
    if target_crs.is_geographic and np.isfinite(shapely.get_coordinates(moved)).all():
        return antimeridian.split(moved)
    return moved


@lru_cache(maxsize=16)
def transformer(source: str, target: str) -> Transformer:
    """The transformation in the order x, y; DataError if there is none, as from the Moon to the Earth."""
    try:
        return Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)
    except ProjError as error:
        raise DataError(f"There is no transformation from {source} to {target}. Is the CRS right?") from error


def _ends_at_antimeridian(transformer: Transformer) -> bool:
    """Whether places on both sides of ±180° are far apart in the target, as on a map of the world."""
    (west, _), (east, _) = transformer.transform(-179.999, 0.0), transformer.transform(179.999, 0.0)
    return not abs(east - west) < 1e5 or transformer.target_crs is None or transformer.target_crs.is_geographic
