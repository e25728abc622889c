"""Cutting the area of interest into patches on one pixel grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..errors import DataError, ParameterError, WorkspaceError
from ..grid.crs import Ground, is_in_metres, read_crs, utm_crs
from ..grid.patches import Patch, cut, divide
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..progress import Progress
from ..store.layout import Layout
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted, written

_HAIR = (1e-4, 1e-4, -1e-4, -1e-4)  # pixels
_MOST_PATCHES = 200_000
_USUAL_PIXELS = (10.0, 20.0, 30.0, 60.0)  # metres
_WARPED = 0.3


@dataclass(frozen=True)
class Imagery:
    """The pixel grid of imagery on this machine, and the ground of all its acquisitions together."""

    grid: PixelGrid
    extent: Ground


@dataclass(frozen=True)
class Division:
    """Division of the area: a buffer and the side of patches in metres, or the number of columns and rows ("25x17");
    the resolution in metres and the CRS of the grid (None: those of the imagery, or 10 m and a UTM zone)."""

    buffer: float
    patch_size: float
    patch_count: str | None
    resolution: float | None
    crs: str | None


def split_area(
    workspace: Workspace, area: Ground, division: Division, imagery: Imagery | None, progress: Progress
) -> Layout:
    """The grid, the area and its patches, which are written to the workspace.

    Raises ParameterError or DataError if the area cannot be cut so, WorkspaceError if the workspace has another grid.
    """
    grid = _kept_grid(workspace, _grid(area, division, imagery, progress))
    ground = area.to(grid.crs).geometry
    if division.buffer > 0:
        ground = ground.buffer(division.buffer)
    in_pixels = grid.to_pixels(np.array([ground], dtype=object))[0]
    domain = grid.window_of_centres(in_pixels.bounds)
    if domain.is_empty:
        raise DataError(
            f"The area of interest is too small: it contains the centre of no pixel of {written(grid.pixel_width)} m. "
            "Draw a larger one or set a BUFFER."
        )
    patches = _patches(domain, grid, division)
    shown = in_pixels if imagery is None else _covered(in_pixels, ground, imagery, grid, progress)
    layout = Layout(grid, in_pixels, domain, _touched(patches, shown))
    workspace.write_layout(layout)
    widest = max(patch.window.width for patch in layout.patches)
    highest = max(patch.window.height for patch in layout.patches)
    progress.info(
        f"{counted(len(layout.patches), 'patch', 'patches')} of up to {widest} × {highest} "
        f"pixels, {domain.width} × {domain.height} pixels of {written(grid.pixel_width)} m in all ({grid.crs})."
    )
    return layout


def _grid(area: Ground, division: Division, imagery: Imagery | None, progress: Progress) -> PixelGrid:
    """The imagery's own grid, so that nothing is resampled, unless RESOLUTION or CRS is given.

    A map is in metres: for imagery in degrees or another unit the UTM zone of the area is taken.
    """
    if imagery is None:
        return PixelGrid.utm(area.geometry, area.crs, division.resolution or 10.0, division.crs)
    if is_in_metres(imagery.grid.crs):
        if division.resolution is None and division.crs is None:
            return imagery.grid.recounted()
        resolution = division.resolution or imagery.grid.pixel_width
        return PixelGrid.utm(area.geometry, area.crs, resolution, division.crs or imagery.grid.crs)
    crs = division.crs or utm_crs(area.geometry, area.crs)
    grid = PixelGrid.utm(area.geometry, area.crs, division.resolution or _metres(imagery, crs), crs)
    progress.info(
        f"The pixels of the imagery are not in metres ({read_crs(imagery.grid.crs).name}). They are resampled to "
        f"{grid.pixel_width:g} m in {'the UTM zone of the area, ' if division.crs is None else ''}{grid.crs}."
    )
    return grid


def _metres(imagery: Imagery, crs: str) -> float:
    """The size of the imagery's pixels on the ground: a usual one if it is near, as warping changes pixels a little."""
    (here,) = imagery.grid.to_pixels(np.array([imagery.extent.to(imagery.grid.crs).geometry], dtype=object))
    xmin, ymin, xmax, ymax = (int(edge) for edge in here.bounds)
    width, height = imagery.grid.pixel_in(crs, Window.between(ymin, xmin, ymax, xmax))
    size = math.sqrt(width * height)
    nearest = min(_USUAL_PIXELS, key=lambda usual: abs(math.log(usual / size)))
    return nearest if math.isclose(nearest, size, rel_tol=_WARPED) else float(f"{size:.2g}")


def _kept_grid(workspace: Workspace, grid: PixelGrid) -> PixelGrid:
    """The grid that the workspace has already, or `grid`; WorkspaceError if it belongs to other settings."""
    old = workspace.grid
    if old is not None and not old.same_as(grid):
        raise WorkspaceError(
            f"The pixel grid of the workspace {workspace.folder} is {_grid_text(old)}, not {_grid_text(grid)}. Choose "
            "another WORKSPACE."
        )
    return old or grid


def _grid_text(grid: PixelGrid) -> str:
    return f"{written(grid.pixel_width)} m in {grid.crs} from the corner {grid.left:.3f}, {grid.top:.3f}"


def _patches(domain: Window, grid: PixelGrid, division: Division) -> Sequence[Patch]:
    """The rectangle of the area cut into patches of a size or into a number of them."""
    if division.patch_count is not None:
        columns, rows = _read_count(division.patch_count)
        if columns > domain.width or rows > domain.height:
            raise ParameterError(
                f"Number of patches (PATCH_COUNT): {division.patch_count} is more than the area's {domain.width} x "
                f"{domain.height} pixels."
            )
        _refuse_too_many(rows * columns, domain, grid)
        return divide(domain, rows, columns)
    sizes = (division.patch_size / grid.pixel_height, division.patch_size / grid.pixel_width)
    if min(sizes) < 0.999:
        raise ParameterError(
            f"Patch size (PATCH_SIZE): {written(division.patch_size)} m is less than a pixel of "
            f"{written(grid.pixel_width)} m."
        )
    height, width = (max(round(size), 1) for size in sizes)
    _refuse_too_many(-(-domain.height // height) * -(-domain.width // width), domain, grid)
    return cut(domain, height, width)


def _read_count(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().replace("×", "x").partition("x")
    if not (columns.strip().isdigit() and rows.strip().isdigit() and int(columns) and int(rows)):
        raise ParameterError(f"Number of patches (PATCH_COUNT): {text!r} is not columns x rows, such as 25x17.")
    return int(columns), int(rows)


def _refuse_too_many(number: int, domain: Window, grid: PixelGrid) -> None:
    """Raise DataError if there would be too many patches."""
    if number > _MOST_PATCHES:
        side = math.sqrt(domain.height * grid.pixel_height * domain.width * grid.pixel_width / _MOST_PATCHES)
        raise DataError(
            f"The area would be cut into {number:,} patches: it is {domain.width * grid.pixel_width / 1000:,.0f} km × "
            f"{domain.height * grid.pixel_height / 1000:,.0f} km. Draw a smaller area (is its CRS right?), or set "
            f"PATCH_SIZE to {math.ceil(side / 1000) * 1000:,} m or more."
        )


def _covered(
    in_pixels: BaseGeometry, ground: BaseGeometry, imagery: Imagery, grid: PixelGrid, progress: Progress
) -> BaseGeometry:
    """The part of the area that the imagery covers, in pixel coordinates; DataError if it covers none."""
    extent = imagery.extent.to(grid.crs).geometry
    covered = in_pixels.intersection(grid.to_pixels(np.array([extent], dtype=object))[0])
    if covered.area < 1e-6:
        raise DataError(
            f"The area of interest is outside the imagery. The imagery covers {_bounds_text(extent)} and the area "
            f"{_bounds_text(ground)} in {grid.crs}. Is the CRS of the area right?"
        )
    if covered.area < in_pixels.area * 0.999:
        progress.warning(f"The imagery covers {covered.area / in_pixels.area:.0%} of the area; the rest is no data.")
    return covered


def _bounds_text(geometry: BaseGeometry) -> str:
    return "{:.0f}, {:.0f} to {:.0f}, {:.0f}".format(*geometry.bounds)


def _touched(patches: Sequence[Patch], shown: BaseGeometry) -> tuple[Patch, ...]:
    """The patches that contain some of the area; those that it only touches are excluded."""
    windows = [patch.window for patch in patches]
    edges = np.array([(own.column, own.row, own.right, own.bottom) for own in windows]) + np.array(_HAIR)
    shapely.prepare(shown)
    touched = shapely.intersects(shown, shapely.box(*edges.T))
    return tuple(np.array(patches, dtype=object)[touched])
