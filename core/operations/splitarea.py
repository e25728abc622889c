"""Split the area into patches on one pixel grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..imagery.sources import SOURCES
from ..parameters import Area, Crs, Number, NumberOutput, Operation, Text, VectorOutput
from ..progress import Progress
from ..vocabulary.plurals import counted, written
from .declarations.sources import SourceParameters

if TYPE_CHECKING:
    from ..store.layout import Layout

_LARGE_KM2 = 100_000.0
_FEW_PIXELS = 100


@frozen
class SplitArea(SourceParameters):
    """Parameters of splitarea: the area, the patches and the pixel grid."""

    order = 20

    area: Annotated[
        Optional[str],
        Area(
            "Area of interest",
            "Area to map: a vector layer of polygons in any CRS, or an extent. Default: the extent of the imagery.",
        ),
    ] = None
    buffer: Annotated[
        float,
        Number("Buffer", "The area is enlarged by this distance on all sides.", advanced=True, unit="m", minimum=0),
    ] = 0.0
    patch_size: Annotated[
        float,
        Number(
            "Patch size",
            "Side of the square patches that the area is cut into and that are computed in parallel.",
            unit="m",
            above=0,
        ),
    ] = 5000.0
    patch_count: Annotated[
        Optional[str],
        Text(
            "Number of patches",
            "Instead of the patch size: number of columns and rows of patches, such as 25x17.",
            advanced=True,
        ),
    ] = None
    resolution: Annotated[
        Optional[float],
        Number(
            "Resolution",
            "Pixel size of the map. Default: that of the imagery, or 10 m.",
            advanced=True,
            unit="m",
            above=0,
        ),
    ] = None
    crs: Annotated[
        Optional[str],
        Crs(
            "CRS of the map",
            "A projected CRS in metres. Default: that of the imagery, or the UTM zone of the area.",
            advanced=True,
        ),
    ] = None

    def faults(self) -> list[str]:
        """Services need an area; files on this machine have an extent of their own."""
        record = SOURCES[self.source]
        has_extent = record.is_local and (self.imagery is not None or not record.needs_folder)
        area = "Area of interest (AREA) is missing; or set IMAGERY, to use its whole extent."
        return [*super().faults(), *([area] if self.area is None and not has_extent else [])]


@frozen
class SplitResult:
    """Results of splitarea: the patches, and estimates for a year of imagery."""

    patches: Annotated[Path, VectorOutput("Patches", "The patches with their ids.", destination=True)]
    patch_number: Annotated[int, NumberOutput("Number of patches")]
    area_km2: Annotated[float, NumberOutput("Area in square kilometres")]
    disk_mb: Annotated[
        float,
        NumberOutput(
            "Disk space in megabytes, approximately",
            "For a year of Sentinel-2: 70 acquisitions, six bands and those of the cloud detection.",
        ),
    ]
    minutes: Annotated[
        float,
        NumberOutput("Minutes, approximately", "For all steps of such a year on two cores with a fast network."),
    ]
    memory_mb: Annotated[
        float, NumberOutput("Memory in megabytes, approximately", "With two jobs; less if MEMORY is set lower.")
    ]


def run(parameters: SplitArea, progress: Progress) -> SplitResult:
    """Write the grid, the area and the patches to the workspace."""
    from .. import styles
    from ..area.places import read_area
    from ..area.splitting import Division, Imagery, split_area
    from ..grid.crs import Ground
    from ..imagery.sources import open_local
    from ..store.workspace import Workspace

    source = open_local(parameters.source, parameters.imagery, parameters.known_band_names())
    parameters.keep_band_names()
    if source is not None and parameters.area is None:
        area = Ground(source.extent, source.crs)
    else:
        area = read_area(parameters.area or "", progress)
    division = Division(
        parameters.buffer, parameters.patch_size, parameters.patch_count, parameters.resolution, parameters.crs
    )
    workspace = Workspace(parameters.workspace)
    imagery = None
    if source is not None:
        workspace.require_imagery(source.kind, source.imagery)
        imagery = Imagery(source.grid, Ground(source.extent, source.crs))
    layout = split_area(workspace, area, division, imagery, progress)
    styles.write_style(workspace.paths.patches, styles.outline_style(styles.PATCH_COLOUR, "id", labelled=False))
    return _estimated(layout, workspace.paths.patches, progress)


def _estimated(layout: Layout, file: Path, progress: Progress) -> SplitResult:
    """The results with estimates for a year; warns if the area is very large or tiny."""
    from ..area.estimates import estimate_year

    grid = layout.grid
    area_km2 = layout.area.area * grid.pixel_width * grid.pixel_height / 1e6
    sizes = [patch.window.height * patch.window.width for patch in layout.patches]
    pixels = sum(sizes)
    year = estimate_year(pixels, max(sizes))
    if area_km2 > _LARGE_KM2:
        progress.warning(
            f"The area is {area_km2:,.0f} km²: a year of Sentinel-2 takes about {year.disk_mb / 1e6:,.1f} TB and "
            f"{year.minutes / 1440:,.0f} days on two cores. Draw a smaller area if this is not intended."
        )
    elif pixels < _FEW_PIXELS:
        progress.warning(
            f"The area has only {counted(pixels, 'pixel')} of {written(grid.pixel_width)} m. Is its CRS "
            "right? Draw a larger one if this is not intended."
        )
    return SplitResult(file, len(layout.patches), round(area_km2, 6), year.disk_mb, year.minutes, year.memory_mb)


OPERATION = Operation(
    name="splitarea",
    label="Split area into patches",
    group="1 Area and imagery",
    summary="Cuts the area of interest into patches on one pixel grid. Patches keep their ids when the area grows.",
    parameters=SplitArea,
    results=SplitResult,
    run=run,
    tags=("grid", "tile", "patch", "AOI"),
    in_worker=True,
)
