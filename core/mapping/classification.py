"""Classifying the patches of a workspace with a model."""

from __future__ import annotations

import hashlib
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from ..clouds.masks import CloudMasks
from ..errors import DataError
from ..execution import Resources, Share
from ..grid.patches import Patch
from ..learning.models import Model, load_model
from ..learning.observations import read_observations, strip_height
from ..learning.records import ModelRecord
from ..learning.series import join, validly_seen
from ..progress import Progress
from ..store.fingerprints import fingerprint
from ..store.patch_files import Content, refresh_rasters
from ..store.patch_rasters import MAPS, UNSMOOTHED_MAPS
from ..store.reading import read_patch, read_patches
from ..store.workspace import Workspace
from .decisions import NO_CONFIDENCE, smooth, to_classes
from .record import MapRecord


def refresh_maps(
    workspace: Workspace, chosen: Path | None, smoothing: int, resources: Resources, progress: Progress
) -> MapRecord:
    """Make the map of every patch that is missing or out of date, with a chosen model or the workspace's own.

    Smoothing reads past the edges of the patches, so it comes last. Raises DataError if the model cannot be used.
    """
    file = chosen or workspace.paths.model
    model = _model(file)
    missing = [value for value in model.plan.values if not workspace.catalogue.has(value)]
    if missing:
        raise DataError(
            f"The model needs {', '.join(missing)}, which this imagery does not have; its bands are "
            f"{', '.join(workspace.catalogue.bands)}. Choose another MODEL."
        )
    identity = _identity(workspace, chosen)
    masks = CloudMasks.of(workspace)
    patches = workspace.layout.patches
    names = {patch.id: fingerprint("map", identity, masks.patch_fingerprint(patch)) for patch in patches}
    raster = UNSMOOTHED_MAPS if smoothing else MAPS
    classify = partial(_classify, workspace, file)
    refresh_rasters(workspace, raster, "Map", names, classify, resources, progress.part(0.0, 0.95))
    if smoothing:
        near = {patch.id: workspace.layout.patches_in(patch.window.expanded(smoothing)) for patch in patches}
        names = {id_: fingerprint("smooth", smoothing, [names[p.id] for p in own]) for id_, own in near.items()}
        own = partial(_smooth, workspace, smoothing)
        refresh_rasters(workspace, MAPS, "Smoothed map", names, own, resources, progress.part(0.95, 1.0))
    record = MapRecord(names, model.scheme, smoothing, str(file), identity)
    workspace.write(record)
    return record


def _identity(workspace: Workspace, chosen: Path | None) -> str:
    """The fingerprint of the workspace's own model, or a hash of another model file."""
    if chosen is None:
        return workspace.read(ModelRecord).fingerprint
    return hashlib.sha256(chosen.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _loaded(path: Path, state: tuple[int, ...]) -> Model:
    return load_model(path)


def _model(path: Path) -> Model:
    """The model of a file, loaded once in each process; a copy can keep the time of the file that it replaces."""
    found = path.stat() if path.exists() else None
    return _loaded(path, (found.st_mtime_ns, found.st_size, found.st_ino) if found else ())


def _classify(workspace: Workspace, model_file: Path, patch: Patch, share: Share) -> Content:
    """Class and confidence of one patch, computed strip by strip within the budget."""
    model = _model(model_file)
    dtype = model.scheme.dtype
    classes = np.zeros(patch.window.shape, dtype=dtype)
    confidence = np.full(patch.window.shape, NO_CONFIDENCE, dtype=np.uint8)
    for strip in patch.window.strips(strip_height(workspace, model.plan, patch, share.budget)):
        groups = read_observations(workspace, patch, strip, model.plan.needed_bands, share.threads)
        seen = validly_seen(model.plan, groups)
        if not seen.any():
            continue
        if not seen.all():
            groups = [group.take(seen) for group in groups]
        features = join(model.plan, groups, share.threads)
        ids, percent = to_classes(model.probabilities(features, share.threads), model.scheme.ids, dtype)
        where = patch.window.slices(strip)
        classes[where][seen.reshape(strip.shape)] = ids
        confidence[where][seen.reshape(strip.shape)] = percent
    return Content(np.stack([classes, confidence.astype(dtype)]))


def _smooth(workspace: Workspace, radius: int, patch: Patch, share: Share) -> Content:
    around = patch.window.expanded(radius)
    confidence = read_patch(workspace, UNSMOOTHED_MAPS, patch, "confidence")
    classes = read_patches(workspace, UNSMOOTHED_MAPS, around, "map", confidence.dtype.name)
    return Content(np.stack([smooth(classes, radius)[around.slices(patch.window)], confidence]))
