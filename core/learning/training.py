"""Training the model of a workspace where it is not current, and its accuracy.

What trains is imported only then: scikit-learn takes long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import metadata

from ..execution import Resources
from ..progress import Progress
from ..reference.record import LabelRecord
from ..store.fingerprints import fingerprint
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme
from .intervals import UNKNOWN, Estimate
from .records import ModelRecord, SampleRecord

_FITTED_BY = ("scikit-learn", "lightgbm")  # a fitted estimator depends on their versions


@dataclass(frozen=True)
class TrainingSettings:
    """The classifier, the validation (`polygons`, or `blocks` for both), the side of its blocks in metres (0 to choose
    it), the seed, and a validation layer with its class field (None: that of the reference)."""

    classifier: str
    validation: str
    block_size: float
    seed: int
    layer: str | None = None
    class_field: str | None = None


def refresh_model(
    workspace: Workspace, settings: TrainingSettings, resources: Resources, progress: Progress
) -> ModelRecord:
    """Validate and train on all samples, unless the model is current; DataError if there is one class only."""
    samples, labels = workspace.read(SampleRecord), workspace.read(LabelRecord)
    versions = [metadata.version(name) for name in _FITTED_BY]
    made_of = fingerprint("model", samples.fingerprint, settings.classifier, settings.seed, versions)
    independent = None
    if settings.layer is not None:
        from .independent import read_independent

        field = settings.class_field or labels.settings.class_field
        independent = read_independent(workspace, settings.layer, field, samples.classes, labels, progress)
    identity = independent.identity if independent else None
    validated = fingerprint("validation", made_of, settings.validation, settings.block_size, labels.reference, identity)
    record = workspace.find(ModelRecord) if workspace.paths.model.exists() else None
    if record is None or (record.fingerprint, record.validated) != (made_of, validated):
        from .fitting import Training

        training = Training(workspace, settings, samples, labels, independent, resources)
        record = training.run(made_of, validated, progress)
    return _with_classes(workspace, record, samples.classes)


def _with_classes(workspace: Workspace, record: ModelRecord, classes: ClassScheme) -> ModelRecord:
    """The record, and the model, with the present names and colours of the classes, without training again.

    The model is written first, so that a run that is killed in between does it again.
    """
    own = classes.only(record.classes.ids)
    if own == record.classes:
        return record
    from .models import load_model, save_model

    file = workspace.paths.model
    save_model(file, replace(load_model(file), scheme=own))
    record = replace(record, classes=own)
    workspace.write(record)
    return record


def report_accuracy(record: ModelRecord, progress: Progress) -> Estimate:
    """Report the fair estimate of the accuracy (0 to 1) and its interval; returns it, NaN if nothing was tested."""
    believed = record.fair
    if believed is None:
        progress.warning("No class has two polygons, so nothing could be tested: the accuracy is unknown.")
        return UNKNOWN
    progress.info(f"{believed.headline}.")
    for id_ in believed.untested:
        progress.warning(f"Class {id_} has a single polygon: the model is trained on it, but it could not be tested.")
    return believed.overall
