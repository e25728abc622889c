"""All that the template prints, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from .. import plots
from ..plots import images
from ..store.workspace import Workspace
from . import panels, plan, reading, tables, words
from .facts import Facts
from .panels import ColourBar, Dated, Picture
from .plan import PatchPlan, ScaleBar

_HERO = 1000
_BESIDE = 500


@dataclass(frozen=True)
class Page:
    """The content of the report. Sections that have nothing to show are empty or None."""

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
    dated: Sequence[Dated]
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
    importance: Markup | None
    asked: Sequence[tuple[str, str]]
    settings: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]
    seconds: Sequence[tuple[str, float]]
    acquisitions: Sequence[Sequence[tables.AcquisitionRow]]
    bands: Sequence[tuple[str, str]]
    notes: Sequence[str]


def make_page(workspace: Workspace, facts: Facts) -> Page:
    """Read the rasters small, draw the figures and lay out the tables."""
    grid = facts.layout.grid
    patch = reading.most_telling_patch(workspace)
    dated = panels.dated_panels(workspace, facts, patch.id)
    masks_of, masks = panels.mask_panels(workspace, facts, patch.id)
    tested = facts.training.polygons if facts.training else None
    return Page(
        title=words.title(facts),
        name=facts.name,
        simulated=facts.simulated,
        satellites=facts.satellites,
        summary=words.summary(facts),
        keys=_keys(facts),
        cautions=words.cautions(facts),
        map=panels.map_panel(workspace, facts, _HERO),
        labels=panels.labels_panel(workspace, facts, _BESIDE),
        scale=plan.scale_bar(facts.layout.domain.width * grid.pixel_width),
        no_data_ha=facts.mapped.no_data * facts.pixel_area / 1e4 if facts.mapped else 0.0,
        patches=plan.patch_plan(facts, patch.id),
        patch_text=_patch_text(facts),
        patch=patch.id,
        dated=dated,
        patch_scale=plan.scale_bar(patch.window.width * grid.pixel_width),
        cloud_bar=ColourBar(images.gradient(images.CLOUD_COLOURS), "0", "100", "Cloud probability (%)"),
        masks_of=masks_of,
        masks=masks,
        layers=panels.layer_panels(workspace, facts, dated, patch.id),
        ndvi=_ndvi(facts),
        area_layers=panels.area_layers(workspace, facts),
        classes=tables.class_rows(facts),
        matrix=tables.matrix_rows(facts, tested) if tested else [],
        scores=tables.score_rows(facts, facts.training, tested) if facts.training and tested else [],
        validations=tables.validation_rows(facts.training),
        importance=_importance(workspace),
        asked=_texts((facts.request or {}).get("parameters", {})),
        settings=_texts(facts.clouds),
        versions=_texts((facts.request or {}).get("versions", {})),
        seconds=list((facts.request or {}).get("seconds", {}).items()),
        acquisitions=tables.acquisition_tables(facts),
        bands=[(name, ", ".join(own)) for name, own in facts.bands_by_satellite.items()],
        notes=list((facts.reference or {}).get("notes", [])),
    )


def _keys(facts: Facts) -> list[tuple[str, str]]:
    """The figures to remember: value and what it is."""
    found = [(words.area(facts.area_km2), "area"), (words.number(len(facts.layout.patches)), "patches")]
    if facts.observations:
        found.append((words.number(len(facts.observations)), "acquisitions"))
    tested = facts.training.polygons if facts.training else None
    if tested:
        found.insert(0, (words.percent(tested.overall), "overall accuracy"))
        found += [(f"{tested.mean_f1:.2f}", "mean F1"), (words.number(tested.groups), "polygons tested")]
    return found


def _patch_text(facts: Facts) -> str:
    layout = facts.layout
    height, width = (max(getattr(patch.window, side) for patch in layout.patches) for side in ("height", "width"))
    return (
        f"{words.count(len(layout.patches), 'patch', 'patches of up to')} {'of ' if len(layout.patches) == 1 else ''}"
        f"{width} × {height} pixels of "
        f"{layout.grid.pixel_width:.4g} m on one grid ({layout.grid.crs})"
    )


def _ndvi(facts: Facts) -> Markup | None:
    rows = [(*item.ndvi, item.valid) for item in facts.counted]
    if not any(row[0] is not None for row in rows):
        return None
    times: list[datetime] = [item.time for item in facts.counted]
    return _drawing(plots.as_svg(plots.ndvi_over_time(times, rows), "ndvi"))


def _importance(workspace: Workspace) -> Markup | None:
    found = reading.importance(workspace)
    if found is None:
        return None
    series, weights = found
    return _drawing(plots.as_svg(plots.importance_by_date(series.values, series.dates, weights), "importance"))


def _drawing(svg: str) -> Markup:
    """A drawing of Matplotlib's, which escapes the texts in it."""
    return Markup(svg)  # nosec B704


def _texts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values as people read them; what was left out is left out."""
    told = {name: value for name, value in values.items() if value not in (None, "")}
    return [(name.replace("_", " "), str(value).replace(",", ", ")) for name, value in told.items()]
