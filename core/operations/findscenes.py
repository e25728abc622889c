"""Find the acquisitions of the period, and what it will cost to fetch them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from ..errors import DataError, ParameterError
from ..parameters import NumberOutput, Operation, VectorOutput
from ..progress import Progress
from .declarations import Period

# Deflated reflectance takes about two thirds of its raw size; a core writes about 20 MB of it a second.
_COMPRESSION = 0.65
_RAW_MB_PER_SECOND = 20.0


@dataclass(frozen=True)
class FindScenes(Period):
    """The source and the period."""


@dataclass(frozen=True)
class Found:
    """What there is, and what a download takes."""

    scenes: Annotated[Path, VectorOutput("Acquisitions", "Time, cloud cover, part of the area.", destination=True)]
    scene_number: Annotated[int, NumberOutput("Number of acquisitions")]
    requests: Annotated[int, NumberOutput("Requests to a service")]
    processing_units: Annotated[float, NumberOutput("Processing units of a service")]
    download_mb: Annotated[float, NumberOutput("Download in megabytes")]
    disk_mb: Annotated[float, NumberOutput("Space on disk in megabytes")]
    minutes: Annotated[float, NumberOutput("Minutes to fetch, about")]


def run(parameters: FindScenes, progress: Progress) -> Found:
    """Record the acquisitions that show the area in `scenes.json`, and show them as a GeoPackage."""
    import numpy as np

    from ..grid import reproject
    from ..records import Catalogue
    from ..sources import open_source
    from ..vectors import VectorLayer, write_geopackage
    from ..workspace import Workspace

    if parameters.start and parameters.end and parameters.end < parameters.start:
        raise ParameterError(f"End ({parameters.end}) lies before Start ({parameters.start}).")
    workspace = Workspace(parameters.workspace)
    layout = workspace.layout
    source = open_source(parameters.source, parameters.imagery)
    in_period = source.find(parameters.start, parameters.end)
    if not in_period:
        first, last = (f(item.time for item in source.find(None, None)).date() for f in (min, max))
        raise DataError(
            f"There is no acquisition from {parameters.start or 'the first'} to {parameters.end or 'the last'}; "
            f"the imagery reaches from {first} to {last}."
        )
    kept, outlines = [], []
    for acquisition in in_period:
        ground = reproject(np.array([source.footprint(acquisition)], dtype=object), source.grid.crs, layout.grid.crs)
        seen = layout.grid.to_pixels(ground)[0].intersection(layout.area)
        coverage = min(seen.area / layout.area.area, 1.0)
        too_cloudy = acquisition.cloud_cover is not None and acquisition.cloud_cover * 100 > parameters.max_cloud_cover
        if coverage > 0.0 and not too_cloudy:
            kept.append(replace(acquisition, coverage=round(coverage, 4)))
            outlines.append(ground[0])
    if not kept:
        raise DataError(
            f"None of the {len(in_period)} acquisitions shows the area with at most {parameters.max_cloud_cover:g} % "
            "cloud. Raise MAX_CLOUD_COVER or choose a longer period."
        )
    catalogue = Catalogue(source.kind, source.imagery, source.bands, tuple(kept), parameters.start, parameters.end)
    workspace.refuse_other_imagery(catalogue.source, catalogue.imagery)
    workspace.write_catalogue(catalogue)
    fields = {
        "time": np.array([item.time.isoformat() for item in kept], dtype=object),
        "cloud_cover": np.array([np.nan if i.cloud_cover is None else i.cloud_cover * 100 for i in kept]),
        "coverage": np.array([np.nan if i.coverage is None else i.coverage * 100 for i in kept]),
    }
    file = workspace.product("scenes.gpkg")
    write_geopackage(file, VectorLayer("scenes", np.array(outlines, dtype=object), fields, layout.grid.crs))
    pixels = sum(patch.window.height * patch.window.width for patch in layout.patches)
    raw_mb = pixels * len(source.bands) * 2 * len(kept) / 1e6
    left_out = len(in_period) - len(kept)
    progress.info(
        f"{len(kept)} acquisitions from {kept[0].time:%Y-%m-%d} to {kept[-1].time:%Y-%m-%d}"
        + (f"; {left_out} left out (too cloudy, or elsewhere)." if left_out else ".")
    )
    progress.report(1.0)
    return Found(
        scenes=file,
        scene_number=len(kept),
        requests=0,
        processing_units=0.0,
        download_mb=0.0,
        disk_mb=round(raw_mb * _COMPRESSION, 1),
        minutes=round(raw_mb / _RAW_MB_PER_SECOND / 60, 2),
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
