"""Longitudes at the antimeridian: geometries across ±180° in two halves or joined."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]


def joined(geometries: np.ndarray) -> np.ndarray:
    """Geometries (n,) in degrees; those that are narrower across ±180° than around the world are joined there.

    Their longitudes are then from 0 to 360.
    """
    wide = np.flatnonzero(_widths(geometries) > 180.0)
    if not len(wide):
        return geometries
    shifted = shapely.transform(geometries[wide], lambda xy: np.column_stack([xy[:, 0] % 360.0, xy[:, 1]]))
    across = _widths(shifted) < 180.0
    found = geometries.copy()
    found[wide[across]] = [shapely.union_all(shapely.make_valid(shapely.get_parts(each))) for each in shifted[across]]
    return found


def split(geometries: np.ndarray) -> np.ndarray:
    """Geometries (n,) in degrees with longitudes from -180 to 180; those across ±180° consist of both halves."""
    whole = joined(geometries)
    bounds = shapely.bounds(whole)
    beyond = np.flatnonzero((bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0))
    if not len(beyond):
        return whole
    found = whole.copy()
    for number in beyond:
        shape = shapely.make_valid(whole[number])
        turns = (shapely.box(180.0 + turn, -91.0, 540.0 + turn, 91.0) for turn in (-720.0, -360.0, 0.0))
        halves = (shapely.intersection(shape, turn) for turn in turns)
        moved = [shapely.transform(h, lambda xy, n=n: xy - [(n - 1) * 360.0, 0.0]) for n, h in enumerate(halves)]
        found[number] = shapely.union_all(moved)
    return found


def boxes(geometry: BaseGeometry) -> list[Bounds]:
    """The bounds of a geometry in degrees: two where it crosses ±180°, as searches in catalogues need them."""
    west, south, east, north = joined(np.array([geometry], dtype=object))[0].bounds
    if east <= 180.0:
        return [(west, south, east, north)]
    return [(west, south, 180.0, north), (-180.0, south, east - 360.0, north)]


def _widths(geometries: np.ndarray) -> np.ndarray:
    bounds = shapely.bounds(geometries)
    widths: np.ndarray = bounds[:, 2] - bounds[:, 0]
    return widths
