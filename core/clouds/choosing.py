"""The bands to fetch: those of the features, and those of the cloud detection."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..errors import DataError
from ..grid.pixel_grid import PixelGrid
from ..imagery.finding import ChosenBands
from ..imagery.sources.band_names import COMMON
from ..progress import Progress
from ..store.acquisitions import Catalogue
from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.indices import INDICES, bands_of
from .methods import METHODS
from .methods.record import CloudMethod, MaskOptions

# Names of layers beside the reflectances.
_OTHERS = ("CLD", "CLM", "SNW", "AOT", "WVP", "dataMask", "pan", "lwir", "lwir11", "lwir12", *INDICES)


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
    features = _features(offered, wanted)
    together = features.union(method.bands)
    in_cells = len(features) + len(method.bands) / options.cell_factor**2 < len(together)
    cells = offers_cells and method.has_cells and in_cells
    scene = tuple(band for band in offered if band in (features if cells else together))
    return ChosenBands(scene, cells, method.bands, method.settings(options)["reach"])


def require_bands(offered: Sequence[str], wanted: Collection[str], indices: Sequence[str]) -> None:
    """Check the bands of files before anything is fetched.

    Raises DataError if none of the wanted bands is offered, or if most of them or some that an index needs are not, and
    others are offered that may be these under other names.
    """
    missing = [band for band in wanted if band not in offered]
    known = {*COMMON.values(), *RADAR_BANDS, *_OTHERS, *(band for method in METHODS.values() for band in method.bands)}
    unknown = [band for band in offered if band not in known and band not in wanted]
    lost = any(not set(bands_of(index)) <= set(offered) for index in indices)
    is_radar = not set(offered).isdisjoint(RADAR_BANDS)
    if unknown and not is_radar and (lost or len(missing) > len(wanted) / 2):
        raise DataError(
            f"This imagery has no {', '.join(missing)}; its bands are {', '.join(offered)}. If {', '.join(unknown)} "
            "means them, give all bands in their order in BAND_NAMES; otherwise set BANDS and INDICES."
        )
    _features(offered, wanted)


def _features(offered: Sequence[str], wanted: Collection[str]) -> set[str]:
    """The bands for features; DataError if there are none."""
    features = {band for band in offered if band in wanted or band in RADAR_BANDS}
    if not features:
        raise DataError(
            f"This imagery has none of the bands {', '.join(wanted)}; its bands are {', '.join(offered)}. Set BANDS."
        )
    return features


def report_missing(catalogue: Catalogue, bands: Sequence[str], indices: Sequence[str], progress: Progress) -> None:
    """Say which bands and indices of the features the imagery does not have; a warning if an index is missing."""
    without = [band for band in bands if band not in catalogue.bands]
    lost = [index for index in indices if not catalogue.has(index)]
    if any(item.is_optical for item in catalogue.acquisitions) and (without or lost):
        say = progress.warning if lost else progress.info
        say(
            f"The imagery has no {', '.join([*without, *lost])} (BANDS, INDICES), so the model will be trained "
            f"without. Its bands are {', '.join(catalogue.bands)}."
        )
