"""How much of an area resembles what a model was trained on, such as the area of another year."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..execution import Resources, run_all
from ..grid.patches import Patch
from ..progress import Progress
from ..store.workspace import Workspace
from .features import SeriesPlan
from .models import Model
from .samples import Candidates, draw, labelled_pixels
from .sampling import with_features

_PATCHES = 8  # that are looked at, spread over the area
_PIXELS = 2000
_MUCH = 0.9


def tell_resemblance(
    workspace: Workspace, model: Model, plan: SeriesPlan, resources: Resources, progress: Progress
) -> None:
    """Tell how much of the area resembles what a model from elsewhere was trained on."""
    share = resembling_share(workspace, model, plan, resources, progress)
    if share is None:
        progress.warning("Whether this area resembles what the model was trained on is unknown.")
        return
    text = f"{share:.0%} of the area resembles what the model was trained on (area of applicability)."
    if share < _MUCH:
        progress.warning(f"{text} Elsewhere the map is a guess; the layer applicability (LAYERS) shows where.")
    else:
        progress.info(text)


def resembling_share(
    workspace: Workspace, model: Model, plan: SeriesPlan, resources: Resources, progress: Progress
) -> float | None:
    """The fraction of the area that is within the area of applicability of the model, by pixels drawn at random.

    `plan` is that of the model with the dates of the imagery. None if the model does not know its training samples, or
    no pixel has a valid observation.
    """
    if model.space is None:
        return None
    patches = workspace.layout.patches
    some = [patches[place] for place in np.unique(np.linspace(0, len(patches) - 1, _PATCHES).round().astype(int))]
    parts = run_all(
        partial(_pixels, workspace, _PIXELS // len(some)),
        some,
        lambda patch: f"Pixels of patch {patch.id}",
        resources,
        progress.part(0.0, 0.1),
        patch_of=lambda patch: patch,
    )
    quiet = Progress(on_fraction=progress.part(0.1, 1.0).report)  # that some pixels are never seen is told elsewhere
    drawn, features = with_features(workspace, plan, Candidates.joined(parts), resources, quiet)
    if not len(drawn.rows):
        return None
    inside = model.space.dissimilarity(features, resources.wanted_jobs) <= model.space.threshold
    return float(inside.mean())


def _pixels(workspace: Workspace, number: int, patch: Patch) -> Candidates:
    """Pixels of a patch in the area, drawn at random."""
    inside = workspace.layout.area_mask(patch.window).astype(np.uint32)
    return draw(labelled_pixels(inside, inside, patch.window, seed=0), {1: number})
