"""Check a reference layer before a run."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Optional

from ..errors import ParameterError
from ..frozen import frozen
from ..imagery.sources import SOURCES
from ..parameters import Area, Choice, NumberOutput, Operation, TextOutput
from ..progress import Progress
from .declarations.reference import ClassParameters, with_built_in_reference
from .declarations.sources import SourceParameters

if TYPE_CHECKING:
    from ..reference.check import ReferenceCheck


@frozen
class CheckReference(ClassParameters):
    """Parameters of checkreference: the reference, its classes and the area."""

    order = 33

    source: Annotated[
        str,
        Choice(
            "Source",
            "A source with a reference of its own, such as the sample region: that is checked where none is given.",
            advanced=True,
            options=SOURCES.labels(),
        ),
    ] = SourceParameters.source
    area: Annotated[
        Optional[str],
        Area(
            "Area of interest",
            "Only polygons in this area are checked: a vector layer of polygons in any CRS, or an extent. Default: the "
            "whole reference.",
        ),
    ] = None

    def faults(self) -> list[str]:
        """No faults: a missing class field is listed as a problem, with the existing fields."""
        return []


@frozen
class ReferenceProblems:
    """Results of checkreference: the classes and the problems."""

    classes: Annotated[
        str,
        TextOutput(
            "Classes",
            "JSON: a list of id, name, colour, polygons, hectares (null if unknown) and becomes (the id of the class "
            "into which it is merged, or its own).",
        ),
    ]
    problems: Annotated[str, TextOutput("Problems", "Problems and how to fix them, one line each.")]
    problem_number: Annotated[int, NumberOutput("Number of problems")]
    usable: Annotated[int, NumberOutput("Usable in a run (1 or 0)")]


def run(parameters: CheckReference, progress: Progress) -> ReferenceProblems:
    """Read the layer as a run would and list all problems; an error only if it cannot be read at all."""
    from ..area.places import read_area
    from ..reference.check import ReferenceCheck, check_reference
    from ..store.vectors import read_vector

    with TemporaryDirectory() as folder:
        parameters = with_built_in_reference(parameters, parameters.source, Path(folder) / "reference.gpkg")
        if parameters.reference is None:
            raise ParameterError("Reference (REFERENCE) is missing: polygons of known class.")
        layer = read_vector(parameters.reference, class_field=parameters.class_field, encoding=parameters.encoding)
    area = None if parameters.area is None else read_area(parameters.area)
    if parameters.class_field is None:
        fields = f"one of {', '.join(layer.fields)}" if layer.fields else "the reference has no fields"
        checked = ReferenceCheck((), (f"Class field (CLASS_FIELD) is missing: {fields}.",), usable=False)
    else:
        checked = check_reference(layer, parameters.class_field, parameters.name_field, area, parameters.class_settings)
    for problem in checked.problems:
        progress.warning(problem)
    progress.report(1.0)
    problems = "\n".join(checked.problems)
    return ReferenceProblems(_as_json(checked), problems, len(checked.problems), int(checked.usable))


def _as_json(checked: ReferenceCheck) -> str:
    rows = [
        {
            "id": count.entry.id,
            "name": count.entry.name,
            "colour": count.entry.colour,
            "polygons": count.polygons,
            "hectares": count.hectares,
            "becomes": count.becomes,
        }
        for count in checked.classes
    ]
    return json.dumps(rows, ensure_ascii=False)


OPERATION = Operation(
    name="checkreference",
    label="Check reference",
    group="3 Reference and model",
    summary="Lists the classes of a reference layer with their polygons and hectares, and its problems before a run: "
    "invalid or overlapping polygons, too few polygons of a class, a wrong field or CRS.",
    parameters=CheckReference,
    results=ReferenceProblems,
    run=run,
    tags=("labels", "training", "reference", "overlap", "validity"),
    in_worker=True,
)
