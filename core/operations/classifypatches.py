"""Every patch classified with the model."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..errors import DataError
from ..frozen import frozen
from ..parameters import File, FolderOutput, Number, Operation
from ..progress import Progress
from .declarations import Heavy
from .trainmodel import MODEL_FILE

if TYPE_CHECKING:
    from ..grid.patches import Patch
    from ..learning.features import SeriesPlan
    from ..learning.models import Model
    from ..store.workspace import Workspace


# Larger blocks are no faster, they only take more memory.
_BLOCK_BYTES = 200_000_000


@frozen
class Smoothing(Heavy):
    """How the map is smoothed."""

    smoothing: Annotated[
        int,
        Number(
            "Smoothing",
            "Each pixel takes the class that most pixels within this distance have; 0 leaves the map as it is.",
            unit="px",
            whole=True,
            minimum=0,
            maximum=20,
        ),
    ] = 0


@frozen
class ClassifyPatches(Smoothing):
    """The model and the map."""

    model: Annotated[
        Optional[Path],
        File(
            "Model",
            "A model made by Train model, of this workspace or another. Left out: the model of this workspace.",
            extension="skops",
        ),
    ] = None


@frozen
class Classified:
    """The map patches."""

    maps: Annotated[Path, FolderOutput("Map patches", "One GeoTIFF for each patch: class and confidence in percent.")]


def run(parameters: ClassifyPatches, progress: Progress) -> Classified:
    """Classify with the chosen model, or the workspace's own."""
    return classify(parameters, parameters.model, progress)


def classify(parameters: Smoothing, chosen: Optional[Path], progress: Progress) -> Classified:
    """Write the map of every patch that has none yet; smoothing reads past the edges, so it comes last."""
    from ..execution import Resources, run_all
    from ..store.rasters import fingerprint_of
    from ..store.records import fingerprint
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    model_file = chosen or workspace.product(MODEL_FILE)
    model = _model(model_file)
    lacking = [value for value in model.plan.values if not workspace.catalogue.tells(value)]
    if lacking:
        raise DataError(
            f"The model needs {', '.join(lacking)}, which this imagery lacks; its bands are "
            f"{', '.join(workspace.catalogue.bands)}."
        )
    identity = _identity(workspace, chosen)
    patches = workspace.layout.patches
    raw = {patch.id: fingerprint("map", identity, workspace.clouds_fingerprint(patch)) for patch in patches}
    resources = Resources(parameters.memory, parameters.jobs, parameters.backend)
    share = resources.share(len(patches))
    kind = "maps" if parameters.smoothing == 0 else "maps-raw"
    file_of = partial(workspace.patch_raster, kind)
    run_all(
        partial(_classify, workspace, model_file, kind, raw, share.threads, share.budget),
        [patch for patch in patches if fingerprint_of(file_of(patch)) != raw[patch.id]],
        lambda patch: f"Map of patch {patch.id}",
        resources,
        progress.part(0.0, 0.95),
        patch_of=lambda patch: patch,
    )
    names = raw
    if parameters.smoothing:
        names = {
            patch.id: fingerprint(
                "smooth",
                parameters.smoothing,
                [raw[p.id] for p in workspace.layout.patches_in(patch.window.expanded(parameters.smoothing))],
            )
            for patch in patches
        }
        smoothed = partial(workspace.patch_raster, "maps")
        run_all(
            partial(_smooth, workspace, parameters.smoothing, names),
            [patch for patch in patches if fingerprint_of(smoothed(patch)) != names[patch.id]],
            lambda patch: f"Smoothing of patch {patch.id}",
            resources,
            progress.part(0.95, 1.0),
            patch_of=lambda patch: patch,
        )
    workspace.write_record(
        "classifypatches",
        {
            "fingerprints": names,
            "classes": model.scheme.to_json(),
            "smoothing": parameters.smoothing,
            "model": str(model_file),
            "identity": identity,
        },
    )
    return Classified(workspace.folder / "maps")


def strip_height(workspace: Workspace, plan: SeriesPlan, patch: Patch, budget: int) -> int:
    """How many rows of a patch fit the budget (bytes), with their stack, features and what is computed on the way."""
    from ..store.rasters import TILE_HEIGHT

    read = [len(set(plan.needed_bands).intersection(item.bands)) for item in workspace.catalogue.acquisitions]
    per_pixel = sum(2 * 2 * bands + 2 for bands in read) + 2 * 4 * len(plan.features) + 64
    rows = min(budget, _BLOCK_BYTES) // (per_pixel * patch.window.width)
    return int(rows // TILE_HEIGHT * TILE_HEIGHT if rows >= TILE_HEIGHT else max(rows, 1))


def _identity(workspace: Workspace, chosen: Optional[Path]) -> str:
    """What decides the model: the record of this workspace's own, the content of another file."""
    import hashlib

    if chosen is None:
        return str(workspace.record("trainmodel")["fingerprint"])
    return hashlib.sha256(chosen.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _loaded(path: Path, modified: int) -> Model:
    from ..learning.models import load_model

    return load_model(path)


def _model(path: Path) -> Model:
    """The model of a file, loaded once in each process."""
    return _loaded(path, path.stat().st_mtime_ns if path.exists() else 0)


def _classify(
    workspace: Workspace, model_file: Path, kind: str, names: dict[str, str], threads: int, budget: int, patch: Patch
) -> None:
    """Write class and confidence of one patch, strip by strip under the budget."""
    import numpy as np

    from ..learning.series import join, validly_seen
    from ..mapping.decisions import NO_CONFIDENCE, to_classes
    from ..store.rasters import FINGERPRINT_TAG, write_raster

    model = _model(model_file)
    dtype = model.scheme.dtype
    classes = np.zeros(patch.window.shape, dtype=dtype)
    confidence = np.full(patch.window.shape, NO_CONFIDENCE, dtype=np.uint8)
    for strip in patch.window.strips(strip_height(workspace, model.plan, patch, budget)):
        groups = workspace.read_series(patch, strip, model.plan.needed_bands, threads)
        seen = validly_seen(model.plan, groups)
        if not seen.any():
            continue
        if not seen.all():
            groups = [group.take(seen) for group in groups]
        features = join(model.plan, groups, threads)
        ids, percent = to_classes(model.probabilities(features, threads), model.scheme.ids, dtype)
        where = patch.window.slices(strip)
        classes[where][seen.reshape(strip.shape)] = ids
        confidence[where][seen.reshape(strip.shape)] = percent
    write_raster(
        workspace.patch_raster(kind, patch),
        np.stack([classes, confidence.astype(dtype)]),
        workspace.layout.grid,
        patch.window,
        nodata=None,
        names=("map", "confidence"),
        tags={FINGERPRINT_TAG: names[patch.id]},
    )


def _smooth(workspace: Workspace, radius: int, names: dict[str, str], patch: Patch) -> None:
    import numpy as np

    from ..mapping.decisions import smooth
    from ..store.rasters import FINGERPRINT_TAG, write_raster

    around = patch.window.expanded(radius)
    confidence = workspace.read_patch("maps-raw", patch, "confidence", "classifypatches")
    classes = workspace.read_patches("maps-raw", around, "map", confidence.dtype.name, "classifypatches")
    smoothed = smooth(classes, radius)[around.slices(patch.window)]
    write_raster(
        workspace.patch_raster("maps", patch),
        np.stack([smoothed, confidence]),
        workspace.layout.grid,
        patch.window,
        nodata=None,
        names=("map", "confidence"),
        tags={FINGERPRINT_TAG: names[patch.id]},
    )


OPERATION = Operation(
    name="classifypatches",
    label="Classify patches",
    group="4 Map",
    summary="Classifies every pixel of every patch with the model; pixels that were never validly observed stay 0.",
    parameters=ClassifyPatches,
    results=Classified,
    run=run,
    tags=("prediction", "classification", "land cover"),
)
