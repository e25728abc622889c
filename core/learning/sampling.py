"""Drawing the samples of a workspace and reading their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ..clouds.masks import CloudMasks
from ..errors import DataError
from ..execution import Resources, Share, run_all
from ..grid.patches import Patch
from ..grid.windows import Window
from ..progress import Progress
from ..reference.record import LabelRecord
from ..store.fingerprints import fingerprint
from ..store.patch_rasters import LABELS
from ..store.reading import read_patch
from ..store.vectors import VectorLayer, write_geopackage
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .class_curves import mean_features, spread_features
from .features import SeriesPlan, plan_series, regular_dates
from .observations import read_observations, strip_height
from .records import SampleRecord
from .samples import Candidates, draw, labelled_pixels, share_out
from .series import join

_FEW_SAMPLES = 50


@dataclass(frozen=True)
class SampleSettings:
    """The bands and indices of the features, the days between their dates, and how many pixels are drawn of a class."""

    bands: Sequence[str]
    indices: Sequence[str]
    step: int
    per_class: int
    balance: str
    seed: int


def refresh_samples(
    workspace: Workspace, settings: SampleSettings, resources: Resources, progress: Progress
) -> SampleRecord:
    """Draw the samples over the whole area and read their features, unless they are current; DataError if a map cannot
    be made of them."""
    plan = _plan(workspace, settings, progress)
    labels = workspace.read(LabelRecord)
    masks = CloudMasks.of(workspace)
    made_of = fingerprint(
        "samples",
        labels.fingerprints,
        [masks.patch_fingerprint(patch) for patch in workspace.layout.patches],
        plan.features,
        settings.per_class,
        settings.balance,
        settings.seed,
    )
    old = workspace.find(SampleRecord) if workspace.paths.samples.exists() else None
    if old is not None and old.fingerprint == made_of:
        if old.classes != labels.classes:  # other names or colours, the same pixels
            old = replace(old, classes=labels.classes)
            workspace.write(old)
        return old
    chosen = _draw(workspace, settings, labels, resources, progress.part(0.0, 0.2))
    samples, table = with_features(workspace, plan, chosen, resources, progress.part(0.2, 1.0))
    drawn = {id_: int((samples.class_ids == id_).sum()) for id_ in labels.classes.ids}
    _check(drawn, settings.per_class, progress)
    workspace.forget(SampleRecord)
    _write(workspace, samples, plan, table)
    means, spreads = (of(samples.class_ids, table) for of in (mean_features, spread_features))
    record = SampleRecord(made_of, drawn, plan, labels.classes, means, settings.seed, spreads)
    workspace.write(record)
    return record


def _plan(workspace: Workspace, settings: SampleSettings, progress: Progress) -> SeriesPlan:
    """Regular dates over the period, and the bands and indices that the imagery has."""
    catalogue = workspace.catalogue
    dates = regular_dates(*catalogue.period, settings.step)
    indices = [name for name in settings.indices if catalogue.has(name)]
    plan, missing = plan_series(catalogue.bands, settings.bands, indices, dates)
    missing += tuple(name for name in settings.indices if name not in indices)
    if missing:
        progress.warning(f"The imagery has no {', '.join(missing)}, so the model is trained without.")
    return plan


def _draw(
    workspace: Workspace, settings: SampleSettings, labels: LabelRecord, resources: Resources, progress: Progress
) -> Candidates:
    """The pixels that are drawn over the whole area."""
    pixels = {id_: labels.pixels[id_] for id_ in labels.classes.ids if labels.pixels[id_]}
    number = share_out(pixels, settings.per_class, settings.balance)
    parts = run_all(
        partial(_candidates, workspace, settings.seed, number),
        workspace.layout.patches,
        lambda patch: f"Labels of patch {patch.id}",
        resources,
        progress,
        patch_of=lambda patch: patch,
    )
    return draw(Candidates.joined(parts), number)


def _candidates(workspace: Workspace, seed: int, number: Mapping[int, int], patch: Patch) -> Candidates:
    """The lowest-ranked pixels of each class in one patch: no other can be among the lowest of the area."""
    classes, polygons = (read_patch(workspace, LABELS, patch, band) for band in LABELS.bands)
    return draw(labelled_pixels(classes, polygons, patch.window, seed), number)


def with_features(
    workspace: Workspace, plan: SeriesPlan, chosen: Candidates, resources: Resources, progress: Progress
) -> tuple[Candidates, np.ndarray]:
    """The chosen pixels that have a valid observation, and their features (sample, feature)."""
    patches = workspace.layout.patches
    tasks = [(patch, _within(chosen, patch.window)) for patch in patches]
    tasks = [(patch, wanted) for patch, wanted in tasks if len(wanted.rows)]
    features = run_all(
        partial(_features, workspace, plan, resources.share(len(patches))),
        tasks,
        lambda task: f"Samples of patch {task[0].id}",
        resources,
        progress,
        patch_of=lambda task: task[0],
    )
    samples = Candidates.joined([wanted for _, wanted in tasks])
    places = (np.concatenate([getattr(wanted, name) for _, wanted in tasks]) for name in ("columns", "rows"))
    table = np.concatenate(features)[np.lexsort(tuple(places))]
    seen = ~np.isnan(table).any(axis=1)
    if not seen.all():
        skipped = int((~seen).sum())
        progress.warning(f"{skipped:,} of {counted(len(seen), 'sample')} skipped: no valid observation.")
    return samples.take(seen), table[seen]


def _within(samples: Candidates, window: Window) -> Candidates:
    rows = (samples.rows >= window.row) & (samples.rows < window.bottom)
    return samples.take(rows & (samples.columns >= window.column) & (samples.columns < window.right))


def _features(workspace: Workspace, plan: SeriesPlan, share: Share, task: tuple[Patch, Candidates]) -> np.ndarray:
    """(sample, feature) of the samples of one patch, in their order."""
    patch, wanted = task
    features = np.empty((len(wanted.rows), len(plan.features)), dtype=np.float32)
    for strip in patch.window.strips(strip_height(workspace, plan, patch, share.budget)):
        own = np.flatnonzero((wanted.rows >= strip.row) & (wanted.rows < strip.bottom))
        if len(own):
            groups = read_observations(workspace, patch, strip, plan.needed_bands, share.threads)
            place = (wanted.rows[own] - strip.row) * strip.width + wanted.columns[own] - strip.column
            features[own] = join(plan, [group.take(place) for group in groups], share.threads)
    return features


def _check(drawn: Mapping[int, int], per_class: int, progress: Progress) -> None:
    for id_, count in drawn.items():
        if 0 < count < min(per_class, _FEW_SAMPLES):
            progress.warning(f"Class {id_} has only {counted(count, 'sample')}: its accuracy will be low.")
    present = sum(count > 0 for count in drawn.values())
    if present < 2:
        raise DataError(
            f"{counted(present, 'class', 'classes')} with a valid observation at a sample; a map needs at least two. "
            " Lower EROSION, choose a longer period, or use more reference polygons."
        )


def _write(workspace: Workspace, samples: Candidates, plan: SeriesPlan, table: np.ndarray) -> Path:
    grid = workspace.layout.grid
    x = grid.left + (samples.columns + 0.5) * grid.pixel_width
    y = grid.top - (samples.rows + 0.5) * grid.pixel_height
    columns: list[tuple[str, Any]] = [
        ("class", samples.class_ids.astype(np.int32)),
        ("polygon", samples.polygons.astype(np.int64)),
        ("row", samples.rows),
        ("column", samples.columns),
        *zip(plan.features, np.ascontiguousarray(table.T), strict=True),
    ]
    file = workspace.paths.samples
    write_geopackage(file, VectorLayer("samples", shapely.points(x, y), dict(columns), grid.crs))
    return file
