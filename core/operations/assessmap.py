"""Assess a map by validation points: accuracy and area with confidence intervals."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..parameters import (
    FieldName,
    Names,
    NumberOutput,
    Operation,
    PageOutput,
    Parameters,
    RasterFile,
    TableOutput,
    VectorFile,
)
from ..progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..assessment.assessing import MapAssessment
    from ..assessment.estimators import Figure


@frozen
class AssessMap(Parameters):
    """Parameters of assessmap: the map, the points or polygons, and the strata."""

    map: Annotated[Path, RasterFile("Map", "A map of class ids, such as map.tif of a workspace or a raster of change.")]
    validation_points: Annotated[
        str,
        VectorFile(
            "Validation points",
            "Labelled points of Draw validation points, other points drawn at random, or polygons of known class. They "
            "must not have been used for training.",
            any_shape=True,
        ),
    ]
    class_field: Annotated[
        str,
        FieldName(
            "Class field",
            "Field with the class that was found, by id or name as on the map; 0 or empty = not labelled.",
            of="validation_points",
        ),
    ] = "class"
    strata: Annotated[
        Optional[Path],
        RasterFile(
            "Strata",
            "A raster of the strata in which the points were drawn. Default: those stored with the points, otherwise "
            "the classes of the map.",
            advanced=True,
        ),
    ] = None
    merge: Annotated[
        tuple[str, ...],
        Names(
            "Merged classes",
            "Classes to assess as one, as class=class by id or name, separated by commas: 3=1 assesses class 3 as "
            "class 1.",
            advanced=True,
        ),
    ] = ()


@frozen
class AssessedMap:
    """Results of assessmap: a page, a table, and the overall accuracy."""

    report: Annotated[Path, PageOutput("Report", "Accuracy, areas and error matrix, beside the map.", destination=True)]
    table: Annotated[
        Path,
        TableOutput(
            "Table", "measure, class, estimate, standard_error, low, high; class is the id, empty for all.", True
        ),
    ]
    accuracy: Annotated[float, NumberOutput("Overall accuracy (0 to 1)")]
    accuracy_low: Annotated[float, NumberOutput("Overall accuracy, lower end of the 95 % interval")]
    accuracy_high: Annotated[float, NumberOutput("Overall accuracy, upper end of the 95 % interval")]


def run(parameters: AssessMap, progress: Progress) -> AssessedMap:
    """Compare the map with the points, and write the page and the table."""
    from ..assessment.assessing import assess_map
    from ..report.assessment_page import headline, write_assessment
    from ..store.files import write_table

    found = assess_map(
        parameters.map,
        parameters.validation_points,
        parameters.class_field,
        strata=parameters.strata,
        merge=parameters.merge,
    )
    for note in found.notes:
        progress.warning(note)
    progress.info(headline(found))
    page = parameters.map.with_name(f"{parameters.map.stem}_assessment.html")
    write_assessment(page, parameters.map.name, found)
    header = ("measure", "class", "estimate", "standard_error", "low", "high")
    table = write_table(page.with_suffix(".csv"), header, _rows(found))
    overall = found.figures.overall
    return AssessedMap(page, table, overall.estimate, overall.low, overall.high)


def _rows(found: "MapAssessment") -> "Iterator[dict[str, object]]":
    """The rows of the table: a measure of all, then each measure of each class; unknown numbers are empty."""
    yield _row("overall_accuracy", "", found.figures.overall)
    for own in found.figures.classes:
        area = own.share.scaled(found.area_ha)
        measures = {"users_accuracy": own.users, "producers_accuracy": own.producers, "area_ha": area, "f1": own.f1}
        for measure, figure in measures.items():
            yield _row(measure, own.class_id, figure)


def _row(measure: str, class_id: object, figure: "Figure") -> dict[str, object]:
    numbers = {name: getattr(figure, name) for name in ("estimate", "standard_error", "low", "high")}
    shown = {name: "" if value != value else f"{value:.10g}" for name, value in numbers.items()}
    return {"measure": measure, "class": class_id, **shown}


OPERATION = Operation(
    name="assessmap",
    label="Assess map",
    group="5 Accuracy",
    summary="Compares a map with labelled validation points: overall, user's and producer's accuracy and areas in "
    "hectares, each with its standard error and 95 % interval (Olofsson et al. 2014, Stehman 2014).",
    parameters=AssessMap,
    results=AssessedMap,
    run=run,
    tags=("accuracy", "area", "validation", "error matrix", "Olofsson"),
)
