"""The price of a request (https://docs.sentinel-hub.com/api/latest/api/overview/processing-unit/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import radians, sin

from ....grid.windows import Window
from ....vocabulary.bands import RADAR_BANDS
from ..services import Price

WIDEST = 2500
_ONE_UNIT_PIXELS = 512 * 512
_ONE_UNIT_BANDS = 3
_LEAST_AREA = 0.01
_LEAST_UNITS = 0.005
_EARTH_RADIUS_KM = 6371.0
# Bytes per value as the services send them, deflated from 2 bytes: reflectance, and backscatter with its speckle.
_REFLECTANCE_BYTES, _BACKSCATTER_BYTES = 1.44, 1.9


def price_of(bands: Sequence[str], window: Window, factor: float = 1.0) -> Price:
    """The price of one request for bands of 16 bits; `factor` depends on the collection's processing.

    The data mask is free. The minimum is the price of a hundredth of 512 × 512 pixels, and 0.005 units.
    """
    pixels = window.height * window.width
    area = max(pixels / _ONE_UNIT_PIXELS, _LEAST_AREA)
    units = max(area * len(bands) / _ONE_UNIT_BANDS * factor, _LEAST_UNITS)
    value_bytes = sum(_BACKSCATTER_BYTES if band in RADAR_BANDS else _REFLECTANCE_BYTES for band in bands)
    return Price(1, units, pixels * value_bytes)


def price_of_search(box: Sequence[float], start: datetime, end: datetime) -> Price:
    """The price of one page of a catalogue search in a box (west, south, east, north in degrees).

    The area in 10⁶ km², at least 0.01, times the months begun; at most one unit.
    """
    west, south, east, north = (radians(angle) for angle in box)
    square_km = _EARTH_RADIUS_KM**2 * (east - west) * (sin(north) - sin(south))
    months = (end.year - start.year) * 12 + end.month - start.month
    months += (end.day, end.time()) > (start.day, start.time())
    return Price(1, min(max(square_km / 1e6, _LEAST_AREA) * max(months, 1), 1.0))
