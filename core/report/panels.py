"""Pictures of the report: map, scenes, clouds, labels and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely

from ..grid.crs import reproject
from ..plots import images
from ..store.workspace import Workspace
from ..vocabulary.plurals import written
from . import reading
from .facts import Facts
from .words import class_label, day, number, percent

_PANEL = 300
_LAYER = 900
_DETAIL = 1500
_DATES = 8


@dataclass(frozen=True)
class Picture:
    """An image as a data URL, with its alternative text, caption and size in pixels."""

    source: str
    alt: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True)
class ColourBar:
    """A colour scale: stops of a CSS gradient, the values at its ends, and its title."""

    stops: str
    low: str
    high: str
    title: str


@dataclass(frozen=True)
class ScenePanel:
    """One acquisition over a patch: fraction of valid pixels, true colour, cloud probability."""

    time: datetime
    valid: float
    colour: Picture | None
    cloud: Picture | None


def class_picture(
    ids: np.ndarray, table: Mapping[int, tuple[int, int, int]], side: int, alt: str, caption: str = ""
) -> Picture:
    """Class ids (y, x) in their colours, enlarged to about `side` pixels if smaller."""
    return as_picture(images.enlarged(images.class_colours(ids, table), side), alt, caption)


def map_panel(workspace: Workspace, facts: Facts, side: int) -> Picture | None:
    """The map of the whole area."""
    if facts.mapped is None:
        return None
    ids = reading.read_small(workspace.paths.layer("map"), side)[0]
    return class_picture(ids, facts.mapped.scheme.colour_table, side, "Land-cover map of the area, north up")


def labels_panel(workspace: Workspace, facts: Facts, side: int) -> Picture | None:
    """The reference labels of the whole area."""
    file = workspace.paths.layer("labels")
    if facts.labels is None or not file.exists():
        return None
    return class_picture(
        reading.read_small(file, side)[0], _table(facts), side, "Reference labels of the area, north up"
    )


def scene_panels(workspace: Workspace, facts: Facts, patch_id: str) -> list[ScenePanel]:
    """True colour and cloud probability of one patch at dates spread over the year."""
    if facts.catalogue is None:
        return []
    patch = next(patch for patch in facts.layout.patches if patch.id == patch_id)
    optical = [item for item in facts.catalogue.acquisitions if item.is_optical]
    visible = [item for item in optical if set(reading.VISIBLE) <= set(item.bands)]
    there = [item for item in visible or optical if workspace.paths.scene(patch, item).exists()]
    seen = reading.valid_fractions(workspace, patch, there)
    if not any(data for data, _ in seen):
        return []
    chosen = reading.choose_dates(seen, _DATES)
    scenes = {
        position: reading.read_small(workspace.paths.scene(patch, there[position]), _PANEL, reading.VISIBLE, mean=True)
        for position in chosen
        if visible
    }
    clouds = {
        position: reading.read_small(workspace.paths.cloud(patch, there[position]), _PANEL, ["probability", "mask"])
        for position in chosen
    }
    stretch = images.stretch_of(list(scenes.values()), [clouds[position][1] == 0 for position in scenes])
    panels = []
    for position in chosen:
        item = there[position]
        picture = None
        if position in scenes:
            shown = images.enlarged(images.true_colour(scenes[position], stretch), _PANEL)
            picture = as_picture(shown, f"True colour, {day(item.time)}", "")
        probability, mask = clouds[position]
        panels.append(ScenePanel(item.time, seen[position][1], picture, _cloud_picture(probability, mask, item.time)))
    return panels


def _cloud_picture(probability: np.ndarray, mask: np.ndarray, time: datetime) -> Picture:
    values = np.where(probability == 255, np.nan, probability.astype(np.float32))
    shown = images.enlarged(images.coloured(values, 100.0, images.CLOUD_COLOURS), _PANEL)
    return as_picture(
        images.with_outline(shown, images.enlarged(mask == 1, _PANEL)), f"Cloud probability, {day(time)}", ""
    )


def mask_panels(workspace: Workspace, facts: Facts, patch_id: str) -> tuple[str, list[Picture]]:
    """Labels of all classes, then of each class; of the whole area, or of one patch if the area is large."""
    whole = max(facts.layout.domain.shape) <= _DETAIL
    patch = next(patch for patch in facts.layout.patches if patch.id == patch_id)
    file = workspace.paths.layer("labels") if whole else workspace.paths.patch_raster("labels", patch)
    if facts.labels is None or not file.exists():
        return "", []
    ids = reading.read_small(file, 2 * _PANEL)[0].astype(np.int64)
    table = _table(facts)
    pictures = [class_picture(ids, table, _PANEL, "All labels", "All classes")]
    for item in facts.classes:
        own = np.where(ids == item.entry.id, ids, 0)
        if item.pixels:
            caption = f"{class_label(item.entry)}: {number(item.pixels)} px{'' if whole else ' in the whole area'}"
            pictures.append(class_picture(own, table, _PANEL, f"Mask of class {class_label(item.entry)}", caption))
    return "the whole area" if whole else f"patch {patch.id}", pictures


def layer_panels(
    workspace: Workspace, facts: Facts, scenes: Sequence[ScenePanel], patch_id: str
) -> list[tuple[Picture, ColourBar | None]]:
    """One patch: a clear scene, valid observations per pixel, and mean cloud probability."""
    patch = next(patch for patch in facts.layout.patches if patch.id == patch_id)
    file = workspace.paths.patch_raster("statistics", patch)
    if not file.exists():
        return []
    counts, clouds = reading.read_small(file, _PANEL, ["valid_count", "mean_cloud_probability"])
    panels: list[tuple[Picture, ColourBar | None]] = []
    shown = _clear_in_summer(facts, scenes)
    if shown is not None and shown.colour is not None:
        panels.append((replace(shown.colour, caption=f"True colour, {day(shown.time)}"), None))
    panels.append(_scaled(counts, images.COUNT_COLOURS, "Valid observations", "Valid observations per pixel"))
    if facts.catalogue is not None and any(item.is_optical for item in facts.catalogue.acquisitions):
        panels.append(_scaled(clouds, images.CLOUD_COLOURS, "Mean cloud probability (%)", "Mean cloud probability"))
    return panels


def _clear_in_summer(facts: Facts, scenes: Sequence[ScenePanel]) -> ScenePanel | None:
    """The clearest scene closest to midsummer, when light is best and there is no snow."""
    pictures = [item for item in scenes if item.colour is not None]
    clear = [item for item in pictures if item.valid >= 0.9 * max(other.valid for other in pictures)]
    grid, domain = facts.layout.grid, facts.layout.domain
    middle = shapely.box(*grid.bounds(domain)).centroid
    latitude = reproject(np.array([middle], dtype=object), grid.crs, "EPSG:4326")[0].y
    midsummer = 172 if latitude >= 0 else 355

    def days_off(item: ScenePanel) -> int:
        days = abs(item.time.timetuple().tm_yday - midsummer)
        return min(days, 365 - days)

    return min(clear, key=days_off, default=None)


def area_layers(workspace: Workspace, facts: Facts) -> list[tuple[Picture, ColourBar | None]]:
    """Valid observations, confidence and applicability of the whole area."""
    panels: list[tuple[Picture, ColourBar | None]] = []
    file = workspace.paths.layer("valid_count")
    if file.exists():
        counts = reading.read_small(file, _LAYER)[0].astype(np.float32)
        inside = reading.area_mask(workspace, (counts.shape[0], counts.shape[1]))
        counts[~inside] = np.nan
        panels.append(_scaled(counts, images.COUNT_COLOURS, "Valid observations", _count_caption(counts)))
    file = workspace.paths.layer("confidence")
    if facts.mapped is not None and file.exists():
        confidence = reading.read_small(file, _LAYER)[0].astype(np.float32)
        confidence[confidence == 255] = np.nan
        caption = "Probability of the mapped class according to the model; not a measure of accuracy"
        panels.append(_scaled(confidence, images.CONFIDENCE_COLOURS, "Confidence (%)", caption, 100.0))
    file = workspace.paths.layer("applicability")
    if facts.mapped is not None and file.exists():
        alike = reading.read_small(file, _LAYER)[0].astype(np.float32)
        alike[alike == 255] = np.nan
        caption = "Where the model was trained on something alike (1); elsewhere the map is a guess (0)"
        panels.append(_scaled(alike, images.CONFIDENCE_COLOURS, "Area of applicability", caption, 1.0))
    return panels


def _count_caption(counts: np.ndarray) -> str:
    if np.isnan(counts).all():
        return "Valid observations per pixel"
    low, middle, high = np.nanpercentile(counts, [5, 50, 95])
    never = float(np.mean(counts[~np.isnan(counts)] == 0))
    text = f"Median {middle:.0f} valid observations per pixel; 90 % of the pixels have {low:.0f} to {high:.0f}"
    return f"{text}; {percent(never)} have none" if never > 0.0005 else text


def _scaled(
    values: np.ndarray, colours: str, title: str, caption: str, highest: float | None = None
) -> tuple[Picture, ColourBar]:
    known = values[~np.isnan(values)]
    low = float(np.floor(known.min())) if known.size else 0.0
    high = highest or (float(np.ceil(known.max())) if known.size else 1.0)
    shown = images.enlarged(images.coloured(values, max(high, low + 1.0), colours, low), _PANEL)
    bar = ColourBar(images.gradient(colours), written(low), written(max(high, low + 1.0)), title)
    return as_picture(shown, title, caption), bar


def _table(facts: Facts) -> dict[int, tuple[int, int, int]]:
    return {item.entry.id: item.entry.rgb for item in facts.classes}


def as_picture(pixels: np.ndarray, alt: str, caption: str) -> Picture:
    """Pixels (y, x, 4) uint8 as an image for the page."""
    return Picture(images.as_png(pixels), alt, caption, pixels.shape[1], pixels.shape[0])
