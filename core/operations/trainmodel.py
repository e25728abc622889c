"""Train a classifier and measure its accuracy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..learning.classifiers import CLASSIFIERS
from ..parameters import (
    Choice,
    FieldName,
    FileOutput,
    Number,
    NumberOutput,
    Operation,
    PageOutput,
    VectorFile,
    VectorOutput,
)
from ..progress import Progress
from .declarations.workspace import ResourceParameters, SeedParameters

if TYPE_CHECKING:
    from ..learning.intervals import Estimate


@frozen
class TrainModel(SeedParameters, ResourceParameters):
    """Parameters of trainmodel: the classifier and its validation."""

    classifier: Annotated[
        str,
        Choice(
            "Classifier",
            "Extra trees, a forest with random thresholds, train fastest and are as accurate as a random forest; "
            "LightGBM is used by the original article; the neural network predicts fastest.",
            options=CLASSIFIERS.labels(),
        ),
    ] = "extra-trees"
    validation: Annotated[
        str,
        Choice(
            "Validation",
            "Accuracy is always measured on pixels that the model was not trained on. Polygons: cross-validation that "
            "keeps all pixels of a polygon on one side. Polygons and blocks: also cross-validation by squares of the "
            "area, which shows how well the model transfers to other places, and at random, to compare.",
            advanced=True,
            options={"polygons": "Polygons", "blocks": "Polygons and blocks"},
        ),
    ] = "blocks"
    block_size: Annotated[
        float,
        Number(
            "Block size",
            "Side of the squares for the validation by blocks. 0 chooses the size for which test pixels are as far "
            "from the training polygons as the pixels of the map are.",
            advanced=True,
            unit="m",
            minimum=0,
        ),
    ] = 0.0

    validation_reference: Annotated[
        Optional[str],
        VectorFile(
            "Validation reference",
            "Polygons of known class that are not used for training, such as those of another survey. With them, the "
            "accuracy is that on these polygons.",
            advanced=True,
        ),
    ] = None
    validation_class_field: Annotated[
        Optional[str],
        FieldName(
            "Class field of the validation",
            "Field of the validation reference with the classes, by name or id as in the model. Default: the class "
            "field of the reference.",
            advanced=True,
            of="validation_reference",
        ),
    ] = None

    def train(self, progress: Progress) -> "Estimate":
        """Write the model unless it is current; returns the fair estimate of its accuracy, NaN if unknown."""
        from ..learning.training import TrainingSettings, refresh_model, report_accuracy
        from ..store.workspace import Workspace

        settings = TrainingSettings(
            self.classifier,
            self.validation,
            self.block_size,
            self.seed,
            self.validation_reference,
            self.validation_class_field,
        )
        record = refresh_model(Workspace(self.workspace), settings, self.resources, progress)
        return report_accuracy(record, progress)


@frozen
class Accuracy:
    """The accuracy among the results: the fair estimate and its 95 % interval."""

    accuracy: Annotated[
        float, NumberOutput("Accuracy (0 to 1)", "Measured on polygons or blocks without training pixels.")
    ]
    accuracy_low: Annotated[float, NumberOutput("Accuracy, lower end of the 95 % interval")]
    accuracy_high: Annotated[float, NumberOutput("Accuracy, upper end of the 95 % interval")]


@frozen
class TrainedModel(Accuracy):
    """Results of trainmodel: the model and its accuracy."""

    model: Annotated[Path, FileOutput("Model", "The trained classifier (skops).", True, extension="skops")]
    report: Annotated[Path, PageOutput("Report", "Samples, accuracy and scores.", destination=True)]
    blocks: Annotated[
        Path, VectorOutput("Validation blocks", "The squares of the validation by blocks, with the accuracy in each.")
    ]


def run(parameters: TrainModel, progress: Progress) -> TrainedModel:
    """Cross-validate, train on all samples, and write the model and the report."""
    from .. import report
    from ..store.workspace import Workspace

    found = parameters.train(progress)
    workspace = Workspace(parameters.workspace)
    page = report.refresh_report(workspace)
    return TrainedModel(
        found.value, found.low, found.high, workspace.paths.model, page, workspace.paths.validation_blocks
    )


OPERATION = Operation(
    name="trainmodel",
    label="Train model",
    group="3 Reference and model",
    summary="Trains a classifier on the samples and measures its accuracy on other polygons.",
    parameters=TrainModel,
    results=TrainedModel,
    run=run,
    tags=("classifier", "extra trees", "random forest", "LightGBM", "accuracy"),
)
