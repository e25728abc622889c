"""Time series of bands and indices at a point or polygon."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..errors import DataError
from ..frozen import frozen
from ..parameters import FileOutput, Names, Operation, Place, TableOutput, TextOutput
from ..progress import Progress
from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.indices import INDICES, bands_of
from .declarations.workspace import WorkspaceParameters

if TYPE_CHECKING:
    import numpy as np

    from ..grid.windows import Window
    from ..store.acquisitions import Acquisition
    from ..store.workspace import Workspace
    from ..vocabulary.classes import LandCoverClass


@frozen
class TimeSeries(WorkspaceParameters):
    """Parameters of timeseries: the place, and the bands and indices."""

    place: Annotated[
        str,
        Place(
            "Place",
            "A point as x,y,EPSG:32633 (in degrees without the CRS), or a layer of points or polygons.",
        ),
    ]
    index: Annotated[
        tuple[str, ...],
        Names(
            "Bands and indices",
            f"Band names, or indices ({', '.join(INDICES)}), separated by commas. Radar bands (VV, VH) are in decibel.",
        ),
    ] = ("NDVI",)
    classes: Annotated[
        tuple[str, ...],
        Names(
            "Classes",
            "Classes to compare the place with, by name or id, separated by commas. Default: the class of the map.",
            advanced=True,
        ),
    ] = ()


@frozen
class TimeSeriesOfPlace:
    """Results of timeseries: the values as tables and a plot, and the class of the map at the place."""

    table: Annotated[
        Path,
        TableOutput("Table", "time, <name>_all, <name>_valid for each name, valid_fraction", destination=True),
    ]
    plot: Annotated[Path, FileOutput("Plot", "The values over the year.", True, extension="png")]
    class_table: Annotated[
        Path,
        TableOutput(
            "Means of the classes",
            "class, class_name, class_colour, time, and <name>, <name>_spread for each name: mean and standard "
            "deviation over the samples of the class on the regular dates. Header only if there is no map or sample.",
            destination=True,
        ),
    ]
    class_name: Annotated[
        str, TextOutput("Class in the map", "Within a polygon the most frequent; empty without a map.")
    ]
    class_colour: Annotated[str, TextOutput("Colour of the class", "As #rrggbb; empty without a class.")]
    probabilities: Annotated[
        str,
        TextOutput(
            "Probabilities",
            "JSON: a list of id, name, colour and probability (0 to 1) of each class, by the model of the map before "
            "smoothing, the most probable first; empty without a map, and for a large place.",
        ),
    ]


def run(parameters: TimeSeries, progress: Progress) -> TimeSeriesOfPlace:
    """Mean over the pixels of the place, of all observations and of the valid ones, for each acquisition."""
    import rasterio

    from .. import plots
    from ..mapping.places import probabilities_at
    from ..store.files import write_table
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    _refuse_unknown(workspace, parameters.index)
    mask, window = _pixels(workspace, parameters.place, progress)
    acquisitions = [item for item in workspace.catalogue.acquisitions if _available_from(item, parameters.index)]
    rows: list[dict[str, object]] = []
    with rasterio.Env():  # once, not for each of the many files
        for number, acquisition in enumerate(acquisitions, start=1):
            rows.append(_observe(workspace, acquisition, mask, window, parameters.index))
            progress.report(number / len(acquisitions))
    names = [f"{name}_{kind}" for name in parameters.index for kind in ("all", "valid")]
    table_file = write_table(workspace.paths.table("timeseries"), ["time", *names, "valid_fraction"], rows)
    plot_file = workspace.paths.picture("timeseries")
    plots.save(plots.series_over_time([item.time for item in acquisitions], rows, parameters.index), plot_file)
    entry = _class_at(workspace, mask, window)
    header = ["class", "class_name", "class_colour", "time"]
    header += [f"{name}{kind}" for name in parameters.index for kind in ("", "_spread")]
    wanted = _compared(workspace, parameters.classes) or ([entry] if entry else [])
    curves = [row for each in wanted for row in _class_rows(workspace, each, parameters.index)]
    class_file = write_table(workspace.paths.table("timeseries_class"), header, curves)
    name, colour = (entry.name, entry.colour) if entry else ("", "")
    found = [{**asdict(own), "probability": round(p, 4)} for own, p in probabilities_at(workspace, mask, window)]
    as_json = json.dumps(found, ensure_ascii=False)
    return TimeSeriesOfPlace(table_file, plot_file, class_file, name, colour, as_json)


def _refuse_unknown(workspace: Workspace, names: tuple[str, ...]) -> None:
    """Raise DataError for a band or index that no acquisition has."""
    available = workspace.catalogue.bands
    for name in names:
        if not workspace.catalogue.has(name):
            missing = [band for band in bands_of(name) if band not in available]
            what = f"the imagery has no band {', '.join(missing)}" if missing else "no acquisition has all its bands"
            raise DataError(
                f"INDEX {name}: {what}. It has {', '.join(available)}; the indices are {', '.join(INDICES)}."
            )


def _class_at(workspace: Workspace, mask: np.ndarray, window: Window) -> Optional[LandCoverClass]:
    """The most frequent class of the map at the place; None if there is no map, or only no data."""
    import numpy as np

    from ..mapping.mosaic import read_classes

    file = workspace.paths.layer("map")
    if not file.exists():
        return None
    ids, scheme = read_classes(file, workspace.layout.grid, window)
    counts = np.bincount(ids[mask & (ids > 0)], minlength=1)
    return next((entry for entry in scheme.classes if entry.id == counts.argmax()), None)


def _compared(workspace: Workspace, words: tuple[str, ...]) -> list[LandCoverClass]:
    """The classes of the samples that are asked for; DataError for one that they do not have."""
    from ..learning.records import SampleRecord

    if not words:
        return []
    scheme = workspace.read(SampleRecord).classes
    ids, unknown = scheme.find(words)
    if unknown:
        names = ", ".join(entry.name for entry in scheme.classes)
        raise DataError(f"CLASSES: the samples have no class {', '.join(unknown)}. They have {names}.")
    return list(scheme.only(ids).classes)


def _class_rows(workspace: Workspace, entry: LandCoverClass, names: tuple[str, ...]) -> list[dict[str, object]]:
    """Mean and standard deviation of the samples of a class, one row for each regular date."""
    from ..learning.class_curves import class_curve, class_spread
    from ..learning.records import SampleRecord

    record = workspace.find(SampleRecord)
    means = record.means.get(entry.id) if record else None
    if record is None or means is None:
        return []
    own = {"class": entry.id, "class_name": entry.name, "class_colour": entry.colour}
    curves = {name: class_curve(record.plan, means, name) for name in names}
    spreads = record.spreads.get(entry.id, ())
    curves |= {f"{name}_spread": class_spread(record.plan, spreads, name) for name in names}
    rows: list[dict[str, object]] = []
    for number, day in enumerate(record.plan.dates):
        values = {name: "" if curve is None else f"{curve[number]:.6f}" for name, curve in curves.items()}
        rows.append({**own, "time": f"{day.isoformat()}T12:00:00+00:00", **values})
    return rows


def _pixels(workspace: Workspace, place: str, progress: Progress) -> tuple[np.ndarray, Window]:
    """The pixels of the place: a mask (y, x) and its window of the grid."""
    import numpy as np
    import shapely

    from ..area.places import read_places
    from ..grid.crs import reproject
    from ..grid.windows import Window
    from ..store.rasters import burn

    layout = workspace.layout
    geometries, crs = read_places(place, progress)
    shapes = layout.grid.to_pixels(reproject(geometries, crs, layout.grid.crs))
    xmin, ymin, xmax, ymax = shapely.total_bounds(shapes)
    window = Window.between(
        int(np.floor(ymin)), int(np.floor(xmin)), int(np.floor(ymax)) + 1, int(np.floor(xmax)) + 1
    ).intersection(layout.domain)
    if window.is_empty:
        raise DataError(f"The place {place} is outside the area of the workspace. Is its CRS right?")
    mask = burn(shapes, np.ones(len(shapes), dtype=np.uint8), window).astype(bool) & layout.area_mask(window)
    if not mask.any():
        # A polygon smaller than a pixel may contain no pixel centre: then the pixel that it is in is used.
        points = burn(shapely.centroid(shapes), np.ones(len(shapes), dtype=np.uint8), window).astype(bool)
        mask = points & layout.area_mask(window)
    if not mask.any():
        raise DataError(f"The place {place} is outside the area of the workspace.")
    return mask, window


def _available_from(acquisition: Acquisition, names: tuple[str, ...]) -> list[str]:
    """The bands and indices that an acquisition has."""
    return [name for name in names if set(bands_of(name)) <= set(acquisition.bands)]


def _observe(
    workspace: Workspace, acquisition: Acquisition, mask: np.ndarray, window: Window, names: tuple[str, ...]
) -> dict[str, object]:
    """One row of the table."""
    import numpy as np

    from ..store.reading import read_cloud_mask
    from ..vocabulary.indices import compute_index

    clouds = read_cloud_mask(workspace, acquisition, window)[mask]
    seen, valid = clouds != 255, clouds == 0
    available = _available_from(acquisition, names) if seen.any() else []
    bands = _read_bands(workspace, acquisition, mask, window, available) if available else {}
    result: dict[str, object] = {"time": acquisition.time.isoformat()}
    for name in names:
        if name not in available:
            result[f"{name}_all"] = result[f"{name}_valid"] = ""
            continue
        values = compute_index(name, bands) if name in INDICES else bands[name]
        result[f"{name}_all"] = f"{np.mean(values[seen]):.6f}"
        result[f"{name}_valid"] = f"{np.mean(values[valid]):.6f}" if valid.any() else ""
    result["valid_fraction"] = f"{valid.sum() / seen.sum():.6f}" if seen.any() else ""
    return result


def _read_bands(
    workspace: Workspace, acquisition: Acquisition, mask: np.ndarray, window: Window, names: list[str]
) -> dict[str, np.ndarray]:
    """The bands of the names, which are bands or indices, each (pixel,) as reflectance or decibel."""
    from ..store.reading import read_scene

    needed = list(dict.fromkeys(band for name in names for band in bands_of(name)))
    pixels = read_scene(workspace, acquisition, window, needed)[:, mask] / 10_000.0
    return {name: values * 10.0 - 50.0 if name in RADAR_BANDS else values for name, values in zip(needed, pixels)}


OPERATION = Operation(
    name="timeseries",
    label="Time series of a place",
    group="2 Clouds and statistics",
    summary="Extracts bands and indices at a point or polygon over the year, as a table and a plot.",
    parameters=TimeSeries,
    results=TimeSeriesOfPlace,
    run=run,
    tags=("NDVI", "phenology", "plot"),
    in_worker=True,
)
