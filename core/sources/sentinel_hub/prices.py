"""What a request costs (https://docs.sentinel-hub.com/api/latest/api/overview/processing-unit/)."""

from __future__ import annotations

from ...grid import Window
from ..services import Price

WIDEST = 2500
_ONE_UNIT_PIXELS = 512 * 512
_ONE_UNIT_BANDS = 3
_LEAST_AREA = 0.01
_LEAST_UNITS = 0.005
# Deflated reflectance without a predictor, as the services send it, of its size of two bytes a value.
_COMPRESSION = 0.72


def price_of(bands: int, window: Window, factor: float = 1.0) -> Price:
    """The price of one request for that many bands of 16 bits; `factor` is what the collection's processing takes.

    The data mask costs nothing. A request costs as much as a hundredth of 512 × 512 pixels, and 0.005 units, at least.
    """
    pixels = window.height * window.width
    area = max(pixels / _ONE_UNIT_PIXELS, _LEAST_AREA)
    units = max(area * bands / _ONE_UNIT_BANDS * factor, _LEAST_UNITS)
    return Price(1, units, pixels * bands * 2 * _COMPRESSION)
