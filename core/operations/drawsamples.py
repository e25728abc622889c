"""Draw labelled pixels as samples, with their features."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import Choice, Number, NumberOutput, Operation, VectorOutput
from ..progress import Progress
from .declarations.features import SeriesParameters
from .declarations.workspace import ResourceParameters, SeedParameters


@frozen
class DrawSamples(SeedParameters, SeriesParameters, ResourceParameters):
    """Parameters of drawsamples: number of samples per class and how classes are balanced."""

    order = 45

    per_class: Annotated[
        int,
        Number("Samples per class", "Maximum number of samples of each class.", whole=True, minimum=2),
    ] = 1000
    balance: Annotated[
        str,
        Choice(
            "Balance",
            "Equal: the same number of samples of each class, so that the model is trained on rare classes too. "
            "Proportional: in proportion to the labelled pixels.",
            advanced=True,
            options={"equal": "Equal", "proportional": "Proportional"},
        ),
    ] = "equal"


@frozen
class DrawnSamples:
    """Results of drawsamples: the samples."""

    samples: Annotated[
        Path, VectorOutput("Samples", "Points with class, polygon, row, column and features.", destination=True)
    ]
    sample_number: Annotated[int, NumberOutput("Number of samples")]


def run(parameters: DrawSamples, progress: Progress) -> DrawnSamples:
    """Draw the samples over the whole area and read their features, unless they are current."""
    from ..learning.sampling import SampleSettings, refresh_samples
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    settings = SampleSettings(
        parameters.bands,
        parameters.indices,
        parameters.step,
        parameters.per_class,
        parameters.balance,
        parameters.seed,
    )
    record = refresh_samples(workspace, settings, parameters.resources, progress)
    return DrawnSamples(workspace.paths.samples, record.number)


OPERATION = Operation(
    name="drawsamples",
    label="Draw samples",
    group="3 Reference and model",
    summary="Draws labelled pixels at random, with the seed, and computes their features: bands and indices on "
    "regular dates, interpolated between valid observations.",
    parameters=DrawSamples,
    results=DrawnSamples,
    run=run,
    tags=("training", "sampling", "features"),
)
