"""Classifying the patches of a workspace with a model."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..clouds.masks import CloudMasks
from ..errors import DataError
from ..execution import Resources, Share
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..learning.models import Model, load_model
from ..learning.observations import read_observations, strip_height
from ..learning.records import ModelRecord
from ..learning.resemblance import tell_resemblance
from ..learning.series import join, validly_seen
from ..progress import Progress
from ..store.files import remove
from ..store.fingerprints import fingerprint
from ..store.patch_files import Content, refresh_rasters
from ..store.patch_rasters import (
    APPLICABILITY,
    MAPS,
    PROBABILITIES,
    SMOOTHED_MAPS,
    UNCERTAINTY,
    UNSMOOTHED_MAPS,
    PatchRaster,
)
from ..store.rasters import FINGERPRINT_TAG, fingerprint_of, write_raster
from ..store.reading import read_patch, read_patches
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .decisions import NO_CONFIDENCE, NO_PROBABILITY, bayes_smooth, sieve, smooth, to_classes, uncertainty
from .layers import BESIDE, LAYERS
from .record import MapRecord


@dataclass(frozen=True)
class MapSettings:
    """The radius of smoothing in pixels (0 for none), its method (`majority` or `bayes`) and, for `bayes`, the variance
    σ² of its prior; the smallest area in hectares (0 for none); and the layers of uncertainty beside the map:
    `entropy`, `margin`, `probabilities`."""

    smoothing: int = 0
    method: str = "majority"
    smoothness: float = 20.0
    minimum_area: float = 0.0
    layers: tuple[str, ...] = ()

    def least_pixels(self, grid: PixelGrid) -> int:
        """The number of pixels that an area must have."""
        return math.ceil(round(self.minimum_area * 1e4 / (grid.pixel_width * grid.pixel_height), 6))

    @property
    def rasters(self) -> tuple[PatchRaster, ...]:
        """The rasters of each patch that are made beside its map."""
        wanted = [LAYERS[name].raster for name in self.layers if LAYERS[name].raster.name in BESIDE]
        bayes = [PROBABILITIES] if self.smoothing and self.method == "bayes" else []
        return tuple(dict.fromkeys([*wanted, *bayes]))


def refresh_maps(
    workspace: Workspace, chosen: Path | None, settings: MapSettings, resources: Resources, progress: Progress
) -> MapRecord:
    """Make the map of every patch that is missing or out of date, with a chosen model or the workspace's own.

    Smoothing reads past the edges of the patches, so it comes last. Raises DataError if the model cannot be used.
    """
    file = chosen or workspace.paths.model
    model = loaded_model(file)
    if chosen is not None:
        progress.info(model.in_words)
    missing = [value for value in model.plan.values if not workspace.catalogue.has(value)]
    if missing:
        raise DataError(
            f"The model needs {', '.join(missing)}, which this imagery does not have; its bands are "
            f"{', '.join(workspace.catalogue.bands)}. Choose another MODEL."
        )
    identity = _identity(workspace, chosen)
    masks = CloudMasks.of(workspace)
    patches = workspace.layout.patches
    years = model.plan.years_to(*workspace.catalogue.period)
    if years:
        progress.info(f"The dates of the model are moved by {counted(years, 'year')} to those of the imagery.")
    if model.space is None and APPLICABILITY.name in [own.name for own in settings.rasters]:
        raise DataError(
            f"The model {file} does not know where its training samples lie, so dissimilarity and applicability "
            "(LAYERS) cannot be told. Train it again, with classes of two polygons or more."
        )
    smoothing, beside, least = settings.smoothing, settings.rasters, settings.least_pixels(workspace.layout.grid)
    stages: list[_Smoothing | _Sieve] = [
        *([_Smoothing(settings, model.scheme.ids)] if smoothing else []),
        *([_Sieve(least)] if least > 1 else []),
    ]
    # Without these the fingerprint is as it was in versions before.
    more: list[object] = [*([[own.name for own in beside]] if beside else []), *([years] if years else [])]
    names = {patch.id: fingerprint("map", identity, masks.patch_fingerprint(patch), *more) for patch in patches}
    raster = UNSMOOTHED_MAPS if stages else MAPS
    for patch in patches:
        files = [workspace.paths.patch_raster(own.name, patch) for own in beside]
        if any(fingerprint_of(own) != names[patch.id] for own in files):
            remove(workspace.paths.patch_raster(raster.name, patch))  # made anew with what stands beside it
    current = [fingerprint_of(workspace.paths.patch_raster(raster.name, patch)) == names[patch.id] for patch in patches]
    if chosen is not None and chosen.resolve() != workspace.paths.model.resolve() and not all(current):
        tell_resemblance(workspace, model, model.plan.moved(years), resources, progress.part(0.0, 0.1))
    classify = partial(_classify, workspace, file, years, beside, names)
    refresh_rasters(workspace, raster, "Map", names, classify, resources, progress.part(0.1, 0.9))
    for number, stage in enumerate(stages, start=1):
        made = MAPS if number == len(stages) else SMOOTHED_MAPS
        near = {patch.id: workspace.layout.patches_in(patch.window.expanded(stage.reach)) for patch in patches}
        names = {id_: stage.fingerprint([names[p.id] for p in own]) for id_, own in near.items()}
        part = progress.part(0.9 + 0.1 * (number - 1) / len(stages), 0.9 + 0.1 * number / len(stages))
        refresh_rasters(workspace, made, stage.label, names, partial(stage.make, workspace, raster), resources, part)
        raster = made
    record = MapRecord(names, model.scheme, smoothing, str(file), identity, settings.layers)
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


def loaded_model(path: Path) -> Model:
    """The model of a file, loaded once in each process; a copy can keep the time of the file that it replaces."""
    found = path.stat() if path.exists() else None
    return _loaded(path, (found.st_mtime_ns, found.st_size, found.st_ino) if found else ())


def _classify(
    workspace: Workspace,
    model_file: Path,
    years: int,
    beside: Sequence[PatchRaster],
    names: Mapping[str, str],
    patch: Patch,
    share: Share,
) -> Content:
    """Class and confidence of one patch, computed strip by strip within the budget; writes what stands beside it."""
    model = loaded_model(model_file)
    plan = model.plan.moved(years)
    dtype = model.scheme.dtype
    classes = np.zeros(patch.window.shape, dtype=dtype)
    confidence = np.full(patch.window.shape, NO_CONFIDENCE, dtype=np.uint8)
    # By name: with its NaN, a raster from another process does not equal the one here.
    values = {
        own.name: np.full(
            (len(own.bands) or len(model.scheme.ids), *patch.window.shape), own.nodata, dtype=BESIDE[own.name]
        )
        for own in beside
    }
    for strip in patch.window.strips(strip_height(workspace, plan, patch, share.budget)):
        groups = read_observations(workspace, patch, strip, plan.needed_bands, share.threads)
        seen = validly_seen(plan, groups)
        if not seen.any():
            continue
        if not seen.all():
            groups = [group.take(seen) for group in groups]
        features = join(plan, groups, share.threads)
        probabilities = model.probabilities(features, share.threads)
        ids, percent = to_classes(probabilities, model.scheme.ids, dtype)
        where = patch.window.slices(strip)
        place = seen.reshape(strip.shape)
        if UNCERTAINTY.name in values:
            values[UNCERTAINTY.name][(slice(None), *where)][:, place] = uncertainty(probabilities)
        if PROBABILITIES.name in values:
            values[PROBABILITIES.name][(slice(None), *where)][:, place] = np.rint(probabilities.T * 10_000)
        if APPLICABILITY.name in values and model.space is not None:
            found = model.space.dissimilarity(features, share.threads)
            values[APPLICABILITY.name][(slice(None), *where)][:, place] = [found, found <= model.space.threshold]
        classes[where][place] = ids
        confidence[where][place] = percent
    for own in beside:
        write_raster(
            workspace.paths.patch_raster(own.name, patch),
            values[own.name],
            workspace.layout.grid,
            patch.window,
            nodata=own.nodata,
            names=own.bands or [str(id_) for id_ in model.scheme.ids],
            tags={FINGERPRINT_TAG: names[patch.id]},
        )
    return Content(np.stack([classes, confidence.astype(dtype)]))


@dataclass(frozen=True)
class _Smoothing:
    """Smoothing of the map, which reads past the edges of patches."""

    settings: MapSettings
    ids: Sequence[int]
    label: ClassVar[str] = "Smoothed map"

    @property
    def reach(self) -> int:
        return self.settings.smoothing

    def fingerprint(self, names: Sequence[str]) -> str:
        bayes = [self.settings.method, self.settings.smoothness] if self.settings.method == "bayes" else []
        return fingerprint("smooth", self.reach, names, *bayes)

    def make(self, workspace: Workspace, raster: PatchRaster, patch: Patch, share: Share) -> Content:
        around = patch.window.expanded(self.reach)
        inside = around.slices(patch.window)
        confidence = read_patch(workspace, raster, patch, "confidence")
        if self.settings.method == "bayes":
            stored = [
                read_patches(workspace, PROBABILITIES, around, str(id_), "uint16", NO_PROBABILITY) for id_ in self.ids
            ]
            known = np.stack(stored).astype(np.float32)
            known[known == NO_PROBABILITY] = np.nan
            places = bayes_smooth(known / 10_000, self.reach, self.settings.smoothness)[inside]
            classes = np.array([*self.ids, 0], dtype=confidence.dtype)[places]  # -1, the last one, is no data
            return Content(np.stack([classes, confidence]))
        classes = read_patches(workspace, raster, around, "map", confidence.dtype.name)
        return Content(np.stack([smooth(classes, self.reach)[inside], confidence]))


@dataclass(frozen=True)
class _Sieve:
    """Small areas given to what is around them, which reads past the edges of patches."""

    least: int
    label: ClassVar[str] = "Map without small areas"

    @property
    def reach(self) -> int:
        return 2 * self.least

    def fingerprint(self, names: Sequence[str]) -> str:
        return fingerprint("sieve", self.least, names)

    def make(self, workspace: Workspace, raster: PatchRaster, patch: Patch, share: Share) -> Content:
        around = patch.window.expanded(self.reach).intersection(workspace.layout.domain)
        confidence = read_patch(workspace, raster, patch, "confidence")
        classes = read_patches(workspace, raster, around, "map", confidence.dtype.name)
        return Content(np.stack([sieve(classes, self.least)[around.slices(patch.window)], confidence]))
