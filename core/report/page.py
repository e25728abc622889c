"""Content of the report for its template, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from .. import plots
from ..plots import images
from ..store.workspace import Workspace
from ..vocabulary.plurals import written
from . import evidence, panels, plan, reading, tables, words
from .facts import Facts
from .panels import ColourBar, Picture, ScenePanel
from .plan import PatchPlan, ScaleBar

_MAP_SIDE = 1000
_LABELS_SIDE = 500
_FEW_PIXELS = 10


@dataclass(frozen=True)
class Page:
    """Content of the report. Sections without content are empty or None."""

    title: str
    name: str
    simulated: bool
    satellites: str
    summary: Sequence[str]
    keys: Sequence[tuple[str, str]]
    cautions: Sequence[str]
    map: Picture | None
    labels: Picture | None
    scale: ScaleBar
    no_data_ha: float
    patches: PatchPlan
    patch_text: str
    patch: str
    scenes: Sequence[ScenePanel]
    patch_scale: ScaleBar
    cloud_bar: ColourBar
    masks_of: str
    masks: Sequence[Picture]
    layers: Sequence[tuple[Picture, ColourBar | None]]
    ndvi: Markup | None
    area_layers: Sequence[tuple[Picture, ColourBar | None]]
    classes: Sequence[tables.ClassRow]
    matrix: Sequence[tables.MatrixRow]
    scores: Sequence[tables.ScoreRow]
    validations: Sequence[tables.ValidationRow]
    believe: str
    accuracies: Markup | None
    reliability: Markup | None
    tested: str
    roc: Markup | None
    curves: tuple[str, Markup] | None
    importance: Markup | None
    suspects: Sequence[evidence.Suspect]
    parameters: Sequence[tuple[str, str]]
    cloud_settings: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    seconds: Sequence[tuple[str, float]]
    acquisitions: Sequence[Sequence[tables.AcquisitionRow]]
    bands: Sequence[tuple[str, str]]
    notes: Sequence[str]


def make_page(workspace: Workspace, facts: Facts) -> Page:
    """Read the rasters downsampled, draw the figures and fill the tables."""
    grid = facts.layout.grid
    patch = reading.most_labelled_patch(workspace)
    scenes = panels.scene_panels(workspace, facts, patch.id)
    masks_of, masks = panels.mask_panels(workspace, facts, patch.id)
    tested = facts.training.fair if facts.training else None
    return Page(
        title=words.title(facts),
        name=facts.name,
        simulated=facts.simulated,
        satellites=facts.satellites,
        summary=words.summary(facts),
        keys=_keys(facts),
        cautions=words.cautions(facts),
        map=panels.map_panel(workspace, facts, _MAP_SIDE),
        labels=panels.labels_panel(workspace, facts, _LABELS_SIDE),
        scale=plan.scale_bar(facts.layout.domain.width * grid.pixel_width),
        no_data_ha=facts.mapped.no_data * facts.pixel_area / 1e4 if facts.mapped else 0.0,
        patches=plan.patch_plan(facts, patch.id),
        patch_text=_patch_text(facts),
        patch=patch.id,
        scenes=scenes,
        patch_scale=plan.scale_bar(patch.window.width * grid.pixel_width),
        cloud_bar=ColourBar(images.gradient(images.CLOUD_COLOURS), "0", "100", "Cloud probability (%)"),
        masks_of=masks_of,
        masks=masks,
        layers=panels.layer_panels(workspace, facts, scenes, patch.id),
        ndvi=_ndvi(facts),
        area_layers=panels.area_layers(workspace, facts),
        classes=tables.class_rows(facts),
        matrix=tables.matrix_rows(facts, tested) if tested else [],
        scores=tables.score_rows(facts, facts.training, tested) if facts.training and tested else [],
        validations=tables.validation_rows(facts.training),
        believe=words.which_to_believe(facts.training),
        accuracies=_accuracies(facts),
        reliability=_reliability(facts),
        tested=tables.validation_name(tested.kind).lower() if tested else "",
        roc=evidence.receiver(workspace, facts),
        curves=evidence.curves(workspace),
        importance=evidence.importance(workspace),
        suspects=evidence.suspects(workspace, facts),
        parameters=_texts(facts.run.parameters if facts.run else {}),
        cloud_settings=_texts(facts.clouds),
        versions=_texts(facts.run.versions if facts.run else {}),
        seconds=list(facts.run.seconds.items() if facts.run else []),
        acquisitions=tables.acquisition_tables(facts),
        bands=[(name, ", ".join(own)) for name, own in facts.bands_by_satellite.items()],
        notes=list(facts.labels.notes if facts.labels else []),
    )


def _keys(facts: Facts) -> list[tuple[str, str]]:
    """Names and values of the key figures."""
    found = []
    tested = facts.training.fair if facts.training else None
    if tested:
        overall = tested.overall
        found.append(("Accuracy", words.percent(overall.value, 0)))
        if overall.is_known:
            found.append(("95 % interval", f"{words.percent(overall.low, 0)} – {words.percent(overall.high, 0)}"))
        found.append(("Test polygons", words.number(tested.polygons)))
    found += [("Area", words.area(facts.area_km2)), ("Patches", words.number(len(facts.layout.patches)))]
    if facts.observations:
        found.append(("Acquisitions", words.number(len(facts.observations))))
    return found


def _patch_text(facts: Facts) -> str:
    layout = facts.layout
    height, width = (max(getattr(patch.window, side) for patch in layout.patches) for side in ("height", "width"))
    return (
        f"{words.count(len(layout.patches), 'patch of', 'patches of up to')} {width} × {height} pixels of "
        f"{written(layout.grid.pixel_width, 4)} m on one grid ({layout.grid.crs})"
    )


def _ndvi(facts: Facts) -> Markup | None:
    rows = [(*item.ndvi, item.valid) for item in facts.counted]
    if not any(row[0] is not None for row in rows):
        return None
    times: list[datetime] = [item.time for item in facts.counted]
    return evidence.figure_markup(plots.ndvi_over_time(times, rows), "ndvi")


def _accuracies(facts: Facts) -> Markup | None:
    rows = tables.validation_rows(facts.training)
    if not rows:
        return None
    overall = [row.assessment.overall for row in rows]
    figure = plots.accuracies_with_intervals(
        [row.name for row in rows],
        [(own.value, own.low, own.high) for own in overall],
        next((number for number, row in enumerate(rows) if row.believed), -1),
    )
    return evidence.figure_markup(figure, "accuracies")


def _reliability(facts: Facts) -> Markup | None:
    found = facts.training.calibration if facts.training else None
    bins = [own for own in found.reliability if own.samples >= _FEW_PIXELS] if found else []
    if not bins:
        return None
    points = [(own.probability, own.accuracy, own.samples) for own in bins]
    return evidence.figure_markup(plots.reliability_curve(points), "reliability")


def _texts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values as text, without empty values."""
    known = {name: value for name, value in values.items() if value not in (None, "")}
    return [(name.replace("_", " "), str(value).replace(",", ", ")) for name, value in known.items()]
