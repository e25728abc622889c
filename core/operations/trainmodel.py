"""Fit a classifier, and tell honestly how good it is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..errors import DataError
from ..frozen import frozen
from ..parameters import Choice, FileOutput, NumberOutput, Operation, PageOutput
from ..progress import Progress
from .declarations import Heavy, Seeded

if TYPE_CHECKING:
    from ..learning.assessment import Assessment
    from ..store.workspace import Workspace
    from ..vocabulary.classes import ClassScheme

MODEL_FILE = "model.skops"
CLASSIFIERS = {
    "random-forest": "Random forest",
    "lightgbm": "LightGBM",
    "neural-network": "Neural network (multi-layer perceptron)",
}


@frozen
class TrainModel(Seeded, Heavy):
    """Which classifier, and how it is tested."""

    classifier: Annotated[
        str,
        Choice(
            "Classifier",
            "Random forest is fast and forgiving; LightGBM is what the original article used, often a little better; "
            "the neural network predicts fastest.",
            options=CLASSIFIERS,
        ),
    ] = "random-forest"
    validation: Annotated[
        str,
        Choice(
            "Validation",
            "How accuracy is measured, always on pixels the model has not seen. Polygons: cross-validation in which "
            "all pixels of a polygon are on the same side. Polygons and blocks: beside it, cross-validation by squares "
            "of the area, which tells how well the model carries over to ground it does not know.",
            advanced=True,
            options={"polygons": "Polygons", "blocks": "Polygons and blocks"},
        ),
    ] = "blocks"


@frozen
class Trained:
    """The model and what it is worth."""

    model: Annotated[Path, FileOutput("Model", "The fitted classifier (skops).", True, extension="skops")]
    report: Annotated[Path, PageOutput("Report", "Samples, accuracy and scores.", destination=True)]
    accuracy: Annotated[float, NumberOutput("Overall accuracy (0 to 1), cross-validated by polygons")]


def run(parameters: TrainModel, progress: Progress) -> Trained:
    """Cross-validate, fit to all samples, and write model and report."""
    from .. import report
    from ..store.workspace import Workspace

    accuracy = train(parameters, progress)
    workspace = Workspace(parameters.workspace)
    return Trained(workspace.product(MODEL_FILE), report.write_report(workspace), accuracy)


def train(parameters: TrainModel, progress: Progress) -> float:
    """Write the model; returns the overall accuracy by polygons, NaN where nothing could be tested."""
    import numpy as np

    from ..execution import Resources
    from ..learning import models
    from ..learning.accuracy import cross_validate, spatial_blocks
    from ..learning.features import SeriesPlan
    from ..store.records import fingerprint
    from ..store.vectors import read_vector
    from ..store.workspace import Workspace
    from ..versions import package_versions
    from ..vocabulary.classes import ClassScheme

    workspace = Workspace(parameters.workspace)
    samples = workspace.record("drawsamples")
    made_of = fingerprint(
        "model",
        samples["fingerprint"],
        parameters.classifier,
        parameters.validation,
        parameters.seed,
        models.versions(),
    )
    model_file = workspace.product(MODEL_FILE)
    done = workspace.record("trainmodel") if workspace.has_record("trainmodel") else None
    if done is None or done["fingerprint"] != made_of or not model_file.exists():
        plan = SeriesPlan.from_json(samples["plan"])
        layer = read_vector(str(workspace.product("samples.gpkg")))
        class_ids = layer.fields["class"].astype(np.int64)
        features = np.column_stack([layer.fields[name] for name in plan.features]).astype(np.float32)
        threads = Resources(parameters.memory, parameters.jobs).wanted_jobs

        def fit(own_features: np.ndarray, own_class_ids: np.ndarray) -> Any:
            return models.fit(parameters.classifier, own_features, own_class_ids, parameters.seed, threads)

        if len(np.unique(class_ids)) < 2:
            raise DataError(
                "The samples hold one class only; a map needs at least two. Use a reference with more classes."
            )
        polygons = layer.fields["polygon"]
        groupings = {"polygons": polygons}
        if parameters.validation == "blocks":
            side = _block_side(workspace)
            groupings["blocks"] = spatial_blocks(layer.fields["row"], layer.fields["column"], polygons, side)
        assessments: list[Assessment] = []
        for number, (kind, groups) in enumerate(groupings.items()):
            found = cross_validate(kind, features, class_ids, groups, parameters.seed, fit)
            if found is not None:
                assessments.append(found)
            progress.report((number + 1) / (len(groupings) + 1))
        scheme = ClassScheme.from_json(samples["classes"]).only(np.unique(class_ids).tolist())
        facts = {"classifier": parameters.classifier, "samples": len(class_ids), "versions": package_versions()}
        estimator = fit(features, class_ids)
        workspace.forget("trainmodel")
        models.save_model(model_file, models.Model(estimator, plan, scheme, facts))
        done = {
            "fingerprint": made_of,
            "classifier": parameters.classifier,
            "seed": parameters.seed,
            "samples": len(class_ids),
            "classes": scheme.to_json(),
            "importances": models.importances(estimator),
            "assessments": [assessment.to_json() for assessment in assessments],
        }
        workspace.write_record("trainmodel", done)
    done = _with_scheme(workspace, done, ClassScheme.from_json(samples["classes"]))
    by_polygons = next((a for a in done["assessments"] if a["kind"] == "polygons"), None)
    if by_polygons is None:
        progress.warning("No class has two polygons, so nothing could be tested: the accuracy is not known.")
    else:
        progress.info(f"Overall accuracy {by_polygons['overall']:.1%}, tested on polygons the model had not seen.")
        for id_ in by_polygons["untested"]:
            progress.warning(f"Class {id_} has one polygon only: it is learnt, but could not be tested.")
    return float(by_polygons["overall"]) if by_polygons else math.nan


def _with_scheme(workspace: Workspace, done: dict[str, Any], scheme: ClassScheme) -> dict[str, Any]:
    """The record, and the model, with the names and colours that classes have now: nothing needs to be fitted for that.

    The model comes first, so that a run that is killed in between does it again.
    """
    from ..learning import models
    from ..vocabulary.classes import ClassScheme

    own = scheme.only(ClassScheme.from_json(done["classes"]).ids)
    if own.to_json() == done["classes"]:
        return done
    file = workspace.product(MODEL_FILE)
    models.save_model(file, replace(models.load_model(file), scheme=own))
    done = {**done, "classes": own.to_json()}
    workspace.write_record("trainmodel", done)
    return done


def _block_side(workspace: Workspace) -> int:
    """Squares so large that about five by five of them cover the area."""
    domain = workspace.layout.domain
    return max(round(math.sqrt(domain.height * domain.width) / 5), 1)


OPERATION = Operation(
    name="trainmodel",
    label="Train model",
    group="3 Reference and model",
    summary="Fits a classifier to the samples and measures its accuracy on polygons it has not seen.",
    parameters=TrainModel,
    results=Trained,
    run=run,
    tags=("classifier", "random forest", "LightGBM", "accuracy"),
)
