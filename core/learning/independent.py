"""Validation with a reference layer of its own, whose polygons have no part in the training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely

from ..errors import DataError
from ..execution import Resources, run_all
from ..grid.crs import reproject_near
from ..grid.patches import Patch
from ..progress import Progress
from ..reference.polygons import Reference, elsewhere, erode, make_reference, no_crs, no_polygon, read_classes
from ..reference.record import LabelRecord
from ..store.fingerprints import fingerprint
from ..store.patch_rasters import LABELS
from ..store.reading import read_patch
from ..store.vectors import read_vector
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme
from ..vocabulary.plurals import counted
from .accuracy import Checked, assess
from .assessment import Assessment
from .models import Model
from .samples import Candidates, draw, labelled_pixels
from .sampling import with_features

_MOST = 1000  # pixels of a class


@dataclass(frozen=True)
class Independent:
    """The polygons of a validation layer, in pixel coordinates and with the class ids of the model."""

    polygons: Reference
    erosion: int
    identity: str


def read_independent(
    workspace: Workspace, source: str, class_field: str, classes: ClassScheme, labels: LabelRecord, progress: Progress
) -> Independent:
    """The polygons in the area; DataError if none can be used.

    Classes are matched by name, that of the map or of the reference, or by id where they have the same ids; polygons of
    other classes are left out. `labels` has the erosion, and the names that have become others.
    """
    layer = read_vector(source, class_field=class_field)
    if len(layer.geometries) == 0:
        raise no_polygon(layer)
    if not layer.crs:
        raise no_crs(layer)
    own_ids, names = read_classes(layer, class_field, None)
    aliases = {name: classes.only([id_]).ids for name, id_ in labels.aliases.items()}
    found = {id_: classes.ids_of(name) or aliases.get(name, ()) for id_, name in names.items()}
    class_ids = np.array([(*found.get(id_, ()), 0)[0] for id_ in own_ids.tolist()], dtype=np.uint16)
    unknown = [name for id_, name in names.items() if not found[id_]]
    if unknown:
        progress.warning(
            f"Validation reference: the model has no class {', '.join(unknown)}; its polygons are left out."
        )
    erosion = labels.settings.erosion
    grid, domain = workspace.layout.grid, workspace.layout.domain.expanded(erosion)
    shapes = grid.to_pixels(reproject_near(layer.geometries, layer.crs, grid.crs))
    near = shapely.intersects(shapes, shapely.box(domain.column, domain.row, domain.right, domain.bottom))
    if not near.any():
        raise elsewhere(layer)
    polygons = make_reference(shapes[near], class_ids[near], {})
    if not polygons.class_ids.any():
        raise DataError(
            f"The validation reference {layer.name} has no polygon of a class of the model in the area. Its classes "
            f"are {', '.join(names.values())}; the model has {', '.join(entry.name for entry in classes.classes)}."
        )
    for note in (*layer.notes, *polygons.notes):
        progress.info(f"Validation reference: {note}")
    identity = fingerprint(shapely.to_wkb(polygons.shapes, hex=True).tolist(), polygons.class_ids.tolist(), erosion)
    return Independent(polygons, erosion, identity)


def assess_independent(
    workspace: Workspace, independent: Independent, model: Model, seed: int, resources: Resources, progress: Progress
) -> Assessment:
    """The accuracy of the model on the polygons; at most as many pixels of a class as a model is trained on.

    Pixels that are labels of the training as well are left out. Raises DataError if no pixel remains.
    """
    parts = run_all(
        partial(_candidates, workspace, independent, seed),
        workspace.layout.patches,
        lambda patch: f"Validation pixels of patch {patch.id}",
        resources,
        progress.part(0.0, 0.3),
        patch_of=lambda patch: patch,
    )
    shared = sum(number for _, _, number in parts)
    if shared:
        progress.warning(
            f"Validation reference: {counted(shared, 'pixel')} left out, because polygons of the training cover "
            f"{'it' if shared == 1 else 'them'}."
        )
    pixels: Counter[int] = Counter()
    for _, numbers, _ in parts:
        pixels.update(numbers)
    if not pixels:
        raise DataError(
            "The validation reference labels no pixel: its polygons are covered by those of the training, or are too "
            "narrow for the erosion. Use other polygons, or set EROSION to 0."
        )
    chosen = draw(Candidates.joined([own for own, _, _ in parts]), dict.fromkeys(pixels, _MOST))
    chosen, features = with_features(workspace, model.plan, chosen, resources, progress.part(0.3, 1.0))
    if not len(chosen.rows):
        raise DataError("No pixel of the validation reference has a valid observation. Choose a longer period.")
    number = Counter(chosen.class_ids.tolist())
    weights = np.array([pixels[id_] / number[id_] for id_ in chosen.class_ids.tolist()])
    probabilities = model.probabilities(features, resources.wanted_jobs)
    predicted = np.array(model.scheme.ids)[probabilities.argmax(axis=1)]
    return assess("independent", Checked(chosen.class_ids, chosen.polygons, weights), predicted, chosen.polygons)


def _candidates(
    workspace: Workspace, independent: Independent, seed: int, patch: Patch
) -> tuple[Candidates, Mapping[int, int], int]:
    """The lowest-ranked pixels of a patch, all its pixels of each class, and the number shared with the training."""
    around = patch.window.expanded(independent.erosion)
    numbers = independent.polygons.burn_polygons(around)
    classes = erode(independent.polygons.to_classes(numbers), independent.erosion)[around.slices(patch.window)]
    classes = classes * workspace.layout.area_mask(patch.window)
    trained = read_patch(workspace, LABELS, patch, "labels") > 0
    shared = int(((classes > 0) & trained).sum())
    classes = np.where(trained, 0, classes)
    found = labelled_pixels(classes, numbers[around.slices(patch.window)], patch.window, seed)
    pixels = Counter(found.class_ids.tolist())
    return draw(found, dict.fromkeys(pixels, _MOST)), pixels, shared
