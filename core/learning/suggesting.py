"""Suggestions of where to label next, from the model and the imagery of a workspace."""

from __future__ import annotations

from functools import partial

import numpy as np
import shapely

from ..errors import DataError
from ..execution import Resources, run_all
from ..grid.patches import Patch
from ..progress import Progress
from ..store.patch_rasters import LABELS
from ..store.reading import read_patch
from ..store.vectors import VectorLayer
from ..store.workspace import Workspace
from .models import load_model
from .samples import Candidates, draw, labelled_pixels
from .sampling import with_features
from .suggestions import choose_places

_CANDIDATES = 5000  # pixels
_SPREAD = 4.0  # places could be about so many times denser


def suggest(
    workspace: Workspace, number: int, *, by: str, seed: int, resources: Resources, progress: Progress
) -> VectorLayer:
    """Points with the two most probable classes (first_class, second_class), where the model is least sure.

    They are among pixels that are drawn at random from those of the area without a label, so that the same workspace
    and seed give the same places. `by` is `margin` or `entropy`. Raises DataError if no pixel can be suggested.
    """
    model = load_model(workspace.require(workspace.paths.model, "trainmodel"))
    parts = run_all(
        partial(_unlabelled, workspace, seed),
        workspace.layout.patches,
        lambda patch: f"Pixels of patch {patch.id}",
        resources,
        progress.part(0.0, 0.2),
        patch_of=lambda patch: patch,
    )
    drawn = draw(Candidates.joined(parts), {1: _CANDIDATES})
    if not len(drawn.rows):
        raise DataError("All pixels of the area have a label, so there is no place to suggest.")
    drawn, features = with_features(workspace, model.plan, drawn, resources, progress.part(0.2, 0.9))
    if not len(drawn.rows):
        raise DataError("No pixel of the area without a label has a valid observation. Choose a longer period.")
    probabilities = model.probabilities(features, resources.wanted_jobs).astype(np.float64)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    rows = np.arange(len(order))
    first, second = probabilities[rows, order[:, 0]], probabilities[rows, order[:, 1]]
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    uncertainty = 1.0 - (first - second) if by == "margin" else -(probabilities * logarithms).sum(axis=1)
    places = np.column_stack([drawn.rows, drawn.columns]).astype(np.float64)
    spread = np.divide(
        features - features.mean(axis=0),
        features.std(axis=0),
        out=np.zeros_like(features),
        where=features.std(axis=0) > 0,
    )
    distance = float(np.sqrt(float(workspace.layout.area.area) / (_SPREAD * number)))
    chosen = choose_places(uncertainty, places, spread, number, distance)
    ids, grid = np.array(model.scheme.ids), workspace.layout.grid
    names = np.array([entry.name for entry in model.scheme.classes], dtype=object)
    fields = {"rank": np.arange(1, len(chosen) + 1), "uncertainty": uncertainty[chosen].round(4)}
    for place, (word, values) in enumerate((("first", first), ("second", second))):
        own = order[chosen, place]
        fields |= {f"{word}_class": ids[own].astype(np.int32), f"{word}_name": names[own]}
        fields[f"{word}_probability"] = values[chosen].round(4)
    x = grid.left + (drawn.columns[chosen] + 0.5) * grid.pixel_width
    y = grid.top - (drawn.rows[chosen] + 0.5) * grid.pixel_height
    return VectorLayer("suggestions", shapely.points(x, y), fields, grid.crs)


def _unlabelled(workspace: Workspace, seed: int, patch: Patch) -> Candidates:
    """Pixels of a patch in the area without a label, those of the lowest ranks."""
    inside = workspace.layout.area_mask(patch.window)
    free = (inside & (read_patch(workspace, LABELS, patch, "polygon") == 0)).astype(np.uint32)
    return draw(labelled_pixels(free, free, patch.window, seed), {1: _CANDIDATES})
