"""Compare two maps of one area: what has become what."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import Names, NumberOutput, Operation, PageOutput, Parameters, RasterFile, RasterOutput, TableOutput
from ..progress import Progress


@frozen
class CompareMaps(Parameters):
    """Parameters of comparemaps: two maps, and the classes of interest."""

    map_from: Annotated[Path, RasterFile("Earlier map", "A map of class ids.")]
    map_to: Annotated[Path, RasterFile("Later map", "A map of class ids on the same grid. Classes match by name.")]
    classes: Annotated[
        tuple[str, ...],
        Names(
            "Classes",
            "Only changes from or to these classes are told apart, by name or id, separated by commas. Default: all.",
        ),
    ] = ()


@frozen
class ComparedMaps:
    """Results of comparemaps: the raster of change, a table and a page."""

    change: Annotated[
        Path,
        RasterOutput("Change", "1 where the class stayed, and an id for each change, beside the later map.", True),
    ]
    table: Annotated[Path, TableOutput("Table", "from, to, area_ha, pixels of each pair of classes.", True)]
    report: Annotated[Path, PageOutput("Report", "The changes, largest first.", destination=True)]
    changed: Annotated[float, NumberOutput("Changed (0 to 1)", "Of the pixels with a class on both maps.")]


def run(parameters: CompareMaps, progress: Progress) -> ComparedMaps:
    """Write the raster of change, its style, the table and the page."""
    from .. import styles
    from ..assessment.change import compare_maps
    from ..report.assessment_page import write_change
    from ..store.files import write_table

    target = parameters.map_to.with_name(f"{parameters.map_to.stem}_change.tif")
    found = compare_maps(parameters.map_from, parameters.map_to, parameters.classes, target)
    styles.write_style(target, styles.class_style(found.classes))
    rows = (
        {"from": before, "to": after, "area_ha": f"{pixels * found.pixel_ha:.10g}", "pixels": pixels}
        for before, after, pixels in found.pairs
    )
    table = write_table(target.with_suffix(".csv"), ("from", "to", "area_ha", "pixels"), rows)
    page = target.with_suffix(".html")
    write_change(page, parameters.map_from.name, parameters.map_to.name, found)
    progress.warning(
        "Differences of two maps are mostly errors of the maps. Draw validation points on the raster of change, label "
        "them and assess it before you publish areas."
    )
    known = sum(pixels for _, _, pixels in found.pairs)
    changed = (known - found.unchanged) / known if known else float("nan")
    return ComparedMaps(target, table, page, changed)


OPERATION = Operation(
    name="comparemaps",
    label="Compare maps",
    group="5 Accuracy",
    summary="Compares two maps of one area: a raster of changes with a legend such as forest → artificial surface, and "
    "a table in hectares.",
    parameters=CompareMaps,
    results=ComparedMaps,
    run=run,
    tags=("change", "comparison", "land cover change"),
)
