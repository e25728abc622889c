"""Check labels: polygons of the reference that look like another class."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import NumberOutput, Operation, TableOutput, VectorOutput
from ..progress import Progress
from .declarations.workspace import WorkspaceParameters


@frozen
class CheckLabels(WorkspaceParameters):
    """Parameters of checklabels: the workspace with a trained model."""


@frozen
class CheckedLabels:
    """Results of checklabels: the suspicious polygons, and the scores of all."""

    suspects: Annotated[
        Path,
        VectorOutput(
            "Suspicious polygons",
            "Polygons that look like another class: polygon (feature id), class, suggested, their names, score.",
            destination=True,
        ),
    ]
    table: Annotated[
        Path,
        TableOutput(
            "Table",
            "polygon (feature id), class, suggested (ids), score from 0 to 1, of all tested polygons, most suspicious "
            "first.",
            destination=True,
        ),
    ]
    suspect_number: Annotated[int, NumberOutput("Number of suspicious polygons")]


def run(parameters: CheckLabels, progress: Progress) -> CheckedLabels:
    """Score the polygons by the predictions of the validation by polygons."""
    import numpy as np

    from .. import styles
    from ..learning.label_quality import indistinct_pairs, score_polygons
    from ..learning.records import ModelRecord
    from ..learning.validation import read_predictions
    from ..store.files import write_table
    from ..store.vectors import VectorLayer, read_vector, write_geopackage
    from ..store.workspace import Workspace
    from ..vocabulary.plurals import counted

    workspace = Workspace(parameters.workspace)
    classes = workspace.read(ModelRecord).classes
    tested = read_predictions(workspace)
    scored = score_polygons(tested.probabilities, tested.class_ids, tested.polygons, tested.classes)
    reference = read_vector(str(workspace.require(workspace.paths.reference, "rasterizereference")), any_shape=True)
    places = np.searchsorted(reference.fields["polygon"], scored.polygons)
    features = reference.fields["feature"][places]
    rows = (
        {"polygon": int(feature), "class": int(own), "suggested": int(other), "score": f"{score:.4f}"}
        for feature, own, other, score in zip(features, scored.classes, scored.suggested, scored.scores)
    )
    table = write_table(workspace.paths.table("suspects"), ("polygon", "class", "suggested", "score"), rows)
    shown = scored.is_suspect
    names = {entry.id: entry.name for entry in classes.classes}
    fields = {
        "polygon": features[shown].astype(np.int64),
        "class": scored.classes[shown].astype(np.int32),
        "suggested": scored.suggested[shown].astype(np.int32),
        "class_name": np.array([names[id_] for id_ in scored.classes[shown].tolist()], dtype=object),
        "suggested_name": np.array([names[id_] for id_ in scored.suggested[shown].tolist()], dtype=object),
        "score": scored.scores[shown].round(4),
    }
    file = workspace.paths.suspects
    write_geopackage(file, VectorLayer("suspects", reference.geometries[places][shown], fields, reference.crs))
    styles.write_style(file, styles.outline_style(styles.SUSPECT_COLOUR, "suggested_name"))
    number = int(shown.sum())
    progress.info(f"{counted(number, 'polygon')} of {len(shown):,} look like another class.")
    predicted = tested.classes[tested.probabilities.argmax(axis=1)]
    for one, other, there, back in indistinct_pairs(tested.class_ids, predicted, tested.classes):
        progress.warning(
            f"{names[one]} and {names[other]} are hard to tell apart: {there:.0%} of the samples of {names[one]} look "
            f"like {names[other]}, {back:.0%} the other way round. Give them one class, or add polygons of both."
        )
    return CheckedLabels(file, table, number)


OPERATION = Operation(
    name="checklabels",
    label="Check labels",
    group="3 Reference and model",
    summary="Finds reference polygons that look mislabelled, and what they look like instead, by models that were not "
    "trained on them.",
    parameters=CheckLabels,
    results=CheckedLabels,
    run=run,
    tags=("labels", "reference", "quality", "confident learning"),
    in_worker=True,
)
