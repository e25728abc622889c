"""The bands to fetch: those of the features, and those of the cloud detection."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..errors import DataError
from ..grid.pixel_grid import PixelGrid
from ..imagery.finding import ChosenBands
from ..vocabulary.bands import RADAR_BANDS
from .methods.record import CloudMethod, MaskOptions


def cell_factor(cloud_resolution: float, grid: PixelGrid) -> int:
    """The pixels along the side of a cell of about `cloud_resolution` metres, in which s2cloudless detects clouds."""
    return max(round(cloud_resolution / grid.pixel_width), 1)


def choose_bands(
    offered: Sequence[str], wanted: Collection[str], method: CloudMethod, options: MaskOptions, *, offers_cells: bool
) -> ChosenBands:
    """The bands to fetch of those offered, in that order: those wanted, all radar, and those of the cloud detection.

    The detector's bands come in cells if the source offers cells and these are fewer values. Raises DataError if none
    of the wanted bands is offered.
    """
    features = {band for band in offered if band in wanted or band in RADAR_BANDS}
    if not features:
        raise DataError(
            f"This imagery has none of the bands {', '.join(wanted)}; its bands are {', '.join(offered)}. Set BANDS."
        )
    together = features.union(method.bands)
    in_cells = len(features) + len(method.bands) / options.cell_factor**2 < len(together)
    cells = offers_cells and method.has_cells and in_cells
    scene = tuple(band for band in offered if band in (features if cells else together))
    return ChosenBands(scene, cells, method.bands, method.settings(options)["reach"])
