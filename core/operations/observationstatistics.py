"""Statistics of the observations: how often each pixel was observed, and how cloudy."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import FileOutput, Operation, RasterOutput, TableOutput
from ..progress import Progress
from .declarations.workspace import ResourceParameters

LAYERS = ("valid_count", "mean_cloud_probability", "mean_ndvi")


@frozen
class ObservationStatistics(ResourceParameters):
    """Parameters of observationstatistics."""


@frozen
class Statistics:
    """Results of observationstatistics: rasters of the area, and a table of the year."""

    valid_count: Annotated[
        Path, RasterOutput("Valid observations", "Number of valid observations of each pixel.", destination=True)
    ]
    mean_cloud_probability: Annotated[Path, RasterOutput("Mean cloud probability", "In percent.", destination=True)]
    mean_ndvi: Annotated[Path, RasterOutput("Mean NDVI", "Of the valid observations.", destination=True)]
    ndvi_table: Annotated[
        Path, TableOutput("NDVI table", "time, ndvi_all, ndvi_valid, valid_fraction", destination=True)
    ]
    plot: Annotated[Path, FileOutput("NDVI plot", "Mean NDVI of the area over the year.", True, extension="png")]


def run(parameters: ObservationStatistics, progress: Progress) -> Statistics:
    """Write the statistics of every patch, then the rasters, the table and the plot of the whole area."""
    from ..clouds.observed import ndvi_table, refresh_statistics, statistics_by_date
    from ..mapping.area_rasters import write_layer
    from ..store.files import has_text, write_text
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    refresh_statistics(workspace, parameters.resources, progress.part(0.0, 0.9))
    rows = statistics_by_date(workspace)
    table, plot = workspace.paths.table("ndvi"), workspace.paths.picture("ndvi")
    text = ndvi_table(rows)
    if not (plot.exists() and has_text(table, text)):
        from .. import plots  # Matplotlib takes long to import

        plots.save(plots.ndvi_over_time([item.time for item, _ in rows], [row for _, row in rows]), plot)
        write_text(table, text)  # written last: if it is current, so is the plot
    files = {
        layer: write_layer(workspace, layer, progress.part(0.9 + number / 30, 0.9 + (number + 1) / 30))
        for number, layer in enumerate(LAYERS)
    }
    return Statistics(**files, ndvi_table=table, plot=plot)


OPERATION = Operation(
    name="observationstatistics",
    label="Observation statistics",
    group="2 Clouds and statistics",
    summary="Counts the valid observations of every pixel, averages cloud probability and NDVI, and plots the NDVI of "
    "the area over the year, with and without clouds.",
    parameters=ObservationStatistics,
    results=Statistics,
    run=run,
    tags=("NDVI", "valid observations", "cloud"),
)
