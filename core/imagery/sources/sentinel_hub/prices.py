"""What a request costs (https://docs.sentinel-hub.com/api/latest/api/overview/processing-unit/)."""

from __future__ import annotations

from collections.abc import Sequence

from ....grid.windows import Window
from ....vocabulary.bands import RADAR_BANDS
from ..services import Price

WIDEST = 2500
_ONE_UNIT_PIXELS = 512 * 512
_ONE_UNIT_BANDS = 3
_LEAST_AREA = 0.01
_LEAST_UNITS = 0.005
# What deflate makes of two bytes a value, as the services send them: of reflectance, and of speckled backscatter.
_REFLECTANCE_BYTES, _BACKSCATTER_BYTES = 1.44, 1.9


def price_of(bands: Sequence[str], window: Window, factor: float = 1.0) -> Price:
    """The price of one request for bands of 16 bits; `factor` is what the collection's processing takes.

    The data mask costs nothing. A request costs as much as a hundredth of 512 × 512 pixels, and 0.005 units, at least.
    """
    pixels = window.height * window.width
    area = max(pixels / _ONE_UNIT_PIXELS, _LEAST_AREA)
    units = max(area * len(bands) / _ONE_UNIT_BANDS * factor, _LEAST_UNITS)
    value_bytes = sum(_BACKSCATTER_BYTES if band in RADAR_BANDS else _REFLECTANCE_BYTES for band in bands)
    return Price(1, units, pixels * value_bytes)
