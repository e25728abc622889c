"""Labelled pixels with their features."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..errors import DataError
from ..frozen import frozen
from ..parameters import Choice, Number, NumberOutput, Operation, VectorOutput
from ..progress import Progress
from .declarations import Heavy, Seeded, SeriesParameters

if TYPE_CHECKING:
    import numpy as np

    from ..grid.patches import Patch
    from ..grid.windows import Window
    from ..learning.features import SeriesPlan
    from ..learning.samples import Candidates
    from ..store.workspace import Workspace


@frozen
class DrawSamples(Seeded, SeriesParameters, Heavy):
    """How many, and which."""

    per_class: Annotated[
        int,
        Number("Samples per class", "At most this many pixels are drawn of each class.", whole=True, minimum=2),
    ] = 1000
    balance: Annotated[
        str,
        Choice(
            "Balance",
            "Equal: the same number of each class, so that rare classes are learnt too. Proportional: as labels are.",
            advanced=True,
            options={"equal": "Equal", "proportional": "Proportional"},
        ),
    ] = "equal"


@frozen
class Drawn:
    """The samples."""

    samples: Annotated[
        Path, VectorOutput("Samples", "Points with class, polygon, place and features.", destination=True)
    ]
    sample_number: Annotated[int, NumberOutput("Number of samples")]


def run(parameters: DrawSamples, progress: Progress) -> Drawn:
    """Choose the pixels over the whole area, then read the features of the chosen ones."""
    import numpy as np

    from ..execution import Resources, run_all
    from ..learning.class_curves import mean_features
    from ..learning.samples import Candidates, draw, share_out
    from ..store.records import fingerprint
    from ..store.workspace import Workspace
    from ..vocabulary.classes import ClassScheme

    workspace = Workspace(parameters.workspace)
    plan = _plan(parameters, workspace, progress)
    record = workspace.record("rasterizereference")
    made_of = fingerprint(
        "samples",
        record["fingerprints"],
        [workspace.clouds_fingerprint(patch) for patch in workspace.layout.patches],
        plan.features,
        parameters.per_class,
        parameters.balance,
        parameters.seed,
    )
    file = workspace.product("samples.gpkg")
    if file.exists() and workspace.has_record("drawsamples"):
        old = workspace.record("drawsamples")
        if old["fingerprint"] == made_of:
            if old["classes"] != record["classes"]:  # other names or colours, the same pixels
                workspace.write_record("drawsamples", {**old, "classes": record["classes"]})
            progress.report(1.0)
            return Drawn(file, sum(old["drawn"].values()))
    resources = Resources(parameters.memory, parameters.jobs, parameters.backend)
    ids = ClassScheme.from_json(record["classes"]).ids
    pixels = {id_: record["pixels"][str(id_)] for id_ in ids if record["pixels"][str(id_)]}
    number = share_out(pixels, parameters.per_class, parameters.balance)
    parts = run_all(
        partial(_candidates, workspace, parameters.seed, number),
        workspace.layout.patches,
        lambda patch: f"Labels of patch {patch.id}",
        resources,
        progress.part(0.0, 0.2),
        patch_of=lambda patch: patch,
    )
    chosen = draw(Candidates.joined(parts), number)
    share = resources.share(len(workspace.layout.patches))
    tasks = [(patch, _within(chosen, patch.window)) for patch in workspace.layout.patches]
    tasks = [(patch, wanted) for patch, wanted in tasks if len(wanted.rows)]
    features = run_all(
        partial(_features, workspace, plan, share.threads, share.budget),
        tasks,
        lambda task: f"Samples of patch {task[0].id}",
        resources,
        progress.part(0.2, 1.0),
        patch_of=lambda task: task[0],
    )
    samples = Candidates.joined([wanted for _, wanted in tasks])
    order = np.lexsort(
        tuple(np.concatenate([getattr(wanted, name) for _, wanted in tasks]) for name in ("columns", "rows"))
    )
    table = np.concatenate(features)[order]
    seen = ~np.isnan(table).any(axis=1)
    if not seen.all():
        progress.warning(f"{(~seen).sum()} drawn pixels have no valid observation and are left out.")
    samples, table = samples.take(seen), table[seen]
    drawn = {str(id_): int((samples.class_ids == id_).sum()) for id_ in ids}
    for id_, count in drawn.items():
        if 0 < count < min(parameters.per_class, 50):
            progress.warning(f"Class {id_} has only {count} samples: expect little of it.")
    present = sum(count > 0 for count in drawn.values())
    if present < 2:
        raise DataError(
            f"{present} class(es) have samples with a valid observation; a map needs at least two. Lower EROSION, "
            "widen the period, or use more reference polygons."
        )
    workspace.forget("drawsamples")
    _write(file, workspace, samples, plan, table)
    workspace.write_record(
        "drawsamples",
        {
            "fingerprint": made_of,
            "drawn": drawn,
            "plan": plan.to_json(),
            "classes": record["classes"],
            "means": mean_features(samples.class_ids, table),
            "seed": parameters.seed,
        },
    )
    return Drawn(file, len(table))


def _plan(parameters: DrawSamples, workspace: Workspace, progress: Progress) -> SeriesPlan:
    """Regular dates over the period, of the bands there are."""
    from ..learning.features import plan_series, regular_dates

    dates = regular_dates(*workspace.catalogue.period, parameters.step)
    catalogue = workspace.catalogue
    indices = [name for name in parameters.indices if catalogue.tells(name)]
    plan, lacking = plan_series(catalogue.bands, parameters.bands, indices, dates)
    lacking += tuple(name for name in parameters.indices if name not in indices)
    if lacking:
        progress.warning(f"The imagery cannot give {', '.join(lacking)}; the model learns from the rest.")
    return plan


def _candidates(workspace: Workspace, seed: int, number: dict[int, int], patch: Patch) -> Candidates:
    """The lowest-ranked pixels of each class in one patch: no other can be among the lowest of the area."""
    from ..learning.samples import draw, labelled_pixels

    classes = workspace.read_patch("labels", patch, "labels", "rasterizereference")
    polygons = workspace.read_patch("labels", patch, "polygon", "rasterizereference")
    return draw(labelled_pixels(classes, polygons, patch.window, seed), number)


def _within(samples: Candidates, window: Window) -> Candidates:
    rows = (samples.rows >= window.row) & (samples.rows < window.bottom)
    return samples.take(rows & (samples.columns >= window.column) & (samples.columns < window.right))


def _features(
    workspace: Workspace, plan: SeriesPlan, threads: int, budget: int, task: tuple[Patch, Candidates]
) -> np.ndarray:
    """(sample, feature) of the samples of one patch, in their order."""
    import numpy as np

    from ..learning.series import join
    from .classifypatches import strip_height

    patch, wanted = task
    features = np.empty((len(wanted.rows), len(plan.features)), dtype=np.float32)
    for strip in patch.window.strips(strip_height(workspace, plan, patch, budget)):
        own = np.flatnonzero((wanted.rows >= strip.row) & (wanted.rows < strip.bottom))
        if len(own):
            groups = workspace.read_series(patch, strip, plan.needed_bands, threads)
            place = (wanted.rows[own] - strip.row) * strip.width + wanted.columns[own] - strip.column
            features[own] = join(plan, [group.take(place) for group in groups], threads)
    return features


def _write(file: Path, workspace: Workspace, samples: Candidates, plan: SeriesPlan, table: np.ndarray) -> None:
    import numpy as np
    import shapely

    from ..store.vectors import VectorLayer, write_geopackage

    grid = workspace.layout.grid
    x = grid.left + (samples.columns + 0.5) * grid.pixel_width
    y = grid.top - (samples.rows + 0.5) * grid.pixel_height
    columns: list[tuple[str, Any]] = [
        ("class", samples.class_ids.astype(np.int32)),
        ("polygon", samples.polygons.astype(np.int64)),
        ("row", samples.rows),
        ("column", samples.columns),
        *zip(plan.features, np.ascontiguousarray(table.T)),
    ]
    write_geopackage(file, VectorLayer("samples", shapely.points(x, y), dict(columns), grid.crs))


OPERATION = Operation(
    name="drawsamples",
    label="Draw samples",
    group="3 Reference and model",
    summary="Draws labelled pixels by a rule on place and seed, and gives them their features: bands and indices on "
    "regular dates, interpolated over valid observations.",
    parameters=DrawSamples,
    results=Drawn,
    run=run,
    tags=("training", "sampling", "features"),
)
