"""Reading areas and places: a vector file in any CRS, an extent, or a point."""

from __future__ import annotations

import math

import numpy as np
import shapely

from ..errors import DataError, ParameterError
from ..grid.crs import Ground, read_crs
from ..progress import Progress
from ..store.vectors import read_vector

_LONGITUDE_LATITUDE = "EPSG:4326"


def read_area(text: str, progress: Progress | None = None) -> Ground:
    """The area of `xmin,ymin,xmax,ymax[,EPSG:n]`, or of all polygons of a vector file together.

    Features that are dropped are reported as warnings. Raises ParameterError or DataError where the area is empty or
    has no CRS or no polygons.
    """
    numbers = _numbers(text, 4)
    if numbers is not None:
        (xmin, ymin, xmax, ymax), crs = numbers
        if not (xmin < xmax and ymin < ymax):
            raise ParameterError(
                f"Area of interest (AREA): the extent {text} is empty. Write xmin,ymin,xmax,ymax, across ±180° with "
                "longitudes beyond it, such as 179,-17,181,-16."
            )
        return Ground(shapely.box(xmin, ymin, xmax, ymax), crs)
    geometries, crs = _read_geometries(text, "Area of interest (AREA)", progress)
    area = shapely.union_all(shapely.make_valid(geometries, method="structure", keep_collapsed=False))
    if area.area == 0.0:
        raise DataError(f"Area of interest (AREA): {text} has no polygons, only points or lines. Set a polygon layer.")
    return Ground(area, crs)


def read_places(text: str, progress: Progress | None = None) -> tuple[np.ndarray, str]:
    """The geometries and CRS of `x,y[,EPSG:n]` or of a vector file of points or polygons, read as `read_area` does."""
    numbers = _numbers(text, 2)
    if numbers is not None:
        return np.array([shapely.Point(numbers[0])], dtype=object), numbers[1]
    return _read_geometries(text, "Place (PLACE)", progress, any_shape=True)


def _numbers(text: str, count: int) -> tuple[list[float], str] | None:
    """The leading numbers and the CRS behind them; None where the text is something else, such as a file."""
    parts = [part.strip() for part in text.replace("[", ",").replace("]", "").split(",")]
    try:
        numbers = [float(part) for part in parts[:count]]
    except ValueError:
        return None
    if len(numbers) != count or len(parts) > count + 1:
        return None
    if not all(math.isfinite(number) for number in numbers):
        raise ParameterError(f"{text} has numbers that are not finite.")
    crs = parts[count] if len(parts) > count and parts[count] else _LONGITUDE_LATITUDE
    read_crs(crs)
    if crs == _LONGITUDE_LATITUDE and not all(abs(number) <= 360.0 for number in numbers):
        raise ParameterError(f"{text} is not in degrees. Add the CRS, as in {text},EPSG:32633.")
    return numbers, crs


def _read_geometries(
    text: str, what: str, progress: Progress | None, *, any_shape: bool = False
) -> tuple[np.ndarray, str]:
    layer = read_vector(text, encoding="latin-1", any_shape=any_shape)  # reads any bytes; the texts are not used
    if len(layer.geometries) == 0:
        raise DataError(" ".join((f"{what}: {text} is empty.", *layer.notes)))
    if not layer.crs:
        raise DataError(f"{what}: {text} has no CRS. Assign one (in QGIS: Assign projection) and run again.")
    if progress is not None:
        for note in layer.notes:
            progress.warning(f"{what}: {note}")
    return layer.geometries, layer.crs
