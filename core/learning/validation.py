"""The validations of a model: at random, by polygons, by spatial blocks, and by regions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ..errors import DataError
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.vectors import VectorLayer, read_vector
from ..store.workspace import Workspace
from . import folds
from .accuracy import Checked, Fit, assess, cross_validate
from .assessment import Assessment
from .folds import UNTESTED, Grouping, Places
from .importance import PermutationImportance
from .records import SampleRecord


@dataclass(frozen=True)
class Samples:
    """The samples of a workspace: features (n, feature) float32, what is tested, where they lie, and the layer."""

    features: np.ndarray
    checked: Checked
    places: Places
    layer: VectorLayer

    @property
    def class_ids(self) -> np.ndarray:
        """The class of each sample (n,)."""
        return self.checked.class_ids

    @property
    def classes(self) -> np.ndarray:
        """The class ids that samples have, sorted."""
        present: np.ndarray = np.unique(self.class_ids)
        return present


def read_samples(workspace: Workspace, record: SampleRecord, pixels: Mapping[int, int]) -> Samples:
    """The samples that drawsamples wrote; `pixels` are the labelled pixels of each class id, which weigh them."""
    layer = read_vector(str(workspace.paths.samples))
    class_ids = layer.fields["class"].astype(np.int64)
    features = np.column_stack([layer.fields[name] for name in record.plan.features]).astype(np.float32)
    numbers = {int(id_): int((class_ids == id_).sum()) for id_ in np.unique(class_ids)}
    weights = np.array([pixels[id_] / numbers[id_] for id_ in class_ids.tolist()])
    polygons = layer.fields["polygon"].astype(np.int64)
    rows, columns = (layer.fields[name].astype(np.int64) for name in ("row", "column"))
    places = Places(rows, columns, polygons, workspace.layout.domain)
    return Samples(features, Checked(class_ids, polygons, weights), places, layer)


@dataclass(frozen=True)
class Validation:
    """A grouping of the samples, the probabilities (n, class) that they got, NaN where untested, and its result.

    `assessment` is None where nothing could be tested; `importance` is the fall of PermutationImportance by feature.
    """

    grouping: Grouping
    probabilities: np.ndarray
    assessment: Assessment | None
    importance: Sequence[float] | None = None


def groupings(
    samples: Samples, *, seed: int, with_blocks: bool, block_size: int, regions: np.ndarray | None
) -> dict[str, Callable[[], Grouping]]:
    """The ways in which samples are kept apart, by kind; `block_size` in pixels, 0 to choose it, `regions` (n,)."""
    ids, places = samples.class_ids, samples.places
    found = {
        folds.POLYGONS: lambda: folds.grouping(folds.POLYGONS, ids, places.polygons, seed),
    }
    if with_blocks:
        found[folds.RANDOM] = lambda: folds.grouping(folds.RANDOM, ids, np.arange(len(ids)), seed)
        found[folds.BLOCKS] = lambda: folds.block_grouping(ids, places, seed, block_size)
    if regions is not None and len(np.unique(regions)) > 1:
        found[folds.REGIONS] = lambda: folds.grouping(folds.REGIONS, ids, regions, seed)
    return found


def validate(samples: Samples, grouped: Grouping, grid: PixelGrid, fit: Fit, seed: int) -> Validation:
    """Test the samples by models that were not trained on their group; of polygons also what the features are worth."""
    importance = None
    if grouped.kind == folds.POLYGONS:
        number = len(np.unique(grouped.folds[grouped.folds != UNTESTED]))
        importance = PermutationImportance(samples.features, samples.class_ids, number, seed)
    probabilities = cross_validate(samples.features, samples.class_ids, grouped, samples.classes, fit, importance)
    seen = ~np.isnan(probabilities[:, 0])
    if not seen.any():
        return Validation(grouped, probabilities, None)
    predicted = samples.classes[probabilities[seen].argmax(axis=1)]
    found = assess(grouped.kind, samples.checked.take(seen), predicted, grouped.groups[seen])
    untested = np.setdiff1d(samples.classes, samples.class_ids[seen])
    pixel = math.sqrt(grid.pixel_width * grid.pixel_height)
    used = np.where(seen, grouped.folds, UNTESTED)
    found = replace(
        found,
        untested=tuple(untested.tolist()),
        block_size=grouped.block_size * pixel,
        distance=_median(samples.places.to_training(used)) * pixel,
        map_distance=_median(samples.places.to_map()) * pixel,
        mismatch=folds.mismatch(samples.places, used) * pixel,
    )
    return Validation(grouped, probabilities, found, importance.falls if importance else None)


def _median(distances: np.ndarray) -> float:
    return float(np.median(distances)) if len(distances) else math.nan


def regions_of(workspace: Workspace, polygons: np.ndarray) -> np.ndarray | None:
    """The region of each sample (n,) as a number, from the polygons of the samples; None if the reference has none."""
    file = workspace.paths.reference
    layer = read_vector(str(file), any_shape=True) if file.exists() else None
    if layer is None or "region" not in layer.fields:
        return None
    _, numbers = np.unique(layer.fields["region"].astype(str), return_inverse=True)
    by_polygon = dict(zip(layer.fields["polygon"].tolist(), numbers.tolist(), strict=True))
    return np.array([by_polygon[number] for number in polygons.tolist()], dtype=np.int64)


def predictions_layer(samples: Samples, by_polygons: Validation) -> VectorLayer:
    """The tested samples as points: class, predicted class, and the probability of each class in percent."""
    seen = ~np.isnan(by_polygons.probabilities[:, 0])
    probabilities = by_polygons.probabilities[seen]
    columns = {
        "class": samples.class_ids[seen],
        "predicted": samples.classes[probabilities.argmax(axis=1)],
        "polygon": samples.checked.polygons[seen],
        "fold": by_polygons.grouping.folds[seen],
        "row": samples.places.rows[seen],
        "column": samples.places.columns[seen],
    }
    shares = {f"p_{id_}": probabilities[:, number] for number, id_ in enumerate(samples.classes.tolist())}
    return VectorLayer("predictions", samples.layer.geometries[seen], columns | shares, samples.layer.crs)


@dataclass(frozen=True)
class Predictions:
    """The tested samples as `predictions_layer` stores them: points, class ids and polygons (n,), probabilities (n,
    class)."""

    points: np.ndarray
    class_ids: np.ndarray
    polygons: np.ndarray
    probabilities: np.ndarray
    classes: np.ndarray


def read_predictions(workspace: Workspace) -> Predictions:
    """The predictions of the last training; MissingStepError without one, DataError if nothing could be tested."""
    layer = read_vector(str(workspace.require(workspace.paths.predictions, "trainmodel")), any_shape=True)
    if len(layer.geometries) == 0:
        raise DataError("No class has two polygons, so no label could be checked. Add reference polygons.")
    names = [name for name in layer.fields if name.startswith("p_")]
    return Predictions(
        layer.geometries,
        layer.fields["class"].astype(np.int64),
        layer.fields["polygon"].astype(np.int64),
        np.column_stack([layer.fields[name] for name in names]).astype(np.float64),
        np.array([int(name[2:]) for name in names]),
    )


def blocks_layer(samples: Samples, by_blocks: Validation | None, grid: PixelGrid) -> VectorLayer:
    """The blocks as squares, with the fold in which they are tested, their samples, and their accuracy (0 to 1).

    Empty without a validation by blocks.
    """
    if by_blocks is None:
        return VectorLayer("validation_blocks", np.empty(0, dtype=object), {"fold": np.empty(0, dtype=int)}, grid.crs)
    grouped, probabilities = by_blocks.grouping, by_blocks.probabilities
    blocks, own = np.unique(grouped.groups, return_inverse=True)
    seen = ~np.isnan(probabilities[:, 0])
    right = np.zeros(len(seen))
    right[seen] = samples.classes[probabilities[seen].argmax(axis=1)] == samples.class_ids[seen]
    tested = np.bincount(own, seen)
    side = grouped.block_size
    windows = [Window(int(number // 2**32) * side, int(number % 2**32) * side, side, side) for number in blocks]
    with np.errstate(invalid="ignore"):
        accuracy = np.bincount(own, right) / tested
    first = np.unique(own, return_index=True)[1]
    columns = {"fold": grouped.folds[first], "samples": np.bincount(own), "accuracy": accuracy.round(3)}
    shapes = shapely.box(*np.array([grid.bounds(window) for window in windows]).T)
    return VectorLayer("validation_blocks", shapes, columns, grid.crs)
