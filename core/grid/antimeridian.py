"""Longitudes at the antimeridian: geometries across ±180° in two halves or joined."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]
_TURNS = (-540.0, -180.0, 180.0)


def joined(geometries: np.ndarray) -> np.ndarray:
    """Geometries (n,) in degrees; halves at ±180° are joined there, with longitudes from 0 to 360."""
    found = geometries.copy()
    for number in np.flatnonzero(_widths(geometries) > 180.0):
        parts = shapely.get_parts(geometries[number])
        if (_widths(parts) <= 180.0).all():
            shifted = shapely.make_valid(_from_0_to_360(parts))
            across = shapely.union_all(shifted)
            found[number] = across if _widths(across) <= 180.0 else geometries[number]
    return found


def split(geometries: np.ndarray) -> np.ndarray:
    """Geometries (n,) in degrees with longitudes from -180 to 180; those across ±180° consist of both halves.

    An edge of more than 180° is taken to cross ±180°, where the geometry is then narrower.
    """
    found = joined(geometries)
    for number in np.flatnonzero(_widths(found) > 180.0):
        across = _from_0_to_360(found[number])
        found[number] = across if 0.0 < _widths(across) < 180.0 else found[number]
    bounds = shapely.bounds(found)
    for number in np.flatnonzero((bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0)):
        shape = shapely.make_valid(found[number])
        thirds = [shapely.intersection(shape, shapely.box(west, -91.0, west + 360.0, 91.0)) for west in _TURNS]
        found[number] = shapely.union_all([_moved(third, -180.0 - west) for third, west in zip(thirds, _TURNS)])
    return found


def boxes(geometry: BaseGeometry) -> list[Bounds]:
    """The bounds of a geometry in degrees: two where it crosses ±180°, as searches in catalogues need them."""
    west, south, east, north = joined(np.array([geometry], dtype=object))[0].bounds
    if east <= 180.0:
        return [(west, south, east, north)]
    return [(west, south, 180.0, north), (-180.0, south, east - 360.0, north)]


def _from_0_to_360(geometries: Any) -> Any:
    return shapely.transform(geometries, lambda xy: np.column_stack([xy[:, 0] % 360.0, xy[:, 1]]))


def _moved(geometry: BaseGeometry, degrees: float) -> BaseGeometry:
    return shapely.transform(geometry, lambda xy: xy + np.array([degrees, 0.0]))


def _widths(geometries: Any) -> Any:
    bounds = shapely.bounds(geometries)
    return bounds[..., 2] - bounds[..., 0]
