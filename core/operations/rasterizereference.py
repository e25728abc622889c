"""Reference polygons into class ids on the patch grid."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from ..errors import DataError, ParameterError
from ..frozen import frozen
from ..parameters import FolderOutput, Names, Number, Operation, RasterOutput
from ..progress import Progress
from .declarations import Heavy, Referenced

if TYPE_CHECKING:
    from ..grid.patches import Patch
    from ..reference.polygons import Reference
    from ..store.workspace import Workspace
    from ..vocabulary.classes import ClassScheme


@frozen
class RasterizeReference(Referenced, Heavy):
    """The reference layer and how it is read."""

    erosion: Annotated[
        int,
        Number(
            "Erosion",
            "Labels lose their outermost pixels up to this distance, where pixels are mixed; classes are kept apart.",
            unit="px",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 1
    skip_classes: Annotated[
        tuple[str, ...],
        Names(
            "Classes left out",
            "Classes that are not used, by id or name, separated by commas. Their polygons count as unknown.",
            advanced=True,
        ),
    ] = ()
    class_colours: Annotated[
        tuple[str, ...],
        Names(
            "Class colours",
            "Colours of classes in the map and the report, as id=#rrggbb separated by commas, such as "
            "1=#ffff00,2=#054907. Other classes have the colours of the land-cover scheme or of a palette. Changing "
            "colours makes nothing again but what shows them.",
            advanced=True,
        ),
    ] = ()


R = TypeVar("R", bound=RasterizeReference)


@frozen
class Rasterized:
    """The labels as rasters over the area."""

    labels: Annotated[Path, RasterOutput("Labels", "Class ids, 0 = unknown.", destination=True)]
    masks: Annotated[Path, FolderOutput("Class masks", "For each class one GeoTIFF, 1 where its label is.")]


def run(parameters: RasterizeReference, progress: Progress) -> Rasterized:
    """Burn the labels of every patch that has none yet, then the rasters of the whole area."""
    import numpy as np

    from ..execution import Resources, run_all
    from ..store.rasters import fingerprint_of
    from ..store.records import fingerprint
    from ..store.workspace import Workspace
    from .mosaicmap import write_layer

    workspace = Workspace(parameters.workspace)
    if (workspace.folder / "scenes.json").exists():
        parameters = with_sample_reference(parameters, workspace.catalogue.source)
    scheme, reference, identity = _read(parameters, workspace, progress)
    for note in reference.notes:
        progress.info(note)
    names = {
        patch.id: fingerprint("labels", identity, parameters.erosion, workspace.layout.patch_fingerprints[patch.id])
        for patch in workspace.layout.patches
    }
    file_of = partial(workspace.patch_raster, "labels")
    missing = [patch for patch in workspace.layout.patches if fingerprint_of(file_of(patch)) != names[patch.id]]
    run_all(
        partial(_burn, workspace, reference, parameters.erosion, names),
        missing,
        lambda patch: f"Labels of patch {patch.id}",
        Resources(parameters.memory, parameters.jobs, parameters.backend),
        progress.part(0.0, 0.6),
        patch_of=lambda patch: patch,
    )
    counts: dict[int, int] = {}
    for patch in workspace.layout.patches:
        found, number = np.unique(
            workspace.read_patch("labels", patch, "labels", "rasterizereference"), return_counts=True
        )
        for id_, pixels in zip(found, number):
            counts[int(id_)] = counts.get(int(id_), 0) + int(pixels)
    for entry in scheme.classes:
        if not counts.get(entry.id):
            progress.warning(f"Class {entry.id} ({entry.name}) has no labelled pixel in the area.")
    if not any(counts.get(id_) for id_ in scheme.ids):
        raise DataError(
            "No pixel is labelled: no polygon is wide enough for the erosion. Set EROSION to 0, or use larger polygons."
        )
    workspace.write_record(
        "rasterizereference",
        {
            "fingerprints": names,
            "classes": scheme.to_json(),
            "settings": {
                "reference": parameters.reference,
                "class_field": parameters.class_field,
                "erosion": parameters.erosion,
            },
            "pixels": {str(id_): counts.get(id_, 0) for id_ in scheme.ids},
            "polygons": {str(id_): int((reference.class_ids == id_).sum()) for id_ in scheme.ids},
            "notes": list(reference.notes),
        },
    )
    labels = write_layer(workspace, "labels", progress.part(0.6, 0.7))
    _write_masks(workspace, progress.part(0.7, 1.0))
    return Rasterized(labels, workspace.product("masks"))


def with_sample_reference(parameters: R, source: str) -> R:
    """With the sample region's own reference, where none is given and the imagery is the sample region's."""
    if source != "sample" or parameters.reference is not None:
        return parameters
    from ..imagery.sources.sample.source import CLASS_FIELD, NAME_FIELD, write_reference

    file = write_reference(parameters.workspace / "sample_reference.gpkg")
    return replace(parameters, reference=str(file), class_field=CLASS_FIELD, name_field=NAME_FIELD)


def _read(
    parameters: RasterizeReference, workspace: Workspace, progress: Progress
) -> tuple[ClassScheme, Reference, str]:
    """The classes that are used, the reference in pixel coordinates, and a fingerprint of what labels are made of."""
    import numpy as np
    import shapely

    from ..grid.crs import reproject
    from ..reference.polygons import elsewhere, make_reference, no_crs, no_polygon, read_classes, too_few_classes
    from ..store.records import fingerprint
    from ..store.vectors import read_vector
    from ..vocabulary.classes import ClassScheme, read_colours

    if parameters.reference is None or parameters.class_field is None:
        raise ParameterError(
            "Reference (REFERENCE) or class field (CLASS_FIELD) is missing: polygons of known class, and the field "
            "that tells it."
        )
    layer = read_vector(parameters.reference)
    if len(layer.geometries) == 0:
        raise no_polygon(layer)
    if not layer.crs:
        raise no_crs(layer)
    class_ids, names = read_classes(layer, parameters.class_field, parameters.name_field)
    colours = read_colours(parameters.class_colours)
    every = ClassScheme.of(names).recoloured(colours)
    skipped, unknown = every.find(parameters.skip_classes)
    if unknown:
        progress.warning(f"Classes left out (SKIP_CLASSES): the reference has no class {', '.join(unknown)}.")
    if colourless := [str(id_) for id_ in colours if id_ not in every.ids]:
        progress.warning(f"Class colours (CLASS_COLOURS): the reference has no class {', '.join(colourless)}.")
    grid, domain = workspace.layout.grid, workspace.layout.domain.expanded(parameters.erosion)
    shapes = grid.to_pixels(reproject(layer.geometries, layer.crs, grid.crs))
    near = shapely.intersects(shapes, shapely.box(domain.column, domain.row, domain.right, domain.bottom))
    if not near.any():
        raise elsewhere(layer)
    shapes, class_ids = shapes[near], class_ids[near]
    reference = make_reference(shapes, class_ids, names).without(skipped)
    known = len(np.unique(reference.class_ids[reference.class_ids > 0]))
    if known < 2:
        raise too_few_classes(known, parameters.class_field)
    identity = fingerprint(shapely.to_wkb(shapes, hex=True).tolist(), reference.class_ids.tolist())
    return every.only([id_ for id_ in every.ids if id_ not in skipped]), reference, identity


def _burn(workspace: Workspace, reference: Reference, erosion: int, names: dict[str, str], patch: Patch) -> None:
    """Write the labels of one patch: the class after erosion, and the number of the polygon."""
    import numpy as np

    from ..reference.polygons import erode
    from ..store.rasters import FINGERPRINT_TAG, write_raster

    around = patch.window.expanded(erosion)
    polygons = reference.burn_polygons(around)
    classes = erode(reference.to_classes(polygons), erosion)[around.slices(patch.window)]
    classes = classes * workspace.layout.area_mask(patch.window)
    polygons = np.where(classes > 0, polygons[around.slices(patch.window)], np.uint32(0))
    write_raster(
        workspace.patch_raster("labels", patch),
        np.stack([classes.astype(np.uint32), polygons]),
        workspace.layout.grid,
        patch.window,
        nodata=0,
        names=("labels", "polygon"),
        tags={FINGERPRINT_TAG: names[patch.id]},
    )


def _write_masks(workspace: Workspace, progress: Progress) -> None:
    """One raster over the area for each class."""
    import numpy as np

    from .. import styles
    from ..mapping.mosaic import write_mosaic
    from ..store.rasters import fingerprint_of
    from ..store.records import fingerprint
    from ..vocabulary.classes import ClassScheme

    record: dict[str, Any] = workspace.record("rasterizereference")
    scheme = ClassScheme.from_json(record["classes"])
    folder = workspace.product("masks")
    wanted = {entry.id: folder / f"mask_{entry.id}.tif" for entry in scheme.classes}
    for old in set(folder.glob("mask_*.tif")) - set(wanted.values()):
        old.unlink()
        old.with_suffix(".qml").unlink(missing_ok=True)
    for number, entry in enumerate(scheme.classes, start=1):
        path = wanted[entry.id]
        styles.write_style(path, styles.mask_style(entry))
        made_of = fingerprint("mask", entry.id, record["fingerprints"])
        if fingerprint_of(path) != made_of:
            write_mosaic(
                path,
                workspace.layout.grid,
                workspace.layout.domain,
                workspace.layout.patches,
                lambda patch, id_=entry.id: (  # type: ignore[misc]
                    workspace.read_patch("labels", patch, "labels", "rasterizereference") == id_
                ).astype(np.uint8),
                dtype="uint8",
                nodata=0,
                name=entry.name,
                fingerprint=made_of,
            )
        progress.report(number / len(scheme.classes))


OPERATION = Operation(
    name="rasterizereference",
    label="Rasterize reference",
    group="3 Reference and model",
    summary="Burns the reference polygons into class ids on the pixel grid, with one mask for each class.",
    parameters=RasterizeReference,
    results=Rasterized,
    run=run,
    tags=("labels", "training", "reference", "rasterize"),
)
