"""Finding the acquisitions of a period that show the area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..errors import DataError, ParameterError
from ..grid.crs import Ground, read_crs
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..progress import Progress
from ..store.acquisitions import Acquisition, Catalogue, OfferedAcquisition
from ..store.layout import Layout
from ..store.vectors import VectorLayer, write_geopackage
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted, written
from .sources.protocols import Source

_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class ChosenBands:
    """The bands of scenes, and whether those of the cloud detector are fetched separately, in cells.

    `around` are the bands that the cloud masks depend on, `reach` pixels past the edge of the area too.
    """

    scene: tuple[str, ...]
    cells: bool = False
    around: tuple[str, ...] = ()
    reach: int = 0


@dataclass(frozen=True)
class Search:
    """A search: the period (days, both included; None is open), maximum cloud cover (percent), skipped names."""

    start: date | None
    end: date | None
    max_cloud_cover: float
    skipped: tuple[str, ...]


def find_scenes(
    workspace: Workspace,
    source: Source,
    search: Search,
    cell_factor: int,
    choose: Callable[[OfferedAcquisition], ChosenBands],
    estimate_cover: Callable[[OfferedAcquisition], float | None] | None,
    progress: Progress,
) -> int:
    """Write the acquisitions that show the area to the catalogue and to a GeoPackage; returns their number.

    `choose` gives the bands that are to be fetched, `estimate_cover` the cloud cover (a fraction) where the source does
    not tell it; none is left out for an estimate. Raises DataError if there is none, and ParameterError if the source
    cannot deliver pixels of this grid.
    """
    layout = workspace.layout
    workspace.require_imagery(source.kind, source.imagery)
    require_grid(source, layout.grid)
    for note in getattr(source, "notes", ()):
        progress.warning(note)
    found = _without_skipped(_find(source, search, layout), search.skipped, progress)
    clear = _clear_enough([_placed(item, source.crs, layout) for item in found], search.max_cloud_cover)
    covers = _cloud_covers([item.offer for item in clear], estimate_cover, progress)
    kept = tuple(_kept(item, cover, choose(item.offer)) for item, cover in zip(clear, covers, strict=True))
    factor = cell_factor if any(item.cells for item in kept) else 0
    horizon = _horizon(source, layout.grid)
    workspace.write_catalogue(Catalogue(source.kind, source.imagery, kept, search.start, search.end, factor, horizon))
    _write_table(workspace, kept)
    _report_remarks([item.offer for item in clear], progress)
    skipped = len(found) - len(kept)
    progress.info(
        f"{counted(len(kept), 'acquisition')} from {kept[0].time:%Y-%m-%d} to {kept[-1].time:%Y-%m-%d}"
        + (f"; {skipped} skipped (too cloudy, or outside the area)." if skipped else ".")
    )
    return len(kept)


def require_grid(source: Source, grid: PixelGrid) -> None:
    """Raises ParameterError if the source cannot deliver pixels of this grid."""
    traits = source.traits
    code = read_crs(grid.crs).to_epsg() if traits.epsg_codes else None
    if traits.epsg_codes and code not in traits.epsg_codes:
        offered = ", ".join(str(each) for each in sorted(traits.epsg_codes) if each // 100 not in (326, 327))
        raise ParameterError(
            f"CRS: the service does not deliver {f'EPSG:{code}' if code else 'this CRS'}. Choose another WORKSPACE "
            f"and a UTM zone (EPSG:32601 to 32660, 32701 to 32760) or one of EPSG:{offered}."
        )
    if grid.pixel_width > traits.coarsest:
        raise ParameterError(
            f"Resolution (RESOLUTION): the service does not deliver pixels larger than {traits.coarsest:,.0f} m."
        )


def _horizon(source: Source, grid: PixelGrid) -> Window | None:
    """The pixels that the imagery covers; None if it has no end."""
    if source.extent is None:
        return None
    extent = Ground(source.extent, source.crs).to(grid.crs).geometry
    return grid.window_of_centres(grid.to_pixels(np.array([extent], dtype=object))[0].bounds)


def _find(source: Source, search: Search, layout: Layout) -> list[OfferedAcquisition]:
    """The acquisitions of the period over the rectangle of the area; DataError if there is none."""
    rectangle = shapely.box(*layout.grid.bounds(layout.domain))
    area = Ground(rectangle, layout.grid.crs).to(source.crs).geometry
    found = source.find(search.start, search.end, area)
    if found:
        return found
    when = f"from {search.start or 'the beginning'} to {search.end or 'the end'}"
    if source.grid is None:
        raise DataError(f"There is no acquisition of the area {when}. Choose a longer period or another COLLECTION.")
    ever = [item.time.date() for item in source.find(None, None, area)]
    reach = f"the imagery covers {min(ever)} to {max(ever)}" if ever else "there is none at any other time either"
    raise DataError(f"There is no acquisition of the area {when}; {reach}.")


def _without_skipped(
    found: list[OfferedAcquisition], skipped: tuple[str, ...], progress: Progress
) -> list[OfferedAcquisition]:
    """The acquisitions that the user did not exclude; DataError if none remains."""
    names = {item.name for item in found}
    unknown = [name for name in skipped if name not in names]
    if unknown:
        progress.warning(
            f"Skipped scenes (SKIP_SCENES): there is no acquisition at {', '.join(unknown)} in this period. Times are "
            "written as 20190731T100031."
        )
    wanted = [item for item in found if item.name not in skipped]
    if not wanted:
        all_of = "the only acquisition" if len(found) == 1 else f"all {len(found)} acquisitions"
        raise DataError(f"Skipped scenes (SKIP_SCENES) exclude {all_of}. Skip fewer.")
    if len(wanted) < len(found):
        progress.info(
            f"{len(found) - len(wanted)} of {counted(len(found), 'acquisition')} skipped as requested (SKIP_SCENES)."
        )
    return wanted


@dataclass(frozen=True)
class _Placed:
    """An offered acquisition with its footprint in the CRS of the grid, and the fraction of the area that it covers."""

    offer: OfferedAcquisition
    footprint: BaseGeometry
    coverage: float


def _placed(item: OfferedAcquisition, crs: str, layout: Layout) -> _Placed:
    footprint = Ground(item.footprint, crs).to(layout.grid.crs).geometry
    seen = layout.grid.to_pixels(np.array([footprint], dtype=object))[0].intersection(layout.area)
    return _Placed(item, footprint, round(min(seen.area / layout.area.area, 1.0), 4))


def _kept(item: _Placed, cloud_cover: float | None, bands: ChosenBands) -> Acquisition:
    offer = item.offer
    shares = cloud_cover, item.coverage
    around = bands.around, bands.reach
    return Acquisition(
        offer.time, offer.identity, bands.scene, item.footprint, *shares, bands.cells, offer.facts, *around
    )


def _cloud_covers(
    offers: Sequence[OfferedAcquisition],
    estimate: Callable[[OfferedAcquisition], float | None] | None,
    progress: Progress,
) -> list[float | None]:
    """The cloud cover of each, estimated where the source does not tell it and `estimate` is given."""
    covers = []
    for number, offer in enumerate(offers, start=1):
        cover = offer.cloud_cover
        covers.append(estimate(offer) if cover is None and estimate else cover)
        progress.report(number / len(offers))
    return covers


def _clear_enough(shown: list[_Placed], limit: float) -> list[_Placed]:
    """The acquisitions that cover some of the area with at most `limit` percent cloud; DataError if there is none."""

    def is_clear(item: OfferedAcquisition) -> bool:
        return item.cloud_cover is None or item.cloud_cover * 100 <= limit

    kept = [item for item in shown if item.coverage and is_clear(item.offer)]
    if not kept:
        raise DataError(
            f"None of {counted(len(shown), 'acquisition')} shows the area with at most {written(limit)} % cloud. "
            "Raise MAX_CLOUD_COVER or choose a longer period."
        )
    return kept


def _report_remarks(kept: Sequence[OfferedAcquisition], progress: Progress) -> None:
    """Each remark and warning once, with the number of its acquisitions and the first of them."""
    for report, texts in (
        (progress.info, [(text, item.name) for item in kept for text in item.remarks]),
        (progress.warning, [(text, item.name) for item in kept for text in item.warnings]),
    ):
        for text in dict.fromkeys(text for text, _ in texts):
            names = [name for each, name in texts if each == text]
            shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
            report(f"{counted(len(names), 'acquisition')} ({shown}): {text}.")


def _write_table(workspace: Workspace, items: Sequence[Acquisition]) -> None:
    fields = {
        "time": np.array([item.time.isoformat() for item in items], dtype=object),
        "cloud_cover": np.array([np.nan if i.cloud_cover is None else i.cloud_cover * 100 for i in items]),
        "coverage": np.array([np.nan if i.coverage is None else i.coverage * 100 for i in items]),
    }
    outlines = np.array([item.footprint for item in items], dtype=object)
    layer = VectorLayer("scenes", outlines, fields, workspace.layout.grid.crs)
    write_geopackage(workspace.paths.acquisitions_table, layer)
