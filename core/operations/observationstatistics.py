"""What was seen, and how cloudy."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..frozen import frozen
from ..parameters import FileOutput, Operation, RasterOutput, TableOutput
from ..progress import Progress
from .declarations import Heavy

if TYPE_CHECKING:
    from ..grid.patches import Patch
    from ..store.records import Acquisition
    from ..store.workspace import Workspace

_TABLE_TAG = "DATE_STATISTICS"
LAYERS = ("valid_count", "mean_cloud_probability", "mean_ndvi")


@frozen
class ObservationStatistics(Heavy):
    """The workspace alone."""


@frozen
class Observed:
    """Rasters over the area, and a table over the year."""

    valid_count: Annotated[Path, RasterOutput("Valid observations", "How often each pixel was seen.", destination=True)]
    mean_cloud_probability: Annotated[Path, RasterOutput("Mean cloud probability", "Percent.", destination=True)]
    mean_ndvi: Annotated[Path, RasterOutput("Mean NDVI", "Of the valid observations.", destination=True)]
    ndvi_table: Annotated[
        Path, TableOutput("NDVI table", "time, ndvi_all, ndvi_valid, valid_fraction", destination=True)
    ]
    plot: Annotated[Path, FileOutput("NDVI plot", "Mean NDVI of the area over the year.", True, extension="png")]


def run(parameters: ObservationStatistics, progress: Progress) -> Observed:
    """Write the statistics of every patch, then the rasters and the table of the whole area."""
    from .. import plots
    from ..clouds.statistics import DateStatistics
    from ..execution import Resources, run_all
    from ..store import rasters
    from ..store.files import write_text
    from ..store.workspace import Workspace
    from .mosaicmap import write_layer

    workspace = Workspace(parameters.workspace)
    names = {patch.id: _fingerprint(workspace, patch) for patch in workspace.layout.patches}
    file_of = partial(workspace.patch_raster, "statistics")
    missing = [p for p in workspace.layout.patches if rasters.fingerprint_of(file_of(p)) != names[p.id]]
    run_all(
        partial(_observe, workspace),
        missing,
        lambda patch: f"Statistics of patch {patch.id}",
        Resources(parameters.memory, parameters.jobs, parameters.backend),
        progress.part(0.0, 0.9),
        patch_of=lambda patch: patch,
    )
    workspace.write_record("observationstatistics", {"fingerprints": names})
    acquisitions = workspace.catalogue.optical
    sums = [DateStatistics() for _ in acquisitions]
    for patch in workspace.layout.patches:
        for total, own in zip(sums, json.loads(rasters.read_tags(file_of(patch))[_TABLE_TAG])):
            for field, value in own.items():
                setattr(total, field, getattr(total, field) + value)
    times = [item.time for item in acquisitions]
    rows = [total.row() if _has_ndvi(item) else (None, None, total.row()[2]) for item, total in zip(acquisitions, sums)]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["time", "ndvi_all", "ndvi_valid", "valid_fraction"])
    for time, row in zip(times, rows):
        table.writerow([time.isoformat(), *("" if value is None else f"{value:.6f}" for value in row)])
    table_file = workspace.product("ndvi.csv")
    write_text(table_file, text.getvalue())
    plot_file = workspace.product("ndvi.png")
    plots.save(plots.ndvi_over_time(times, rows), plot_file)
    files = {
        layer: write_layer(workspace, layer, progress.part(0.9 + number / 30, 0.9 + (number + 1) / 30))
        for number, layer in enumerate(LAYERS)
    }
    return Observed(**files, ndvi_table=table_file, plot=plot_file)


def _fingerprint(workspace: Workspace, patch: Patch) -> str:
    from ..store.records import fingerprint

    return fingerprint("statistics", workspace.clouds_fingerprint(patch))


def _has_ndvi(acquisition: Acquisition) -> bool:
    return {"B04", "B08"} <= set(acquisition.bands)


def _observe(workspace: Workspace, patch: Patch) -> None:
    """Write the statistics of one patch: acquisitions one after the other, so memory does not grow with the year."""
    import numpy as np

    from ..clouds.statistics import DateStatistics, PixelStatistics, ndvi_of
    from ..store.rasters import FINGERPRINT_TAG, write_raster

    pixels = PixelStatistics(patch.window.shape)
    dates = []
    for acquisition in workspace.catalogue.optical:
        probability, mask = workspace.read_cloud(patch, acquisition)
        ndvi = None
        if _has_ndvi(acquisition):
            red, near_infrared = workspace.read_scene(acquisition, patch.window, ["B04", "B08"])
            ndvi = ndvi_of(red, near_infrared)
        pixels.add(probability, mask, ndvi)
        date = DateStatistics()
        date.add(mask, ndvi)
        dates.append(asdict(date))
    write_raster(
        workspace.patch_raster("statistics", patch),
        pixels.layers(),
        workspace.layout.grid,
        patch.window,
        nodata=np.nan,
        names=LAYERS,
        tags={FINGERPRINT_TAG: _fingerprint(workspace, patch), _TABLE_TAG: json.dumps(dates)},
    )


OPERATION = Operation(
    name="observationstatistics",
    label="Observation statistics",
    group="2 Clouds and statistics",
    summary="Counts the valid observations of every pixel, averages cloud probability and NDVI, and follows the NDVI "
    "of the area over the year, with clouds and without.",
    parameters=ObservationStatistics,
    results=Observed,
    run=run,
    tags=("NDVI", "valid observations", "cloud"),
)
