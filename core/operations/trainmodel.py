"""Train a classifier and measure its accuracy."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..learning.classifiers import CLASSIFIERS
from ..parameters import Choice, FileOutput, NumberOutput, Operation, PageOutput
from ..progress import Progress
from .declarations.workspace import ResourceParameters, SeedParameters


@frozen
class TrainModel(SeedParameters, ResourceParameters):
    """Parameters of trainmodel: the classifier and its validation."""

    classifier: Annotated[
        str,
        Choice(
            "Classifier",
            "Random forest is fast and robust; LightGBM, used by the original article, is often a little more "
            "accurate; the neural network predicts fastest.",
            options=CLASSIFIERS.labels(),
        ),
    ] = "random-forest"
    validation: Annotated[
        str,
        Choice(
            "Validation",
            "Accuracy is always measured on pixels that the model was not trained on. Polygons: cross-validation that "
            "keeps all pixels of a polygon on one side. Polygons and blocks: also cross-validation by squares of the "
            "area, which shows how well the model transfers to other places.",
            advanced=True,
            options={"polygons": "Polygons", "blocks": "Polygons and blocks"},
        ),
    ] = "blocks"

    def train(self, progress: Progress) -> float:
        """Write the model unless it is current; returns the overall accuracy by polygons, NaN if unknown."""
        from ..learning.training import TrainingSettings, refresh_model, report_accuracy
        from ..store.workspace import Workspace

        settings = TrainingSettings(self.classifier, self.validation, self.seed)
        record = refresh_model(Workspace(self.workspace), settings, self.resources.wanted_jobs, progress)
        return report_accuracy(record, progress)


@frozen
class TrainedModel:
    """Results of trainmodel: the model and its accuracy."""

    model: Annotated[Path, FileOutput("Model", "The trained classifier (skops).", True, extension="skops")]
    report: Annotated[Path, PageOutput("Report", "Samples, accuracy and scores.", destination=True)]
    accuracy: Annotated[float, NumberOutput("Overall accuracy (0 to 1), cross-validated by polygons")]


def run(parameters: TrainModel, progress: Progress) -> TrainedModel:
    """Cross-validate, train on all samples, and write the model and the report."""
    from .. import report
    from ..store.workspace import Workspace

    accuracy = parameters.train(progress)
    workspace = Workspace(parameters.workspace)
    return TrainedModel(workspace.paths.model, report.write_report(workspace), accuracy)


OPERATION = Operation(
    name="trainmodel",
    label="Train model",
    group="3 Reference and model",
    summary="Trains a classifier on the samples and measures its accuracy on other polygons.",
    parameters=TrainModel,
    results=TrainedModel,
    run=run,
    tags=("classifier", "random forest", "LightGBM", "accuracy"),
)
