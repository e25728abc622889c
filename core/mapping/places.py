"""What the model of a map says of a place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import PatchworkError
from ..grid.windows import Window
from ..learning.observations import read_observations
from ..learning.series import join
from ..store.workspace import Workspace
from ..vocabulary.classes import LandCoverClass
from .classification import loaded_model
from .record import MapRecord

_MOST = 40_000  # pixels of the window around a place


def probabilities_at(workspace: Workspace, mask: np.ndarray, window: Window) -> list[tuple[LandCoverClass, float]]:
    """The classes with their mean probabilities (0 to 1) over the pixels of a mask (y, x), the most probable first.

    They are those of the map's model before smoothing. Nothing where there is no map, its model is gone or does not fit
    the imagery, the place is large, or no pixel of it has a valid observation.
    """
    record = workspace.find(MapRecord)
    if record is None or mask.size > _MOST or not Path(record.model).is_file():
        return []
    try:
        model = loaded_model(Path(record.model))
        plan = model.plan.moved(model.plan.years_to(*workspace.catalogue.period))
        parts = []
        for patch in workspace.layout.patches_in(window):
            own = patch.window.intersection(window)
            pixels = np.flatnonzero(mask[window.slices(own)])
            groups = read_observations(workspace, patch, own, plan.needed_bands, 1)
            parts.append(join(plan, [group.take(pixels) for group in groups], 1))
    except PatchworkError:
        return []
    features = np.concatenate(parts)
    features = features[~np.isnan(features).any(axis=1)]
    if not len(features):
        return []
    means = model.probabilities(features, 1).mean(axis=0)
    order = np.argsort(-means, kind="stable")
    return [(model.scheme.classes[number], float(means[number])) for number in order]
