"""The reference polygons of a workspace that look like another class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..store.vectors import read_vector
from ..store.workspace import Workspace
from .label_quality import PolygonScores, score_polygons
from .validation import Predictions, read_predictions


@dataclass(frozen=True)
class ScoredPolygons:
    """The scores of the tested polygons (n,), with their feature ids and shapes in the CRS of the grid, and what the
    scores are from."""

    scores: PolygonScores
    features: np.ndarray
    shapes: np.ndarray
    predictions: Predictions


def scored_polygons(workspace: Workspace) -> ScoredPolygons:
    """Score the polygons by the predictions of the validation by polygons, as score_polygons does.

    MissingStepError before a training, DataError if nothing could be tested.
    """
    tested = read_predictions(workspace)
    scores = score_polygons(tested.probabilities, tested.class_ids, tested.polygons, tested.classes)
    reference = read_vector(str(workspace.require(workspace.paths.reference, "rasterizereference")), any_shape=True)
    places = np.searchsorted(reference.fields["polygon"], scores.polygons)
    return ScoredPolygons(scores, reference.fields["feature"][places], reference.geometries[places], tested)
