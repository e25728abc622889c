"""Training the model of a workspace, and its accuracy by cross-validation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import DataError
from ..progress import Progress
from ..store.fingerprints import fingerprint
from ..store.vectors import VectorLayer, read_vector
from ..store.workspace import Workspace
from ..versions import package_versions
from ..vocabulary.classes import ClassScheme
from . import models
from .accuracy import cross_validate, spatial_blocks
from .assessment import Assessment
from .records import ModelRecord, SampleRecord


@dataclass(frozen=True)
class TrainingSettings:
    """The classifier, the validation (`polygons`, or `blocks` for both), and the seed."""

    classifier: str
    validation: str
    seed: int


def refresh_model(workspace: Workspace, settings: TrainingSettings, threads: int, progress: Progress) -> ModelRecord:
    """Cross-validate and train on all samples, unless the model is current; DataError if there is one class only."""
    samples = workspace.read(SampleRecord)
    made_of = fingerprint(
        "model",
        samples.fingerprint,
        settings.classifier,
        settings.validation,
        settings.seed,
        models.versions(),
    )
    record = workspace.find(ModelRecord) if workspace.paths.model.exists() else None
    if record is None or record.fingerprint != made_of:
        record = _train(workspace, settings, samples, made_of, threads, progress)
    return _with_classes(workspace, record, samples.classes)


def _train(
    workspace: Workspace,
    settings: TrainingSettings,
    samples: SampleRecord,
    made_of: str,
    threads: int,
    progress: Progress,
) -> ModelRecord:
    layer = read_vector(str(workspace.paths.samples))
    class_ids = layer.fields["class"].astype(np.int64)
    features = np.column_stack([layer.fields[name] for name in samples.plan.features]).astype(np.float32)
    present = np.unique(class_ids).tolist()
    if len(present) < 2:
        raise DataError("The samples hold one class only; a map needs at least two. Use a reference with more classes.")

    def fit(own_features: np.ndarray, own_class_ids: np.ndarray) -> Any:
        return models.fit(settings.classifier, own_features, own_class_ids, settings.seed, threads)

    groupings = dict(_groupings(workspace, layer, settings.validation))
    assessments: list[Assessment] = []
    for number, (kind, groups) in enumerate(groupings.items(), start=1):
        found = cross_validate(kind, features, class_ids, groups, settings.seed, fit)
        if found is not None:
            assessments.append(found)
        progress.report(number / (len(groupings) + 1))
    classes = samples.classes.only(present)
    facts = {"classifier": settings.classifier, "samples": len(class_ids), "versions": package_versions()}
    estimator = fit(features, class_ids)
    workspace.forget(ModelRecord)
    models.save_model(workspace.paths.model, models.Model(estimator, samples.plan, classes, facts))
    record = ModelRecord(
        made_of,
        settings.classifier,
        settings.seed,
        len(class_ids),
        classes,
        models.importances(estimator),
        tuple(assessments),
    )
    workspace.write(record)
    return record


def _groupings(workspace: Workspace, layer: VectorLayer, validation: str) -> Iterator[tuple[str, np.ndarray]]:
    """The group of each sample, for each kind of cross-validation."""
    polygons = layer.fields["polygon"]
    yield "polygons", polygons
    if validation == "blocks":
        domain = workspace.layout.domain
        side = max(round(math.sqrt(domain.height * domain.width) / 5), 1)  # about five by five squares cover the area
        yield "blocks", spatial_blocks(layer.fields["row"], layer.fields["column"], polygons, side)


def _with_classes(workspace: Workspace, record: ModelRecord, classes: ClassScheme) -> ModelRecord:
    """The record, and the model, with the present names and colours of the classes, without training again.

    The model is written first, so that a run that is killed in between does it again.
    """
    own = classes.only(record.classes.ids)
    if own == record.classes:
        return record
    file = workspace.paths.model
    models.save_model(file, replace(models.load_model(file), scheme=own))
    record = replace(record, classes=own)
    workspace.write(record)
    return record


def report_accuracy(record: ModelRecord, progress: Progress) -> float:
    """Report the overall accuracy by polygons; returns it (0 to 1), NaN if nothing could be tested."""
    by_polygons = record.polygons
    if by_polygons is None:
        progress.warning("No class has two polygons, so nothing could be tested: the accuracy is unknown.")
        return math.nan
    progress.info(f"Overall accuracy {by_polygons.overall:.1%}, tested on polygons that the model was not trained on.")
    for id_ in by_polygons.untested:
        progress.warning(f"Class {id_} has a single polygon: the model is trained on it, but it could not be tested.")
    return by_polygons.overall
