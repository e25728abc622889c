"""Find the acquisitions of the period, and what it will cost to fetch them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..area.estimates import COMPRESSION, RAW_MB_PER_SECOND, SECONDS_PER_REQUEST
from ..errors import DataError, ParameterError
from ..frozen import frozen
from ..parameters import NumberOutput, Operation, VectorOutput
from ..progress import Progress
from ..vocabulary.bands import choose_bands, cloud_detection
from .declarations import CloudDetection, Learnt, Period, Spending

if TYPE_CHECKING:
    from ..grid.pixel_grid import PixelGrid
    from ..imagery.sources import Source, Traits
    from ..store.records import Acquisition, Layout
    from ..store.workspace import Workspace


@frozen
class FindScenes(Spending, Period, Learnt, CloudDetection):
    """The source and the period, what is to be fetched, and what it may cost."""

    def faults(self) -> list[str]:
        """Files on this machine lie in a folder."""
        folder = f"Imagery folder (IMAGERY) is missing: the source {self.source} needs it."
        return [*super().faults(), *([folder] if self.source in ("folder", "safe") and not self.imagery else [])]


@frozen
class Found:
    """What there is, and what a download takes."""

    scenes: Annotated[Path, VectorOutput("Acquisitions", "Time, cloud cover, part of the area.", destination=True)]
    scene_number: Annotated[int, NumberOutput("Number of acquisitions")]
    requests: Annotated[int, NumberOutput("Requests to a service")] = 0
    processing_units: Annotated[float, NumberOutput("Processing units of a service")] = 0.0
    download_mb: Annotated[float, NumberOutput("Download in megabytes")] = 0.0
    disk_mb: Annotated[float, NumberOutput("Space on disk in megabytes")] = 0.0
    minutes: Annotated[float, NumberOutput("Minutes to fetch, about")] = 0.0


def run(parameters: FindScenes, progress: Progress) -> Found:
    """Record the acquisitions that show the area in `scenes.json`, and show them as a GeoPackage."""
    import numpy as np

    from ..imagery.sources import open_source
    from ..store.records import Catalogue
    from ..store.vectors import VectorLayer, write_geopackage
    from ..store.workspace import Workspace

    if parameters.start and parameters.end and parameters.end < parameters.start:
        raise ParameterError(f"End ({parameters.end}) lies before Start ({parameters.start}).")
    workspace = Workspace(parameters.workspace)
    layout = workspace.layout
    source = open_source(parameters.source, parameters.imagery, parameters.service)
    workspace.refuse_other_imagery(source.kind, source.imagery)
    found = _without_skipped(_find(source, parameters, layout), parameters.skip_scenes, progress)
    shown = [_placed(item, source.crs, layout) for item in found]
    limit = parameters.max_cloud_cover
    kept = [item for item in shown if item.coverage and (item.cloud_cover is None or item.cloud_cover * 100 <= limit)]
    if not kept:
        raise DataError(
            f"None of the {len(found)} acquisitions shows the area with at most {limit:g} % cloud. Raise "
            "MAX_CLOUD_COVER or choose a longer period."
        )
    factor = cell_factor(parameters.cloud_resolution, layout.grid)
    chosen = [_with_chosen_bands(item, parameters, source.traits, factor) for item in kept]
    catalogue = Catalogue(
        source.kind,
        source.imagery,
        tuple(chosen),
        parameters.start,
        parameters.end,
        factor if any(item.cells for item in chosen) else 0,
    )
    workspace.write_catalogue(catalogue)
    fields = {
        "time": np.array([item.time.isoformat() for item in kept], dtype=object),
        "cloud_cover": np.array([np.nan if i.cloud_cover is None else i.cloud_cover * 100 for i in kept]),
        "coverage": np.array([np.nan if i.coverage is None else i.coverage * 100 for i in kept]),
    }
    file = workspace.product("scenes.gpkg")
    outlines = np.array([item.footprint for item in kept], dtype=object)
    write_geopackage(file, VectorLayer("scenes", outlines, fields, layout.grid.crs))
    left_out = len(found) - len(kept)
    progress.info(
        f"{len(kept)} acquisitions from {kept[0].time:%Y-%m-%d} to {kept[-1].time:%Y-%m-%d}"
        + (f"; {left_out} left out (too cloudy, or elsewhere)." if left_out else ".")
    )
    outcome = _with_costs(Found(file, len(kept)), workspace, source, parameters, progress)
    progress.report(1.0)
    return outcome


def cell_factor(cloud_resolution: float, grid: PixelGrid) -> int:
    """How many pixels make the side of a cell that s2cloudless looks at."""
    return max(round(cloud_resolution / grid.pixel_width), 1)


def _find(source: Source, parameters: FindScenes, layout: Layout) -> list[Acquisition]:
    """The acquisitions of the period over the rectangle of the area; DataError where there is none."""
    import numpy as np
    import shapely

    from ..grid.crs import reproject

    rectangle = shapely.box(*layout.grid.bounds(layout.domain))
    area = reproject(np.array([rectangle], dtype=object), layout.grid.crs, source.crs)[0]
    found = source.find(parameters.start, parameters.end, area)
    if found:
        return found
    when = f"from {parameters.start or 'the first'} to {parameters.end or 'the last'}"
    if source.grid is None:
        raise DataError(f"There is no acquisition of the area {when}. Choose a longer period or another COLLECTION.")
    ever = [item.time.date() for item in source.find(None, None, area)]
    reach = f"the imagery reaches from {min(ever)} to {max(ever)}" if ever else "there is none at any other time either"
    raise DataError(f"There is no acquisition of the area {when}; {reach}.")


def _without_skipped(found: list[Acquisition], skipped: tuple[str, ...], progress: Progress) -> list[Acquisition]:
    """The acquisitions that the person wants; DataError where none is left."""
    names = {item.name for item in found}
    unknown = [name for name in skipped if name not in names]
    if unknown:
        progress.warning(
            f"Scenes left out (SKIP_SCENES): there is no acquisition at {', '.join(unknown)} in this period. Times are "
            "written as 20190731T100031."
        )
    wanted = [item for item in found if item.name not in skipped]
    if not wanted:
        raise DataError(f"All {len(found)} acquisitions are left out (SKIP_SCENES). Leave out fewer.")
    if len(wanted) < len(found):
        progress.info(f"{len(found) - len(wanted)} of {len(found)} acquisitions are left out as asked (SKIP_SCENES).")
    return wanted


def _placed(item: Acquisition, crs: str, layout: Layout) -> Acquisition:
    """The acquisition with its footprint in the CRS of the grid, and the part of the area that it covers."""
    import numpy as np

    from ..grid.crs import reproject

    ground = reproject(np.array([item.footprint], dtype=object), crs, layout.grid.crs)
    seen = layout.grid.to_pixels(ground)[0].intersection(layout.area)
    return replace(item, footprint=ground[0], coverage=round(min(seen.area / layout.area.area, 1.0), 4))


def _with_chosen_bands(item: Acquisition, parameters: FindScenes, traits: Traits, factor: int) -> Acquisition:
    """The acquisition with the bands that are to be fetched: all where they cost nothing."""
    if not traits.selects:
        return item
    detection = cloud_detection(parameters.method, item.bands)
    chosen = choose_bands(item.bands, parameters.learnt_bands, detection, factor=factor, gives_cells=traits.cells)
    return replace(item, bands=chosen.scene, cells=chosen.cells)


def _with_costs(
    found: Found, workspace: Workspace, source: Source, parameters: FindScenes, progress: Progress
) -> Found:
    """With what fetching what is not there yet takes, told to the person as well where a service wants to be paid."""
    from ..imagery.downloads import plan_downloads
    from ..imagery.sources import is_paid
    from ..imagery.sources.services import FREE

    missing = [download for download in plan_downloads(workspace) if not download.is_there]
    raw_mb = sum(len(d.bands) * d.window.height * d.window.width for d in missing) * 2 / 1e6
    minutes = raw_mb / RAW_MB_PER_SECOND / 60
    price = FREE
    if is_paid(source):
        shown = [download for download in missing if download.shows_patch]
        price = sum((source.price(d.acquisition, d.bands, d.window) for d in shown), FREE)
        seconds = price.requests * SECONDS_PER_REQUEST / parameters.connections
        minutes += max(seconds, price.requests / (parameters.rate or math.inf) * 60) / 60
        progress.info(
            f"To fetch: {price.requests} requests, {price.units:,.1f} processing units, "
            f"{price.download_bytes / 1e6:,.0f} MB, about {math.ceil(minutes)} min."
        )
        _compare(price.units, source.quota(), parameters.budget, progress)
    return replace(
        found,
        requests=price.requests,
        processing_units=round(price.units, 3),
        download_mb=round(price.download_bytes / 1e6, 2),
        disk_mb=round(raw_mb * COMPRESSION, 1),
        minutes=round(minutes, 2),
    )


def _compare(units: float, left: float | None, budget: float | None, progress: Progress) -> None:
    if left is not None:
        tell = progress.warning if units > left else progress.info
        tell(f"The account has {left:,.0f} processing units left.")
    if budget is not None and units > budget:
        progress.warning(
            f"That is more than BUDGET ({budget:,.0f}): the run will stop before, and can go on next month."
        )


OPERATION = Operation(
    name="findscenes",
    label="Find scenes",
    group="1 Area and imagery",
    summary="Lists the acquisitions of the period that show the area, and tells what fetching them will take.",
    parameters=FindScenes,
    results=Found,
    run=run,
    tags=("Sentinel-2", "catalogue", "acquisitions"),
)
