"""A point's or polygon's values over the year."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..bands import RADAR_BANDS
from ..errors import DataError
from ..frozen import frozen
from ..indices import INDICES, bands_of
from ..parameters import FileOutput, Names, Operation, Place, TableOutput
from ..progress import Progress
from .declarations import InWorkspace

if TYPE_CHECKING:
    import numpy as np

    from ..records import Acquisition
    from ..workspace import Workspace


@frozen
class TimeSeries(InWorkspace):
    """Where, and what."""

    place: Annotated[
        str,
        Place(
            "Place",
            "A point x,y with its CRS behind it (x,y,EPSG:32633; degrees without), or a layer of points or polygons.",
        ),
    ]
    index: Annotated[
        tuple[str, ...],
        Names(
            "Bands and indices",
            f"What is followed: band names, or indices of {', '.join(INDICES)}; separated by commas. Radar bands "
            "(VV, VH) are given in decibel.",
        ),
    ] = ("NDVI",)


@frozen
class Followed:
    """The values as a table and a picture."""

    table: Annotated[
        Path,
        TableOutput("Table", "time, <name>_all, <name>_valid for each name, valid_fraction", destination=True),
    ]
    plot: Annotated[Path, FileOutput("Plot", "The values over the year.", True, extension="png")]


def run(parameters: TimeSeries, progress: Progress) -> Followed:
    """Mean over the pixels of the place, of all observations and of the valid ones, for each acquisition."""
    from .. import plots
    from ..files import write_text
    from ..workspace import Workspace

    workspace = Workspace(parameters.workspace)
    available = workspace.catalogue.bands
    for name in parameters.index:
        if not workspace.catalogue.tells(name):
            lacking = [band for band in bands_of(name) if band not in available]
            what = f"the imagery has no band {', '.join(lacking)}" if lacking else "no acquisition has all its bands"
            raise DataError(
                f"INDEX {name}: {what}. It has {', '.join(available)}; the indices are {', '.join(INDICES)}."
            )
    mask, row, column = _pixels(workspace, parameters.place)
    acquisitions = [item for item in workspace.catalogue.acquisitions if _told_by(item, parameters.index)]
    rows: list[dict[str, object]] = []
    for number, acquisition in enumerate(acquisitions, start=1):
        rows.append(_observe(workspace, acquisition, mask, row, column, parameters.index))
        progress.report(number / len(acquisitions))
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    table_file, plot_file = workspace.product("timeseries.csv"), workspace.product("timeseries.png")
    write_text(table_file, text.getvalue())
    plots.save(plots.series_over_time([item.time for item in acquisitions], rows, parameters.index), plot_file)
    return Followed(table_file, plot_file)


def _pixels(workspace: Workspace, place: str) -> tuple[np.ndarray, int, int]:
    """Which pixels belong to the place: a mask (y, x) and the row and column of its corner on the grid."""
    import numpy as np
    import shapely

    from ..area import read_places
    from ..grid import Window, reproject
    from ..rasters import burn

    layout = workspace.layout
    geometries, crs = read_places(place)
    shapes = layout.grid.to_pixels(reproject(geometries, crs, layout.grid.crs))
    xmin, ymin, xmax, ymax = shapely.total_bounds(shapes)
    window = Window.between(
        int(np.floor(ymin)), int(np.floor(xmin)), int(np.floor(ymax)) + 1, int(np.floor(xmax)) + 1
    ).intersection(layout.domain)
    if window.is_empty:
        raise DataError(f"The place {place} lies outside the area of the workspace. Is its CRS right?")
    mask = burn(shapes, np.ones(len(shapes), dtype=np.uint8), window).astype(bool) & layout.area_mask(window)
    if not mask.any():
        # A polygon smaller than a pixel holds no pixel's centre: then the pixel it lies in speaks for it.
        points = burn(shapely.centroid(shapes), np.ones(len(shapes), dtype=np.uint8), window).astype(bool)
        mask = points & layout.area_mask(window)
    if not mask.any():
        raise DataError(f"The place {place} lies outside the area of the workspace.")
    return mask, window.row, window.column


def _told_by(acquisition: Acquisition, names: tuple[str, ...]) -> list[str]:
    """The bands and indices that can be had from an acquisition."""
    return [name for name in names if set(bands_of(name)) <= set(acquisition.bands)]


def _observe(
    workspace: Workspace, acquisition: Acquisition, mask: np.ndarray, row: int, column: int, names: tuple[str, ...]
) -> dict[str, object]:
    import numpy as np

    from ..features import SeriesPlan
    from ..grid import Window
    from ..indices import compute_index

    window = Window(row, column, *mask.shape)
    told = _told_by(acquisition, names)
    indices = tuple(name for name in told if name in INDICES)
    needed = SeriesPlan(tuple(name for name in told if name not in INDICES), indices, ()).needed_bands
    clouds = workspace.read_clouds(acquisition, window)[mask]
    pixels = workspace.read_scene(acquisition, window, needed)[:, mask] / 10_000.0
    bands = {name: values * 10.0 - 50.0 if name in RADAR_BANDS else values for name, values in zip(needed, pixels)}
    seen, valid = clouds != 255, clouds == 0
    result: dict[str, object] = {"time": acquisition.time.isoformat()}
    for name in names:
        if name not in told:
            result[f"{name}_all"] = result[f"{name}_valid"] = ""
            continue
        values = compute_index(name, bands) if name in INDICES else bands[name]
        result[f"{name}_all"] = f"{np.mean(values[seen]):.6f}" if seen.any() else ""
        result[f"{name}_valid"] = f"{np.mean(values[valid]):.6f}" if valid.any() else ""
    result["valid_fraction"] = f"{valid.sum() / seen.sum():.6f}" if seen.any() else ""
    return result


OPERATION = Operation(
    name="timeseries",
    label="Time series of a place",
    group="2 Clouds and statistics",
    summary="Follows bands and indices at a point or over a polygon through the year, as a table and a plot.",
    parameters=TimeSeries,
    results=Followed,
    run=run,
    tags=("NDVI", "phenology", "plot"),
)
