"""Draw validation points: a stratified random sample of a map, to be labelled."""

from pathlib import Path
from typing import Annotated, Optional

from ..frozen import frozen
from ..parameters import Number, NumberOutput, Operation, Parameters, RasterFile, VectorOutput
from ..progress import Progress


@frozen
class DrawValidation(Parameters):
    """Parameters of drawvalidation: the map, and how many points in each class."""

    map: Annotated[Path, RasterFile("Map", "A map of class ids, such as map.tif of a workspace or a raster of change.")]
    standard_error: Annotated[
        float,
        Number(
            "Standard error of the accuracy",
            "The standard error that the overall accuracy shall have; it decides the number of points. An interval of "
            "95 % is about four times as wide.",
            above=0,
            maximum=0.5,
        ),
    ] = 0.01
    number: Annotated[
        Optional[int],
        Number("Number of points", "The number of points, instead of the standard error.", whole=True, minimum=2),
    ] = None
    minimum_per_class: Annotated[
        int,
        Number(
            "Minimum of a class",
            "The smallest number of points in a class. The others are shared out in proportion to the areas.",
            whole=True,
            minimum=2,
        ),
    ] = 50
    expected_accuracy: Annotated[
        float,
        Number(
            "Expected accuracy",
            "A guess of the overall accuracy, from 0 to 1, which decides the number of points for a standard error.",
            advanced=True,
            above=0,
            maximum=0.999,
        ),
    ] = 0.85
    seed: Annotated[
        int, Number("Seed", "Random seed; the same seed gives the same points.", True, whole=True, minimum=0)
    ] = 0


@frozen
class ValidationPoints:
    """Results of drawvalidation: the points."""

    points: Annotated[
        Path,
        VectorOutput(
            "Validation points",
            "Points with the fields class (0 = not labelled), cannot_tell and notes, beside the map.",
            destination=True,
        ),
    ]
    point_number: Annotated[int, NumberOutput("Number of points")]


def run(parameters: DrawValidation, progress: Progress) -> ValidationPoints:
    """Count the pixels of each class, share out the points, and draw them."""
    from .. import styles
    from ..assessment.design import Design, allocate, draw_points, refuse_labelled
    from ..assessment.maps import open_map
    from ..store.vectors import write_geopackage
    from ..vocabulary.plurals import counted

    file = parameters.map.with_name(f"{parameters.map.stem}_validation.gpkg")
    refuse_labelled(file)
    classes = open_map(parameters.map)
    progress.report(0.4)
    design = Design(
        parameters.standard_error, parameters.number, parameters.minimum_per_class, parameters.expected_accuracy
    )
    numbers = allocate(classes.pixels, design)
    for id_, number in numbers.items():
        share = classes.pixels[id_] / sum(classes.pixels.values())
        progress.info(f"{classes.name(id_)}: {counted(number, 'point')}, {share:.1%} of the area.")
    layer = draw_points(classes, numbers, parameters.seed)
    write_geopackage(file, layer)
    styles.write_style(file, styles.points_style(classes.classes))
    progress.info(
        f"{counted(len(layer.geometries), 'point')} to label. Set the class of each by imagery, not by the map."
    )
    return ValidationPoints(file, len(layer.geometries))


OPERATION = Operation(
    name="drawvalidation",
    label="Draw validation points",
    group="5 Accuracy",
    summary="Draws stratified random points in the classes of a map. Once labelled, they give its accuracy and the "
    "areas of its classes with confidence intervals (Assess map).",
    parameters=DrawValidation,
    results=ValidationPoints,
    run=run,
    tags=("accuracy", "validation", "sampling", "Olofsson"),
)
