"""The cloud cover of an acquisition whose source does not tell it."""

from __future__ import annotations

from ..errors import DataError
from ..grid.windows import Window
from ..imagery.sources.protocols import Source
from ..store.acquisitions import OfferedAcquisition
from ..store.layout import Layout
from .methods.qa import classify_qa
from .methods.scl import classify_scl

_CLASSIFIED_BY = {"SCL": classify_scl, "QA": classify_qa}
_ALONG, _HALF = 4, 64  # of a large area so many windows along each side are read, so many pixels around their middle


def estimate_cover(source: Source, item: OfferedAcquisition, layout: Layout) -> float | None:
    """The cloudy fraction of the pixels of the area with data, by the classification that the imagery comes with.

    None without one, for imagery that is behind a network, where nothing of the area has data, and for files that
    cannot be read, as fetching will tell. Of a large area a lattice of windows is read.
    """
    band = next((band for band in _CLASSIFIED_BY if band in item.bands), None)
    if band is None or source.traits.waits:
        return None
    cloudy = known = 0
    for window in _windows(layout.domain):
        try:
            values = source.read(item, [band], layout.grid, window)[0]
        except DataError:
            return None
        probability, _, has_data = _CLASSIFIED_BY[band](values, 0)
        has_data &= layout.area_mask(window)
        cloudy += int((probability[has_data] > 0).sum())
        known += int(has_data.sum())
    return round(cloudy / known, 4) if known else None


def _windows(domain: Window) -> list[Window]:
    """The whole domain, or windows spread evenly over it."""
    if domain.height * domain.width <= (_ALONG * 2 * _HALF) ** 2:
        return [domain]
    pieces = domain.divided(_ALONG, _ALONG)
    return [
        Window(piece.row + piece.height // 2, piece.column + piece.width // 2, 1, 1).expanded(_HALF).intersection(piece)
        for piece in pieces
    ]
