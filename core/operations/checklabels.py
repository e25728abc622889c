"""Check labels: polygons of the reference that look like another class."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..frozen import frozen
from ..parameters import NumberOutput, Operation, TableOutput, VectorOutput
from ..progress import Progress
from .declarations.workspace import WorkspaceParameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


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
    outliers: Annotated[
        Path,
        VectorOutput(
            "Outlier pixels",
            "Single samples that look like another class: polygon (feature id), class, suggested, their names.",
            destination=True,
        ),
    ]
    suspect_number: Annotated[int, NumberOutput("Number of suspicious polygons")]
    outlier_number: Annotated[int, NumberOutput("Number of outlier pixels")]


def run(parameters: CheckLabels, progress: Progress) -> CheckedLabels:
    """Score the polygons by the predictions of the validation by polygons."""
    import numpy as np

    from .. import styles
    from ..learning.label_quality import find_outliers, indistinct_pairs
    from ..learning.records import ModelRecord
    from ..learning.suspects import scored_polygons
    from ..store.files import write_table
    from ..store.vectors import VectorLayer, write_geopackage
    from ..store.workspace import Workspace
    from ..vocabulary.plurals import counted

    workspace = Workspace(parameters.workspace)
    classes = workspace.read(ModelRecord).classes
    found = scored_polygons(workspace)
    scored, tested, features = found.scores, found.predictions, found.features
    rows = (
        {"polygon": int(feature), "class": int(own), "suggested": int(other), "score": f"{score:.4f}"}
        for feature, own, other, score in zip(features, scored.classes, scored.suggested, scored.scores)
    )
    table = write_table(workspace.paths.table("suspects"), ("polygon", "class", "suggested", "score"), rows)
    shown = scored.is_suspect
    names = {entry.id: entry.name for entry in classes.classes}
    fields = _fields(features[shown], scored.classes[shown], scored.suggested[shown], names)
    fields["score"] = scored.scores[shown].round(4)
    file, crs = workspace.paths.suspects, workspace.layout.grid.crs
    write_geopackage(file, VectorLayer("suspects", found.shapes[shown], fields, crs))
    styles.write_style(file, styles.outline_style(styles.SUSPECT_COLOUR, "suggested_name"))
    alike = find_outliers(tested.probabilities, tested.class_ids, tested.classes)
    doubted = alike > 0
    by_number = dict(zip(scored.polygons.tolist(), features.tolist()))
    polygons = np.array([by_number[number] for number in tested.polygons[doubted].tolist()], dtype=np.int64)
    fields = _fields(polygons, tested.class_ids[doubted], alike[doubted], names)
    write_geopackage(workspace.paths.outliers, VectorLayer("outliers", tested.points[doubted], fields, crs))
    styles.write_style(workspace.paths.outliers, styles.marked_style("suggested_name"))
    number = int(shown.sum())
    progress.info(
        f"{counted(number, 'polygon')} of {len(shown):,}, and {counted(int(doubted.sum()), 'sample')} of "
        f"{len(doubted):,}, look like another class."
    )
    predicted = tested.classes[tested.probabilities.argmax(axis=1)]
    for one, other, there, back in indistinct_pairs(tested.class_ids, predicted, tested.classes):
        progress.warning(
            f"{names[one]} and {names[other]} are hard to tell apart: {there:.0%} of the samples of {names[one]} look "
            f"like {names[other]}, {back:.0%} the other way round. Give them one class, or add polygons of both."
        )
    return CheckedLabels(file, table, workspace.paths.outliers, number, int(doubted.sum()))


def _fields(
    polygons: "np.ndarray", own: "np.ndarray", suggested: "np.ndarray", names: "Mapping[int, str]"
) -> "dict[str, np.ndarray]":
    """The fields of a layer of doubtful labels."""
    import numpy as np

    fields = {"polygon": polygons.astype(np.int64)}
    for name, ids in (("class", own), ("suggested", suggested)):
        fields[name] = ids.astype(np.int32)
        fields[f"{name}_name"] = np.array([names[id_] for id_ in ids.tolist()], dtype=object)
    return fields


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
