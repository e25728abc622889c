"""Split the area into patches on one pixel grid."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..area.estimates import estimate_year
from ..errors import DataError, ParameterError, WorkspaceError
from ..frozen import frozen
from ..parameters import Area, Crs, Number, NumberOutput, Operation, Text, VectorOutput
from ..progress import Progress
from .declarations import FromSource

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from ..grid.pixel_grid import PixelGrid
    from ..grid.windows import Window
    from ..imagery.sources import LocalSource
    from ..store.records import Layout
    from ..store.workspace import Workspace


_HAIR = (1e-4, 1e-4, -1e-4, -1e-4)  # pixels
_MOST_PATCHES = 200_000
_LARGE_KM2 = 100_000.0
_FEW_PIXELS = 100


@frozen
class SplitArea(FromSource):
    """The area and how it is cut."""

    area: Annotated[
        Optional[str],
        Area(
            "Area of interest",
            "The area to map: a vector layer of polygons in any CRS, or an extent. Left out: the whole extent of the "
            "imagery.",
        ),
    ] = None
    buffer: Annotated[
        float, Number("Buffer", "The area grows by this distance on all sides.", advanced=True, unit="m", minimum=0)
    ] = 0.0
    patch_size: Annotated[
        float,
        Number(
            "Patch size",
            "The side of the square patches that the area is cut into and that are computed side by side.",
            unit="m",
            above=0,
        ),
    ] = 5000.0
    patch_count: Annotated[
        Optional[str],
        Text(
            "Number of patches",
            "Instead of the patch size: into how many columns and rows the area's rectangle is cut, as 25x17.",
            advanced=True,
        ),
    ] = None
    resolution: Annotated[
        Optional[float],
        Number(
            "Resolution",
            "The size of a pixel of the map. Left out: that of the imagery, or 10 m.",
            advanced=True,
            unit="m",
            above=0,
        ),
    ] = None
    crs: Annotated[
        Optional[str],
        Crs(
            "CRS of the map",
            "A projected system in metres. Left out: that of the imagery, or the UTM zone of the area.",
            advanced=True,
        ),
    ] = None


@frozen
class Split:
    """What splitting gives."""

    patches: Annotated[Path, VectorOutput("Patches", "The patches with their ids.", destination=True)]
    patch_number: Annotated[int, NumberOutput("Number of patches")]
    area_km2: Annotated[float, NumberOutput("Area in square kilometres")]
    disk_mb: Annotated[
        float,
        NumberOutput(
            "Space on disk in megabytes, about",
            "For a year of Sentinel-2: 70 acquisitions, six bands and those that clouds are told by.",
        ),
    ]
    minutes: Annotated[
        float,
        NumberOutput("Minutes, about", "For all steps of such a year on two cores, a fast network taken for granted."),
    ]
    memory_mb: Annotated[
        float, NumberOutput("Memory in megabytes, about", "With two jobs; less where MEMORY is set lower.")
    ]


def run(parameters: SplitArea, progress: Progress) -> Split:
    """Write the grid, the area and the patches to the workspace."""
    import numpy as np
    import shapely

    from .. import styles
    from ..area.places import read_area
    from ..grid.crs import reproject
    from ..grid.patches import cut, divide
    from ..imagery.sources import open_local
    from ..store.records import Layout
    from ..store.workspace import Workspace

    source = open_local(parameters.source, parameters.imagery)
    if parameters.area is not None:
        area, area_crs = read_area(parameters.area)
    elif source is not None:
        area, area_crs = source.extent, source.crs
    else:
        raise ParameterError("Area of interest (AREA) is missing; or name IMAGERY, to take the whole extent of it.")
    workspace = Workspace(parameters.workspace)
    grid = _kept_grid(workspace, source, _grid(parameters, source, area, area_crs))
    area = reproject(np.array([area], dtype=object), area_crs, grid.crs)[0]
    if parameters.buffer > 0:
        area = area.buffer(parameters.buffer)
    in_pixels = grid.to_pixels(np.array([area], dtype=object))[0]
    domain = grid.window_of_centres(in_pixels.bounds)
    if domain.is_empty:
        raise DataError(
            f"The area of interest is too small: it holds the centre of no pixel of {grid.pixel_width:g} m. "
            "Draw a larger one or set a BUFFER."
        )
    if parameters.patch_count is None:
        sizes = (parameters.patch_size / grid.pixel_height, parameters.patch_size / grid.pixel_width)
        if min(sizes) < 0.999:
            raise ParameterError(
                f"Patch size (PATCH_SIZE): {parameters.patch_size:g} m is less than a pixel of {grid.pixel_width:g} m."
            )
        height, width = max(round(sizes[0]), 1), max(round(sizes[1]), 1)
        _refuse_too_many(-(-domain.height // height) * -(-domain.width // width), domain, grid)
        patches = cut(domain, height, width)
    else:
        columns, rows = _patch_count(parameters.patch_count)
        if columns > domain.width or rows > domain.height:
            raise ParameterError(
                f"Number of patches (PATCH_COUNT): {parameters.patch_count} is more than the area's {domain.width} x "
                f"{domain.height} pixels."
            )
        _refuse_too_many(rows * columns, domain, grid)
        patches = divide(domain, rows, columns)
    wanted = in_pixels
    if source is not None:
        ground = reproject(np.array([source.extent], dtype=object), source.crs, grid.crs)
        wanted = in_pixels.intersection(grid.to_pixels(ground)[0])
        if wanted.area < 1e-6:
            raise DataError(
                f"The area of interest lies outside the imagery. The imagery covers {_told(ground[0].bounds)} and the "
                f"area {_told(area.bounds)} in {grid.crs}. Is the CRS of the area right?"
            )
        if wanted.area < in_pixels.area * 0.999:
            progress.warning(f"The imagery covers {wanted.area / in_pixels.area:.0%} of the area; the rest is no data.")
    # Smaller by a hair, so that a patch that the area only touches is none of it.
    windows = [patch.window for patch in patches]
    edges = np.array([(own.column, own.row, own.right, own.bottom) for own in windows]) + np.array(_HAIR)
    shapely.prepare(wanted)
    touched = shapely.intersects(wanted, shapely.box(*edges.T))
    layout = Layout(grid, in_pixels, domain, tuple(np.array(patches, dtype=object)[touched]))

    workspace.write_layout(layout)
    styles.write_style(workspace.patches_file, styles.outline_style(styles.PATCH_COLOUR, "id"))
    progress.info(
        f"{len(layout.patches)} {'patch' if len(layout.patches) == 1 else 'patches'} of up to "
        f"{max(patch.window.width for patch in layout.patches)} × "
        f"{max(patch.window.height for patch in layout.patches)} pixels, "
        f"{domain.width} × {domain.height} pixels of {grid.pixel_width:g} m in all ({grid.crs})."
    )
    progress.report(1.0)
    return _estimated(layout, workspace.patches_file, progress)


def _refuse_too_many(number: int, domain: Window, grid: PixelGrid) -> None:
    """DataError where there would be more patches than anybody wants, before they are made."""
    if number > _MOST_PATCHES:
        side = math.sqrt(domain.height * grid.pixel_height * domain.width * grid.pixel_width / _MOST_PATCHES)
        raise DataError(
            f"The area would be cut into {number:,} patches: it is {domain.width * grid.pixel_width / 1000:,.0f} km × "
            f"{domain.height * grid.pixel_height / 1000:,.0f} km. Draw a smaller area (is its CRS right?), or set "
            f"PATCH_SIZE to {math.ceil(side / 1000) * 1000:,} m or more."
        )


def _estimated(layout: Layout, file: Path, progress: Progress) -> Split:
    """The results with what a year would take; said too where it is much."""
    grid = layout.grid
    area_km2 = layout.area.area * grid.pixel_width * grid.pixel_height / 1e6
    pixels = sum(patch.window.height * patch.window.width for patch in layout.patches)
    largest = max(patch.window.height * patch.window.width for patch in layout.patches)
    year = estimate_year(pixels, largest)
    if area_km2 > _LARGE_KM2:
        progress.warning(
            f"The area is {area_km2:,.0f} km²: a year of Sentinel-2 takes about {year.disk_mb / 1e6:,.1f} TB and "
            f"{year.minutes / 1440:,.0f} days on two cores. Is that meant? Draw a smaller area if not."
        )
    elif pixels < _FEW_PIXELS:
        progress.warning(
            f"The area holds only {pixels} pixel(s) of {grid.pixel_width:g} m. Is its CRS right? Draw a larger one if "
            "that is not meant."
        )
    return Split(file, len(layout.patches), round(area_km2, 6), year.disk_mb, year.minutes, year.memory_mb)


def _kept_grid(workspace: Workspace, source: Optional[LocalSource], grid: PixelGrid) -> PixelGrid:
    """The grid that the workspace has already, or `grid`; WorkspaceError where it belongs to other settings."""
    if source is not None:
        workspace.refuse_other_imagery(source.kind, source.imagery)
    old = workspace.grid
    if old is not None and not old.same_as(grid):
        raise WorkspaceError(
            f"The workspace {workspace.folder} belongs to other settings: its pixel grid is {_grid_told(old)}, now "
            f"{_grid_told(grid)} is asked for. Choose another WORKSPACE."
        )
    return old or grid


def _grid_told(grid: PixelGrid) -> str:
    return f"{grid.pixel_width:g} m in {grid.crs} from the corner {grid.left:.3f}, {grid.top:.3f}"


def _grid(parameters: SplitArea, source: Optional[LocalSource], area: BaseGeometry, area_crs: str) -> PixelGrid:
    """The imagery's own grid, so that nothing is resampled, unless RESOLUTION or CRS asks for another."""
    from ..grid.pixel_grid import PixelGrid

    if source is not None and parameters.resolution is None and parameters.crs is None:
        return source.grid.recounted()
    if source is None:
        return PixelGrid.utm(area, area_crs, parameters.resolution or 10.0, parameters.crs)
    resolution = parameters.resolution or source.grid.pixel_width
    return PixelGrid.utm(area, area_crs, resolution, parameters.crs or source.grid.crs)


def _patch_count(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().replace("×", "x").partition("x")
    if not (columns.strip().isdigit() and rows.strip().isdigit() and int(columns) and int(rows)):
        raise ParameterError(f"Number of patches (PATCH_COUNT): {text!r} is not columns x rows, such as 25x17.")
    return int(columns), int(rows)


def _told(bounds: tuple[float, float, float, float]) -> str:
    return "{:.0f}, {:.0f} to {:.0f}, {:.0f}".format(*bounds)


OPERATION = Operation(
    name="splitarea",
    label="Split area into patches",
    group="1 Area and imagery",
    summary="Cuts the area of interest into patches on one pixel grid. Patches keep their ids when the area grows.",
    parameters=SplitArea,
    results=Split,
    run=run,
    tags=("grid", "tile", "patch", "AOI"),
)
