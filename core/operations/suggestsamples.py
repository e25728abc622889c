"""Suggest where to label next: uncertain places, spread out."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import Choice, Number, NumberOutput, Operation, VectorOutput
from ..progress import Progress
from .declarations.workspace import ResourceParameters, SeedParameters


@frozen
class SuggestSamples(SeedParameters, ResourceParameters):
    """Parameters of suggestsamples: how many places, and by what uncertainty."""

    number: Annotated[int, Number("Number of places", "Places to label next.", whole=True, minimum=1)] = 10
    by: Annotated[
        str,
        Choice(
            "Uncertainty",
            "Margin: the two most probable classes are about equally probable. Entropy: many classes are probable.",
            options={"margin": "Margin", "entropy": "Entropy"},
        ),
    ] = "margin"


@frozen
class SuggestedSamples:
    """Results of suggestsamples: the places."""

    suggestions: Annotated[
        Path,
        VectorOutput(
            "Suggested places",
            "Points with the two most probable classes, their names and probabilities; the first ones stand for most.",
            destination=True,
        ),
    ]
    suggestion_number: Annotated[int, NumberOutput("Number of places")]


def run(parameters: SuggestSamples, progress: Progress) -> SuggestedSamples:
    """Classify pixels drawn at random from those without a label, and choose among the uncertain ones."""
    from .. import styles
    from ..learning.suggesting import suggest
    from ..store.vectors import write_geopackage
    from ..store.workspace import Workspace
    from ..vocabulary.plurals import counted

    workspace = Workspace(parameters.workspace)
    layer = suggest(
        workspace,
        parameters.number,
        by=parameters.by,
        seed=parameters.seed,
        resources=parameters.resources,
        progress=progress,
    )
    file = workspace.paths.suggestions
    write_geopackage(file, layer)
    styles.write_style(file, styles.marked_style("rank"))
    found = len(layer.geometries)
    progress.info(f"{counted(found, 'place')} to label next. Draw a polygon of the right class at each.")
    return SuggestedSamples(file, found)


OPERATION = Operation(
    name="suggestsamples",
    label="Suggest places to label",
    group="3 Reference and model",
    summary="Finds places where further reference polygons would help most: where the model is unsure, spread over the "
    "area and over kinds of land.",
    parameters=SuggestSamples,
    results=SuggestedSamples,
    run=run,
    tags=("labels", "active learning", "training", "uncertainty"),
)
